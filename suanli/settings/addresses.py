"""Addresses as people write them into the settings: of e-mail, of WeLink people and of WeLink groups' robots."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, urlsplit

WELINK = "welink:"
ROBOT = "welink-robot:"
MAIL = "mail:"
"""What begins the id of a recipient who is not on Feishu."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# The address of a letter may go into SMTP and into headers as it is, so nothing clever is let through.
_MAIL = re.compile(r"([\w.!#$%&'*+/=?^`{|}~-]{1,64})@[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII | re.IGNORECASE)
_WELINK_PERSON = re.compile(r"[A-Za-z0-9._-]{1,100}@[A-Za-z0-9._-]{1,100}")
_ROBOT_URL = re.compile(r"https?://[!-~]+")
_SHORTEST_TOKEN = 8
"""Characters; shorter ones could not be kept out of errors without tearing other words."""


def is_mail_address(text: str) -> bool:
    """Whether it is plainly an e-mail address, in ASCII."""
    found = _MAIL.fullmatch(text)
    return found is not None and ".." not in text and not (found[1].startswith(".") or found[1].endswith("."))


def is_welink_person(text: str) -> bool:
    """Whether it is a WeLink userid: name@tenant (welink.md §1.1)."""
    return _WELINK_PERSON.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether a robot or a connection may be called so."""
    return _NAME.fullmatch(text) is not None


_FORMS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    (WELINK, is_welink_person, "welink:name@tenant"),
    (ROBOT, is_name, "welink-robot:ops"),
    (MAIL, is_mail_address, "mail:name@example.com"),
)


def form_of(recipient: str) -> str | None:
    """How the id of a recipient outside of Feishu is to be written when it is not; None when it is right."""
    for prefix, is_right, form in _FORMS:
        if recipient.startswith(prefix) and not is_right(recipient.removeprefix(prefix)):
            return form
    return None


def is_robot_url(url: str) -> bool:
    """Whether it is a WeLink group robot's webhook: its query holds the token, so it goes over TLS or stays here."""
    if not _ROBOT_URL.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    private = parts.scheme == "https" or is_loopback(host)
    return bool(host) and port != 0 and private and "@" not in parts.netloc and "#" not in url and _has_token(parts)


def _has_token(parts: SplitResult) -> bool:
    given = parse_qsl(parts.query)
    named = dict(given)
    return len(named) == len(given) and len(named.get("token", "")) >= _SHORTEST_TOKEN and bool(named.get("channel"))


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what goes to an address of the web."""
    parts = urlsplit(url)
    return url.isascii() and (parts.scheme == "https" or is_loopback(parts.hostname or ""))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
