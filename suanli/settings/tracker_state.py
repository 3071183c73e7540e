"""The original release tracker's state: up to when it had told of what each source brought."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from suanli.domain.releases import Part, Place
from suanli.domain.releases.items import PARTS
from suanli.domain.releases.places import read_place
from suanli.settings.problems import SettingsError, problem

_PARTS = {"issues": Part.ISSUES, "pulls": Part.ISSUES, "models": Part.MODELS}
_MOMENTS = ("updated_after", "last_modified_after")
_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'cursors'"
_ROWS = "SELECT source_key, cursor, updated_at FROM cursors"

State = Mapping[tuple[Place, Part], datetime]


def read_tracker_state(path: Path, patience: timedelta = timedelta(seconds=5)) -> State:
    """Up to when the original program had told of each place, from its SQLite file; empty when there is none.

    Of a repository's issues and pull requests, which it read apart, the earlier moment holds, so that nothing is
    lost. Its cursor for ModelScope has no moment; when it last looked stands in, as for cursors that cannot be read.
    The file is never written to. Raises SettingsError when it is there but cannot be read, or when somebody keeps it
    locked for longer than `patience`.
    """
    told: dict[tuple[Place, Part], datetime] = {}
    for key, cursor, updated_at in _rows(path, patience):
        source, at = _source(key), _moment_in(cursor) or _moment(updated_at)
        if source and at:
            told[source] = min(at, told.get(source, at))
    return told


def _rows(path: Path, patience: timedelta) -> list[tuple[object, object, object]]:
    try:
        if not path.exists():
            return []
        with closing(sqlite3.connect(_address(path), timeout=patience.total_seconds(), uri=True)) as connection:
            return connection.execute(_ROWS).fetchall() if connection.execute(_TABLE).fetchone() else []
    except (OSError, sqlite3.DatabaseError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        text = (
            f"原程序的状态库读不了（{told}）；先停掉原程序，或改正 state.sqlite_path，不要历史就移走它"
            f" / the original's state cannot be read ({told}); stop that program first, correct state.sqlite_path, or"
            " move the file away to begin anew"
        )
        raise SettingsError([problem(str(path), text)]) from None


def _address(path: Path) -> str:
    """How to open the file without a trace.

    Of a file in WAL mode that is only read, SQLite leaves two others behind, or refuses it in a folder that cannot be
    written; when nobody has it open there is no need of them.
    """
    beside = (path.with_name(path.name + end) for end in ("-wal", "-journal"))
    alone = not any(each.exists() for each in beside)
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"


def _source(key: object) -> tuple[Place, Part] | None:
    """What a source is called here: `github:vllm-project/vllm:issues`, `huggingface:deepseek-ai:models`."""
    name, _, end = key.rpartition(":") if isinstance(key, str) else ("", "", "")
    place, part = read_place(name), _PARTS.get(end)
    return (place, part) if place and part in PARTS[place.hub] else None


def _moment_in(cursor: object) -> datetime | None:
    try:
        read = json.loads(cursor if isinstance(cursor, str) else "")
    except ValueError:
        return None
    found = (_moment(read.get(name)) for name in _MOMENTS) if isinstance(read, dict) else iter(())
    return next(filter(None, found), None)


def _moment(value: object) -> datetime | None:
    try:
        read = datetime.fromisoformat(value if isinstance(value, str) else "")
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
