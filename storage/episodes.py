"""Where every watched scope stands, the episodes before, and who was told what of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.sql.dml import UpdateBase

from storage.batches import batches
from storage.columns import UtcDateTime
from storage.scopes import asked, columns_of, of_scope, scope_of
from storage.standings import episode_of, episode_row, standing_of, standing_row
from storage.tables import EpisodeRow, StandingRow, ToldRow
from storage.upserts import insert_new, insert_or_set
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Blindness, Episode, Standing, Told

_MOMENT = bindparam("moment", type_=UtcDateTime())

_STANDINGS = select(StandingRow.__table__)
_STANDING = _STANDINGS.where(*of_scope(StandingRow))
_REMEMBER = insert_or_set(
    StandingRow, "failures", "cause", "blind_since", "blind_told_at", "muted_until", "muted_by", "muted_at",
    "mute_reason",
)  # fmt: skip
_FORGET = delete(StandingRow).where(*of_scope(StandingRow))

_EPISODES = select(EpisodeRow.__table__)
_FIND = _EPISODES.where(EpisodeRow.number == bindparam("number"))
_OPEN = _EPISODES.where(EpisodeRow.closed_at.is_(None))
_OPEN_OF_SCOPE = _OPEN.where(*of_scope(EpisodeRow))
_CLOSED_SINCE = _EPISODES.where(EpisodeRow.closed_at >= _MOMENT, EpisodeRow.quiet.is_(False)).order_by(
    EpisodeRow.closed_at, EpisodeRow.number
)
_NEWEST = _EPISODES.where(EpisodeRow.fired_at.is_not(None)).order_by(EpisodeRow.number.desc()).limit(bindparam("limit"))
_NEWEST_OF_MODEL = _NEWEST.where(EpisodeRow.model == bindparam("model"))
_NEW = insert(EpisodeRow).returning(EpisodeRow.number, sort_by_parameter_order=True)
_CHANGE = update(EpisodeRow).where(EpisodeRow.number == bindparam("of_number"))
_DROP = delete(EpisodeRow).where(EpisodeRow.closed_at.is_(None), *of_scope(EpisodeRow))

_TOLD = select(ToldRow.__table__)
_TOLD_OF = _TOLD.where(ToldRow.episode == bindparam("number")).order_by(
    ToldRow.told_at, ToldRow.count, ToldRow.recipient
)
_LAST = (
    select(ToldRow.episode, ToldRow.recipient, func.max(ToldRow.count).label("count"))
    .where(ToldRow.episode.in_(bindparam("numbers", expanding=True)))
    .group_by(ToldRow.episode, ToldRow.recipient)
    .subquery()
)
_LAST_TOLD = _TOLD.join(
    _LAST,
    and_(ToldRow.episode == _LAST.c.episode, ToldRow.recipient == _LAST.c.recipient, ToldRow.count == _LAST.c.count),
)
_MESSAGES = (
    select(ToldRow.message_key)
    .where(ToldRow.episode.in_(bindparam("numbers", expanding=True)), ToldRow.told_at >= _MOMENT)
    .distinct()
)
_ON_CARDS = _TOLD.where(ToldRow.message_key.in_(bindparam("keys", expanding=True))).order_by(
    ToldRow.episode, ToldRow.recipient, ToldRow.count
)
_TELL = insert_new(ToldRow)
_SET_BACK = update(ToldRow).where(ToldRow.told_at > _MOMENT).values(told_at=_MOMENT)

_OLD = EpisodeRow.closed_at < _MOMENT
_FORGET_TOLD = delete(ToldRow).where(ToldRow.episode.in_(select(EpisodeRow.number).where(_OLD)))
_FORGET_OLD = delete(EpisodeRow).where(_OLD)


class SqlEpisodes:
    """The `Episodes` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def standings(self) -> Mapping[Scope, Standing]:
        """Every scope of which anything is remembered, with its open episode."""
        found = {scope_of(row): standing_of(row) for row in self._connection.execute(_STANDINGS)}
        for row in self._connection.execute(_OPEN):
            episode = episode_of(row)
            found[episode.scope] = replace(found.get(episode.scope) or Standing(episode.scope), episode=episode)
        return found

    def standing(self, scope: Scope) -> Standing:
        """One scope; one never heard of is well."""
        row = self._connection.execute(_STANDING, asked(scope)).first()
        known = Standing(scope) if row is None else standing_of(row)
        opened = self._connection.execute(_OPEN_OF_SCOPE, asked(scope)).first()
        return known if opened is None else replace(known, episode=episode_of(opened))

    def save(self, standings: Sequence[Standing]) -> Sequence[Standing]:
        """Write scopes back, in order; a new episode gets its number, higher than any before.

        A standing without an episode drops the scope's open one, if there is one: it never fired. A second open episode
        of a scope is an error of the database.
        """
        return tuple(saved for some in _a_scope_at_most_once(standings) for saved in self._save(some))

    def _save(self, standings: Sequence[Standing]) -> Sequence[Standing]:
        """Write scopes back, each of them named once, so that the order between them is of no matter."""
        self._run(_REMEMBER, [standing_row(each) for each in standings if _is_remembered(each)])
        self._run(_FORGET, [asked(each.scope) for each in standings if not _is_remembered(each)])
        self._run(_DROP, [asked(each.scope) for each in standings if each.episode is None])
        episodes = [each.episode for each in standings if each.episode is not None]
        self._run(_CHANGE, [{**episode_row(each), "of_number": each.number} for each in episodes if each.number])
        stored = {each.scope: each for each in self._number([each for each in episodes if not each.number])}
        return [replace(each, episode=stored.get(each.scope, each.episode)) for each in standings]

    def _number(self, episodes: Sequence[Episode]) -> Iterator[Episode]:
        """Write new episodes; each as it is stored."""
        rows = [{**columns_of(each.scope), **episode_row(each)} for each in episodes]
        numbers = self._connection.execute(_NEW, rows).scalars() if rows else ()
        return (replace(each, number=number) for each, number in zip(episodes, numbers, strict=True))

    def find(self, number: int) -> Episode | None:
        """An episode by its number, open or closed."""
        row = self._connection.execute(_FIND, {"number": number}).first()
        return None if row is None else episode_of(row)

    def closed_since(self, moment: datetime) -> Sequence[Episode]:
        """Episodes that ended at or after `moment`, quiet ones left out, oldest first."""
        return tuple(map(episode_of, self._connection.execute(_CLOSED_SINCE, {"moment": moment})))

    def newest(self, limit: int, model: Model | None = None) -> Sequence[Episode]:
        """The last episodes that fired, open or closed, newest first."""
        if model is None:
            return tuple(map(episode_of, self._connection.execute(_NEWEST, {"limit": limit})))
        return tuple(map(episode_of, self._connection.execute(_NEWEST_OF_MODEL, {"limit": limit, "model": model})))

    def last_told(self, numbers: Sequence[int]) -> Mapping[tuple[int, str], Told]:
        """The last notice of each of these episodes to each recipient."""
        rows = (row for some in batches(numbers) for row in self._connection.execute(_LAST_TOLD, {"numbers": some}))
        return {(told.episode, told.recipient): told for told in (Told(*row) for row in rows)}

    def told(self, number: int) -> Sequence[Told]:
        """Every notice of an episode, oldest first."""
        return tuple(Told(*row) for row in self._connection.execute(_TOLD_OF, {"number": number}))

    def tell(self, notices: Sequence[Told]) -> None:
        """Write notices down; the same one again (episode, recipient, count) changes nothing."""
        self._run(_TELL, [_told_row(notice) for notice in notices])

    def messages_of(self, numbers: Sequence[int], since: datetime) -> Sequence[str]:
        """The keys of the messages that told of these episodes at or after `since`, in order."""
        found = (
            key
            for some in batches(numbers)
            for key in self._connection.execute(_MESSAGES, {"numbers": some, "moment": since}).scalars()
        )
        return sorted(set(found))

    def on_cards(self, keys: Sequence[str]) -> Mapping[str, Sequence[Told]]:
        """What each of these messages told, by its key; a message that told nothing is left out."""
        found: dict[str, list[Told]] = {}
        for some in batches(keys):
            for row in self._connection.execute(_ON_CARDS, {"keys": some}):
                found.setdefault(row.message_key, []).append(Told(*row))
        return found

    def set_back(self, now: datetime) -> int:
        """Let notices that lie in the future, after the clock was set back, be of now; how many."""
        return self._connection.execute(_SET_BACK, {"moment": now}).rowcount

    def forget_before(self, moment: datetime) -> int:
        """Drop episodes that ended before `moment`, with their notices; how many."""
        self._connection.execute(_FORGET_TOLD, {"moment": moment})
        return self._connection.execute(_FORGET_OLD, {"moment": moment}).rowcount

    def _run(self, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(statement, rows)


def _told_row(notice: Told) -> Mapping[str, Any]:
    return {
        "episode": notice.episode,
        "recipient": notice.recipient,
        "count": notice.count,
        "kind": notice.kind,
        "news": notice.news,
        "free": notice.free,
        "told_at": notice.told_at,
        "message_key": notice.message_key,
    }


def _is_remembered(standing: Standing) -> bool:
    return standing.mute is not None or standing.blindness != Blindness()


def _a_scope_at_most_once(standings: Sequence[Standing]) -> Iterator[Sequence[Standing]]:
    """The standings in order, in parts in which no scope comes twice."""
    part: dict[Scope, Standing] = {}
    for standing in standings:
        if standing.scope in part:
            yield tuple(part.values())
            part = {}
        part[standing.scope] = standing
    if part:
        yield tuple(part.values())
