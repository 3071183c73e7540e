"""Watches of the settings keep their names as long as nothing of them changes, and are told of what they cost."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.releases import Watch
from suanli.settings import Settings, load
from suanli.settings.releases import Releases, WatchEntry

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
ENTRY = {"places": ["vllm-project/vllm"], "tell": ["oc_1"]}


def watches(*entries: Mapping[str, object], now: datetime = NOW) -> tuple[Watch, ...]:
    return Releases.model_validate({"watches": entries}).to_domain(now)


def name(**changed: object) -> str | None:
    (watch,) = watches({**ENTRY, **changed})
    return watch.declared


def test_a_watch_keeps_its_name_however_often_it_is_read() -> None:
    (once,), (later,) = watches(ENTRY), watches(ENTRY, now=NOW + timedelta(days=1))
    assert once.declared == later.declared
    assert (once.created_at, later.created_at) == (NOW, NOW + timedelta(days=1))


def test_a_name_is_the_same_in_every_process() -> None:
    assert name() == "1e02e3795789627258d4890c02bd45fb"


@pytest.mark.parametrize(
    "changed",
    [
        {"places": ["vllm-project/vllm-ascend"]},
        {"places": ["hf:vllm-project"]},
        {"tell": ["oc_2"]},
        {"tell": ["mail:oc_1@b.example"]},
        {"changes": ["release", "tag"]},
        {"filter": "qwen"},
        {"mode": "hourly"},
        {"mode": "daily 09:10"},
        {"mode": "daily 09:11"},
        {"mode": "weekly mon 09:10"},
        {"mode": "weekly tue 09:10"},
        {"quiet": "22:00-08:00"},
        {"quiet": "08:00-22:00"},
    ],
)
def test_an_entry_with_anything_changed_is_another(changed: dict[str, object]) -> None:
    assert name(**changed) != name()


@pytest.mark.parametrize(
    "same",
    [
        {"places": ["VLLM-Project/vLLM"]},
        {"places": ["https://github.com/vllm-project/vllm"]},
        {"places": ["vllm-project/vllm", "vllm-project/VLLM"]},
        {"tell": ["oc_1", " oc_1 "]},
        {"changes": ["release"]},
        {"filter": " "},
        {"mode": "即时"},
        {"quiet": "off"},
    ],
)
def test_the_same_in_other_words_is_the_same(same: dict[str, object]) -> None:
    assert name(**same) == name()


def test_equal_entries_are_one_watch_and_overlapping_ones_meet() -> None:
    more = {"places": ["hf:a", "vllm-project/VLLM"], "tell": ["oc_2", "oc_1"]}
    found = watches(ENTRY, ENTRY, more)
    assert [(watch.place.word, watch.target.id) for watch in found] == [
        ("vllm-project/vllm", "oc_1"),
        ("hf:a", "oc_2"),
        ("hf:a", "oc_1"),
        ("vllm-project/VLLM", "oc_2"),
    ]


def test_one_place_may_be_followed_in_two_ways_by_the_same_chat() -> None:
    assert len(watches(ENTRY, {**ENTRY, "changes": ["issue"], "filter": "deepseek", "mode": "daily"})) == 2


@given(
    st.lists(st.sampled_from(["a/b", "A/b", "hf:c", "ms:c"]), min_size=1),
    st.lists(st.sampled_from(["oc_1", "ou_2", "mail:a@b.example"]), min_size=1),
    st.sampled_from(["", "qwen", "-revert"]),
    st.permutations(["release", "model", "removed"]),
)
def test_no_name_is_given_twice_and_order_makes_none(
    places: list[str], tell: list[str], text: str, changes: list[str]
) -> None:
    entry = WatchEntry.model_validate({"places": places, "tell": tell, "filter": text, "changes": changes})
    found = Releases(watches=(entry, entry)).to_domain(NOW)
    assert len({watch.declared for watch in found}) == len(found) == len(entry.places) * len(entry.tell)
    turned = entry.model_copy(update={"places": entry.places[::-1], "changes": entry.changes[::-1]})
    assert {watch.declared for watch in turned.to_domain(NOW)} == {watch.declared for watch in found}


def settings(folder: Path, repositories: int, more: str = "", **environ: str) -> Settings:
    places = [f"o/r{n}" for n in range(repositories)]
    toml = f'[[releases.watches]]\nplaces = {places}\ntell = ["oc_1"]\n{more}'
    (folder / "suanli.toml").write_text(toml, "utf-8")
    return load(environ, folder)


class TestAnonymousRequests:
    def warned(self, settings: Settings) -> bool:
        return any(line.startswith("releases.watches: ") for line in settings.warnings())

    def test_more_than_github_answers_strangers_are_warned_of(self, tmp_path: Path) -> None:
        assert not self.warned(settings(tmp_path, 5))
        assert self.warned(settings(tmp_path, 6))

    def test_a_token_or_another_server_has_no_such_limit(self, tmp_path: Path) -> None:
        assert not self.warned(settings(tmp_path, 6, GITHUB_TOKEN="t"))
        assert not self.warned(settings(tmp_path, 6, GITHUB_API_URL="https://ghe.example/api/v3"))

    def test_it_counts_what_is_read_and_how_often(self, tmp_path: Path) -> None:
        assert self.warned(settings(tmp_path, 3, 'filter = "qwen"\n'))
        assert not self.warned(settings(tmp_path, 3, 'filter = "qwen"\n[releases]\ninterval = "10m"\n'))
        assert not self.warned(settings(tmp_path, 5, '[[releases.watches]]\nplaces = ["O/R1"]\ntell = ["oc_2"]\n'))
