"""Look whether cards run low, and tell the people of the watch list: the original program's daily check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from jobs import stock_answers
from suanli.clock import Clock
from suanli.domain.answer import Answer
from suanli.domain.chat import Target
from suanli.domain.delivery import Draft
from suanli.domain.errors import NoData, RemoteError
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site
from suanli.domain.stock import LowStock, Snapshot, Watch, below, to_tell, unseen
from suanli.i18n import Texts, texts_in

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CheckStock:
    """The daily check. `recipients` gives each id of the watch list with its target; `operators` hear of trouble.

    `sample` brings the newest figures in, as the original did at each check.
    """

    store: Store
    site: Site
    watch: Watch
    recipients: Sequence[tuple[str, Target]]
    operators: Sequence[Target]
    sample: Callable[[datetime], str]
    clock: Clock

    def run(self, scheduled_for: datetime) -> str:
        """Bring the figures in, then decide and write every message in one transaction; what came of it.

        Raises NoData when there are none or they are too old to act on, after telling the operators.
        """
        self._refresh(scheduled_for)
        now = self.clock.now()
        with self.store.begin() as tx:
            tx.lock("stock-check")
            snapshot = tx.samples.latest(self.site.stock_source)
            if not snapshot.is_stale(now, self.site.stale_after):
                return self._look(tx, snapshot, now)
            cause = self._cause(tx)
            self._tell_operators(
                tx, f"stock-blind:{self._day(scheduled_for)}", lambda texts: stock_answers.blind(texts, cause), now
            )
        raise NoData(f"no stock data to check: {cause or 'the source has not answered lately'}")

    def _refresh(self, scheduled_for: datetime) -> None:
        try:
            self.sample(scheduled_for)
        except RemoteError as error:
            # It is on record; what was sampled minutes ago may still be good enough.
            log.warning("stock_not_refreshed", error=str(error))

    def _look(self, tx: Transaction, snapshot: Snapshot, now: datetime) -> str:
        low = below(self.watch, snapshot)
        plan = to_tell(low, [recipient for recipient, _ in self.recipients], tx.notices.last_told(), now)
        for recipient, target in self.recipients:
            self._tell(tx, recipient, target, plan.get(recipient, ()), now)
        self._tell_unseen(tx, snapshot, now)
        return f"{len(low)} low, {len(plan)} told"

    def _tell(self, tx: Transaction, recipient: str, target: Target, items: Sequence[LowStock], now: datetime) -> None:
        if not items:
            return
        models = [item.threshold.model for item in items]
        answer = stock_answers.low_stock(self._texts(tx, target), items, now.astimezone(self.site.zone))
        tx.outbox.post(Draft(f"stock-low:{recipient}:{now:%Y%m%dT%H%M%S}:{'+'.join(models)}", target, answer), now)
        tx.notices.tell(recipient, models, now)

    def _tell_unseen(self, tx: Transaction, snapshot: Snapshot, now: datetime) -> None:
        names = ", ".join(threshold.model for threshold in unseen(self.watch, snapshot))
        if names:
            log.warning("stock_models_unseen", models=names)
            key = f"stock-unseen:{self._day(now)}:{names}"
            self._tell_operators(tx, key, lambda texts: stock_answers.unseen(texts, names), now)

    def _tell_operators(self, tx: Transaction, key: str, answer: Callable[[Texts], Answer], now: datetime) -> None:
        for target in self.operators:
            tx.outbox.post(Draft(f"{key}:{target.id}", target, answer(self._texts(tx, target))), now)

    def _texts(self, tx: Transaction, target: Target) -> Texts:
        return texts_in(tx.chats.lang_of(target.platform, target.id) or self.site.lang)

    def _cause(self, tx: Transaction) -> str:
        states = tx.samples.states()
        return next((s.error for s in states if s.source == self.site.stock_source), "")

    def _day(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.site.zone):%Y-%m-%d}"
