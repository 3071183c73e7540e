"""The webhook's and the application's answers, through Flask's test client."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient

from bot.feishu.identity import FRESH_FOR, Identity
from bot.feishu.signature import Gate
from bot.router import Router
from bot.webhook import MAX_BODY, feishu_blueprint
from storage.store import SqlStore
from suanli.domain.facts import BEAT, bot_open_id
from suanli.sandbox.feishu import FeishuStandIn
from suanli.web.app import BEAT_LIMIT, build_app
from tests.dialogue import SITE
from tests.fakes import FakeClock, FaultyStore

PATH = "/webhooks/feishu"


@pytest.fixture
def store(sqlite_store: SqlStore) -> FaultyStore:
    return FaultyStore(sqlite_store)


@pytest.fixture
def feishu(clock: FakeClock) -> FeishuStandIn:
    """Only its envelopes are used; nothing is served."""
    return FeishuStandIn(clock)


@pytest.fixture
def client(store: FaultyStore, clock: FakeClock, feishu: FeishuStandIn) -> FlaskClient:
    app = feishu.tenant.app
    gate = Gate(app.app_id, app.encrypt_key, app.verification_token)
    router = Router(store, SITE, clock, lambda: None)
    blueprint = feishu_blueprint(gate, Identity(store, app.app_id, clock), router)
    return build_app(store, clock, [blueprint]).test_client()


def say(client: FlaskClient, feishu: FeishuStandIn, text: str, *, in_group: bool = False) -> int:
    human = feishu.tenant.add_human("Li")
    bot = feishu.tenant.bot
    group = feishu.tenant.add_group("group", human) if in_group else None
    event = feishu.message(
        human, f"@{bot.name} {text}" if in_group else text, chat=group, mentions=[bot] if in_group else []
    )
    sealed = feishu.seal(event)
    return client.post(PATH, data=sealed.body, headers=dict(sealed.headers)).status_code


def test_a_mention_is_put_off_until_the_bot_knows_itself(
    client: FlaskClient, feishu: FeishuStandIn, store: FaultyStore, clock: FakeClock
) -> None:
    assert say(client, feishu, "/help", in_group=True) == 503
    with store.begin() as tx:
        tx.facts.put(bot_open_id(feishu.tenant.app.app_id), feishu.tenant.bot.open_id, clock.now())
    assert say(client, feishu, "/help", in_group=True) == 200


def test_a_private_message_needs_no_identity(client: FlaskClient, feishu: FeishuStandIn) -> None:
    assert say(client, feishu, "/help") == 200


def test_a_failing_store_is_500_with_nothing_of_the_error(
    client: FlaskClient, feishu: FeishuStandIn, store: FaultyStore
) -> None:
    store.broken = True
    human = feishu.tenant.add_human("Li")
    sealed = feishu.seal(feishu.message(human, "/help"))
    answer = client.post(PATH, data=sealed.body, headers=dict(sealed.headers))
    assert (answer.status_code, answer.json) == (500, {"error": "internal error"})


def test_a_body_that_announces_more_than_one_mebibyte_is_not_read(client: FlaskClient) -> None:
    stream = BytesIO(b"x" * (MAX_BODY + 1))
    answer = client.post(PATH, input_stream=stream, headers={"Content-Length": str(MAX_BODY + 1)})
    assert answer.status_code == 413
    assert stream.tell() == 0


def test_a_body_of_unknown_length_is_read_no_further_than_one_mebibyte(client: FlaskClient) -> None:
    stream = BytesIO(b"x" * (3 * MAX_BODY))
    answer = client.post(PATH, input_stream=stream, environ_overrides={"wsgi.input_terminated": True})
    assert answer.status_code in {401, 413}
    assert stream.tell() <= MAX_BODY


def test_a_body_of_one_mebibyte_is_looked_at(client: FlaskClient) -> None:
    assert client.post(PATH, data=b"x" * MAX_BODY).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", PATH, 405), ("GET", "/", 404), ("POST", "/healthz", 405)]
)
def test_what_is_not_there_is_said_briefly_in_json(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert answer.is_json


def test_health_asks_for_nothing_and_readiness_for_the_schedulers_beat(
    client: FlaskClient, store: FaultyStore, clock: FakeClock
) -> None:
    assert client.get("/readyz").status_code == 503
    with store.begin() as tx:
        tx.facts.put(BEAT, "host:1", clock.now())
    assert client.get("/readyz").json == {
        "status": "ok", "database": "ok", "scheduler_beat_seconds": 0.0, "outbox": 0, "dead": 0
    }  # fmt: skip
    clock.advance(BEAT_LIMIT)
    assert client.get("/readyz").status_code == 503
    store.broken = True
    assert client.get("/readyz").status_code == 500
    assert client.get("/healthz").json == {"status": "ok"}


def test_the_identity_is_read_again_when_it_is_old(sqlite_store: SqlStore, clock: FakeClock) -> None:
    identity = Identity(sqlite_store, "cli_a", clock)
    for expected, learnt in ((None, None), ("ou_1", "ou_1"), ("ou_1", "ou_2")):
        if learnt:
            with sqlite_store.begin() as tx:
                tx.facts.put(bot_open_id("cli_a"), learnt, clock.now())
        assert identity.open_id() == expected
    clock.advance(FRESH_FOR)
    assert identity.open_id() == "ou_2"
