"""Alerts of other systems over HTTP: Alertmanager and Grafana post them, chosen chats are told what is new."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Blueprint, Response, jsonify, request

from handlers.stock import alert_notices
from suanli.clock import Clock
from suanli.domain.chat import Target
from suanli.domain.delivery import Draft
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site
from suanli.domain.stock.external import AlertNotice, hear_all, name_of
from suanli.i18n import texts_in
from suanli.web.alert_bodies import MalformedError, Report, read

log = structlog.get_logger()

MAX_BODY = 1024 * 1024
"""Bytes; about a kilobyte an alert, so twice what is heard of one body."""


def alertmanager_blueprint(
    token: str, store: Store, site: Site, clock: Clock, targets: Sequence[Target], wake: Callable[[], None]
) -> Blueprint:
    """`POST /webhooks/alertmanager`, for whoever has `token`; with an empty one, for nobody.

    `wake` is called after messages were committed. The 200 means committed; Alertmanager repeats what met a 500.
    """
    blueprint = Blueprint("alertmanager", __name__)
    ear = _Ear(store, site, targets)

    @blueprint.post("/webhooks/alertmanager")
    def receive() -> tuple[Response, int]:
        request.max_content_length = MAX_BODY
        if not _is_admitted(token, request.headers.get("Authorization", "")):
            log.warning("alerts_refused", address=request.remote_addr)
            return jsonify(error="unauthorized"), 401
        now = clock.now()
        try:
            report = read(request.get_data(cache=False), now)
        except MalformedError as error:
            log.warning("alerts_malformed", error=str(error))
            return jsonify(error=str(error)), 400
        told = ear.hear(report, now)
        if told:
            wake()
        return jsonify(accepted=len(report.heard), told=told), 200

    return blueprint


def _is_admitted(token: str, header: str) -> bool:
    scheme, _, given = header.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return bool(token) and scheme.casefold() == "bearer" and same


@dataclass(frozen=True, slots=True)
class _Ear:
    store: Store
    site: Site
    targets: Sequence[Target]

    def hear(self, report: Report, now: datetime) -> int:
        """Remember what was heard and write a card to each target, in one transaction; of how many alerts it tells."""
        with self.store.begin() as tx:
            tx.lock("external-alerts")
            known = tx.alerts.known([each.alert.fingerprint for each in report.heard])
            changed, notices = hear_all(known, report.heard)
            tx.alerts.save(changed)
            if notices:
                self._tell(tx, notices, report.left_out, now)
        log.info("alerts_heard", alerts=len(report.heard), told=len(notices), left_out=report.left_out)
        return len(notices)

    def _tell(self, tx: Transaction, notices: Sequence[AlertNotice], left_out: int, now: datetime) -> None:
        name = name_of(notices)
        for target in self.targets:
            texts = texts_in(tx.chats.lang_of(target.platform, target.id) or self.site.lang)
            answer = alert_notices.card(texts, self.site.zone, notices, left_out)
            tx.outbox.post(Draft(f"alert:{name}:{target.lane}", target, answer, alert=True), now)
