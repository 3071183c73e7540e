"""The courier's tokens against the stand-in: fetched once, renewed in time, replaced when refused, never shown."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bot.feishu.courier import FeishuCourier
from suanli.domain.delivery import uuid_of
from suanli.sandbox.feishu import Fault, FeishuStandIn, Human
from suanli.sandbox.feishu.refusal import Refusal
from tests.contract.courier_kit import courier_to, parcel_to, refusal_of
from tests.fakes import NOON, FakeClock

TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def feishu(clock: FakeClock) -> Iterator[FeishuStandIn]:
    with FeishuStandIn(clock) as stand_in:
        yield stand_in


@pytest.fixture
def alice(feishu: FeishuStandIn) -> Human:
    return feishu.tenant.add_human("Alice", email="alice@example.com")


@pytest.fixture
def courier(feishu: FeishuStandIn, clock: FakeClock) -> FeishuCourier:
    return courier_to(feishu, clock)


def token_fetches(feishu: FeishuStandIn) -> int:
    return sum(call.path == TOKEN_PATH for call in feishu.tenant.calls)


def sends(feishu: FeishuStandIn) -> int:
    return sum("/im/v1/messages" in call.path for call in feishu.tenant.calls)


def test_a_token_refused_once_is_replaced_without_anybody_noticing(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human
) -> None:
    courier.send(parcel_to(alice, key="before"))
    feishu.tenant.revoke_tokens()
    courier.send(parcel_to(alice, key="after"))
    assert [sent.uuid for sent in feishu.tenant.sent] == [uuid_of("before"), uuid_of("after")]
    assert (token_fetches(feishu), sends(feishu)) == (2, 3)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", [99991663, 99991664, 99991665, 99991668, 99991671])
def test_a_token_refused_twice_is_a_matter_of_credentials(
    courier: FeishuCourier, feishu: FeishuStandIn, alice: Human, code: int, status: int
) -> None:
    feishu.faults.lay(Fault(refusal=Refusal(code, status=status)), times=None)
    error = refusal_of(courier, parcel_to(alice))
    assert (error.permanent, error.code) == (True, code)
    assert "FEISHU_APP_SECRET" in str(error)
    assert (token_fetches(feishu), sends(feishu)) == (2, 2)


def test_a_wrong_secret_says_so_and_is_not_told(feishu: FeishuStandIn, clock: FakeClock, alice: Human) -> None:
    error = refusal_of(courier_to(feishu, clock, secret="guessed-secret"), parcel_to(alice))
    assert (error.permanent, error.code) == (True, 10015)
    assert "FEISHU_APP_SECRET" in str(error)
    assert "guessed-secret" not in str(error)


def test_a_token_is_renewed_half_an_hour_before_its_end(
    courier: FeishuCourier, feishu: FeishuStandIn, clock: FakeClock, alice: Human
) -> None:
    courier.send(parcel_to(alice, key="1"))
    clock.advance(timedelta(minutes=89))
    courier.send(parcel_to(alice, key="2"))
    assert token_fetches(feishu) == 1
    clock.advance(timedelta(minutes=1))
    courier.send(parcel_to(alice, key="3"))
    assert token_fetches(feishu) == 2


def test_eight_threads_on_a_cold_start_fetch_one_token(courier: FeishuCourier, feishu: FeishuStandIn) -> None:
    people = [feishu.tenant.add_human(f"person {n}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: courier.send(parcel_to(people[n], key=str(n))), range(8)))
    assert (token_fetches(feishu), len(feishu.tenant.sent)) == (1, 8)


def test_neither_secret_nor_token_nor_words_are_written_anywhere(
    courier: FeishuCourier,
    feishu: FeishuStandIn,
    alice: Human,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    courier.send(parcel_to(alice, key="1"))
    token, _ = feishu.tenant.token(NOON)
    feishu.faults.lay(Fault.token_invalid(), times=None)
    error = refusal_of(courier, parcel_to(alice, key="2"))
    said = f"{''.join(capfd.readouterr())} {caplog.text} {error}"
    assert TOKEN_PATH in said  # the HTTP library does log its calls
    assert not any(secret in said for secret in (feishu.tenant.app.app_secret, token, "张空闲"))
