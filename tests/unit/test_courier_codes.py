"""What each of Feishu's codes means for a message: the table of feishu.md §3.6, row by row."""

from datetime import timedelta
from typing import Any

import pytest

from bot.feishu.courier.codes import PARENT_GONE, TOKEN_REFUSED, classify
from suanli.domain.delivery import CardRejected, LaneBusy, PlatformBusy
from suanli.domain.errors import RemoteError

PERMANENT = [
    99991403, 11247, 99991661, 99991677, 99991672, 99991679, 99991662, 99991673, 99991401, 99992402, 99992351, 99992361,
    230001, 230002, 230006, 230011, 230110, 230012, 230071, 230013, 230015, 230017, 230018, 230019, 230022, 230027,
    230028, 230029, 230031, 230034, 230035, 230038, 230050, 230053, 230072, 230075, 232009,
    99991663, 99991664, 99991665, 99991668, 99991671,
]  # fmt: skip


def refused(code: int | None, status: int = 400, headers: dict[str, str] | None = None, **body: Any) -> RemoteError:
    return classify(code, status, headers or {}, body)


@pytest.mark.parametrize("code", PERMANENT)
def test_what_cannot_get_better_is_given_up(code: int) -> None:
    error = refused(code)
    assert (type(error), error.permanent, error.code) == (RemoteError, True, code)
    assert str(error).startswith(f"Feishu {code}: ")
    assert "not in the table" not in str(error)


@pytest.mark.parametrize("code", [230025, 230054, 230099])
def test_what_is_wrong_with_a_card_is_not_wrong_with_its_words(code: int) -> None:
    error = refused(code)
    assert (type(error), error.permanent, error.code) == (CardRejected, True, code)


@pytest.mark.parametrize("code", [1500, 2200, 5000, 299999, 1])
def test_what_may_pass_and_what_is_unknown_is_tried_again(code: int) -> None:
    error = refused(code)
    assert (type(error), error.permanent, error.retry_after) == (RemoteError, False, None)


def test_one_busy_chat_rests_alone() -> None:
    error = refused(230020)
    assert (type(error), error.permanent, error.retry_after) == (LaneBusy, False, timedelta(seconds=2))


@pytest.mark.parametrize("code", [11232, 11233, 99991400])
def test_a_busy_platform_rests_as_a_whole(code: int) -> None:
    error = refused(code)
    assert (type(error), error.permanent, error.retry_after) == (PlatformBusy, False, timedelta(seconds=5))


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("52", 52),
        ("0", 1),
        ("1", 1),
        ("300", 300),
        ("1764072000", 5),
        ("999999", 300),
        ("soon", 5),
        ("-3", 5),
        ("٣", 5),
    ],
)
def test_the_platforms_own_time_is_believed_within_reason(asked: str, given: int) -> None:
    error = refused(99991400, 429, {"X-Ogw-Ratelimit-Reset": asked})
    assert error.retry_after == timedelta(seconds=given)


def test_the_code_decides_and_not_the_status() -> None:
    assert type(refused(99991403, 429)) is RemoteError
    assert refused(230002, 502).permanent
    assert isinstance(refused(None, 429), PlatformBusy)
    assert isinstance(refused(299999, 429), PlatformBusy)
    assert not refused(None, 502).permanent


def test_a_refused_token_and_a_missing_parent_are_told_by_code() -> None:
    assert {99991663, 99991664, 99991665, 99991668, 99991671} == TOKEN_REFUSED
    assert {230011, 230110, 230019, 230071} == PARENT_GONE


@pytest.mark.parametrize(
    "violation",
    [
        {"type": "action_scope_required", "subject": "im:message"},
        {"scope": "im:message", "url": "https://open.feishu.cn/grant"},
    ],
)
def test_a_missing_scope_is_named_in_both_shapes(violation: dict[str, str]) -> None:
    error = refused(99991672, error={"permission_violations": [violation]})
    assert "scopes: im:message" in str(error)


def test_an_operator_reads_words_field_link_and_log_id() -> None:
    error = refused(
        99992402,
        headers={"x-tt-logid": "2026abc"},
        msg="field validation\nfailed",
        error={
            "log_id": "other",
            "field_violations": [{"field": "receive_id", "value": "x", "description": "is required"}],
            "helps": [{"url": "https://open.feishu.cn/help", "description": "help"}],
        },
    )
    assert str(error) == (
        "Feishu 99992402: a field is not valid: a bug of this program; please report it "
        "(field validation failed; receive_id: is required; https://open.feishu.cn/help) [log 2026abc]"
    )


def test_the_log_id_of_the_body_serves_when_the_header_is_missing() -> None:
    assert str(refused(230002, error={"log_id": "2026abc"})).endswith("[log 2026abc]")


@pytest.mark.parametrize("part", [None, "text", [], {"helps": "none"}, {"permission_violations": [None]}])
def test_an_error_part_of_another_shape_does_no_harm(part: object) -> None:
    assert refused(230002, msg="out", error=part).code == 230002


def test_a_token_that_the_platform_quotes_is_not_passed_on() -> None:
    error = refused(99991663, msg="invalid token t-g1044ghJRUIJJ5ELPVUYIDDEFH u-abcdefgh.ijk")
    assert "(invalid token *** ***)" in str(error)


def test_endless_words_are_cut() -> None:
    assert len(str(refused(230099, msg="x" * 10_000))) < 400
