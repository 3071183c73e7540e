"""The stand-in of ModelScope answers on its three interfaces as the sheet says (releases.md §1.3)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from suanli.sandbox.hubs import Fault, ModelScopeStandIn
from suanli.sandbox.hubs.modelscope import TOKEN
from tests.fakes import NOON, FakeClock
from tests.hub_caller import Got, ask

MODELS = "/openapi/v1/models"
LATEST = f"{MODELS}?owner=deepseek-ai&sort=last_modified"
LIBRARY = "/api/v1/models/"
PAGES = "/api/v1/dolphin/models"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def scope(clock: FakeClock) -> Iterator[ModelScopeStandIn]:
    with ModelScopeStandIn(clock) as stand_in:
        yield stand_in


def ids(got: Got) -> list[str]:
    return [model["id"] for model in got.json["data"]["models"]]


def listed(scope: ModelScopeStandIn, **body: Any) -> Got:
    return ask(scope.url, LIBRARY, "PUT", {"Path": "deepseek-ai", "PageNumber": 1, "PageSize": 100, **body})


def searched(scope: ModelScopeStandIn, **body: Any) -> Got:
    organization = {"category": "organizations", "predicate": "contains", "values": ["deepseek-ai"]}
    usual = {"Name": "", "SortBy": "GmtCreated", "PageNumber": 1, "PageSize": 100, "Target": "", "SingleCriterion": []}
    return ask(scope.url, PAGES, "PUT", {**usual, "Criterion": [organization], **body})


def test_a_model_has_the_fields_of_the_sheet_and_no_commit(scope: ModelScopeStandIn) -> None:
    scope.world.add_model("deepseek-ai/V4", file_size=10)
    got = ask(scope.url, LATEST)
    assert got.json["success"] is True
    assert {name: got.json["data"][name] for name in ("total_count", "page_number", "page_size")} == {
        "total_count": 1, "page_number": 1, "page_size": 10,
    }  # fmt: skip
    [model] = got.json["data"]["models"]
    assert set(model) == {
        "id", "display_name", "description", "downloads", "likes", "license", "tasks", "created_at", "last_modified",
        "file_size", "params", "tags", "private", "gated",
    }  # fmt: skip
    assert (model["id"], model["display_name"], model["description"]) == ("deepseek-ai/V4", None, None)
    assert model["created_at"] == model["last_modified"] == "2026-11-20T04:00:00Z"
    assert (model["file_size"], model["gated"]) == (10, False)
    assert "ETag" not in got.headers


def test_the_owner_is_a_search_that_finds_others_too(scope: ModelScopeStandIn) -> None:
    for name in ("deepseek-ai/V4", "my-DeepSeek-AI-fork/V4", "Qwen/Qwen3"):
        scope.world.add_model(name)
    assert set(ids(ask(scope.url, LATEST))) == {"deepseek-ai/V4", "my-DeepSeek-AI-fork/V4"}
    assert ids(ask(scope.url, f"{MODELS}?search=qwen")) == ["Qwen/Qwen3"]


def test_a_setting_bumps_the_moment_and_weights_the_size_as_well(scope: ModelScopeStandIn, clock: FakeClock) -> None:
    model, other = scope.world.add_model("deepseek-ai/V3", file_size=3), scope.world.add_model("deepseek-ai/V4")
    clock.advance(MINUTE)
    scope.world.touch(model)
    touched = ask(scope.url, LATEST)
    assert ids(touched) == ["deepseek-ai/V3", "deepseek-ai/V4"]
    assert touched.json["data"]["models"][0]["last_modified"] == "2026-11-20T04:01:00Z"
    assert touched.json["data"]["models"][0]["file_size"] == 3
    clock.advance(MINUTE)
    scope.world.update_weights(other, 4)
    scope.world.gate(other)
    first = ask(scope.url, LATEST).json["data"]["models"][0]
    assert (first["id"], first["file_size"], first["gated"]) == ("deepseek-ai/V4", 4, True)


def test_a_model_alone_has_its_card(scope: ModelScopeStandIn) -> None:
    model = scope.world.add_model("deepseek-ai/V4", display_name="深度求索 V4")
    scope.world.edit_card(model, "# 说明")
    data = ask(scope.url, f"{MODELS}/deepseek-ai/V4").json["data"]
    assert (data["readme"], data["display_name"]) == ("# 说明", "深度求索 V4")


def test_datasets_are_listed_alike_and_apart(scope: ModelScopeStandIn) -> None:
    scope.world.add_dataset("deepseek-ai/Prover")
    [dataset] = ask(scope.url, "/openapi/v1/datasets?owner=deepseek-ai").json["data"]["datasets"]
    assert (dataset["id"], dataset["login_required"]) == ("deepseek-ai/Prover", False)
    assert ids(ask(scope.url, LATEST)) == []


def test_what_is_deleted_or_hidden_is_nowhere(scope: ModelScopeStandIn) -> None:
    model, hidden = scope.world.add_model("deepseek-ai/V4"), scope.world.add_model("deepseek-ai/V5")
    scope.world.delete(model)
    scope.world.hide(hidden)
    assert ids(ask(scope.url, LATEST)) == []
    assert listed(scope).json["Data"]["TotalCount"] == searched(scope).json["Data"]["Model"]["TotalCount"] == 0
    for name in ("V4", "V5"):
        got = ask(scope.url, f"{MODELS}/deepseek-ai/{name}")
        assert (got.status, got.json["success"], got.json["code"]) == (404, False, "ResourceNotFound")


def test_pages_follow_each_other(scope: ModelScopeStandIn) -> None:
    for number in range(5):
        scope.world.add_model(f"deepseek-ai/V{number}")
    pages = [ids(ask(scope.url, f"{MODELS}?owner=deepseek-ai&page_size=2&page_number={n}")) for n in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({each for page in pages for each in page}) == 5


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page_size=50&page_number=60", 200), ("page_size=50&page_number=61", 400), ("page_size=51", 400),
        ("page_size=0", 400), ("page_number=x", 400), ("sort=name", 400), (f"search={'x' * 100}", 200),
        (f"search={'x' * 101}", 400), ("filter.task=text", 501),
    ],
)  # fmt: skip
def test_a_query_has_bounds(scope: ModelScopeStandIn, query: str, status: int) -> None:
    got = ask(scope.url, f"{MODELS}?{query}")
    assert got.status == status
    if status == 400:
        assert (got.json["success"], got.json["code"]) == (False, "InputParameterError")
        assert got.json["request_id"]


def test_anybody_may_ask_but_nobody_with_a_bad_token(scope: ModelScopeStandIn) -> None:
    assert ask(scope.url, MODELS, Authorization=f"Bearer {TOKEN}").status == 200
    got = ask(scope.url, MODELS, Authorization="Bearer ms-wrong")
    assert (got.status, got.json["code"]) == (401, "InvalidAuthentication")


@pytest.mark.parametrize(("fault", "wait"), [(Fault.LIMITED, "30"), (Fault.LIMITED_SILENTLY, None)])
def test_too_many_requests_say_when_to_come_again(scope: ModelScopeStandIn, fault: Fault, wait: str | None) -> None:
    scope.faults.lay(fault)
    got = ask(scope.url, MODELS)
    assert (got.status, got.json["code"], got.headers.get("Retry-After")) == (429, "RateLimitExceed", wait)


def test_the_library_lists_by_owner_exactly_in_epoch_seconds(scope: ModelScopeStandIn, clock: FakeClock) -> None:
    model = scope.world.add_model("deepseek-ai/V4")
    scope.world.add_model("my-deepseek-ai/V4")
    clock.advance(MINUTE)
    scope.world.touch(model)
    got = listed(scope).json
    assert (got["Code"], got["Success"], got["Data"]["TotalCount"]) == (200, True, 1)
    [item] = got["Data"]["Models"]
    assert (item["Path"], item["Name"], item["Visibility"]) == ("deepseek-ai", "V4", 5)
    assert item["CreatedTime"] == int(NOON.timestamp())
    assert item["LastUpdatedTime"] == int(NOON.timestamp()) + 60


@pytest.mark.parametrize("body", [{"Path": None}, {"PageSize": 101}, {"PageSize": 0}, {"PageNumber": "1"}])
def test_an_older_interface_refuses_with_status_200(scope: ModelScopeStandIn, body: dict[str, Any]) -> None:
    got = listed(scope, **body)
    assert (got.status, got.json["Success"], got.json["Data"]) == (200, False, None)


def test_success_may_be_false_on_the_older_interfaces_only(scope: ModelScopeStandIn) -> None:
    scope.faults.keep(Fault.UNSUCCESSFUL, "/api/v1/")
    for got in (listed(scope), searched(scope)):
        assert (got.status, got.json["Success"]) == (200, False)
    assert ask(scope.url, MODELS).status == 200


def test_the_pages_interface_sorts_and_passes_over_what_it_does_not_know(
    scope: ModelScopeStandIn, clock: FakeClock
) -> None:
    for name in ("V3", "V4"):
        scope.world.add_model(f"deepseek-ai/{name}")
        clock.advance(MINUTE)
    scope.world.add_model("Qwen/Qwen3")

    def found(**body: Any) -> list[str]:
        return [f"{each['Path']}/{each['Name']}" for each in searched(scope, **body).json["Data"]["Model"]["Models"]]

    assert found() == ["deepseek-ai/V4", "deepseek-ai/V3"]
    assert len(found(Criterion=[{"category": "nothing", "values": ["x"]}])) == 3
    assert found(Criterion=[], Name="qwen") == ["Qwen/Qwen3"]
    assert searched(scope, SortBy="Name").json["Success"] is False
    assert "ModelId" not in searched(scope).json["Data"]["Model"]["Models"][0]


def test_the_older_interfaces_take_put_only(scope: ModelScopeStandIn) -> None:
    assert [ask(scope.url, path).status for path in (LIBRARY, PAGES, "/api/v1/none")] == [404, 404, 404]
    assert ask(scope.url, MODELS, "PUT", {}).status == 404


def test_a_field_drifts_on_one_answer_as_on_all(scope: ModelScopeStandIn) -> None:
    scope.world.add_model("deepseek-ai/V4")
    scope.faults.drift("last_modified", "updated_at")
    [model] = ask(scope.url, LATEST).json["data"]["models"]
    assert "last_modified" not in model
    assert model["updated_at"] == "2026-11-20T04:00:00Z"
    assert "LastUpdatedTime" in listed(scope).json["Data"]["Models"][0]
    scope.faults.drift("models")
    assert "models" not in ask(scope.url, LATEST).json["data"]


def test_what_was_asked_is_written_down_with_its_body(scope: ModelScopeStandIn) -> None:
    listed(scope)
    [asked] = scope.record.asked
    assert (asked.method, asked.path, asked.status) == ("PUT", LIBRARY, 200)
    assert b'"Path": "deepseek-ai"' in asked.body
    assert scope.record.by_name == {"deepseek-ai": 1}
