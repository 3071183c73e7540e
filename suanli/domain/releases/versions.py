"""Versions as tags write them: `v1.2.3`, `1.2.3rc1`, `release-2024.05`, `b4567`; what is none is left alone."""

import re
from dataclasses import dataclass

LONGEST = 100
"""Characters of a tag that may be a version; tags are strangers' text."""

_FINAL = 4

_STAGES = {
    **dict.fromkeys(("dev", "nightly", "snapshot"), 0),
    **dict.fromkeys(("a", "alpha"), 1),
    **dict.fromkeys(("b", "beta", "m", "milestone"), 2),
    **dict.fromkeys(("c", "rc", "pre", "preview"), 3),
    **dict.fromkeys(("final", "ga", "stable", "release"), _FINAL),
    **dict.fromkeys(("post", "p", "patch", "rev", "hotfix"), 5),
}
_STAGE = re.compile(rf"[-_.]?({'|'.join(sorted(_STAGES, key=len, reverse=True))})[-_.]?(\d*)", re.ASCII)

# At most three stages (`rc1.post1.dev2` is the longest there is), so that no text takes long to be refused.
_VERSION = re.compile(
    rf"(?P<line>(?:[^\d].*?)??)(?<![\d.])(?P<numbers>\d+(?:[._]\d+)*)(?P<stages>(?:{_STAGE.pattern}){{0,3}})"
    r"(?:\+[\w.-]*)?",
    re.ASCII,
)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_](\d\d?)(?:[-_](\d\d?))?(?!\d)", re.ASCII)
_NUMBERS = re.compile(r"\d\.\d", re.ASCII)
_NEUTRAL = frozenset({"v", "ver", "version", "release", "releases", "rel", "r", "tag", "tags"})
_EARLY = re.compile(r"(?<![a-z])(?:alpha|beta|rc|pre|preview|prerelease|dev|nightly|snapshot)(?![a-z])")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """What a tag says: the line it belongs to, its numbers, and how far it is from the final one.

    Only versions of one `line` tell older from newer: a repository may have several components, or have counted by
    dates once.
    """

    line: str
    numbers: tuple[int, ...]
    stages: tuple[tuple[int, int], ...]

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before a final version."""
        return any(stage < _FINAL for stage, _ in self.stages)


def key(tag: str) -> Version | None:
    """The version that a tag names, None when it names none."""
    if len(tag) > LONGEST:
        return None
    match = _VERSION.fullmatch(_DATE.sub(_dotted, tag.strip().casefold()))
    # Numbers with dots in front of the version (`v1.2.3-cuda12`) are the version themselves, of an unknown build.
    if match is None or _NUMBERS.search(match["line"]):
        return None
    numbers = tuple(int(part) for part in re.split(r"[._]", match["numbers"]))
    stages = tuple((_STAGES[name], int(count or 0)) for name, count in _STAGE.findall(match["stages"]))
    return Version(
        _line(match["line"], numbers), _trimmed(numbers), (*(s for s in stages if s[0] != _FINAL), (_FINAL, 0))
    )


def is_prerelease(tag: str) -> bool:
    """Whether a tag looks as if a final one were still to come."""
    version = key(tag)
    return (version is not None and version.is_prerelease) or _EARLY.search(tag[:LONGEST].casefold()) is not None


def _dotted(match: re.Match[str]) -> str:
    return ".".join(part for part in match.groups() if part)


def _line(prefix: str, numbers: tuple[int, ...]) -> str:
    words = [word for word in re.split(r"[-_/@. ]+", prefix) if word and word not in _NEUTRAL]
    line = "-".join(words)
    return f"{line}@date" if _is_date(line, numbers) else line


def _is_date(line: str, numbers: tuple[int, ...]) -> bool:
    first = numbers[0]
    return (len(numbers) > 1 or not line) and (1990 <= first <= 2100 or 19_900_101 <= first <= 21_001_231)  # noqa: PLR2004 years


def _trimmed(numbers: tuple[int, ...]) -> tuple[int, ...]:
    kept = len(numbers)
    while kept > 1 and numbers[kept - 1] == 0:
        kept -= 1
    return numbers[:kept]
