"""Addresses of pages: each carries what its card offers, signed, so that nobody can make it offer anything else."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from bot.welink.cards.notices import CardPage
from bot.welink.pages.offer import MOST_BUTTONS, Offer, pack, panels_of, unpack, words
from suanli.domain.delivery import Parcel

PATH = "/welink/act"

LONGEST_ADDRESS = 1500
"""Characters. How much WeLink takes is written nowhere; so much every client and proxy does."""

LIFE = timedelta(hours=24)
"""Of a card's page. What was done from it is remembered as long (`jobs.sweep.KEEP_INBOX`): it is not done twice."""

OPEN_FOR = timedelta(minutes=30)
"""How long a page that was opened may be acted from; then it has to be opened again."""

_SIGNATURE = hashlib.sha256().digest_size
_STAMP = re.compile(r"[0-9]{1,12}")


class Forged(Exception):  # noqa: N818 an answer rather than a failure
    """Not an address that we made."""


class Expired(Exception):  # noqa: N818 the same
    """An address of ours, past its time."""


class Links:
    """Makes and opens the addresses below `home`, with keys made of `secret` for this purpose alone."""

    def __init__(self, home: str, secret: str) -> None:
        if not (home and secret):
            raise ValueError("pages need an address and a secret to sign with")
        self._home = home
        self._link_key = _derived(secret, "suanli/welink-page/link/1")
        self._token_key = _derived(secret, "suanli/welink-page/token/1")

    def page_of(self, parcel: Parcel) -> CardPage | None:
        """The page of a card that is sent now; None when there is nothing to press on it.

        A card that is sent again has the same page. Where the address has no room for all buttons, some are left out.
        """
        panels = panels_of(parcel.answer)
        until = parcel.created_at.astimezone(UTC) + LIFE
        realm = parcel.target.id.rpartition("@")[2]
        whole = Offer(parcel.uuid, until, parcel.answer.lang, realm, words(parcel.answer.title), panels)
        buttons = whole.buttons
        for count in range(min(len(buttons), MOST_BUTTONS), 0, -1):
            address = f"{self._home}{PATH}?c={self._signed(pack(whole.first(count)))}"
            if len(address) <= LONGEST_ADDRESS:
                return CardPage(address, buttons[:count], buttons[count:])
        return None

    def open(self, link: str, now: datetime) -> Offer:
        """What an address offers, by its parameter `c`. Raises Forged, and Expired."""
        signed = _decoded(link)
        packed, signature = signed[:-_SIGNATURE], signed[-_SIGNATURE:]
        if not hmac.compare_digest(signature, _mac(self._link_key, packed)):
            raise Forged
        offer = unpack(packed)
        if now >= offer.until:
            raise Expired
        return offer

    def token(self, link: str, now: datetime) -> str:
        """What a page that is opened now shows for its own when it acts."""
        stamp = str(int(now.timestamp()))
        return f"{stamp}.{self._token_mac(link, stamp)}"

    def admits(self, token: str, link: str, now: datetime) -> bool:
        """Whether a token is of a page of this address that was opened lately."""
        stamp, _, mac = token.partition(".")
        if not hmac.compare_digest(mac.encode(errors="replace"), self._token_mac(link, stamp).encode()):
            return False
        age = now.timestamp() - int(stamp) if _STAMP.fullmatch(stamp) else None
        return age is not None and -60 <= age <= OPEN_FOR.total_seconds()  # noqa: PLR2004 clocks of two processes

    def _signed(self, packed: bytes) -> str:
        return base64.urlsafe_b64encode(packed + _mac(self._link_key, packed)).decode().rstrip("=")

    def _token_mac(self, link: str, stamp: str) -> str:
        return _mac(self._token_key, f"{stamp}.{link}".encode(errors="replace")).hex()


def _derived(secret: str, purpose: str) -> bytes:
    return _mac(secret.encode(), purpose.encode())


def _mac(key: bytes, words: bytes) -> bytes:
    return hmac.new(key, words, hashlib.sha256).digest()


def _decoded(link: str) -> bytes:
    """The bytes of a parameter; of several ways to write the same ones, only ours is taken."""
    try:
        signed = base64.b64decode(link + "=" * (-len(link) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Forged from None
    if base64.urlsafe_b64encode(signed).decode().rstrip("=") != link:
        raise Forged
    return signed
