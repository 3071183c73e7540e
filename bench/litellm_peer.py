"""LiteLLM, in an environment of its own: installed once, and talked to in lines of JSON.

It is not installed beside suanli, whose versions of other packages it does not share. The extra `proxy` is what the
proxy's budgets need to be imported; Prisma is not among it, and there is neither a database nor Redis.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.processes import PYTHON, ROOT
from bench.proof import WrongError

VERSION = "1.106.2"

_PLACE = ROOT / ".bench" / f"litellm-{VERSION}"
_INSTALLED = _PLACE / ".installed"
_SCRIPT = ROOT / "bench" / "inside_litellm.py"
_INSTALLED_WITHIN = 900.0
_GONE_WITHIN = 10.0


def install() -> None:
    """Make the environment, if there is none: some two minutes, 750 MB. Raises WrongError when that fails."""
    if _INSTALLED.exists():
        return
    print(f"installing LiteLLM {VERSION} in {_PLACE.relative_to(ROOT)}, this once")
    _run(PYTHON, "-m", "venv", "--clear", str(_PLACE))
    _run(_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"litellm[proxy]=={VERSION}")
    _INSTALLED.touch()


def price_map() -> Path:
    """The prices that it ships, and is told to use."""
    return next(_PLACE.glob("lib/python*/site-packages/litellm/model_prices_and_context_window_backup.json"))


class LiteLLM:
    """A process that does what it is asked for, one thing after the other; `bench/inside_litellm.py` says what."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process = process
        self._log = log

    def ask(self, what: str, **about: object) -> Any:
        """Ask for something, and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"what": what, **about}) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            words = self._log.read_text("utf-8", "replace")[-2000:]
            raise WrongError(f"LiteLLM has ended; its last words:\n{words}") from None


@contextmanager
def litellm(folder: Path) -> Iterator[LiteLLM]:
    """LiteLLM at work in `folder`, with its own price map and no variables of ours."""
    install()
    log = folder / "litellm.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [_python(), "-I", str(_SCRIPT)],
            env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(folder)},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
            encoding="utf-8",
        )
    try:
        yield LiteLLM(process, log)
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    """End it: by the end of what it reads, or else by force."""
    try:
        process.communicate(timeout=_GONE_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _python() -> str:
    return str(_PLACE / "bin" / "python")


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_INSTALLED_WITHIN)
    if done.returncode:
        raise WrongError(f"LiteLLM cannot be installed here:\n{done.stderr[-2000:]}")
