"""The documents say what the code does: commands, jobs, log events, settings, links, subcommands and make targets."""

import ast
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot import syntax
from handlers import COMMANDS
from storage.store import SqlStore
from suanli import wiring
from suanli.cli import build_parser
from suanli.domain.access import Role
from suanli.domain.commands import Command
from suanli.domain.releases.changes import CHOICES, GROUPS
from suanli.domain.releases.filters import parse
from suanli.i18n import Lang, Texts, texts_in
from suanli.settings.load import load
from suanli.settings.tracker import parse_tracker
from tests.dialogue import BOSS, Dialogue
from tests.fakes import FakeClock

ROOT = Path(__file__).parents[2]
READMES = {Lang.EN: "README.md", Lang.ZH: "README.zh-CN.md"}
DOCUMENTS = sorted(str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))

HEADS = {
    Lang.EN: ("command", "other names", "role", "what it does"),
    Lang.ZH: ("命令", "别名", "角色", "作用"),
}
EVERYBODY = {Lang.EN: "everybody", Lang.ZH: "所有人"}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def between(text: str, block: str) -> str:
    """What stands between the two marks of a block."""
    found = re.search(f"<!-- {block}:begin -->\n(.*?)<!-- {block}:end -->", text, re.DOTALL)
    assert found, f"the marks of the block {block} are missing"
    return found[1]


def code(text: str) -> str:
    """Fenced blocks and code spans, a line each."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join((*fenced, *re.findall(r"`([^`\n]+)`", rest)))


def cell(words: str) -> str:
    escaped = words.replace("|", "\\|")
    return f"`{escaped}`"


def row(command: Command, texts: Texts) -> str:
    names = " ".join(cell(f"/{alias}") for alias in command.aliases)
    role = EVERYBODY[texts.lang] if command.role is Role.NONE else texts(f"role.{command.role.word}")
    return f"| {cell(command.usage(texts))} | {names} | {role} | {texts(f'{command.help_key}.summary')} |\n"


def commands_table(lang: Lang) -> str:
    head = f"| {' | '.join(HEADS[lang])} |\n" + "|---" * len(HEADS[lang]) + "|\n"
    return head + "".join(row(command, texts_in(lang)) for command in COMMANDS)


@pytest.mark.parametrize("lang", READMES)
def test_the_table_of_commands_is_that_of_the_registry(lang: Lang) -> None:
    right = commands_table(lang)
    assert between(read(READMES[lang]), "commands") == right, f"{READMES[lang]} should have:\n\n{right}"


def test_the_readmes_have_the_same_headings_and_link_to_each_other() -> None:
    shapes = {lang: re.findall(r"^#+(?= )", read(name), re.MULTILINE) for lang, name in READMES.items()}
    assert shapes[Lang.EN] == shapes[Lang.ZH]
    assert f"]({READMES[Lang.ZH]})" in read(READMES[Lang.EN])
    assert f"]({READMES[Lang.EN]})" in read(READMES[Lang.ZH])


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(document: str) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", read(document)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            yield link


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_to_a_file_finds_it(document: str) -> None:
    assert list(broken(document)) == []


def is_subcommand(words: list[str]) -> bool:
    """Whether the command line takes these words; one that needs more may be named by its own words."""
    with suppress(SystemExit):
        build_parser().parse_args(words)
        return True
    with pytest.raises(SystemExit) as left, redirect_stdout(io.StringIO()) as said:
        build_parser().parse_args([*words, "--help"])
    return left.value.code == 0 and said.getvalue().startswith(f"usage: suanli {' '.join(words)} ")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_subcommand_that_is_named_exists(document: str) -> None:
    word = r"-*(?:[a-z]+(?:[-:][a-z]+)*|[A-Z]+)"
    named = set(re.findall(rf"(?:(?<!\S)|(?<=bin/))suanli (-*[a-z]+(?: {word})*)", code(read(document))))
    assert [words for words in sorted(named) if not is_subcommand(words.split())] == []


def chat_lines(document: str) -> Iterator[str]:
    """The lines that people are told to type to the bot, apart from the tables that say how a command is used."""
    names = {words[0] for command in COMMANDS for words in command.words}
    text = re.sub("<!-- (commands|tour):begin -->.*?<!-- \\1:end -->", "", read(document), flags=re.DOTALL)
    for each in code(text).splitlines():
        line = syntax.read(each)
        if line.slash and line.words and line.words[0] in names:
            yield each


def test_every_line_to_type_in_chat_is_understood(sqlite_store: SqlStore, clock: FakeClock, tmp_path: Path) -> None:
    site = replace(wiring.build_site(load({}, tmp_path)), admins=frozenset({BOSS.open_id}))
    bot, texts = Dialogue(sqlite_store, clock, site), texts_in(site.lang)
    not_understood = {texts(f"router.{said}_title") for said in ("unknown", "bad_word", "missing")}

    def is_understood(line: str) -> bool:
        found = site.registry.find(syntax.read(line).words)
        # A command may be named without what it needs.
        return found is not None and (not found[1] or bot.say(line, sender=BOSS)[0].title not in not_understood)

    lines = sorted({line for document in DOCUMENTS for line in chat_lines(document)})
    assert len(lines) > 1
    assert [line for line in lines if not is_understood(line)] == []


@pytest.mark.parametrize("document", ["docs/cost.md", "docs/stock.md", "docs/releases.md"])
def test_every_toml_block_is_valid(document: str, tmp_path: Path) -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", read(document), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        (tmp_path / "suanli.toml").write_text(block, "utf-8")
        load({}, tmp_path)


def test_the_original_trackers_file_of_the_releases_page_is_one() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", read("docs/releases.md"), re.MULTILINE | re.DOTALL)
    robot = "https://open.example/api/werobot/v1/webhook/send?token=0123456789abcdef&channel=standard"
    tracker = parse_tracker(block, {"WELINK_WEBHOOK_URL": robot})
    assert tracker.keywords == ("deepseek", "qwen")
    assert len((*tracker.repositories, *tracker.organisations)) == 4
    assert tracker.robot is not None
    assert tracker.robot.webhook_url.get_secret_value() == robot


def cells(document: str, block: str) -> Iterator[tuple[list[str], list[str]]]:
    """What stands in code in the first two columns of the rows of a block."""
    rows = re.findall(r"^\|((?:\\.|[^|])+)\|((?:\\.|[^|])+)\|", between(read(document), block), re.MULTILINE)
    for row in rows:
        first, second = (re.findall("`([^`]+)`", each.replace("\\|", "|")) for each in row)
        if first:
            yield first, second


def test_the_releases_page_has_every_word_for_changes() -> None:
    rows = list(cells("docs/releases.md", "kinds"))
    words = {first[0]: set(second) for first, second in rows if first[0] in GROUPS}
    assert words == {word: set() if word == "all" else set(changes) for word, changes in GROUPS.items()}
    assert sorted(each for first, _ in rows for each in first) == sorted(CHOICES)


def test_every_filter_of_the_releases_page_is_one() -> None:
    shown = [each for first, _ in cells("docs/releases.md", "filters") for each in first]
    assert len(shown) > 1
    assert [each for each in shown if parse(each).is_empty] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    named = set(re.findall(r"(?<!\S)make ([a-z]+)", code(read(document))))
    assert named <= set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))


def test_the_operations_page_has_every_job(sqlite_store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "suanli.toml").write_text(
        '[stock.watch]\nrecipients = ["ou_a"]\n[stock.watch.thresholds.4090]\nmin_free = 1\n', "utf-8"
    )
    environ = {"FEISHU_APP_ID": "cli_a", "GRAFANA_URL": "http://localhost", "GRAFANA_DATASOURCE_UID": "uid"}
    settings, clock = load(environ, tmp_path), FakeClock()
    courier = wiring.build_courier(settings, clock)
    jobs = {job.schedule.job for job in wiring.build_jobs(settings, sqlite_store, clock, courier)}
    table = between(read("docs/operations.md"), "jobs")
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == jobs


def levels_of(node: ast.AST) -> set[str]:
    """The levels of every `log.<level>` inside."""
    return {
        "error" if inner.attr == "exception" else inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "log"
    }


def events_in(source: str) -> Iterator[tuple[str, str]]:
    """Each log event of a module with each of its levels; `say = log.error if … else log.warning` is followed."""
    tree = ast.parse(source)
    chosen = {ast.unparse(n.targets[0]): levels_of(n.value) for n in ast.walk(tree) if isinstance(n, ast.Assign)}
    named = {
        n.attr.lower() for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "logging"
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("log"), attr="log"), args=[_, ast.Constant(value=str(event))]
            ):
                # The level is worked out somewhere in the module, out of those that it names.
                yield from ((event, level) for level in named)
            case ast.Call(func=said, args=[ast.Constant(value=str(event)), *_]):
                yield from ((event, level) for level in chosen.get(ast.unparse(said)) or levels_of(said))


def test_the_operations_page_has_every_log_event_with_its_levels() -> None:
    logged: dict[str, set[str]] = {}
    for package in ("suanli", "bot", "handlers", "jobs", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            if "sandbox" not in path.parts:
                for event, level in events_in(path.read_text("utf-8")):
                    logged.setdefault(event, set()).add(level)
    table = between(read("docs/operations.md"), "events")
    written = re.findall(r"^\| `(\w+)` \| ([a-z, ]+) \|", table, re.MULTILINE)
    assert {event: set(levels.split(", ")) for event, levels in written} == logged


def test_every_decision_is_in_the_index_and_has_its_parts() -> None:
    pages = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    assert re.findall(r"\| \[\d+\]\(([^)]+)\) \|", read("docs/adr/README.md")) == pages
    parts = ["## Context", "## Decision", "## Consequences"]
    for name in pages:
        page = read(f"docs/adr/{name}")
        assert page.startswith(f"# {name[:4]} ")
        assert re.search(r"^- Date: \d{4}-\d\d-\d\d\n- Status: \w", page, re.MULTILINE)
        assert re.findall(r"^## .*$", page, re.MULTILINE) == parts
