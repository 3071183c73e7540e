"""Following places in chat: what is stored, what the answer shows, who may, and what is refused in which words."""

from dataclasses import replace

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.chat import TargetKind
from suanli.domain.lines import LONGEST
from suanli.domain.releases import Change, Part, Rhythm
from suanli.domain.releases.filters import REASONS
from suanli.domain.releases.watches import MOST_WATCHES
from suanli.i18n import Lang, catalogue
from tests.dialogue import GUEST, LI
from tests.fakes import NOON, FakeClock
from tests.release_items import DAY, issue
from tests.releasechat import GROUP, LI_ALONE, VLLM, Chat

RELEASES = Part.RELEASES


@pytest.fixture
def chat(sqlite_store: SqlStore, clock: FakeClock) -> Chat:
    return Chat(sqlite_store, clock)


# What is stored.


def test_a_watch_has_the_place_the_changes_and_the_filter_that_were_typed(chat: Chat) -> None:
    words = chat.ask("/releases watch vllm-project/vllm pr,release deepseek|qwen -revert")
    watch = chat.watch(1)
    assert (watch.place.word, watch.words, watch.filter) == (VLLM, ("pr", "release"), "deepseek|qwen -revert")
    assert (watch.target, watch.created_by, watch.declared) == (LI_ALONE, LI.open_id, None)
    assert "已关注 vllm-project/vllm（编号 1）：pr, release" in words
    assert "条件：deepseek|qwen -revert" in words


@pytest.mark.parametrize(
    ("typed", "words", "text"),
    [
        ("vllm-project/vllm", ("release",), ""),
        ("vllm-project/vllm deepseek", ("issue", "pr", "release"), "deepseek"),
        ("hf:deepseek-ai", ("model",), ""),
        ("ms:deepseek-ai qwen", ("model",), "qwen"),
        ("vllm-project/vllm bots", ("release", "bots"), ""),
        ("vllm-project/vllm bots deepseek", ("issue", "pr", "release", "bots"), "deepseek"),
        ("PR，Release https://github.com/vllm-project/vllm", ("pr", "release"), ""),
        ("vllm-project/vllm pr release pr", ("pr", "release"), ""),
        ('vllm-project/vllm pr "exact phrase" label:new-model', ("pr",), '"exact phrase" label:new-model'),
        ('vllm-project/vllm pr field:title -"do not"', ("pr",), 'field:title -"do not"'),
        ("vllm-project/vllm pr /qwen[0-9]+ moe/", ("pr",), "/qwen[0-9]+ moe/"),
        ("vllm-project/vllm pr 深度求索", ("pr",), "深度求索"),
    ],
)  # fmt: skip
def test_what_was_not_chosen_is_what_is_usual_there(chat: Chat, typed: str, words: tuple[str, ...], text: str) -> None:
    chat.ask(f"/releases watch {typed}")
    assert (chat.watch(1).words, chat.watch(1).filter) == (words, text)


def test_in_chinese_it_is_the_same_command(chat: Chat) -> None:
    chat.ask("/发布 关注 vllm-project/vllm pr")
    assert "1 vllm-project/vllm pr · 即时通知" in chat.ask("/发布")
    assert "不再关注" in chat.ask("/发布 取消 1")


def test_what_is_followed_in_a_group_is_told_there_and_in_private_to_oneself(chat: Chat) -> None:
    chat.ask_in_group("/releases watch hf:deepseek-ai")
    chat.ask("/releases watch hf:deepseek-ai")
    assert [watch.target for watch in chat.watches()] == [GROUP, LI_ALONE]


@pytest.mark.parametrize("again", [VLLM, "VLLM-Project/vLLM", "https://github.com/vllm-project/vllm/pulls"])
def test_the_same_watch_again_is_the_same_watch(chat: Chat, again: str) -> None:
    chat.ask(f"/releases watch {VLLM} pr,issue qwen")
    assert "已关注 vllm-project/vllm（编号 1）" in chat.ask(f"/releases watch {again} issue,pr qwen")
    assert len(chat.watches()) == 1


def test_another_filter_or_other_changes_make_another_watch(chat: Chat) -> None:
    for rest in ("pr qwen", "pr", "issue qwen"):
        chat.ask(f"/releases watch {VLLM} {rest}")
    assert [watch.number for watch in chat.watches()] == [1, 2, 3]


def test_a_place_that_is_read_already_is_written_as_it_is_there(chat: Chat) -> None:
    chat.read(VLLM, RELEASES)
    chat.ask("/releases watch VLLM-Project/vLLM pr")
    assert chat.watch(1).place.word == VLLM


def test_the_51st_watch_is_refused_and_the_50_stay(chat: Chat) -> None:
    for number in range(MOST_WATCHES):
        chat.follow(f"owner/repo{number}", ["release"])
    chat.follow("owner/declared", ["release"], declared="settings")
    assert "最多 50 个关注" in chat.ask("/releases watch owner/one-more")
    assert "编号 1）" in chat.ask("/releases watch owner/repo0")
    assert len(chat.watches()) == MOST_WATCHES + 1
    chat.ask("/releases unwatch 7")
    assert "已关注 owner/one-more" in chat.ask("/releases watch owner/one-more")


def test_what_the_settings_declare_takes_nobodys_room(chat: Chat) -> None:
    for number in range(MOST_WATCHES):
        chat.follow(f"owner/repo{number}", ["release"], declared=str(number))
    assert "已关注" in chat.ask("/releases watch owner/one-more")


# What is refused.


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("vllm-project/vllm model", "model"),
        ("hf:deepseek-ai pr,model,tag", "pr, tag"),
        ("ms:deepseek-ai space", "space"),
        ("vllm-project/vllm gated", "gated"),
    ],
)
def test_changes_that_a_hub_does_not_have_are_refused_by_name(chat: Chat, typed: str, named: str) -> None:
    assert f"没有这些：{named}。" in chat.ask(f"/releases watch {typed}")
    assert not chat.watches()


WRONG = {
    "empty_word": "a +",
    "unclosed_quote": 'a "b',
    "unclosed_regex": "/a",
    "empty_regex": "/x*/",
    "bad_regex": "/(/",
    "regex_too_large": "/(a{900}){900}/",
    "stray_sign": "+-a",
    "mixed_alternatives": "a|label:b",
    "unknown_field": "colour:red",
    "unknown_kind": "kind:commit",
    "unknown_part": "field:footer",
}


@pytest.mark.parametrize("reason", REASONS)
def test_every_mistake_of_a_filter_has_its_words_in_both_languages(reason: str) -> None:
    assert all(catalogue(lang)[f"filter.{reason}"].strip() for lang in Lang)


@pytest.mark.parametrize(("reason", "text"), WRONG.items(), ids=WRONG)
@pytest.mark.parametrize("lang", Lang)
def test_a_mistake_in_a_filter_is_explained_and_nothing_is_followed(
    chat: Chat, lang: Lang, reason: str, text: str
) -> None:
    chat.ask(f"/lang {lang.value}")
    said = catalogue(lang)[f"filter.{reason}"]
    words = chat.ask(f"/releases watch {VLLM} pr {text}")
    assert said.partition("{")[0].partition("“")[0] in words
    assert not chat.watches()


def test_a_filter_that_would_be_read_only_in_part_is_refused(chat: Chat) -> None:
    begun = f"/releases watch {VLLM} pr "
    assert "只会读前 2000 个字符" in chat.ask(begun + "a" * (LONGEST - len(begun)) + " -revert")
    assert not chat.watches()
    assert "已关注" in chat.ask(begun + "a" * (LONGEST - len(begun)))


@pytest.mark.parametrize("typed", ["", "vllm", "hf:deepseek-ai/DeepSeek-V3", "owner/..", "gitlab:a/b"])
def test_what_is_no_place_is_asked_for_again_with_examples(chat: Chat, typed: str) -> None:
    assert "hf:deepseek-ai" in chat.ask(f"/releases watch {typed}")
    assert not chat.watches()


# Who may.

ABOUT_ONE = ("unwatch {}", "mute {} 1d", "mode {} hourly", "quiet {} off", "test {}", "replay 7d {}")


def test_in_a_group_it_takes_the_member_role_and_in_private_none(chat: Chat) -> None:
    assert "需要「成员」角色" in chat.ask_in_group(f"/releases watch {VLLM}", by=LI)
    chat.grant(LI, Role.MEMBER)
    assert "已关注" in chat.ask_in_group(f"/releases watch {VLLM}", by=LI)
    assert [watch.target for watch in chat.watches()] == [GROUP]


def test_a_guest_of_another_company_follows_nothing(chat: Chat) -> None:
    chat.ask(f"/releases watch {VLLM}", by=GUEST)
    assert not chat.watches()


@pytest.mark.parametrize("command", ABOUT_ONE)
@pytest.mark.parametrize("number", [1, 2, 77])
def test_others_watches_are_as_good_as_none(chat: Chat, command: str, number: int) -> None:
    chat.follow(VLLM, ["release"], target=GROUP)
    chat.follow(VLLM, ["release"], target=replace(LI_ALONE, id="ou_other"))
    before = chat.watches()
    assert f"这里没有编号 {number} 的关注" in chat.ask("/releases " + command.format(number))
    assert chat.watches() == before


def test_in_a_group_everybody_sees_its_watches_and_only_members_change_them(chat: Chat) -> None:
    chat.follow(VLLM, ["release"], target=GROUP)
    assert "1 vllm-project/vllm release" in chat.ask_in_group("/releases", by=LI)
    assert "需要「成员」角色" in chat.ask_in_group("/releases unwatch 1", by=LI)
    assert len(chat.watches()) == 1


def test_ones_own_watch_can_be_changed_from_a_group_too(chat: Chat) -> None:
    chat.follow(VLLM, ["release"])
    assert "不再关注" in chat.ask_in_group("/releases unwatch 1", by=LI)
    assert not chat.watches()


def test_an_operator_changes_any_watch_by_its_number(chat: Chat) -> None:
    chat.follow(VLLM, ["release"], target=GROUP)
    chat.grant(LI, Role.OPERATOR)
    assert "不再关注" in chat.ask("/releases unwatch 1")


def test_a_watch_for_somebody_by_another_of_their_ids_is_theirs(chat: Chat) -> None:
    chat.follow(VLLM, ["release"], target=replace(LI_ALONE, kind=TargetKind.USER_ID, id="li"), declared="settings")
    assert "1 vllm-project/vllm release" in chat.ask("/releases")


@pytest.mark.parametrize("command", ["unwatch 1", "mode 1 hourly", "quiet 1 22:00-08:00"])
def test_what_the_settings_declare_is_changed_there(chat: Chat, command: str) -> None:
    chat.follow(VLLM, ["release"], declared="settings")
    assert "写在配置文件里" in chat.ask(f"/releases {command}")
    assert chat.watch(1).rhythm == Rhythm()


# Ending it.


def test_a_watch_ends_once_and_what_was_put_by_is_not_told(chat: Chat) -> None:
    chat.follow(VLLM, ["issue"])
    chat.ask("/releases mute 1 1d")
    chat.happen(Change.ISSUE_OPENED, issue(1, NOON))
    assert "不再关注 vllm-project/vllm（编号 1）" in chat.ask("/releases unwatch #1")
    assert "这里没有编号 1 的关注" in chat.ask("/releases unwatch 1")
    assert chat.tell(2 * DAY) == []


def test_a_number_is_never_given_twice(chat: Chat) -> None:
    chat.ask(f"/releases watch {VLLM}")
    chat.ask("/releases unwatch 1")
    assert "编号 2" in chat.ask(f"/releases watch {VLLM}")
