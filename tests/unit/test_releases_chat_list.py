"""What chat shows of the places that are followed: what there is already, and how they are doing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.releases import Part, State
from suanli.domain.releases.resources import Status
from suanli.domain.releases.watches import MOST_WATCHES
from tests.dialogue import BOSS
from tests.fakes import NOON, FakeClock
from tests.release_items import DAY, HOUR, issue, model, pull, release
from tests.releasechat import GROUP, VLLM, Chat, links

ISSUES, RELEASES, MODELS = Part.ISSUES, Part.RELEASES, Part.MODELS


@pytest.fixture
def chat(sqlite_store: SqlStore, clock: FakeClock) -> Chat:
    return Chat(sqlite_store, clock)


def test_a_place_that_was_never_read_is_honestly_said_to_be_read_first(chat: Chat) -> None:
    words = chat.ask(f"/releases watch {VLLM}")
    assert "这是第一次读取它" in words
    assert "还没有读完第一遍" in chat.ask("/releases")


def test_while_one_part_of_it_was_never_read_nothing_is_claimed(chat: Chat) -> None:
    chat.read(VLLM, RELEASES, release(1, "v1", NOON))
    assert "这是第一次读取它" in chat.ask(f"/releases watch {VLLM} pr,release")


def test_the_answer_shows_the_three_newest_matches_and_their_pages(chat: Chat) -> None:
    chat.read(VLLM, ISSUES, *(issue(n, NOON - n * DAY, title=f"Qwen {n}") for n in range(1, 9)))
    chat.read(VLLM, RELEASES, release(9, "v9", NOON - HOUR, body="for qwen"), release(8, "v8", NOON, body="other"))
    (answer,) = chat.talk.say(f"/releases watch {VLLM} issue,release qwen")
    words = chat.talk.words(answer)
    assert [name for name in ("v9", "v8", "#1", "#2", "#3") if f"• {name} " in words] == ["v9", "#1", "#2"]
    assert links(answer)["v9"] == "https://github.com/vllm-project/vllm/releases/tag/v9"


def test_nothing_that_matches_yet_is_said_in_words(chat: Chat) -> None:
    chat.read(VLLM, RELEASES, release(1, "v1", NOON))
    assert "目前没有符合条件的内容" in chat.ask(f"/releases watch {VLLM} release deepseek")


def test_only_what_would_be_told_is_shown(chat: Chat) -> None:
    chat.read(VLLM, RELEASES, release(1, "v1", NOON - DAY), release(2, "v2rc1", NOON, State.PRERELEASE))
    chat.read(VLLM, ISSUES, issue(1, NOON), pull(2, NOON), pull(3, NOON, by_bot=True))
    assert "v2rc1" not in chat.ask(f"/releases watch {VLLM} release")
    assert "v2rc1" in chat.ask(f"/releases watch {VLLM} release,prerelease")
    words = chat.ask(f"/releases watch {VLLM} pr")
    assert [name for name in ("#1", "#2", "#3") if f"• {name}" in words] == ["#2"]


def test_what_nobody_needed_for_a_while_stands_where_it_stood(chat: Chat) -> None:
    chat.read("hf:deepseek-ai", MODELS, model("DeepSeek-V3", NOON))
    chat.read(VLLM, RELEASES)
    with chat.store.begin() as tx:
        tx.resources.need({}, NOON)
    assert "deepseek-ai/DeepSeek-V3" in chat.ask("/releases watch hf:deepseek-ai")


@pytest.mark.parametrize(
    ("status", "said"), [(Status.MISSING, "找不到 nobody/nothing"), (Status.BLOCKED, "因法律原因不可访问")]
)
def test_a_place_that_is_known_not_to_be_there_is_said_so_at_once(chat: Chat, status: Status, said: str) -> None:
    chat.ask_in_group("/releases watch nobody/nothing")
    tracked = chat.read("nobody/nothing", RELEASES)
    with chat.store.begin() as tx:
        tx.resources.save(replace(tracked, baselined_at=None, status=status, failures=1, failing_since=NOON))
    words = chat.ask("/releases watch nobody/nothing")
    assert said in words
    assert "第一次读取" not in words


def test_the_list_says_how_each_place_is_doing(chat: Chat) -> None:
    chat.follow(VLLM, ["release"])
    chat.follow("owner/gone", ["release"])
    chat.read(VLLM, RELEASES)
    gone = chat.read("owner/gone", RELEASES)
    with chat.store.begin() as tx:
        tx.resources.save(replace(gone, status=Status.MISSING, failures=3, failing_since=NOON - 2 * HOUR))
    chat.clock.advance(timedelta(minutes=10))
    words = chat.ask("/releases list")
    assert "上次读取 10 分钟前" in words
    assert "找不到（404） 2 小时前" in words


def test_without_any_watch_the_list_shows_how_to_begin(chat: Chat) -> None:
    for command in ("/releases", "/releases replay"):
        assert "/releases watch hf:deepseek-ai" in chat.ask(command)


def test_fifty_watches_make_one_list_that_the_platform_takes(chat: Chat) -> None:
    for number in range(MOST_WATCHES):
        chat.follow(f"owner/repo{number}", ["issue", "pr"], "|".join(f"word{n}" for n in range(100)))
    (answer,) = chat.talk.say("/releases")
    assert answer.title == "50 个关注"
    assert len(chat.talk.words(answer)) < 20_000


def test_an_admin_sees_in_private_what_is_theirs_and_not_all_there_is(chat: Chat) -> None:
    chat.follow(VLLM, ["release"], target=GROUP)
    assert "还没有关注" in chat.ask("/releases", by=BOSS)
