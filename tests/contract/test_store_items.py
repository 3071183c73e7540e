"""The items of resources, as they were last read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from suanli.domain.ports import Store
from suanli.domain.releases import Hub, Item, Kind, Known, Part, Place, ResourceId, State
from suanli.domain.releases.models import key_of
from tests.contract.release_kit import (
    DAY,
    DEEPSEEK,
    DEEPSEEK_MS,
    HOSTILE,
    HOUR,
    MINUTE,
    SGLANG,
    VLLM,
    execute,
    issue,
    items,
    model,
    remember,
    resource,
)
from tests.fakes import NOON


def newest(store: Store, of: ResourceId, limit: int = 10) -> list[str]:
    with store.begin() as tx:
        return [known.item.name for known in tx.resources.newest(of, limit)]


def same(store: Store, key: str, but: Hub | None = None) -> list[tuple[Place, str]]:
    with store.begin() as tx:
        return [(place, known.item.name) for place, known in tx.resources.same_model(key, but)]


def mentioning(store: Store, key: str, since: datetime = NOON, limit: int = 10) -> list[tuple[Place, str]]:
    with store.begin() as tx:
        return [(place, known.item.name) for place, known in tx.resources.mentioning(key, since, limit=limit)]


def test_a_resource_has_no_items_at_first(store: Store) -> None:
    of = resource(store).id
    remember(store, of)
    assert items(store, of) == {}
    assert newest(store, of) == []


def test_an_item_comes_back_as_it_was_remembered_to_the_letter(store: Store) -> None:
    of = resource(store).id
    whole = Item(
        Kind.PULL, HOSTILE, "#7", HOSTILE, "https://github.com/o/r/pull/7", State.MERGED, HOSTILE * 1_000, HOSTILE,
        by_bot=True, labels=(HOSTILE, ""), reason="completed", created_at=NOON - DAY,
        updated_at=(NOON + HOUR).astimezone(), ended_at=NOON, published_at=NOON, revision="r", weights="w",
    )  # fmt: skip
    bare = Item(Kind.TAG, "v1", "v1", "", "", State.STABLE)
    known = [Known(whole, NOON, 2, NOON + DAY), Known.new(bare, NOON)]
    remember(store, of, *known)
    assert list(items(store, of).values()) == sorted(known, key=lambda each: each.item.native_id)
    assert items(store, of, [HOSTILE]) == {HOSTILE: known[0]}


def test_what_a_reading_found_out_about_the_weights_is_no_part_of_the_item(store: Store) -> None:
    of = resource(store, DEEPSEEK, Part.MODELS).id
    remember(store, of, replace(model("deepseek-ai/DeepSeek-V3"), weights_changed=True))
    (known,) = items(store, of).values()
    assert known.item.weights_changed is None


def test_an_item_takes_the_place_of_what_was_known_of_it(store: Store) -> None:
    of = resource(store).id
    remember(store, of, issue(1, "old"), issue(2))
    seen = Known(issue(1, "new", after=HOUR), NOON - DAY, 1, NOON + DAY)
    remember(store, of, Known.new(issue(1, "newer"), NOON), seen)
    assert items(store, of, ["#1"]) == {"#1": seen}
    assert set(items(store, of)) == {"#1", "#2"}


def test_these_items_are_given_or_all_and_none_of_another_resource(store: Store) -> None:
    of, other = resource(store).id, resource(store, SGLANG).id
    remember(store, of, issue(1), issue(2))
    remember(store, other, issue(1, "other"), issue(3))
    assert set(items(store, of)) == {"#1", "#2"}
    assert set(items(store, of, ["#2", "#2", "#3", "#4"])) == {"#2"}
    assert items(store, of, []) == {}
    assert items(store, other, ["#1"])["#1"].item.title == "other"


def test_thousands_of_items_are_remembered_and_found_at_once(store: Store) -> None:
    of = resource(store).id
    many = [issue(n, body="正文 " * 50) for n in range(5_000)]
    remember(store, of, *many)
    remember(store, of, *many)
    assert len(items(store, of)) == 5_000
    wanted = [f"#{n}" for n in range(40_000)]
    assert len(items(store, of, wanted)) == 5_000


@pytest.mark.parametrize("broken", ["", "{}", "null", '{"kind": "meme"}', '{"kind": "issue", "native_id": "\\ud800'])
def test_an_item_that_cannot_be_read_is_left_out_and_logged_without_its_text(
    store: Store, database_url: str, broken: str
) -> None:
    of = resource(store).id
    remember(store, of, issue(1, "ours"), issue(2))
    execute(database_url, "UPDATE items SET document = :broken WHERE native_id = '#1'", broken=broken)
    with capture_logs() as logs:
        assert set(items(store, of)) == {"#2"}
        assert newest(store, of) == ["#2"]
    assert [(entry["event"], entry["resource"], entry["native_id"]) for entry in logs] == [
        ("item_unreadable", of, "#1")
    ] * 2
    remember(store, of, issue(1, "again"))
    assert items(store, of)["#1"].item.title == "again"


@pytest.mark.parametrize("field", ["created_at", "updated_at", "ended_at", "published_at"])
def test_a_moment_without_a_zone_is_refused(store: Store, field: str) -> None:
    of = resource(store).id
    naive = {"created_at": NOON, field: NOON.replace(tzinfo=None)}
    with pytest.raises(ValueError, match="no zone"):
        remember(store, of, issue(1), replace(issue(2), **naive))  # type: ignore[arg-type]  # any of the moments
    assert items(store, of) == {}


def test_the_newest_are_those_changed_last_and_what_is_gone_is_left_out(store: Store) -> None:
    of = resource(store).id
    gone = replace(issue(9, after=DAY), state=State.GONE)
    remember(store, of, issue(1, after=HOUR), issue(2, after=3 * HOUR), issue(3, after=2 * HOUR), gone)
    assert newest(store, of) == ["#2", "#3", "#1"]
    assert newest(store, of, 1) == ["#2"]
    remember(store, of, issue(1, after=4 * HOUR), replace(issue(2), state=State.GONE))
    assert newest(store, of) == ["#1", "#3"]


def test_what_has_no_moment_of_its_last_change_counts_by_the_best_there_is(store: Store) -> None:
    of = resource(store).id
    bare = Item(Kind.RELEASE, "1", "released", "", "", State.STABLE)
    remember(
        store,
        of,
        replace(bare, created_at=NOON - DAY, published_at=NOON + HOUR),
        replace(bare, native_id="2", name="made", created_at=NOON - HOUR),
        Known(replace(bare, native_id="3", name="seen"), NOON + MINUTE),
    )
    assert newest(store, of) == ["released", "seen", "made"]


def test_the_same_model_is_found_on_other_hubs_the_first_seen_first(store: Store) -> None:
    here, there = resource(store, DEEPSEEK, Part.MODELS).id, resource(store, DEEPSEEK_MS, Part.MODELS).id
    remember(store, here, Known(model("deepseek-ai/DeepSeek-V3.2"), NOON + HOUR), model("deepseek-ai/DeepSeek-V3"))
    remember(store, there, Known(model("deepseek-ai/deepseek_v3.2"), NOON))
    remember(store, there, Known(model("x/DeepSeek-V3.2", "d", kind=Kind.DATASET), NOON + DAY))
    remember(store, there, model("x/DeepSeek-V3.2", "s", kind=Kind.SPACE))
    remember(store, resource(store).id, replace(issue(1), name="DeepSeek-V3.2"))
    key = key_of(model("DeepSeek-V3.2"))
    first, second = (DEEPSEEK_MS, "deepseek-ai/deepseek_v3.2"), (DEEPSEEK, "deepseek-ai/DeepSeek-V3.2")
    assert same(store, key) == [first, second, (DEEPSEEK_MS, "x/DeepSeek-V3.2")]
    assert same(store, key, Hub.MODELSCOPE) == [second]
    assert same(store, "deepseek") == []
    assert same(store, "") == []


def test_a_model_that_got_another_name_is_found_by_that(store: Store) -> None:
    of = resource(store, DEEPSEEK, Part.MODELS).id
    remember(store, of, model("deepseek-ai/Old", "id"))
    remember(store, of, model("deepseek-ai/New", "id"))
    assert same(store, "old") == []
    assert same(store, "new") == [(DEEPSEEK, "deepseek-ai/New")]


def test_the_keys_of_models_are_those_first_seen_since(store: Store) -> None:
    of = resource(store, DEEPSEEK, Part.MODELS).id
    remember(store, of, Known(model("a/Old"), NOON - MINUTE), Known(model("a/Z1"), NOON), Known(model("a/B2"), NOON))
    remember(store, of, Known(model("c/B2"), NOON + DAY), model("a/D", kind=Kind.DATASET), model("a/---"))
    with store.begin() as tx:
        assert tx.resources.model_keys(NOON) == ("b2", "z1")
        assert tx.resources.model_keys(NOON - DAY) == ("b2", "old", "z1")
        assert tx.resources.model_keys(NOON + 2 * DAY) == ()


def test_items_that_may_name_a_model_are_found_in_repositories_newest_first(store: Store) -> None:
    of, other = resource(store).id, resource(store, SGLANG).id
    remember(
        store,
        of,
        issue(1, "support DEEPSEEK V3.2", after=HOUR),
        issue(2, body="for deepseek_v3.2-exp\nsoon", after=2 * HOUR),
        issue(3, "v3.2 of deepseek", after=HOUR),
        issue(4, "support deepseek-v3.2", after=-MINUTE),
    )
    remember(store, other, issue(5, "[Model] DeepSeek-V3.2", after=timedelta(0)))
    remember(store, resource(store, DEEPSEEK, Part.MODELS).id, model("deepseek-ai/DeepSeek-V3.2"))
    key = key_of(model("DeepSeek-V3.2"))
    assert mentioning(store, key) == [(VLLM, "#2"), (VLLM, "#1"), (SGLANG, "#5")]
    assert mentioning(store, key, limit=1) == [(VLLM, "#2")]
    assert mentioning(store, key, NOON + DAY) == []
    assert mentioning(store, "") == []


def test_signs_that_databases_search_by_stand_for_themselves_in_the_name_of_a_model(store: Store) -> None:
    remember(store, resource(store).id, issue(1, "abc 100 x"), issue(2, "a%c 100% x"))
    assert mentioning(store, "a%c") == [(VLLM, "#2")]
    assert mentioning(store, "a_c") == []
    assert mentioning(store, "\\") == []


def test_only_items_that_were_missing_are_looked_up_again(store: Store) -> None:
    of = resource(store).id
    remember(store, of, Known(issue(1), NOON), Known(issue(2), NOON, missing=2))
    with store.begin() as tx:
        assert {native_id: known.missing for native_id, known in tx.resources.missing(of).items()} == {"#2": 2}
        assert tx.resources.missing(ResourceId(of + 1)) == {}
