"""What an offer is as a page of HTML, and what there is to say in place of one. All text in it is escaped."""

from collections.abc import Iterator
from html import escape

from bot.plain import clean
from bot.welink.cards.neutral import visible
from bot.welink.pages.layout import SCRIPT, STYLE
from bot.welink.pages.offer import Offer, Panel
from suanli.domain.answer import Button, Input
from suanli.i18n import Lang, Texts, texts_in

LONGEST_FIELD = 100
"""Characters that can be typed into a field; the router reads no more."""

_LANGUAGES = {Lang.ZH: "zh-CN", Lang.EN: "en"}
_TYPES = {"number": 'type="text" inputmode="numeric"', "text": 'type="text"', "date": 'type="date"'}


def policy(nonce: str) -> str:
    """The page's Content-Security-Policy: the parts with this nonce, what WeLink's script loads, and nothing else."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'nonce-{nonce}'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def page(offer: Offer, *, token: str, nonce: str, script: str, chosen: int | None = None) -> str:
    """The page of an offer; `chosen` is the button that was pressed on the card, and `script` the address of HWH5."""
    texts = texts_in(offer.lang)
    sections = "".join(_sections(texts, offer, chosen))
    rest = _line("note", texts("welink_page.rest")) if not offer.whole else ""
    body = (
        f"<h1>{escape(offer.title or texts('welink_page.title'))}</h1>"
        f'{_line("note", texts("welink_page.intro"))}<p id="said" role="status"></p>{sections}{rest}'
        f'<script nonce="{nonce}" src="{escape(script)}"></script><script nonce="{nonce}">{SCRIPT}</script>'
    )
    said = {name: texts(f"welink_page.{name}") for name in ("busy", "outside", "failed")}
    data = "".join(f' data-{name}="{escape(text)}"' for name, text in {"token": token, **said}.items())
    return _document(offer.lang, texts("welink_page.title"), nonce, f"<body{data}>{body}</body>")


def refusal(key: str, nonce: str) -> str:
    """A page that says what is wrong and what to do, in both languages: it is not known who reads it."""
    lines = "".join(_line("", words_of(key, lang)) for lang in Lang)
    return _document(Lang.ZH, texts_in(Lang.ZH)("welink_page.title"), nonce, f"<body>{lines}</body>")


def words_of(key: str, lang: Lang) -> str:
    """What `refusal` says in one language."""
    return texts_in(lang)(f"welink_page.refused.{key}")


def _document(lang: Lang, title: str, nonce: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{_LANGUAGES[lang]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{escape(title)}</title><style nonce="{nonce}">{STYLE}</style></head>{body}</html>'
    )


def _sections(texts: Texts, offer: Offer, chosen: int | None) -> Iterator[str]:
    number = 0
    for panel in offer.panels:
        inputs = "".join(_input(texts, each) for each in panel.inputs if _is_taken(panel, each))
        buttons = "".join(
            _button(button, number + place, is_chosen=number + place == chosen)
            for place, button in enumerate(panel.buttons)
        )
        number += len(panel.buttons)
        yield f"<section>{inputs}{buttons}</section>"


def _is_taken(panel: Panel, field: Input) -> bool:
    """Whether a button of the panel takes this input; that of one which was left out would be filled in for nothing."""
    return any(field.name in button.value.get("fields", "").split() for button in panel.buttons)


def _input(texts: Texts, field: Input) -> str:
    required = " required" if field.required else ""
    hint = texts(f"card.fill.{field.content}")
    return (
        f'<label>{escape(field.label)}<input name="{escape(field.name)}" {_TYPES[field.content]}'
        f' maxlength="{LONGEST_FIELD}" autocomplete="off" placeholder="{escape(hint)}"{required}></label>'
    )


def _button(button: Button, number: int, *, is_chosen: bool) -> str:
    """A button with the line that it stands for, which says of what it is."""
    chosen = ' class="chosen" autofocus' if is_chosen else ""
    fields = escape(button.value.get("fields", ""))
    return (
        f'<button type="button" data-action="{number}" data-fields="{fields}"{chosen}>'
        f"{escape(button.label)}<code>{escape(visible(clean(button.value['run'])))}</code></button>"
    )


def _line(style: str, text: str) -> str:
    return f'<p class="{style}">{escape(text)}</p>' if style else f"<p>{escape(text)}</p>"
