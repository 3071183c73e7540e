"""A command line is read as people really type it."""

import pytest

from bot.syntax import Line, read


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("/stock 4090", ("stock", "4090")),
        ("／stock　４０９０", ("stock", "4090")),
        ("  /stock\u00a04090 \n", ("stock", "4090")),
        ("\u200b/sto\u200bck\ufeff 4090\u2060", ("stock", "4090")),
        ("/库存 国内", ("库存", "国内")),
        ('/stock "NVIDIA H20"', ("stock", "NVIDIA H20")),
        ("/stock “NVIDIA H20” 海外", ("stock", "NVIDIA H20", "海外")),
        ("/stock 「NVIDIA H20」", ("stock", "NVIDIA H20")),
        ('/stock "open', ("stock", '"open')),
        ('/stock ""', ("stock",)),
        ("//stock", ("stock",)),
        ("/", ()),
        ("/stock\r\n4090", ("stock", "4090")),
    ],
)
def test_a_line_with_a_slash_gives_its_words(typed: str, words: tuple[str, ...]) -> None:
    assert read(typed) == Line(slash=True, words=words)


@pytest.mark.parametrize(("typed", "words"), [("", ()), ("   ", ()), ("hello there", ("hello", "there"))])
def test_a_line_without_a_slash_says_so(typed: str, words: tuple[str, ...]) -> None:
    assert read(typed) == Line(slash=False, words=words)


def test_the_longest_message_with_the_most_quotes_is_read_at_once() -> None:
    assert len(read('/"a ' * 50_000).words) < 1000
