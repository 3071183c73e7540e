"""Alertmanager's webhook through Flask's test client, on the real store."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.plain import as_text
from storage.store import SqlStore
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel, Rate, Rates
from suanli.domain.ports import Store
from suanli.domain.stock.external import Alert, Fingerprint
from suanli.web.alertmanager import alertmanager_blueprint
from suanli.web.app import build_app
from tests.dialogue import SITE
from tests.fakes import FakeClock

PATH = "/webhooks/alertmanager"
TOKEN = "correct horse"
GOLDEN = Path(__file__).parent / "golden" / "alertmanager"
GROUP = Target(Platform.FEISHU, TargetKind.CHAT, "oc_ops")
BOSS = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_boss")
FAST = Rate(1000, timedelta(seconds=1), burst=900)


def body(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return parsed


def bodies_of(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": "4", "alerts": list(alerts), **more}


def alert(**fields: Any) -> dict[str, Any]:
    return {"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-11-20T03:00:00Z", **fields}


def client_of(store: Store, clock: FakeClock, token: str = TOKEN, *targets: Target, woken: list[int]) -> FlaskClient:
    blueprint = alertmanager_blueprint(token, store, SITE, clock, targets or (GROUP,), lambda: woken.append(1))
    return build_app(store, clock, [blueprint]).test_client()


@pytest.fixture
def woken() -> list[int]:
    return []


@pytest.fixture
def client(sqlite_store: SqlStore, clock: FakeClock, woken: list[int]) -> FlaskClient:
    return client_of(sqlite_store, clock, woken=woken)


def send(client: FlaskClient, what: Any, token: str = TOKEN) -> TestResponse:
    data = what if isinstance(what, bytes) else json.dumps(what, ensure_ascii=False).encode()
    return client.post(PATH, data=data, headers={"Authorization": f"Bearer {token}"})


def told(client: FlaskClient, what: Any) -> tuple[int, int]:
    answer = send(client, what)
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    return answer.json["accepted"], answer.json["told"]


def parcels(store: Store, clock: FakeClock) -> list[Parcel]:
    """Everything that waits to be sent, taken."""
    rates = {Platform.FEISHU: Rates(FAST, (FAST,))}
    taken: list[Parcel] = []
    while True:
        with store.begin() as tx:
            some = tx.outbox.claim(owner="t", now=clock.now(), lease=timedelta(minutes=1), limit=100, rates=rates)
            for parcel in some:
                tx.outbox.sent(parcel, None, clock.now())
        if not some:
            return taken
        taken += some


def words(store: Store, clock: FakeClock) -> list[str]:
    return [as_text(parcel.answer, clock.now(), SITE.zone) for parcel in parcels(store, clock)]


def known(store: Store, fingerprint: str) -> Alert | None:
    with store.begin() as tx:
        return tx.alerts.known([Fingerprint(fingerprint)]).get(Fingerprint(fingerprint))
