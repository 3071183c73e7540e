"""Who is told of a shortage, as the job does it, and the ledger that every notice must fit into."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from suanli.domain.stock.episodes import Episode, Mute, News, State, Told, to_tell
from suanli.domain.stock.rules import Recipient, Rule, Severity
from tests.episode_machine_scene import RECIPIENTS


@dataclass(frozen=True)
class Notice:
    """A notice that went out: when by a clock that never steps."""

    kind: News
    severity: Severity
    news: int
    elapsed: timedelta


class Notices:
    """The part of the machine that tells recipients, and holds each notice against those before it."""

    now: datetime
    elapsed: timedelta
    back_at: timedelta
    muted_at: timedelta
    rule: Rule
    episode: Episode | None
    over: list[Episode]
    mute: Mute | None
    told: dict[tuple[int, str], Told]
    notices: dict[tuple[int, str], list[Notice]]

    # What must hold.

    def nobody_waits(self) -> None:
        """After a good sample, whoever listens and is concerned knows what there is to know."""
        for recipient in self.listening():
            for episode in self.over:
                known = self.notices[episode.number, recipient.id]
                assert not known or episode.quiet or known[-1].kind is News.RECOVERED
            if (
                self.episode
                and self.episode.state is State.FIRING
                and recipient.wants(self.rule, self.episode.severity)
            ):
                last = self.notices[self.episode.number, recipient.id][-1]
                assert last.news == self.episode.news
                assert self.is_fresh(last, self.rule.repeat, self.back_at)
                assert self.mute is None or self.told[self.episode.number, recipient.id].told_at >= self.mute.until

    def may_be_told(self, episode: Episode, recipient: Recipient, kind: News) -> None:
        """This notice is in its place among those that this recipient got of this episode."""
        earlier = self.notices[episode.number, recipient.id]
        assert not self.is_muted
        assert episode.state is (State.CLOSED if kind is News.RECOVERED else State.FIRING)
        assert (kind is News.FIRST) is (not earlier)
        assert all(each.kind is not News.RECOVERED for each in earlier)
        if kind is News.RECOVERED:
            assert not episode.quiet
        if kind is News.ESCALATED:
            assert episode.severity > max(each.severity for each in earlier)
        if kind is News.REMINDER:
            waited = self.elapsed - earlier[-1].elapsed >= self.rule.repeat
            assert waited or self.muted_at >= earlier[-1].elapsed

    # How the job does it.

    @property
    def is_muted(self) -> bool:
        return self.mute is not None and self.mute.is_on(self.now)

    def listening(self) -> Iterator[Recipient]:
        return (r for r in RECIPIENTS if r.listens(self.now) and not self.is_muted)

    def tell(self) -> None:
        for episode in (*self.over, *((self.episode,) if self.episode else ())):
            for recipient in RECIPIENTS:
                last = self.told.get((episode.number, recipient.id))
                kind = to_tell(episode, self.rule, last, self.mute, self.now)
                wanted = kind is News.RECOVERED or recipient.wants(self.rule, episode.severity)
                if kind and wanted and recipient.listens(self.now):
                    self.may_be_told(episode, recipient, kind)
                    self.write(episode, recipient, last, kind)

    def write(self, episode: Episode, recipient: Recipient, last: Told | None, kind: News) -> None:
        key = (episode.number, recipient.id)
        number = last.count + 1 if last else 1
        self.told[key] = Told(*key, number, kind, episode.news, episode.free, self.now, "")
        self.notices[key].append(Notice(kind, episode.severity, episode.news, self.elapsed))

    def is_fresh(self, notice: Notice, repeat: timedelta, back_at: timedelta) -> bool:
        """Whether it is younger than the interval, which begins anew when the clock is set back."""
        return self.elapsed - max(notice.elapsed, back_at) < repeat
