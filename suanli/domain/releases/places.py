"""The words for places: `owner/repo`, `hf:org`, `ms:org`, and the addresses of their pages."""

import re
import unicodedata

from suanli.domain.releases.items import Hub, Place

_HUBS = {
    "github": Hub.GITHUB,
    "hf": Hub.HUGGINGFACE,
    "huggingface": Hub.HUGGINGFACE,
    "ms": Hub.MODELSCOPE,
    "modelscope": Hub.MODELSCOPE,
}
_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?(?P<site>github\.com|huggingface\.co|modelscope\.cn)/(?P<path>[^?#\s]*)(?:[?#]\S*)?",
    re.ASCII | re.IGNORECASE,
)
_CLIMB = re.compile(r"\\|(?:\A|/)(?:\.|%2e){1,2}(?:/|\Z)", re.IGNORECASE)
# None of these needs quoting in an address, and none can climb out of a path.
_NAMES = {
    Hub.GITHUB: re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,38})/(?!\.\.?\Z|.*\.(?i:git)\Z)[A-Za-z0-9._-]{1,100}"),
    Hub.HUGGINGFACE: re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,95})"),
    Hub.MODELSCOPE: re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,95})"),
}
_PAGES = {
    Hub.GITHUB: frozenset(
        {"apps", "collections", "features", "login", "marketplace", "notifications", "orgs", "search", "settings"}
        | {"sponsors", "stars", "topics", "trending", "users"}
    ),
    Hub.HUGGINGFACE: frozenset(
        {"api", "blog", "chat", "collections", "datasets", "docs", "join", "learn", "login", "models", "new", "papers"}
        | {"posts", "pricing", "search", "settings", "spaces", "tasks"}
    ),
    Hub.MODELSCOPE: frozenset[str](),
}
"""Where hubs have pages of their own, whose addresses look like those of somebody called so."""


def read_place(word: str) -> Place | None:
    """The place that `word` names, in full-width letters too; None when it names none.

    A single model of an organisation is none, for what is read of a hub is an organisation's list.
    """
    word = unicodedata.normalize("NFKC", word).strip()
    address = _ADDRESS.fullmatch(word)
    if address:
        return _at(address["site"].casefold(), address["path"].removesuffix("/"))
    prefix, colon, name = word.partition(":")
    if not colon:
        return _named(Hub.GITHUB, word)
    hub = _HUBS.get(prefix.strip().casefold())
    return _named(hub, name.strip()) if hub else None


def _at(site: str, path: str) -> Place | None:
    first, slash, rest = path.partition("/")
    if _CLIMB.search(path):
        return None
    if site == "github.com":
        return _named(Hub.GITHUB, f"{first}/{rest.partition('/')[0]}")
    if site == "huggingface.co":
        return None if slash else _named(Hub.HUGGINGFACE, first)
    return _named(Hub.MODELSCOPE, rest) if first in {"organization", "profile"} else None


def _named(hub: Hub, name: str) -> Place | None:
    if hub is Hub.GITHUB:
        name = name.removesuffix(".git")
    found = _NAMES[hub].fullmatch(name)
    return Place(hub, name) if found and found[1].casefold() not in _PAGES[hub] else None
