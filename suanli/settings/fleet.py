"""Words for models, regions and clock classes, brought to the names that the company's own tables show.

The tables are the validation's context; without one (they have mistakes of their own) every word stays as it is.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo

from suanli.domain.stock import Fleet, Group, Model, find_group
from suanli.settings.problems import nearest

Info = ValidationInfo[Any]


def fleet_of(info: Info) -> Fleet | None:
    """The tables that names are looked up in."""
    return info.context if isinstance(info.context, Fleet) else None


def model_in(fleet: Fleet | None, word: str) -> Model:
    """The model that `word` is; one that the table does not know keeps its name."""
    return (fleet and fleet.find_model(word)) or Model(word.strip())


def _model(word: str, info: Info) -> Model:
    if not word.strip():
        raise ValueError("不能是空的 / must not be empty")
    return model_in(fleet_of(info), word)


def _region(word: str, info: Info) -> str:
    fleet = fleet_of(info)
    return _group(word, fleet.regions, "地区", "region") if fleet else word


def _clock(word: str, info: Info) -> str:
    fleet = fleet_of(info)
    return _group(word, fleet.clocks, "主频", "clock class") if fleet else word


def _group(word: str, groups: Sequence[Group], zh: str, en: str) -> str:
    found = find_group(word.strip(), groups) if word.strip() else ""
    if found is None:
        raise ValueError(_no_such(word, groups, zh, en))
    return found


def _no_such(word: str, groups: Sequence[Group], zh: str, en: str) -> str:
    match = nearest(word.strip(), (name for group in groups for name in group.names))
    if match:
        return f"没有这个{zh}；是不是 {match}？ / no such {en}; did you mean {match}?"
    names = [group.name for group in groups]
    if names:
        return f"没有这个{zh}；有 {'、'.join(names)} / no such {en}; there are {', '.join(names)}"
    return f"没有写过任何{zh} / there is no {en} at all"


ModelWord = Annotated[str, AfterValidator(_model)]
RegionWord = Annotated[str, AfterValidator(_region)]
ClockWord = Annotated[str, AfterValidator(_clock)]
