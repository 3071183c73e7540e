"""Others who look for news on GitHub: nvchecker, and a poller that asks for everything each time."""

import http.client
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from bench.processes import PYTHON
from bench.proof import WrongError
from suanli.clock import SystemClock

PAGE = "issues?state=all&sort=updated&direction=desc&per_page=30"
"""What the product asks a repository for; nvchecker is given the same."""

_SIMPLE = ("issues?state=all&sort=updated&direction=desc&per_page=100", "pulls?state=all&sort=updated&direction=desc")
_AT_ONCE = 20
_DONE_WITHIN = 300.0
# Matches once, so that it has one moment to remember and none to sort.
_NEWEST = r'(?s)\A.*?"updated_at":\s*"([^"]+)"'


def page_of(url: str, name: str) -> str:
    """The address of the newest issues and pull requests of a repository."""
    return f"{url}/repos/{name}/{PAGE}"


class NvChecker:
    """nvchecker, which remembers of each of these pages when the newest issue on it was changed.

    Its own source for GitHub cannot be pointed at another address, so it reads the pages by an expression. It makes as
    many requests at once as it does if nobody says otherwise (20).
    """

    def __init__(self, folder: Path, pages: Mapping[str, str]) -> None:
        if find_spec("nvchecker") is None:
            raise WrongError("nvchecker is not installed here; `make bench` installs it")
        self._folder = folder
        self._config = self._write("nvchecker", "\n".join(_entry(name, page) for name, page in pages.items()))
        self._nothing = self._write("nothing", '[nothing]\nsource = "manual"\nmanual = "1"\n')

    def look(self) -> tuple[float, Mapping[str, str]]:
        """Seconds from its start to its end, and what it knows of each page then."""
        seconds = self._run(self._config)
        newest = self._config.with_suffix(".json")
        known = json.loads(newest.read_text("utf-8"))["data"]
        shutil.copy(newest, self._config.with_suffix(".old.json"))  # what people's `nvtake --all` does
        return seconds, {name: entry["version"] for name, entry in known.items()}

    def start(self) -> float:
        """Seconds that it takes to start and to end, with nothing to look at."""
        return self._run(self._nothing)

    def _write(self, name: str, entries: str) -> Path:
        path = self._folder / f"{name}.toml"
        files = f'[__config__]\noldver = "{name}.old.json"\nnewver = "{name}.json"\n\n'
        path.write_text(files + entries, "utf-8")
        return path

    def _run(self, config: Path) -> float:
        clock, log = SystemClock(), config.with_suffix(".log")
        command = [PYTHON, "-m", "nvchecker", "--file", str(config), "--failures"]
        with log.open("wb") as out:
            started = clock.elapsed()
            done = subprocess.run(command, check=False, stdout=out, stderr=out, timeout=_DONE_WITHIN)
            seconds = clock.elapsed() - started
        if done.returncode:
            raise WrongError(f"nvchecker failed; its last words:\n{log.read_text('utf-8')[-2000:]}")
        return seconds


def _entry(name: str, page: str) -> str:
    return f"['{name}']\nsource = 'regex'\nurl = '{page}'\nregex = '{_NEWEST}'\n"


def ask_for_everything(url: str, names: Sequence[str], token: str) -> None:
    """What the original program asked each repository for, as it did: issues and pull requests, whole."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for status in pool.map(lambda name: _ask(url, name, token), names):
            if status != {http.client.OK}:
                raise WrongError(f"the simple poller was answered with {status}")


def _ask(url: str, name: str, token: str) -> set[int]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    statuses = set()
    try:
        for page in _SIMPLE:
            headers = {"Authorization": f"Bearer {token}", "User-Agent": "bench"}
            connection.request("GET", f"/repos/{name}/{page}", headers=headers)
            response = connection.getresponse()
            response.read()
            statuses.add(response.status)
    finally:
        connection.close()
    return statuses
