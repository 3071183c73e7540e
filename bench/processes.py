"""Other processes: programs that are measured, and functions that must not share this one's interpreter lock."""

import http.client
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ParamSpec, TypeVar

from suanli.clock import SystemClock

ROOT = Path(__file__).parent.parent
PYTHON = sys.executable
SUANLI = str(Path(sys.executable).with_name("suanli"))

_LOOK_AGAIN = 0.005
_PARENT, _GROUP, _USER, _SYSTEM = 1, 2, 11, 12
"""Where these stand in /proc/PID/stat, counted from the word after the name in brackets."""

Params = ParamSpec("Params")
Result = TypeVar("Result")


class Program:
    """A running program with everything it started: one process group, known by the first one's pid."""

    def __init__(self, process: "subprocess.Popen[bytes]", started: float, log: Path) -> None:
        self._process = process
        self._started = started
        self._log = log
        self.pid = process.pid

    def answers(self, port: int, path: str, *, limit: float = 30.0) -> tuple[int, float]:
        """Ask for `path` until something answers: its status, and the seconds since the program was started."""
        clock = SystemClock()
        while clock.elapsed() - self._started < limit:
            if self._process.poll() is not None:
                break
            status = _get(port, path)
            if status:
                return status, clock.elapsed() - self._started
            clock.wait(threading.Event(), _LOOK_AGAIN)
        raise TimeoutError(
            f"nothing answers on port {port}; the program's last words:\n{self._log.read_text()[-2000:]}"
        )

    def cpu_seconds(self) -> float:
        """Processor time that the whole group has used, in user and kernel mode."""
        ticks = sum(int(stat[_USER]) + int(stat[_SYSTEM]) for stat in _stats() if int(stat[_GROUP]) == self.pid)
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self, line: str) -> float:
        """`VmRSS` or `VmHWM` of the first process, in MB of a million bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        kilobytes = next(words.split()[1] for words in status.splitlines() if words.startswith(f"{line}:"))
        return int(kilobytes) * 1024 / 1e6

    def stop(self, within: float) -> None:
        """Ask it to end, and end its whole group if it has not within these seconds."""
        self._process.terminate()
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, name: str, *, stop_within: float = 30.0
) -> Iterator[Program]:
    """A program at work in `folder`, with no variables but these; what it prints goes to `<name>.log` there.

    It gets a session of its own, so that Ctrl-C reaches it through `stop` alone.
    """
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        started = SystemClock().elapsed()
        process = subprocess.Popen(
            command,
            env={"PYTHONPATH": str(ROOT), **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    program = Program(process, started, log)
    try:
        yield program
    finally:
        program.stop(stop_within)


def apart(limit: float, function: Callable[Params, Result], /, *args: Params.args, **kwargs: Params.kwargs) -> Result:
    """Call a function of a module in a fresh process. Raises what it raised, and TimeoutError after `limit` seconds."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_call, args=(theirs, function, args, kwargs))
    process.start()
    theirs.close()
    try:
        if not ours.poll(limit):
            raise TimeoutError(f"{function.__name__} took longer than {limit:.0f} s")
        outcome = ours.recv()
    finally:
        process.terminate()
        process.join()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome  # type: ignore[no-any-return]  # whatever went through the pipe is what `function` gave


def _call(pipe: Connection, function: Callable[..., object], args: Sequence[object], kwargs: dict[str, object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who then ends this process
    try:
        pipe.send(function(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 the parent raises it
        pipe.send(error)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _get(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()


def _stats() -> Iterator[list[str]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text("ascii", "replace")
        except (FileNotFoundError, ProcessLookupError):  # it has ended since it was listed
            continue
        yield words.rpartition(")")[2].split()
