"""What a rule, an episode or a purchase is about: a model, or a part of its cards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from suanli.domain.stock.fleet import Model
from suanli.domain.stock.samples import Counts, Sample


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Cards of a model; an empty `region` or `clock` means all of them."""

    model: Model
    region: str = ""
    clock: str = ""

    @property
    def key(self) -> str:
        """A stable name for keys of messages; no two scopes share one."""
        parts = (part.replace("%", "%25").replace("/", "%2F") for part in (self.model, self.region, self.clock))
        return "/".join(parts).rstrip("/")

    @property
    def words(self) -> tuple[str, ...]:
        """The scope as people type it: `4090 国内`."""
        return tuple(word for word in (self.model, self.region, self.clock) if word)


def scopes_of(sample: Sample) -> frozenset[Scope]:
    """Every scope that a sample's cards belong to."""
    return frozenset(
        Scope(sample.model, region, clock) for region in ("", sample.region) for clock in ("", sample.clock)
    )


def count_scopes(samples: Iterable[Sample]) -> Mapping[Scope, Counts]:
    """The cards of every scope that these samples name. A scope that none names is absent: not zero."""
    sums: dict[Scope, Counts] = {}
    for each in samples:
        for scope in scopes_of(each):
            sums[scope] = sums.get(scope, Counts()).plus(each)
    return sums
