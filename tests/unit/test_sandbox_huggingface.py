"""The stand-in of HuggingFace lists, moves and refuses as the sheet says (releases.md §1.2)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from suanli.sandbox.hubs import Fault, HuggingFaceStandIn, RepoKind
from suanli.sandbox.hubs.huggingface import TOKEN
from tests.fakes import FakeClock
from tests.hub_caller import Got, ask

ORG = "/api/models?author=deepseek-ai&sort=lastModified&direction=-1"
POLL = f"{ORG}&expand[]=sha&expand[]=lastModified&expand[]=createdAt&expand[]=gated&expand[]=author"
BEARER = f"Bearer {TOKEN}"
SECOND = timedelta(seconds=1)


@pytest.fixture
def hub(clock: FakeClock) -> Iterator[HuggingFaceStandIn]:
    with HuggingFaceStandIn(clock) as stand_in:
        yield stand_in


def names(got: Got) -> list[str]:
    return [item["id"].rpartition("/")[2] for item in got.json]


def add_three(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    for name in ("V3", "V4", "R2"):
        hub.world.add_model(f"deepseek-ai/{name}")
        clock.advance(SECOND)


def test_an_item_has_no_commit_and_no_author_unless_it_is_asked_for(hub: HuggingFaceStandIn) -> None:
    hub.world.add_model("deepseek-ai/V4")
    [usual], [full] = ask(hub.url, ORG).json, ask(hub.url, f"{ORG}&full=true").json
    assert set(usual) == {
        "_id", "id", "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name",
        "createdAt", "modelId",
    }  # fmt: skip
    assert set(full) - set(usual) == {"sha", "lastModified", "author", "gated", "disabled", "siblings"}
    assert full["createdAt"] == full["lastModified"] == "2026-11-20T04:00:00.000Z"
    assert re.fullmatch("[0-9a-f]{24}", full["_id"])
    assert re.fullmatch("[0-9a-f]{40}", full["sha"])
    assert full["siblings"] == [{"rfilename": name} for name in ("README.md", "config.json", "model.safetensors")]


def test_expanding_brings_just_what_was_named(hub: HuggingFaceStandIn) -> None:
    hub.world.add_model("deepseek-ai/V4", library=None)
    [item] = ask(hub.url, f"{POLL}&expand[]=library_name").json
    assert set(item) == {"_id", "id", "sha", "lastModified", "createdAt", "gated", "author"}
    assert ask(hub.url, "/api/models/deepseek-ai/V4?expand[]=sha").json == {
        name: item[name] for name in ("_id", "id", "sha")
    }


@pytest.mark.parametrize(
    "query",
    [
        "expand[]=sha&full=true", "expand[]=sha&cardData=true", "expand[]=nothing", "sort=name", "direction=down",
        "limit=0", "limit=-1", "limit=x", "cursor=x", "cursor=bnVsbA==",
    ],
)  # fmt: skip
def test_a_query_that_means_nothing_is_refused(hub: HuggingFaceStandIn, query: str) -> None:
    hub.world.add_model("deepseek-ai/V4")
    assert ask(hub.url, f"/api/models?{query}").status == 400


def test_datasets_and_spaces_have_fields_of_their_own(hub: HuggingFaceStandIn) -> None:
    hub.world.add_dataset("deepseek-ai/Prover")
    hub.world.add_space("deepseek-ai/Chat")
    for kind in ("datasets", "spaces"):
        [item] = ask(hub.url, f"/api/{kind}?author=deepseek-ai&expand[]=sha&expand[]=lastModified").json
        assert set(item) == {"_id", "id", "sha", "lastModified"}
        assert "sha" not in ask(hub.url, f"/api/{kind}?author=deepseek-ai").json[0]
        assert ask(hub.url, f"/api/{kind}?expand[]=library_name").status == 400
    assert ask(hub.url, "/api/datasets?expand[]=gated&sort=downloads").status == 200
    assert ask(hub.url, "/api/spaces?expand[]=gated").status == 400
    assert ask(hub.url, "/api/spaces?sort=downloads").status == 400


def test_an_author_is_exact_and_one_who_has_nothing_has_an_empty_list(hub: HuggingFaceStandIn) -> None:
    hub.world.add_model("deepseek-ai/V4", tags=["license:other"])
    hub.world.add_model("deepseek-ai-fans/V4")
    assert names(ask(hub.url, ORG)) == ["V4"]
    assert ask(hub.url, "/api/models?author=nobody").json == []
    assert ask(hub.url, "/api/models?author=deepseek-ai&search=r2").json == []
    assert len(ask(hub.url, "/api/models?filter=license:other&filter=transformers").json) == 1
    assert ask(hub.url, "/api/models?num_parameters=min:6B").status == 501


def test_lists_are_sorted_by_the_last_change_or_the_first(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    add_three(hub, clock)
    model = hub.world.find(RepoKind.MODELS, "deepseek-ai/V3")
    assert model
    hub.world.commit(model, {"README.md": "# Better"})
    assert names(ask(hub.url, ORG)) == ["V3", "R2", "V4"]
    by_birth = ask(hub.url, "/api/models?author=deepseek-ai&sort=createdAt&direction=-1&full=true")
    assert names(by_birth) == ["R2", "V4", "V3"]
    assert {item["lastModified"] for item in by_birth.json} == {None}
    assert names(ask(hub.url, "/api/models?author=deepseek-ai&sort=createdAt&direction=1")) == ["V3", "V4", "R2"]


def test_nothing_is_said_to_be_older_than_the_floor(hub: HuggingFaceStandIn) -> None:
    hub.world.add_model("a/old", created_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert ask(hub.url, "/api/models?author=a").json[0]["createdAt"] == "2022-03-02T23:29:04.000Z"


def test_a_cursor_leads_on_even_when_something_moves(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    add_three(hub, clock)
    first = ask(hub.url, f"{POLL}&limit=2")
    assert names(first) == ["R2", "V4"]
    following = first.links()["next"]
    assert following.startswith(f"{hub.url}/api/models?author=deepseek-ai&sort=lastModified")
    assert "cursor=" in following
    hub.world.add_model("deepseek-ai/V5")
    second = ask(following)
    assert names(second) == ["V3"]
    assert set(second.json[0]) == set(first.json[0])
    assert "Link" not in second.headers


def test_an_unchanged_list_is_304_and_counts_all_the_same(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    model = hub.world.add_model("deepseek-ai/V4")
    first = ask(hub.url, POLL)
    assert re.fullmatch(r'W/"[0-9a-f]+-[0-9A-Za-z+/]{27}"', first.headers["ETag"])
    clock.advance(SECOND)
    again = ask(hub.url, POLL, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ratelimit"] == '"api";r=498;t=299'
    hub.world.commit(model, {"README.md": "x"})
    assert ask(hub.url, POLL, If_None_Match=first.headers["ETag"]).status == 200


def test_counts_that_always_change_defeat_the_etag(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    hub.world.add_model("deepseek-ai/V4")
    etag = ask(hub.url, ORG).headers["ETag"]
    assert ask(hub.url, ORG, If_None_Match=etag).status == 304
    clock.advance(SECOND)
    assert ask(hub.url, ORG, If_None_Match=etag).status == 200


def test_a_window_has_so_many_requests_and_then_none(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    hub.anonymous_limit, hub.limit = 2, 3
    got = [ask(hub.url, ORG) for _ in range(3)]
    assert [each.status for each in got] == [200, 200, 429]
    assert [each.headers["ratelimit"] for each in got] == [f'"api";r={left};t=300' for left in (1, 0, 0)]
    assert got[0].headers["ratelimit-policy"] == '"fixed window";"api";q=2;w=300'
    assert got[0].headers["x-powered-by"] == "huggingface-moon"
    assert ask(hub.url, ORG, Authorization=BEARER).headers["ratelimit-policy"] == '"fixed window";"api";q=3;w=300'
    clock.advance(timedelta(seconds=300))
    assert ask(hub.url, ORG).status == 200
    assert (hub.record.total, hub.record.charged) == (5, 4)


def test_too_many_requests_may_be_said_by_what_stands_in_front(hub: HuggingFaceStandIn) -> None:
    hub.faults.lay(Fault.LIMITED, Fault.LIMITED_SILENTLY, Fault.BAD_GATEWAY)
    by_hub, in_front, gateway = (ask(hub.url, ORG) for _ in range(3))
    assert (by_hub.status, by_hub.headers["ratelimit"]) == (429, '"api";r=0;t=300')
    assert (in_front.status, in_front.headers.get("ratelimit")) == (429, None)
    assert gateway.status == 502


def test_what_is_absent_is_told_by_a_code_to_those_with_a_token_only(hub: HuggingFaceStandIn) -> None:
    hub.world.hide(hub.world.add_model("deepseek-ai/secret"))
    for name in ("deepseek-ai/none", "deepseek-ai/secret"):
        known, unknown = ask(hub.url, f"/api/models/{name}", Authorization=BEARER), ask(hub.url, f"/api/models/{name}")
        assert (known.status, known.headers["X-Error-Code"]) == (404, "RepoNotFound")
        assert (unknown.status, unknown.headers.get("X-Error-Code")) == (401, None)
        assert unknown.headers["X-Error-Message"]
    assert ask(hub.url, ORG).json == []


def test_a_bad_token_is_refused_everywhere(hub: HuggingFaceStandIn) -> None:
    got = ask(hub.url, ORG, Authorization="Bearer hf_wrong")
    assert got.status == 401
    assert got.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


@pytest.mark.parametrize(("gated", "shown"), [(False, False), ("auto", "auto"), ("manual", "manual")])
def test_gated_is_false_or_a_word(hub: HuggingFaceStandIn, gated: str, shown: object) -> None:
    model = hub.world.add_model("deepseek-ai/V4")
    hub.world.gate(model, "manual" if gated == "manual" else "auto" if gated else False)
    assert ask(hub.url, POLL).json[0]["gated"] == shown
    assert ask(hub.url, "/api/models/deepseek-ai/V4").json["gated"] == shown


def test_the_files_of_what_is_gated_are_closed_and_its_page_is_open(hub: HuggingFaceStandIn) -> None:
    hub.world.gate(hub.world.add_model("deepseek-ai/V4"))
    assert ask(hub.url, "/api/models/deepseek-ai/V4").status == 200
    got = ask(hub.url, "/api/models/deepseek-ai/V4/tree/main")
    assert (got.status, got.headers["X-Error-Code"]) == (403, "GatedRepo")


def test_an_old_name_leads_on_by_a_relative_address(hub: HuggingFaceStandIn) -> None:
    model = hub.world.add_model("bert-base-uncased")
    hub.world.rename(model, "google-bert/bert-base-uncased")
    for rest in ("", "/tree/main?recursive=true"):
        moved = ask(hub.url, f"/api/models/bert-base-uncased{rest}")
        assert moved.status == 307
        assert moved.headers["Location"] == f"/api/models/google-bert/bert-base-uncased{rest}"
        assert moved.headers.get_content_type() == "text/plain"
        assert ask(hub.url, moved.headers["Location"]).status == 200
    shown = ask(hub.url, "/api/models?author=google-bert&full=true").json[0]
    assert (shown["_id"], shown["author"], shown["modelId"]) == (model.object_id, "google-bert", model.name)
    hub.world.delete(model)
    assert ask(hub.url, "/api/models/bert-base-uncased", Authorization=BEARER).status == 404


def test_a_tree_tells_weights_from_words(hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    model = hub.world.add_model(
        "deepseek-ai/V4", files={"README.md": "# V4", "model-1.safetensors": 5, "a/b/c.txt": "c"}
    )
    tree = "/api/models/deepseek-ai/V4/tree"

    def contents() -> dict[str, str]:
        entries = ask(hub.url, f"{tree}/main?recursive=true").json
        return {each["path"]: each.get("lfs", each)["oid"] for each in entries if each["type"] == "file"}

    top = {each["path"]: each for each in ask(hub.url, f"{tree}/main").json}
    assert {path: each["type"] for path, each in top.items()} == {
        "README.md": "file", "a": "directory", "model-1.safetensors": "file",
    }  # fmt: skip
    assert top["model-1.safetensors"]["lfs"]["size"] == top["model-1.safetensors"]["size"] == 5
    assert "lfs" not in top["README.md"]
    assert [each["path"] for each in ask(hub.url, f"{tree}/main/a").json] == ["a/b"]
    before, sha = contents(), model.sha
    clock.advance(SECOND)
    hub.world.commit(model, {"README.md": "# Better", "a/b/c.txt": None})
    card = contents()
    assert set(before) - set(card) == {"a/b/c.txt"}
    assert [path for path in card if card[path] != before[path]] == ["README.md"]
    assert sha != hub.world.commit(model, {"model-1.safetensors": 5})
    assert [path for path, oid in contents().items() if oid != card[path]] == ["model-1.safetensors"]


def test_a_tree_of_another_commit_is_not_kept_and_a_long_one_has_pages(hub: HuggingFaceStandIn) -> None:
    model = hub.world.add_model("a/b", files={f"model-{n:02}.safetensors": n for n in range(1, 6)})
    tree = "/api/models/a/b/tree"
    assert ask(hub.url, f"{tree}/{'0' * 40}").headers["X-Error-Code"] == "RevisionNotFound"
    assert ask(hub.url, f"{tree}/main/none").headers["X-Error-Code"] == "EntryNotFound"
    first = ask(hub.url, f"{tree}/{model.sha}?limit=3")
    assert [each["size"] for each in first.json + ask(first.links()["next"]).json] == [1, 2, 3, 4, 5]


def test_a_field_drifts(hub: HuggingFaceStandIn) -> None:
    hub.world.add_model("deepseek-ai/V4")
    hub.faults.drift("lastModified", "last_modified")
    assert "last_modified" in ask(hub.url, POLL).json[0]
    hub.faults.mend()
    assert "lastModified" in ask(hub.url, POLL).json[0]


def test_what_is_disabled_says_so_and_no_name_is_taken_twice(hub: HuggingFaceStandIn) -> None:
    hub.world.disable(hub.world.add_model("deepseek-ai/V4"))
    assert ask(hub.url, f"{ORG}&expand[]=disabled").json[0]["disabled"] is True
    with pytest.raises(ValueError, match="exists"):
        hub.world.add_model("deepseek-ai/V4")
    hub.world.add_dataset("deepseek-ai/V4")
