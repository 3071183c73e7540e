"""The eight defects of the original release tracker (releases.md §2.1), each as what is true here instead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from handlers.releases.letters import PREFIX
from jobs.read_releases import ReadReleases
from storage.store import SqlStore
from suanli import wiring
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel
from suanli.sandbox.hubs import Repository
from suanli.sandbox.welink import Robot, WelinkStandIn
from tests.contract.mail_kit import Box, smtp_server, text_of
from tests.dialogue import BOSS
from tests.dying_store import Died, DyingStore
from tests.fakes import FakeClock
from tests.releasedesk import GROUP, LI_ALONE, ReleaseDesk, open_desk

ROBOT = Target(Platform.WELINK, TargetKind.ROBOT, "default")
MAILBOX = Target(Platform.MAIL, TargetKind.EMAIL, "ops@example.com")
REPO, ORG = "vllm-project/vllm", "deepseek-ai"
DOWN = "451 4.3.0 come again later"
MAIL = '[mail]\nsmtp_host = "127.0.0.1"\nsmtp_port = {port}\nuse_tls = false\nsender = "bot@example.com"\n'


@pytest.fixture
def desk(tmp_path: Path, sqlite_store: SqlStore, clock: FakeClock) -> Iterator[ReleaseDesk]:
    with open_desk(tmp_path, sqlite_store, clock) as opened:
        yield opened


def about(desk: ReleaseDesk, parcels: Sequence[Parcel], words: str) -> list[str]:
    """The titles of those messages that have these words in them."""
    return [parcel.answer.title for parcel in parcels if words in desk.read(parcel)]


# 1: e-mail down, WeLink fine


@dataclass
class Letterbox:
    """A group of WeLink and a mailbox that follow the same repository, and what each got."""

    desk: ReleaseDesk
    repository: Repository
    robot: Robot
    box: Box

    def cycle(self, minutes: int = 4) -> None:
        """Let some minutes pass, read, and deliver for some seconds."""
        desk = self.desk
        desk.clock.advance(timedelta(minutes=minutes))
        desk.reading.run(desk.clock.now())
        courier = wiring.build_courier(desk.settings, desk.clock)
        delivery = wiring.build_delivery(desk.settings, desk.store, desk.clock, courier)
        delivery.drain(timedelta(seconds=2))
        assert delivery.stop(timedelta(seconds=5))

    @property
    def heard(self) -> list[int]:
        """How often each message of the robot names the issue."""
        return [said.text.count("DeepSeek-V4 crash") for said in self.robot.said]


@pytest.fixture
def letterbox(tmp_path: Path, sqlite_store: SqlStore, clock: FakeClock) -> Iterator[Letterbox]:
    with smtp_server() as box, WelinkStandIn(clock) as welink:
        robot = welink.add_robot()
        (tmp_path / "suanli.toml").write_text(MAIL.format(port=box.port), "utf-8")
        welink_url = welink.url + robot.path
        with open_desk(tmp_path, sqlite_store, clock, WELINK_WEBHOOK_URL=welink_url) as desk:
            vllm = desk.github.world.add(REPO)
            for target in (ROBOT, MAILBOX):
                desk.follow(REPO, ("issue",), "deepseek", target=target)
            desk.begin()
            vllm.open_issue("DeepSeek-V4 crash")
            box.rcpt.extend([DOWN] * 1000)
            yield Letterbox(desk, vllm, robot, box)


def test_a_mail_server_that_is_down_for_twelve_cycles_repeats_nothing_to_the_group(letterbox: Letterbox) -> None:
    for _ in range(12):
        letterbox.cycle()
    assert letterbox.heard == [1]
    assert letterbox.box.letters() == []
    letterbox.box.rcpt.clear()
    for _ in range(3):
        letterbox.cycle()
    (letter,) = letterbox.box.letters()
    assert "DeepSeek-V4 crash" in text_of(letter)
    assert letterbox.heard == [1]


def test_a_letter_that_was_given_up_is_sent_alone_when_somebody_asks_for_it(letterbox: Letterbox) -> None:
    for _ in range(9):
        letterbox.cycle(15)
    letterbox.box.rcpt.clear()
    letterbox.cycle(15)
    assert letterbox.box.letters() == []
    talk = letterbox.desk.talk
    assert "ops@example.com" in talk.ask("/releases dlq", sender=BOSS)
    with letterbox.desk.store.begin() as tx:
        (dead,) = tx.outbox.dead_letters(PREFIX, 10)
    queued = talk.tell(f"/releases retry {dead.number}", sender=BOSS)
    letters = [parcel for parcel in queued if parcel.target == MAILBOX]
    assert about(letterbox.desk, letters, "DeepSeek-V4 crash") == [dead.answer.title]
    assert letterbox.heard == [1]


# 2: first seen without a keyword, then retitled


def test_an_issue_that_gets_a_keyword_later_is_told_once(desk: ReleaseDesk) -> None:
    vllm = desk.github.world.add(REPO)
    desk.follow(REPO, ("issue",), "deepseek")
    desk.begin()
    number = vllm.open_issue("Crash in the scheduler")
    assert desk.look() == []
    vllm.edit(number, title="DeepSeek-V4 crash")
    (told,) = desk.look()
    assert "开始符合条件" in told.answer.title
    assert "Crash in the scheduler" in desk.read(told)
    vllm.comment(number)
    vllm.edit(number, body="more on it")
    assert desk.look() == []


def test_a_label_that_comes_late_brings_an_old_issue_into_a_watch_once(desk: ReleaseDesk) -> None:
    vllm = desk.github.world.add(REPO)
    number = vllm.open_issue("Crash in the scheduler")
    desk.follow(REPO, ("issue",), "label:new-model")
    desk.begin()
    vllm.label(number, "new-model")
    assert len(desk.look()) == 1
    vllm.label(number, "triaged")
    assert desk.look() == []


# 3: closed, reopened and updated


def test_each_change_that_was_asked_for_is_told_and_no_other(desk: ReleaseDesk) -> None:
    vllm = desk.github.world.add(REPO)
    desk.follow(REPO, ("issue_opened", "issue_closed", "issue_reopened"), "deepseek")
    desk.follow(REPO, ("issue",), "deepseek", target=LI_ALONE)
    desk.begin()
    number = vllm.open_issue("DeepSeek-V4 crash")
    told = desk.look()
    for change in (vllm.close, vllm.reopen, vllm.comment, vllm.close, vllm.reopen):
        change(number)
        told += desk.look()
    words = [desk.titles([parcel])[0].split("：")[0] for parcel in told if parcel.target == GROUP]
    assert [word.rsplit(" ", 1)[1] for word in words] == ["Issue", "关闭", "重新打开", "关闭", "重新打开"]
    assert len([parcel for parcel in told if parcel.target == LI_ALONE]) == 1


# 4: two issues in one second, of which one can be seen a poll later


def test_two_issues_of_one_second_are_both_told_however_late_one_is_seen(desk: ReleaseDesk) -> None:
    vllm = desk.github.world.add(REPO)
    desk.follow(REPO, ("issue",))
    desk.begin()
    lags = iter([timedelta(seconds=20), timedelta()])
    desk.clock.advance(timedelta(minutes=5) - timedelta(seconds=1))
    desk.github.switches.replication = lambda: next(lags)
    vllm.open_issue("the first of this second")
    vllm.open_issue("the second of this second")
    first, later = desk.look(timedelta(seconds=1)), desk.look()
    assert len(about(desk, first, "the second of")) == 1
    assert len(about(desk, later, "the first of")) == 1
    assert (len(first), len(later), desk.look()) == (1, 1, [])


# 5: nothing there at the first reading


def test_the_first_thing_in_an_empty_place_is_told(desk: ReleaseDesk) -> None:
    vllm = desk.github.world.add(REPO)
    desk.follow(REPO, ("issue", "release", "tag"))
    desk.follow(f"hf:{ORG}", ("model", "dataset"))
    desk.follow(f"ms:{ORG}", ("model", "dataset"), target=LI_ALONE)
    desk.begin()
    assert desk.look() == []
    vllm.open_issue("the first issue")
    vllm.publish_release("v0.1.0")
    desk.huggingface.world.add_model(f"{ORG}/First")
    desk.huggingface.world.add_dataset(f"{ORG}/First-Data")
    desk.modelscope.world.add_model(f"{ORG}/First")
    desk.modelscope.world.add_dataset(f"{ORG}/First-Data")
    told = [parcel for parcel in desk.look() if not parcel.redraws]
    assert len(told) == 7
    assert [parcel for parcel in desk.look() if not parcel.redraws] == []


# 6: the keyword stands far down


@pytest.mark.parametrize("before", [450, 60_000])
def test_a_keyword_far_down_in_a_long_text_is_found(desk: ReleaseDesk, before: int) -> None:
    vllm = desk.github.world.add(REPO)
    desk.follow(REPO, ("issue",), "deepseek")
    desk.begin()
    vllm.open_issue("Crash in the scheduler", "x " * (before // 2) + "with DeepSeek-V4")
    (told,) = desk.look()
    said = desk.read(told)
    assert "deepseek" in said
    assert len(said) < 1000


# 7: a new model whose card is edited ten times


def test_a_new_model_is_told_once_and_its_cards_at_most_once_but_weights_at_once(desk: ReleaseDesk) -> None:
    world = desk.huggingface.world
    desk.follow(f"hf:{ORG}", ("model", "card"))
    desk.begin()
    model = world.add_model(f"{ORG}/DeepSeek-V4")
    told = desk.look()
    for number in range(10):
        world.commit(model, {"README.md": f"# draft {number}"})
        told += desk.look()
    assert [title.split("：")[0] for title in desk.titles(told)] == ["🆕 hf:deepseek-ai 新模型"]
    desk.clock.advance(timedelta(hours=6))
    world.commit(model, {"README.md": "# final"})
    (card,) = desk.look()
    world.commit(model, {"model.safetensors": 10**9})
    (weights,) = desk.look()
    assert "模型卡" in card.answer.title
    assert "权重" in weights.answer.title


# 8: killed while reading; the outbox has a test of its own for what dies between sending and noting it


def test_wherever_a_reading_dies_everything_is_told_once_by_the_next(desk: ReleaseDesk) -> None:
    vllm = desk.github.world.add(REPO)
    desk.follow(REPO, ("issue", "release"), "deepseek")
    desk.follow(f"hf:{ORG}", ("model",), target=LI_ALONE)
    desk.follow(f"ms:{ORG}", ("model",), target=LI_ALONE)
    desk.begin()
    deaths = 0
    for number in count(1):
        vllm.open_issue(f"DeepSeek crash {number}")
        vllm.publish_release(f"v0.{number}.0", body="DeepSeek is faster")
        desk.huggingface.world.add_model(f"{ORG}/Hugging-V{number}")
        desk.modelscope.world.add_model(f"{ORG}/Scope-V{number}")
        survived = not dies(desk, number)
        told = desk.talk.parcels() + desk.look()
        assert len(told) == 4
        for words in (f"DeepSeek crash {number}", f"v0.{number}.0", f"Hugging-V{number}", f"Scope-V{number}"):
            assert len(about(desk, told, words)) == 1
        if survived:
            break
        deaths += 1
    assert deaths > 8


def dies(desk: ReleaseDesk, transactions: int) -> bool:
    """Read five minutes later in a process that dies in its nth transaction; whether it came to that."""
    desk.clock.advance(timedelta(minutes=5))
    sources, dying = desk.reading.sources, DyingStore(desk.store, transactions)
    reading = ReadReleases(dying, sources, desk.reading.site, desk.clock, desk.reading.interval)
    try:
        reading.run(desk.clock.now())
    except Died:
        return True
    return False
