"""The language files hold the same texts, each with the same places to fill in, and none that nobody uses."""

import re
import string
from datetime import timedelta
from pathlib import Path

import pytest

from suanli.i18n import Lang, catalogue, texts_in

ROOT = Path(__file__).parents[2]
CODE = "\n".join(
    path.read_text("utf-8")
    for folder in ("suanli", "bot", "handlers", "jobs")
    for path in (ROOT / folder).rglob("*.py")
)


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert catalogue(Lang.ZH).keys() == catalogue(Lang.EN).keys()


@pytest.mark.parametrize("key", catalogue(Lang.ZH))
def test_a_text_has_the_same_fields_in_both_languages(key: str) -> None:
    assert fields(catalogue(Lang.ZH)[key]) == fields(catalogue(Lang.EN)[key])


@pytest.mark.parametrize("key", catalogue(Lang.ZH))
def test_a_text_is_used(key: str) -> None:
    head, _, last = key.rpartition(".")
    # Keys are written out, or built from a literal head (f"role.{…}") or a command's help key.
    written = rf'"{re.escape(key)}"|"{re.escape(head)}\.\{{|help_key\}}\.{last}"'
    assert re.search(written, CODE), key


@pytest.mark.parametrize(
    ("age", "zh", "en"),
    [
        (timedelta(seconds=-5), "刚刚", "just now"),
        (timedelta(seconds=59), "刚刚", "just now"),
        (timedelta(minutes=3, seconds=59), "3 分钟前", "3 min ago"),
        (timedelta(hours=23, minutes=59), "23 小时前", "23 h ago"),
        (timedelta(days=2), "2 天前", "2 d ago"),
    ],
)
def test_an_age_is_said_in_one_unit(age: timedelta, zh: str, en: str) -> None:
    assert (texts_in(Lang.ZH).age(age), texts_in(Lang.EN).age(age)) == (zh, en)


def test_a_text_that_does_not_exist_is_a_bug() -> None:
    with pytest.raises(KeyError):
        texts_in(Lang.ZH)("no.such")
