"""The original release tracker's state: up to when it had told, read without a trace."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.releases import Hub, Part, Place
from suanli.settings import SettingsError
from suanli.settings.tracker_state import read_tracker_state

Row = tuple[object, object, object]

VLLM = Place(Hub.GITHUB, "vllm-project/vllm")
ON_HF = Place(Hub.HUGGINGFACE, "deepseek-ai")
ON_MS = Place(Hub.MODELSCOPE, "deepseek-ai")
LOOKED = "2026-02-12T00:00:00.123456+00:00"
TABLES = """
CREATE TABLE cursors (source_key TEXT PRIMARY KEY, cursor TEXT, updated_at TEXT NOT NULL);
CREATE TABLE seen_events (fingerprint TEXT PRIMARY KEY, first_seen_at TEXT NOT NULL);
"""


def day(n: int, hour: int = 0) -> datetime:
    return datetime(2026, 2, n, hour, tzinfo=UTC)


def issues(moment: str) -> str:
    return json.dumps({"updated_after": moment})


@contextmanager
def original(path: Path) -> Iterator[sqlite3.Connection]:
    """The original program with its database open, as it opens it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(TABLES)
        yield connection


def put(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    connection.executemany("INSERT INTO cursors VALUES (?, ?, ?)", rows)
    connection.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mrt_state.sqlite3"


def written(path: Path, *rows: Row) -> Path:
    with original(path) as connection:
        put(connection, rows)
    return path


def test_every_source_has_told_up_to_its_cursor(path: Path) -> None:
    last_modified = json.dumps({"last_modified_after": "2026-02-11T00:00:00.000Z"})
    known = json.dumps({"known": ["deepseek-ai/DeepSeek-V3"]})
    written(
        path,
        ("github:vllm-project/vllm:issues", issues("2026-02-10T09:12:31+00:00"), LOOKED),
        ("huggingface:deepseek-ai:models", last_modified, LOOKED),
        ("modelscope:deepseek-ai:models", known, LOOKED),
    )
    assert read_tracker_state(path) == {
        (VLLM, Part.ISSUES): datetime(2026, 2, 10, 9, 12, 31, tzinfo=UTC),
        (ON_HF, Part.MODELS): day(11),
        (ON_MS, Part.MODELS): datetime.fromisoformat(LOOKED),
    }


@pytest.mark.parametrize(("one", "other"), [("10", "11"), ("11", "10")])
def test_of_issues_and_pull_requests_the_earlier_moment_holds(path: Path, one: str, other: str) -> None:
    written(
        path,
        ("github:vllm-project/vllm:issues", issues(f"2026-02-{one}T00:00:00Z"), LOOKED),
        ("github:vllm-project/vllm:pulls", issues(f"2026-02-{other}T00:00:00Z"), LOOKED),
    )
    assert read_tracker_state(path) == {(VLLM, Part.ISSUES): day(10)}


@pytest.mark.parametrize(
    "cursor", [None, "", "null", "{", "[]", "1", "{}", issues(""), '{"updated_after": 5}', b"\xff"]
)
def test_a_cursor_that_cannot_be_read_means_when_it_last_looked(path: Path, cursor: object) -> None:
    written(path, ("github:vllm-project/vllm:issues", cursor, "2026-02-12T00:00:00+00:00"))
    assert read_tracker_state(path) == {(VLLM, Part.ISSUES): day(12)}


def test_a_moment_is_brought_to_utc_and_one_without_a_zone_was(path: Path) -> None:
    written(
        path,
        ("github:a/b:issues", issues("2026-02-10T08:00:00+08:00"), LOOKED),
        ("github:c/d:issues", issues("2026-02-10T08:00:00"), LOOKED),
    )
    assert list(read_tracker_state(path).values()) == [day(10), day(10, 8)]


@pytest.mark.parametrize(
    "row",
    [
        ("github:vllm-project/vllm:issues", None, "yesterday"),
        ("github:vllm-project/vllm:issues", None, "0001-01-01T00:00:00+14:00"),
        ("github:vllm-project/vllm:stars", issues("2026-02-10T00:00:00Z"), LOOKED),
        ("github:vllm-project/vllm:models", issues("2026-02-10T00:00:00Z"), LOOKED),
        ("huggingface:deepseek-ai:issues", issues("2026-02-10T00:00:00Z"), LOOKED),
        ("github:../x:issues", issues("2026-02-10T00:00:00Z"), LOOKED),
        ("s1", "c1", LOOKED),
        (None, "c1", LOOKED),
        (b"github:a/b:issues", "c1", LOOKED),
    ],
)
def test_a_row_that_says_nothing_is_passed_over(path: Path, row: Row) -> None:
    written(path, row, ("github:a/c:pulls", issues("2026-02-10T00:00:00Z"), LOOKED))
    assert read_tracker_state(path) == {(Place(Hub.GITHUB, "a/c"), Part.ISSUES): day(10)}


@given(
    st.text(max_size=30)
    | st.from_regex(r"(github|huggingface|modelscope):[a-z./]{1,9}:(issues|models)", fullmatch=True),
    st.text(max_size=30) | st.none() | st.datetimes().map(lambda at: issues(at.isoformat())),
    st.text(max_size=30) | st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
)
def test_whatever_a_row_holds_is_read_or_passed_over(key: str, cursor: str | None, updated_at: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "mrt.db")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.executescript(TABLES)
            put(connection, [(key, cursor, updated_at)])
        found = read_tracker_state(path)
    assert len(found) <= 1
    for (place, _), at in found.items():
        assert place.name in key
        assert at.utcoffset() == timedelta()


class TestFile:
    def test_without_it_nothing_was_told(self, path: Path) -> None:
        assert read_tracker_state(path) == {}
        assert not path.exists()

    def test_without_the_tables_nothing_was_told(self, path: Path) -> None:
        path.touch()
        assert read_tracker_state(path) == {}
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE other (x)")
        assert read_tracker_state(path) == {}

    @pytest.mark.parametrize("name", ["a b.db", "100%.db", "a?mode=rwc.db", "a#b.db", "状态.db"])
    def test_its_name_is_taken_as_it_is(self, tmp_path: Path, name: str) -> None:
        written(tmp_path / name, ("github:a/b:issues", issues("2026-02-10T00:00:00Z"), LOOKED))
        assert list(read_tracker_state(tmp_path / name).values()) == [day(10)]

    def test_a_relative_path_counts_from_the_working_directory(self, path: Path) -> None:
        written(path, ("github:a/b:issues", issues("2026-02-10T00:00:00Z"), LOOKED))
        up = Path(*[".."] * (len(Path.cwd().parts) - 1))
        assert list(read_tracker_state(up / path.relative_to("/")).values()) == [day(10)]

    def test_it_is_left_as_it_was_and_nothing_beside_it(self, path: Path) -> None:
        written(path, ("github:a/b:issues", issues("2026-02-10T00:00:00Z"), LOOKED))
        before = path.read_bytes()
        read_tracker_state(path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_it_can_be_read_where_nothing_can_be_written(self, path: Path) -> None:
        written(path, ("github:a/b:issues", issues("2026-02-10T00:00:00Z"), LOOKED))
        path.chmod(0o400)
        path.parent.chmod(0o500)
        try:
            assert list(read_tracker_state(path).values()) == [day(10)]
        finally:
            path.parent.chmod(0o700)

    def test_while_the_original_has_it_open_its_newest_word_counts(self, path: Path) -> None:
        with original(path) as connection:
            put(connection, [("github:a/b:issues", issues("2026-02-10T00:00:00Z"), LOOKED)])
            before = path.read_bytes()
            assert list(read_tracker_state(path).values()) == [day(10)]
            assert path.read_bytes() == before

    @pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
    def test_what_is_no_database_is_refused_and_not_taken_for_an_empty_one(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self.refused(path)
        assert path.read_bytes() == content

    def test_a_folder_is_no_database(self, path: Path) -> None:
        path.mkdir()
        self.refused(path)

    def test_a_table_of_another_form_is_refused(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE cursors (x)")
        self.refused(path)

    def test_a_locked_one_is_waited_for_and_then_refused(self, path: Path) -> None:
        with original(path) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            put(connection, [("github:a/b:issues", issues("2026-02-10T00:00:00Z"), LOOKED)])
            self.refused(path)
        assert list(read_tracker_state(path).values()) == [day(10)]

    def refused(self, path: Path) -> None:
        with pytest.raises(SettingsError) as caught:
            read_tracker_state(path, timedelta(milliseconds=1))
        (told,) = caught.value.problems
        assert told.startswith(f"{path}: ")
        assert " / " in told
        assert "state.sqlite_path" in told
