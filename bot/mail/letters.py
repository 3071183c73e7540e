"""Letters: an answer as an e-mail, in plain text and in HTML with the same words.

Nothing from outside reaches a header but the subject, and that as one line of bounded length. The Message-ID is made of
the message's uuid, so that a letter that is sent twice can be seen to be one.
"""

import re
from dataclasses import replace
from datetime import datetime, tzinfo
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from bot.feishu.cards.shorten import shorten
from bot.mail.markup import LANGUAGES, page
from bot.plain import as_text, clean, without_controls
from suanli.domain.answer import Answer, note
from suanli.domain.delivery import Parcel
from suanli.i18n import texts_in

MOST_BYTES = 100_000
"""Of the text and of the HTML; mailboxes on the web show about so much of a letter."""

LONGEST_SUBJECT = 120

_POLICY = SMTP.clone(cte_type="7bit")
"""A letter that every server can carry."""

_PLAIN_ADDRESS = re.compile(
    r"([\w.!#$%&'*+/=?^`{|}~-]{1,64})@([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)", re.ASCII | re.IGNORECASE
)


def address(text: str, name: str = "") -> Address:
    """An address like `bot@example.com`, shown with `name`. Raises ValueError for all that is not plainly one."""
    found = _PLAIN_ADDRESS.fullmatch(text)
    if not found or ".." in text or found[1][0] == "." or found[1][-1] == ".":
        raise ValueError("not an e-mail address in ASCII like name@example.com")
    return Address(_one_line(name), found[1], found[2])


def letter(parcel: Parcel, sender: Address, now: datetime, zone: tzinfo) -> EmailMessage:
    """The letter of a parcel. Raises ValueError when its target has no address that mail can be sent to.

    `zone` is the one in which clock times are written.
    """
    answer = shorten(_as_mail(parcel.answer), lambda shorter: _fits(shorter, now, zone))
    text = as_text(answer, now, zone)
    message = EmailMessage(_POLICY)
    message["From"] = sender
    message["To"] = address(parcel.target.id)
    message["Subject"] = _subject(text)
    message["Date"] = now.astimezone(zone)
    message["Message-ID"] = f"<{parcel.uuid}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if not parcel.as_text:
        message.add_alternative(page(answer, now, zone), subtype="html")
    message["Content-Language"] = LANGUAGES[answer.lang]
    return message


def _as_mail(answer: Answer) -> Answer:
    """The answer with lines to be typed in place of what would be pressed or filled in, and who wrote it below."""
    typed = without_controls(answer)
    return replace(typed, blocks=(*typed.blocks, note(texts_in(answer.lang)("mail.footer"))))


def _fits(answer: Answer, now: datetime, zone: tzinfo) -> bool:
    return max(len(words.encode()) for words in (as_text(answer, now, zone), page(answer, now, zone))) <= MOST_BYTES


def _subject(text: str) -> str:
    """The first line, which is the title when there is one; what looks like an encoded word is kept from being read."""
    subject = _one_line(text.strip().partition("\n")[0]).replace("=?", "= ?")
    return subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 1] + "…"


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
