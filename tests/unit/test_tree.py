"""The tree itself: packages, sizes and habits stay as the documents say."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("suanli", "bot", "handlers", "jobs", "storage")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SOURCES = sorted(path for top in (*TOPS, "bench", "tests") for path in (ROOT / top).rglob("*.py"))
LINES, FUNCTION = 300, 50
SECRET = re.compile(r"\b(?:sk-[A-Za-z0-9]{20,}|glsa_[A-Za-z0-9]{32,}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})\b")


def test_packages_on_disk_in_the_wheel_and_in_the_import_contracts_are_the_same() -> None:
    on_disk = {
        str(path.parent.relative_to(ROOT)).replace("/", ".") for top in TOPS for path in (ROOT / top).rglob("*.py")
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == on_disk
    assert {package.split(".")[0] for package in on_disk} == set(PROJECT["tool"]["importlinter"]["root_packages"])


def test_every_package_says_what_it_is() -> None:
    for top in TOPS:
        for folder in {path.parent for path in (ROOT / top).rglob("*.py")}:
            assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))), folder


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_stays_within_the_size_budget(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and "migrations" not in path.parts:
            assert (node.end_lineno or 0) - node.lineno < FUNCTION, node.name


def test_importing_a_module_starts_nothing_and_costs_no_foreign_library_it_does_not_need() -> None:
    """The webhook's process never loads the platform's library, nor the sandbox."""
    code = (
        "import sys, threading; import suanli.cli; "
        "heavy = {'lark_oapi', 'alembic', 'gunicorn', 'waitress', 'suanli.sandbox'} & set(sys.modules); "
        "assert not heavy, heavy; assert threading.active_count() == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)  # noqa: S603 ours


def test_no_file_holds_what_looks_like_a_real_credential() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".svg", ".png"}:
            assert not SECRET.search(path.read_text("utf-8", errors="replace")), name
