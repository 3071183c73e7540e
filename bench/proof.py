"""Whether what was measured was also right: every event served, recorded, answered and audited exactly once."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bench.company import COMMAND, Installation, Question
from bench.floor import stored
from bench.watched import Watched
from suanli.sandbox.feishu.record import Sent


class WrongError(Exception):
    """Something was served wrongly, so its speed says nothing."""


def check_written(installation: Installation, questions: Sequence[Question]) -> None:
    """The database holds one inbox row, one outbox row and one audit of a good run for each of these and no more."""
    keys = sorted(f"{installation.settings.feishu.app_id}:{question.message_id}" for question in questions)
    _same("inbox", _read(installation.database, "SELECT key FROM inbox ORDER BY key"), keys)
    replies = _read(installation.database, "SELECT substr(key, 7) FROM outbox WHERE key LIKE 'reply:%' ORDER BY key")
    _same("replies", replies, keys)
    _same("outbox", _read(installation.database, "SELECT count(*) FROM outbox"), [len(keys)])
    done = _read(installation.database, "SELECT words FROM audits WHERE outcome = 'ok' AND command = 'stock'")
    _same("audits", done, [COMMAND] * len(keys))


def check_replied(sent: Sequence[Sent], questions: Sequence[Question]) -> dict[str, Sent]:
    """What was sent is one card of stock under each question and nothing else. The replies by the question's id."""
    _same("replied to", sorted(each.reply_to for each in sent), sorted(question.message_id for question in questions))
    _same("replies without stock on them", [each for each in sent if not _shows_stock(each)], [])
    return {each.reply_to: each for each in sent}


def check_seen(database: Path, questions: Sequence[Question]) -> None:
    """A peer's table holds each of these once and no more."""
    seen = _read(database, "SELECT message_id FROM seen ORDER BY message_id")
    _same("seen", seen, sorted(question.message_id for question in questions))


def check_told(
    database: Path, since: datetime, rules: Sequence[Watched], news: str | None, *, redraws: bool = False
) -> None:
    """From that moment on everybody was told of their rules, on one card each, and of nothing but this.

    `news` None means that nobody was told anything. With `redraws`, everybody's card is drawn anew as well.
    """
    at = {"since": stored(since)}
    pairs = [(rule.model, rule.region, rule.clock, name, news) for rule in rules for name in rule.recipients]
    people = sorted({name for rule in rules for name in rule.recipients})
    _same("told", _rows(database, _TOLD, at), sorted(pairs) if news else [])
    _same("told of without a message", _rows(database, _TOLD_BY_NOTHING, at), [])
    _same("cards", _read(database, _CARDS.format("IS NULL"), at), people if news else [])
    _same("cards drawn anew", _read(database, _CARDS.format("IS NOT NULL"), at), people if redraws else [])


_TOLD = """
    SELECT model, region, clock, recipient, kind FROM told JOIN episodes ON number = episode
    WHERE told_at >= :since ORDER BY model, region, clock, recipient
"""
_TOLD_BY_NOTHING = """
    SELECT episode, recipient FROM told LEFT JOIN outbox ON key = message_key AND target_id = recipient
    WHERE told_at >= :since AND id IS NULL
"""
_CARDS = "SELECT target_id FROM outbox WHERE created_at >= :since AND redraws {} ORDER BY target_id"


def _read(database: Path, query: str, values: Mapping[str, object] | None = None) -> list[object]:
    return [row[0] for row in _rows(database, query, values)]


def _rows(database: Path, query: str, values: Mapping[str, object] | None = None) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values or {}).fetchall()


def _shows_stock(sent: Sent) -> bool:
    return sent.msg_type == "interactive" and "4090" in sent.text


def _same(what: str, found: Sequence[object], expected: Sequence[object]) -> None:
    if list(found) != list(expected):
        raise WrongError(
            f"{what}: {len(found)} rows ({len(set(map(str, found)))} different), not these {len(expected)}"
        )
