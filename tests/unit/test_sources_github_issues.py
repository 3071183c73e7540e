"""Reading issues and pull requests of GitHub: which requests are made, and what they bring."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from suanli.domain.releases import Item, Part
from suanli.domain.releases.failures import Drift, Missing
from suanli.domain.releases.resources import MOST_PAGES, OVERLAP, Sweep
from suanli.sources.github.bodies import Issue, read
from suanli.sources.github.lists import latest
from suanli.sources.http import TooLarge
from tests.fakes import NOON
from tests.github_shelf import API, PROBE, REPO, Reader, Shelf, issue

MOST = PROBE.replace("per_page=30", "per_page=100")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def reader(shelf: Shelf) -> Reader:
    return Reader(shelf, Part.ISSUES)


def numbers(items: tuple[Item, ...]) -> list[int]:
    return sorted(int(item.native_id.removeprefix("#")) for item in items)


def page_of(count: int, minutes: float, first: int = 1, apart: float = 1) -> list[dict[str, Any]]:
    """Issues that changed one after the other, so many seconds apart, the newest first."""
    return [issue(first + n, minutes + n * apart / 60) for n in range(count)]


def test_the_first_reading_of_a_small_repository_is_all_of_it_in_one_page(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, page_of(3, 10))
    reading = reader.read()
    assert (numbers(reading.items), reading.whole, reading.cursor) == ([1, 2, 3], True, NOON - timedelta(minutes=10))
    assert shelf.asked == [REPO, PROBE]


def test_the_first_reading_of_a_large_one_takes_two_pages_and_is_not_all(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, page_of(30, 10), page_of(30, 11))
    shelf.put(MOST, page_of(100, 10), page_of(100, 12))
    reading = reader.read()
    assert (numbers(reading.items), reading.whole) == (list(range(1, 101)), False)
    assert shelf.asked == [REPO, PROBE, MOST]


def test_an_empty_repository_is_read_for_good_and_its_first_issue_is_found(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, [])
    assert (reader.read().items, reader.tracked.cursor) == ((), None)
    shelf.put(PROBE, [issue(1, 0)])
    reading = reader.read()
    assert (numbers(reading.items), reading.cursor) == ([1], NOON)


def test_many_first_issues_of_an_empty_repository_are_all_found(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, [])
    reader.read()
    shelf.put(PROBE, page_of(30, 0), page_of(10, 1))
    shelf.put(
        f"{REPO}/issues?state=all&sort=updated&direction=asc&since=1970-01-01T00:00:00Z&per_page=100",
        page_of(40, 0)[::-1],
    )
    assert len(reader.read().items) == 40


def test_nothing_new_costs_one_request_and_says_so(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, page_of(3, 10))
    reader.read()
    reading = reader.read()
    assert (reading.unchanged, reading.items, shelf.asked) == (True, (), [PROBE])
    assert reader.tracked.cursor == NOON - timedelta(minutes=10)


def test_news_that_are_on_the_first_page_need_no_other(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, page_of(30, 10, apart=60), [])
    shelf.put(MOST, page_of(30, 10, apart=60))
    reader.read()
    shelf.put(PROBE, [issue(99, 1), *page_of(29, 10, apart=60)], [])
    reading = reader.read()
    assert (shelf.asked, reading.cursor) == ([PROBE], NOON - timedelta(minutes=1))
    assert 99 in numbers(reading.items)


def after_a_first_reading(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, page_of(30, 1000), [])
    shelf.put(MOST, page_of(30, 1000))
    reader.read()
    shelf.put(PROBE, page_of(30, 1, first=100), [])


def upwards(since: datetime) -> str:
    moment = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{REPO}/issues?state=all&sort=updated&direction=asc&since={moment}&per_page=100"


def test_more_news_than_a_page_are_read_by_moments_from_the_overlap_on(shelf: Shelf, reader: Reader) -> None:
    after_a_first_reading(shelf, reader)
    start = NOON - timedelta(minutes=1000) - OVERLAP
    first = page_of(100, 500, first=200)[::-1]
    shelf.put(upwards(start), first, "never asked for")
    anchor = datetime.fromisoformat(first[-5]["updated_at"])
    shelf.put(upwards(anchor), page_of(30, 1, first=100)[::-1])
    reading = reader.read()
    assert shelf.asked == [PROBE, upwards(start), upwards(anchor)]
    assert numbers(reading.items) == [*range(100, 130), *range(200, 300)]
    assert (reading.cursor, reading.sweep) == (NOON - timedelta(minutes=1), None)


def test_more_of_one_moment_than_fit_on_a_page_are_read_by_the_servers_pages(shelf: Shelf, reader: Reader) -> None:
    after_a_first_reading(shelf, reader)
    start = NOON - timedelta(minutes=1000) - OVERLAP
    tied = [issue(200 + n, 1002) for n in range(150)]
    shelf.put(upwards(start), tied[:100], tied[100:])
    assert len(reader.read().items) == 150 + 30
    assert shelf.asked[2] == f"{API}/repositories/7/issues?{urlsplit(upwards(start)).query}&page=2"


def test_too_much_at_once_goes_on_the_next_time_without_hiding_what_is_fresh(shelf: Shelf, reader: Reader) -> None:
    after_a_first_reading(shelf, reader)
    before = reader.tracked.cursor
    url = upwards(NOON - timedelta(minutes=1000) - OVERLAP)
    for n in range(MOST_PAGES + 2):
        page = page_of(100, 900 - 10 * n, first=1000 + 100 * n)[::-1]
        more = [] if n == MOST_PAGES + 1 else [["more"]]
        shelf.put(url, page, *more)
        url = upwards(datetime.fromisoformat(page[-5]["updated_at"]))
    reading = reader.read()
    assert (len(shelf.asked), len(reading.items)) == (1 + MOST_PAGES, 30 + 100 * MOST_PAGES)
    assert (reading.cursor, reader.tracked.cursor) == (None, before)
    assert reading.sweep
    assert reading.sweep.high == NOON - timedelta(minutes=1)
    shelf.put(PROBE, [issue(5000, 0), *page_of(29, 1, first=100)], [])
    second = reader.read()
    assert (shelf.asked[0], len(shelf.asked)) == (PROBE, 3)
    assert {5000, 1000 + 100 * MOST_PAGES, 1199 + 100 * MOST_PAGES} <= set(numbers(second.items))
    assert (second.sweep, reader.tracked.cursor) == (None, NOON)


def test_a_sweep_goes_on_when_the_first_page_did_not_change(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, page_of(3, 10))
    reader.read()
    shelf.put(upwards(NOON), [issue(6000, 0)])
    reader.tracked = replace(reader.tracked, sweep=Sweep(upwards(NOON), NOON + timedelta(seconds=5)))
    reading = reader.read()
    assert (shelf.asked, numbers(reading.items)) == ([PROBE, upwards(NOON)], [6000])
    assert (reading.unchanged, reading.cursor) == (False, NOON + timedelta(seconds=5))


def test_an_issue_that_is_met_twice_counts_as_it_became(shelf: Shelf, reader: Reader) -> None:
    after_a_first_reading(shelf, reader)
    start = NOON - timedelta(minutes=1000) - OVERLAP
    older, newer = issue(100, 1.5, title="older"), issue(101, 0.5, title="newer")
    shelf.put(upwards(start), [older, newer])
    titles = {item.native_id: item.title for item in reader.read().items}
    assert (titles["#100"], titles["#101"]) == ("Issue 100", "newer")


def test_of_one_moment_what_was_read_last_counts() -> None:
    first, second = (read(Issue, issue(1, 5, title=title), "").to_domain() for title in ("a", "b"))
    assert [item.title for item in latest([first, second])] == ["b"]


def test_while_a_late_change_could_hide_behind_the_first_page_it_is_read_again(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, page_of(30, 1), [])  # 30 changes within 30 seconds, a minute ago
    shelf.put(MOST, page_of(30, 1))
    shelf.put(upwards(NOON - timedelta(minutes=1) - OVERLAP), page_of(30, 1)[::-1])
    reader.read()
    assert not reader.read().unchanged
    assert shelf.shown == ["", ""]
    shelf.headers = {"date": format_datetime(NOON + timedelta(minutes=5), usegmt=True)}
    assert not reader.read().unchanged
    assert reader.read().unchanged


def test_a_page_that_another_replica_contradicts_is_read_again(shelf: Shelf, reader: Reader) -> None:
    after_a_first_reading(shelf, reader)
    shelf.headers = {"date": format_datetime(NOON + timedelta(minutes=5), usegmt=True)}
    shelf.put(upwards(NOON - timedelta(minutes=1000) - OVERLAP), [issue(100, 1, title="the first half of that second")])
    reader.read()
    assert reader.items["#100"].title == "the first half of that second"
    shelf.put(upwards(NOON - timedelta(minutes=1) - OVERLAP), page_of(30, 1, first=100)[::-1])
    reader.read()
    assert reader.items["#100"].title == "Issue 100"
    assert reader.read().unchanged


def test_what_is_written_at_too_great_length_is_read_in_smaller_pages(shelf: Shelf, reader: Reader) -> None:
    after_a_first_reading(shelf, reader)
    url = upwards(NOON - timedelta(minutes=1000) - OVERLAP)
    shelf.put(url, TooLarge("more than 8 MiB", permanent=True))
    shelf.put(url.replace("per_page=100", "per_page=25"), [issue(777, 500)])
    assert 777 in numbers(reader.read().items)


@pytest.mark.parametrize("error", [Missing("gone", code=404), TooLarge("more than 8 MiB"), Drift("odd")])
def test_what_goes_wrong_on_any_page_is_the_readings_failure(shelf: Shelf, reader: Reader, error: Exception) -> None:
    after_a_first_reading(shelf, reader)
    url = upwards(NOON - timedelta(minutes=1000) - OVERLAP)
    shelf.put(url, error)
    shelf.put(url.replace("per_page=100", "per_page=25"), error)
    with pytest.raises(type(error)):
        reader.read()
