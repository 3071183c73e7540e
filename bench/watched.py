"""A company that watches much: ten rules on parts of each model, five people told of each, and a scripted source."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random

from jobs.watch_stock import WatchStock
from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.ports import Store
from suanli.domain.stock import Row
from suanli.settings import Settings, load

MODELS = 50
TOLD = 5
"""Recipients of a rule."""

PLENTY, LOW, CRITICAL = 300, 85, 40
"""Free cards of a model in each place, of which a rule wants 100."""

_WANTED = 100
_REGIONS: Mapping[str, str] = {"国内": "", "北美": "dallas", "欧洲": "gcore", "东南亚": "sg"}
_CLOCKS: Mapping[str, str] = {"普通": "", "高主频": "bingte"}
_PARTS = tuple(product(("", *_REGIONS), ("", "高主频")))
"""Region and clock class of each of a model's rules; empty is all of them."""

RULES = MODELS * len(_PARTS)


class ShiftedClock(SystemClock):
    """The machine's clock, which can be set forward."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def advance(self, by: timedelta) -> None:
        """Set it forward."""
        self._ahead += by

    def now(self) -> datetime:
        """The present moment, and as far ahead as the clock was set."""
        return super().now() + self._ahead


@dataclass
class ScriptedSource:
    """A stock source that answers at once: so many free cards of each model in each place."""

    name: str
    models: int
    free: int = PLENTY

    def fetch(self) -> Sequence[Row]:
        """The counts."""
        return tuple(
            Row(f"GPU {model:02}", f"{region or 'bj'}-{clock or 'a'}", 1000, self.free, 1000 - self.free, 0)
            for model, region, clock in product(range(self.models), _REGIONS.values(), _CLOCKS.values())
        )

    def probe(self) -> Sequence[str]:
        """Nothing is wrong with it."""
        return ()


@dataclass(frozen=True, slots=True)
class Watched:
    """A rule: what it is about, and whom it is told to. It fires at the first low sample."""

    model: str
    region: str
    clock: str
    recipients: tuple[str, ...]

    @property
    def toml(self) -> str:
        """The rule as suanli.toml states it."""
        places = (1 if self.region else len(_REGIONS)) * (1 if self.clock else len(_CLOCKS))
        part = (f'{key} = "{word}"\n' for key, word in (("region", self.region), ("clock", self.clock)) if word)
        return (
            f'[[stock.watch.rules]]\nmodel = "{self.model}"\n{"".join(part)}min_free = {places * _WANTED}\n'
            f"samples = 1\nrecipients = {_list(self.recipients)}\n"
        )


def rules_for(people: Sequence[str], models: int) -> tuple[Watched, ...]:
    """The rules, each with five of `people`: by lot, or each person once where there are as many as that takes."""
    lot = Random(1)  # noqa: S311 the same in every run
    scopes = [(model, *part) for model, part in product(_names(models), _PARTS)]
    if len(people) < len(scopes) * TOLD:
        return tuple(Watched(*scope, tuple(lot.sample(people, TOLD))) for scope in scopes)
    return tuple(Watched(*scope, tuple(people[n * TOLD : (n + 1) * TOLD])) for n, scope in enumerate(scopes))


def set_up(folder: Path, people: Sequence[str], models: int, environment: Mapping[str, str]) -> Settings:
    """An installation in `folder`, its database ready, that tells `people` of these models."""
    folder.mkdir()
    (folder / "suanli.toml").write_text("\n".join(_toml(people, models)), "utf-8")
    settings = load({"SUANLI_DATABASE_URL": f"sqlite:///{folder / 'suanli.db'}", **environment}, folder)
    wiring.upgrade(settings)
    return settings


def watching(settings: Settings, store: Store, clock: SystemClock) -> tuple[WatchStock, ScriptedSource]:
    """The job that looks at the stock, and the source that it asks."""
    site = wiring.build_site(settings)
    source = ScriptedSource(site.stock_source, len(site.fleet.products))
    return WatchStock(store, source, site, clock), source


def _toml(people: Sequence[str], models: int) -> Iterator[str]:
    for number, model in enumerate(_names(models)):
        yield f'[[stock.models]]\nname = "{model}"\nfull_names = ["GPU {number:02}"]\n'
    for table, groups in (("regions", _REGIONS), ("clocks", _CLOCKS)):
        for name, keyword in groups.items():
            yield f'[[stock.{table}]]\nnames = ["{name}"]\n' + (f'keywords = ["{keyword}"]\n' if keyword else "")
    yield f"[stock.watch]\nrecipients = {_list(people)}\n"
    for rule in rules_for(people, models):
        yield rule.toml


def _names(models: int) -> Sequence[str]:
    return [f"G{number:02}" for number in range(models)]


def _list(words: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
