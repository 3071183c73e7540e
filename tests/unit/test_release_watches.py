"""What the words of a watch mean, what is read for it, and when it tells."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.releases import Change, Hub, Mode, Part, Place, Rhythm, Watch, WatchNumber
from suanli.domain.releases.changes import CHOICES, GROUPS, fingerprint, meaning, parts_of, words_for
from suanli.domain.releases.items import PARTS
from suanli.domain.releases.watches import due_at
from tests.fakes import NOON

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
P, R, T = Part.ISSUES, Part.RELEASES, Part.TAGS
M, D, S = Part.MODELS, Part.DATASETS, Part.SPACES


def test_a_word_means_its_changes_and_several_mean_all_of_theirs() -> None:
    assert meaning(["pr", "labeled"]) == {Change.PR_OPENED, Change.PR_MERGED, Change.LABELED}
    assert meaning([]) == frozenset()


@pytest.mark.parametrize("word", ["found", "matched", "", "Release", "issues"])
def test_what_is_no_word_is_refused_by_name(word: str) -> None:
    with pytest.raises(KeyError, match=repr(word)):
        meaning(["release", word])


def test_every_change_that_a_hub_knows_has_a_word_and_all_is_all_of_them() -> None:
    assert meaning(CHOICES) == GROUPS["all"] == set(Change) - {Change.FOUND, Change.MATCHED}
    assert len(set(CHOICES)) == len(CHOICES)


@pytest.mark.parametrize(
    ("hub", "words", "parts"),
    [
        (Hub.GITHUB, ["release"], [R]),
        (Hub.GITHUB, ["tag", "pr"], [P, T]),
        (Hub.GITHUB, ["all"], [P, R, T]),
        (Hub.GITHUB, ["issue", "all"], [P, R, T]),
        (Hub.GITHUB, ["model"], []),
        (Hub.GITHUB, [], []),
        (Hub.HUGGINGFACE, ["model"], [M]),
        (Hub.HUGGINGFACE, ["space_changed", "card"], [M, S]),
        (Hub.HUGGINGFACE, ["removed"], [M, D, S]),
        (Hub.HUGGINGFACE, ["removed", "space"], [S]),
        (Hub.HUGGINGFACE, ["space", "gated"], [M, D, S]),
        (Hub.HUGGINGFACE, ["dataset", "gated"], [D]),
        (Hub.MODELSCOPE, ["all"], [M, D]),
        (Hub.MODELSCOPE, ["space"], []),
    ],
)
def test_only_what_the_words_need_is_read(hub: Hub, words: list[str], parts: list[Part]) -> None:
    assert list(parts_of(hub, words)) == parts
    assert list(parts_of(hub, reversed(words))) == parts


@pytest.mark.parametrize("hub", Hub)
@pytest.mark.parametrize("word", CHOICES)
def test_more_words_never_read_less(hub: Hub, word: str) -> None:
    assert set(parts_of(hub, [word])) <= set(PARTS[hub])
    assert parts_of(hub, [word, "all"]) == PARTS[hub]


@pytest.mark.parametrize("hub", Hub)
def test_what_is_told_by_default_can_be_read_there(hub: Hub) -> None:
    watch = Watch(
        WatchNumber(1),
        Target(Platform.FEISHU, TargetKind.CHAT, "oc_a"),
        Place(hub, "a"),
        words_for(hub, filtered=True),
        "",
        NOON,
    )
    assert watch.changes
    assert set(watch.parts) <= set(PARTS[hub])
    assert watch.parts


def test_a_changes_name_is_32_digits_and_depends_on_all_it_is_made_of() -> None:
    names = {
        fingerprint(place, item, change, version)
        for place in ("github|issues|1", "github|issues|2")
        for item in ("#1", "#2")
        for change in (Change.EDITED, Change.LABELED)
        for version in ("", "\ud83d half a character")
    }
    assert len(names) == 16
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in names)


# When. The moments are local ones of the zone.


def watching(rhythm: Rhythm, muted_until: datetime | None = None, number: int = 3) -> Watch:
    chat, place = Target(Platform.FEISHU, TargetKind.CHAT, "oc_a"), Place(Hub.GITHUB, "a/b")
    return Watch(WatchNumber(number), chat, place, (), "", NOON, rhythm=rhythm, muted_until=muted_until)


def due(rhythm: Rhythm, now: str, muted_until: str | None = None, zone: ZoneInfo = SHANGHAI) -> str:
    muted = moment(muted_until, zone) if muted_until else None
    found = due_at(watching(rhythm, muted), moment(now, zone), zone)
    assert found.tzinfo is UTC
    return found.astimezone(zone).strftime("%m-%d %H:%M")


def moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=zone).astimezone(UTC)


NIGHT = (time(22), time(8))
DAILY, WEEKLY = Rhythm(Mode.DAILY, time(9, 10)), Rhythm(Mode.WEEKLY, time(9, 10), weekday=0)


@pytest.mark.parametrize(
    ("rhythm", "now", "told"),
    [
        (Rhythm(), "11-20 12:00", "11-20 12:00"),
        (Rhythm(Mode.HOURLY), "11-20 12:00", "11-20 12:04"),
        (Rhythm(Mode.HOURLY), "11-20 23:59", "11-21 00:04"),
        (DAILY, "11-20 09:09", "11-20 09:10"),
        (DAILY, "11-20 09:10", "11-20 09:10"),
        (DAILY, "11-20 09:11", "11-21 09:10"),
        (WEEKLY, "11-20 12:00", "11-23 09:10"),
        (WEEKLY, "11-23 09:11", "11-30 09:10"),
        (Rhythm(quiet=NIGHT), "11-20 21:59", "11-20 21:59"),
        (Rhythm(quiet=NIGHT), "11-20 22:00", "11-21 08:00"),
        (Rhythm(quiet=NIGHT), "11-21 07:59", "11-21 08:00"),
        (Rhythm(quiet=NIGHT), "11-21 08:00", "11-21 08:00"),
        (Rhythm(quiet=(time(12), time(13, 30))), "11-20 12:30", "11-20 13:30"),
        (Rhythm(quiet=(time(0), time(0))), "11-20 12:30", "11-20 12:30"),
        (Rhythm(Mode.HOURLY, quiet=NIGHT), "11-20 21:30", "11-21 08:00"),
        (Rhythm(Mode.DAILY, time(7), quiet=NIGHT), "11-20 12:00", "11-21 08:00"),
    ],
)
def test_a_watch_tells_at_its_time_and_never_in_quiet_hours(rhythm: Rhythm, now: str, told: str) -> None:
    assert due(rhythm, now) == told


@pytest.mark.parametrize(
    ("rhythm", "told"),
    [
        (Rhythm(), "11-20 14:20"),
        (Rhythm(Mode.HOURLY), "11-20 15:04"),
        (DAILY, "11-21 09:10"),
        (Rhythm(quiet=(time(14), time(15))), "11-20 15:00"),
    ],
)
def test_what_happens_while_muted_is_told_afterwards_as_if_it_happened_then(rhythm: Rhythm, told: str) -> None:
    assert due(rhythm, "11-20 12:00", muted_until="11-20 14:20") == told


def test_a_mute_that_is_over_holds_nothing_up() -> None:
    assert due(Rhythm(), "11-20 12:00", muted_until="11-20 11:00") == "11-20 12:00"


@pytest.mark.parametrize(("now", "told"), [("03-28 12:00", "03-29 03:30"), ("10-24 12:00", "10-25 02:30")])
def test_a_time_that_the_change_of_clocks_leaves_out_or_repeats_is_one_moment(now: str, told: str) -> None:
    assert due(Rhythm(Mode.DAILY, time(2, 30)), now, zone=BERLIN) == told


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("quiet", [None, NIGHT, (time(9), time(10))])
def test_whatever_the_rhythm_it_is_told_within_a_week_and_outside_of_quiet_hours(
    mode: Mode, quiet: tuple[time, time] | None
) -> None:
    rhythm = Rhythm(mode, time(9, 10), 3, quiet)
    for minutes in range(0, 8 * 24 * 60, 37):
        now = NOON + timedelta(minutes=minutes)
        told = due_at(watching(rhythm), now, SHANGHAI)
        assert now <= told <= now + timedelta(days=7, hours=1)
        assert due_at(watching(Rhythm(quiet=quiet)), told, SHANGHAI) == told


def test_hourly_messages_of_many_watches_do_not_all_go_on_the_hour() -> None:
    hourly = [due_at(watching(Rhythm(Mode.HOURLY), number=n), NOON, SHANGHAI) for n in range(1, 10)]
    assert {at - NOON for at in hourly} == {timedelta(minutes=m) for m in range(1, 10)}
