"""A real PostgreSQL of one's own, reached by a socket file in a private folder, and gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import missing

_PACKAGED = Path("/usr/lib/postgresql")
_OPTIONS = "-c listen_addresses='' -c max_connections=100"
_FORGETFUL = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """The URL of a server's empty database, UTF-8, in the zone of Shanghai; whoever can read the folder may come in.

    It waits for the disk only if it is to be `durable`, as it comes from its packagers.
    """
    found = programs()
    folder = Path(tempfile.mkdtemp(prefix="suanli-pg-"))  # short: a socket's path has at most 107 characters
    owner = _owner()
    try:
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = str(folder / "data")
        _run(owner, folder, found / "initdb", "-D", data, "-U", "suanli", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c timezone=Asia/Shanghai {_OPTIONS}{'' if durable else f' {_FORGETFUL}'}"
        _run(owner, folder, found / "pg_ctl", "start", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
        try:
            yield f"postgresql://suanli@/postgres?host={folder}"
        finally:
            _run(owner, folder, found / "pg_ctl", "stop", "-D", data, "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def programs() -> Path:
    """The folder of initdb and pg_ctl: Debian keeps it off the PATH."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    packaged = sorted(_PACKAGED.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return packaged[-1].parent if packaged else missing("postgres", "apt-get install postgresql")


def _owner() -> pwd.struct_passwd | None:
    """Who is to run the server: PostgreSQL refuses root, so for root it is a user without rights."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _run(owner: pwd.struct_passwd | None, folder: Path, *command: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 PostgreSQL's own programs
        command,
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}{done.stderr}"
