"""Commands are declared once, checked where they are declared, and found by every way to type them."""

import pytest

from handlers import COMMANDS
from suanli.domain.access import Role
from suanli.domain.answer import Answer
from suanli.domain.commands import Command, Param, Registry, Risk, Turn, close
from suanli.i18n import Lang, texts_in

REGISTRY = Registry(COMMANDS)


def nothing(turn: Turn) -> Answer:
    return Answer(turn.texts.lang, ())


def command(name: str, *aliases: str, example: str = "/x") -> Command:
    return Command(name=name, run=nothing, role=Role.VIEWER, risk=Risk.READ, example=example, aliases=aliases)


@pytest.mark.parametrize(
    ("line", "name", "rest"),
    [
        ("stock 4090", "stock", ("4090",)),
        ("库存 4090", "stock", ("4090",)),
        ("STOCK", "stock", ()),
        ("role grant x", "role grant", ("x",)),
        ("role", "role list", ()),
        ("role whatever", "role list", ("whatever",)),
        ("授权 x", "role grant", ("x",)),
    ],
)
def test_a_line_finds_its_command_by_the_longest_name(line: str, name: str, rest: tuple[str, ...]) -> None:
    found = REGISTRY.find(line.split())
    assert found is not None
    assert (found[0].name, found[1]) == (name, rest)


@pytest.mark.parametrize("line", ["", "stocks", "grant"])
def test_a_line_that_names_nothing_finds_nothing(line: str) -> None:
    assert REGISTRY.find(line.split()) is None


def test_a_typo_is_answered_with_the_whole_line_put_right() -> None:
    assert REGISTRY.near(["stok", "4090"], Role.VIEWER)[0] == ("stock", "4090")
    assert REGISTRY.near(["库纯"], Role.VIEWER) == ()
    assert REGISTRY.near(["userids"], Role.NONE) == (("userid",),)


def test_what_a_person_may_not_run_is_not_suggested() -> None:
    assert ("status",) not in REGISTRY.near(["statu"], Role.VIEWER)
    assert ("status",) in REGISTRY.near(["statu"], Role.OPERATOR)


def test_two_commands_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="two commands"):
        Registry([command("stock"), command("gpu", "stock")])


def test_a_function_must_take_what_its_command_declares() -> None:
    with pytest.raises(TypeError, match="its parameters say otherwise"):
        Command(name="x", run=nothing, role=Role.VIEWER, risk=Risk.READ, example="/x", params=(COMMANDS[0].params[0],))


def test_an_example_is_what_a_person_types() -> None:
    with pytest.raises(TypeError, match="example"):
        command("x", example="x")


def test_close_words_ignore_case() -> None:
    assert close("h10", ["H100", "H200", "4090"]) == ("H100",)


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("known", COMMANDS, ids=lambda c: c.name)
def test_every_command_has_help_and_an_example_that_names_it(known: Command, lang: Lang) -> None:
    texts = texts_in(lang)
    assert texts(f"{known.help_key}.summary")
    assert texts(f"{known.help_key}.detail")
    found = REGISTRY.find(known.example[1:].split())
    assert found is not None
    assert found[0] is known
    assert known.usage(texts).startswith(f"/{known.name}")


ROLES = {
    "help": "none",
    "userid": "none",
    "stock": "viewer",
    "stock trend": "viewer",
    "stock alerts": "viewer",
    "stock rule": "viewer",
    "stock rule set": "operator",
    "stock rule unset": "operator",
    # What these may do is decided by whom a shortage concerns.
    "stock ack": "viewer",
    "stock mute": "viewer",
    "stock unmute": "viewer",
    "stock po": "viewer",
    "stock po csv": "viewer",
    "stock po cancel": "viewer",
    "stock arrived": "viewer",
    # In a group, what changes a watch takes a member; the command says so itself.
    "releases": "viewer",
    "releases watch": "viewer",
    "releases unwatch": "viewer",
    "releases mute": "viewer",
    "releases mode": "viewer",
    "releases quiet": "viewer",
    "releases test": "viewer",
    "releases why": "viewer",
    "releases replay": "viewer",
    "releases quota": "viewer",
    "releases dlq": "operator",
    "releases retry": "operator",
    # Whose figures these show is decided by who asks.
    "cost": "viewer",
    "cost top": "viewer",
    "cost forecast": "viewer",
    "cost anomalies": "viewer",
    "cost suggest": "viewer",
    "cost alerts": "viewer",
    "cost alert read": "viewer",
    "cost alert snooze": "viewer",
    "cost alert resolve": "viewer",
    # What binds or concerns one is seen; who decides about a request is asked by whose money it is.
    "quota": "viewer",
    "quota list": "operator",
    "quota request": "viewer",
    "quota requests": "viewer",
    "quota approve": "viewer",
    "quota deny": "viewer",
    "quota set": "operator",
    "quota reset": "operator",
    "quota off": "operator",
    "budget": "viewer",
    "budget set": "operator",
    "budget share": "operator",
    "lang": "viewer",
    "role list": "member",
    "role grant": "admin",
    "role revoke": "admin",
    "status": "operator",
}


def test_every_command_says_who_may_run_it() -> None:
    assert {c.name: c.role.word for c in COMMANDS} == ROLES


def test_every_kind_of_parameter_has_a_name_in_both_languages() -> None:
    params: set[Param] = {p for c in COMMANDS for p in c.params}
    for lang in Lang:
        assert all(texts_in(lang).has(f"argument.{p.name}") for p in params)
