"""Whether what was measured was also right: every event served, recorded, answered and audited exactly once."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

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


def check_told(database: Path, since: datetime, rules: Sequence[Watched], news: str | None, *, drawn: int = 0) -> None:
    """From that moment on everybody was told of their rules, on one card each, and of nothing but this.

    `news` None means that nobody was told anything. So many earlier cards of everybody are `drawn` anew as well.
    """
    at = {"since": stored(since)}
    pairs = [(rule.model, rule.region, rule.clock, name, news) for rule in rules for name in rule.recipients]
    people = sorted({name for rule in rules for name in rule.recipients})
    _same("told", _rows(database, _TOLD, at), sorted(pairs) if news else [])
    _same("told of without a message", _rows(database, _TOLD_BY_NOTHING, at), [])
    _same("cards", _read(database, _CARDS.format("IS NULL"), at), people if news else [])
    _same("cards drawn anew", _read(database, _CARDS.format("IS NOT NULL"), at), sorted(people * drawn))


def check_arrived(sent: Sequence[Sent], people: Sequence[str]) -> None:
    """What was sent is one card of a shortage to each of these people and nothing else."""
    _same("sent to", sorted(each.receiver for each in sent), sorted(people))
    _same("no cards", [each for each in sent if each.msg_type != "interactive" or "库存预警" not in each.text], [])


def check_sent(database: Path, people: Sequence[str]) -> None:
    """The outbox holds one message to each of these people and no more, and has seen each of them off."""
    sent = "SELECT target_id FROM outbox WHERE sent_at IS NOT NULL ORDER BY target_id"
    _same("settled as sent", _read(database, sent), sorted(people))
    _same("outbox", _read(database, "SELECT count(*) FROM outbox"), [len(people)])


def check_hours(database: Path, scopes: int, hours: int) -> int:
    """Each of so many scopes has so many hours; how many rows that are."""
    counts = "SELECT count(*) FROM samples_hourly GROUP BY source, model, region, clock"
    _same("hours", _read(database, counts), [hours] * scopes)
    return hours * scopes


def check_trends(database: Path, question: str, times: int) -> None:
    """So many times the question was answered with a trend: a chart with its threshold, and a burn over 14 days."""
    done = _read(database, "SELECT words FROM audits WHERE outcome = 'ok' AND command = 'stock trend'")
    _same("audits", done, [question] * times)
    answers = [str(answer) for answer in _read(database, "SELECT answer FROM outbox WHERE key LIKE 'reply:%'")]
    _same("answers", [_shows_trend(json.loads(answer)) for answer in answers], [True] * times)


class Told(NamedTuple):
    """A new issue of a repository that somebody is to hear of, and nobody else."""

    repository: str
    native_id: str
    target: str


def check_routed(database: Path, items: int, told: Sequence[Told]) -> None:
    """So many items are remembered; of these changes, and no others, there is one notice and one message each."""
    counts = "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM happenings), count(*) FROM watch_notices"
    _same("items, happenings and notices", _rows(database, counts, {}), [(items, len(told), len(told))])
    check_news(database, None, told)


def check_news(database: Path, since: datetime | None, told: Sequence[Told]) -> None:
    """What was posted from that moment on, or ever, is a message for each of these changes and nothing else."""
    at = {"since": stored(since) if since else ""}
    _same("told", sorted(_rows(database, _NEWS, at)), sorted(told))
    _same("messages", _read(database, "SELECT count(*) FROM outbox WHERE created_at >= :since", at), [len(told)])


def _shows_trend(answer: dict[str, Any]) -> bool:
    """Whether an answer draws a hundred hours or more beside their threshold, and says how they were counted."""
    points = [point for block in answer["blocks"] if block["kind"] == "chart" for point in block["points"]]
    noted = any(block["kind"] == "note" for block in answer["blocks"])
    return noted and len({point["line"] for point in points}) == 2 and len(points) >= 200


_TOLD = """
    SELECT model, region, clock, recipient, kind FROM told JOIN episodes ON number = episode
    WHERE told_at >= :since ORDER BY model, region, clock, recipient
"""
_TOLD_BY_NOTHING = """
    SELECT episode, recipient FROM told LEFT JOIN outbox ON key = message_key AND target_id = recipient
    WHERE told_at >= :since AND id IS NULL
"""
_NEWS = """
    SELECT happenings.name, happenings.native_id, outbox.target_id FROM outbox
    JOIN watch_notices ON watch_notices.message_key = outbox.key
    JOIN watches ON watches.number = watch_notices.watch AND watches.target_id = outbox.target_id
    JOIN happenings ON happenings.fingerprint = watch_notices.fingerprint
    WHERE outbox.created_at >= :since
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
