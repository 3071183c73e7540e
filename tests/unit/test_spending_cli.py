"""What `suanli cost` does for who pays and for the books: shown, changed, noted, and refused whole."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from suanli.domain.access import Role
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import Currency
from suanli.domain.cost.parties import Party, Payer
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.records import Call, Judged
from suanli.domain.tokens import Permission, digest_of
from tests.fakes import NOON
from tests.unit.test_cost_cli import Office, office

__all__ = ["office"]

PEOPLE = """\
kind,id,name,contact,project,department,organization
user,alice,爱丽丝,ou_alice,chat,sales,acme
department,sales,销售部,ou_boss,,,
"""


def people(office: Office, said: str) -> str:
    path = office.folder / "people.csv"
    path.write_text(said, "utf-8")
    return str(path)


def test_who_pays_is_taken_over_from_a_table_and_the_same_table_changes_nothing(office: Office) -> None:
    assert "写入 2 个" in office.cost("people", "import", people(office, PEOPLE))
    with office.store.begin() as tx:
        alice = tx.parties.find(Scope(ScopeKind.USER, "alice"))
    contact = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_alice")
    assert alice == Party(Scope(ScopeKind.USER, "alice"), "爱丽丝", contact, "chat", "sales", "acme")
    assert "写入 0 个，2 个没有变化" in office.cost("people", "import", people(office, PEOPLE))
    with office.store.begin() as tx:
        assert [change.what for change in tx.changes.newest(10)] == ["people.import"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("user,alice,,,,,", "重复"),
        ("robot,r2,,,,,", "kind"),
        ("user,,,,,,", "id"),
        ("project,x,,,y,,", "归属"),
        ("department,x,,,,sales,", "归属"),
        ("organization,x,,,,,acme", "归属"),
        (f"user,{'x' * 201},,,,,", "200"),
        ("user,bob,,,,,,more", "不认识的列"),
    ],
)
def test_a_table_with_a_mistake_is_refused_whole_and_says_where(office: Office, row: str, why: str) -> None:
    said = office.cost("people", "import", people(office, f"{PEOPLE}{row}\n"), code=2)
    assert "第 4 行" in said
    assert why in said
    with office.store.begin() as tx:
        assert tx.parties.all() == ()


def test_what_is_wider_than_a_user_may_be_part_of_what_is_wider_still(office: Office) -> None:
    rows = "project,x,,,,sales,acme\ndepartment,it,,,,,acme\n"
    assert "写入 4 个" in office.cost("people", "import", people(office, PEOPLE + rows))
    with office.store.begin() as tx:
        project = tx.parties.find(Scope(ScopeKind.PROJECT, "x"))
    assert project == Party(Scope(ScopeKind.PROJECT, "x"), department="sales", organization="acme")


def test_what_is_no_table_is_refused(office: Office) -> None:
    path = office.folder / "people.csv"
    path.write_bytes(b"\xff\xfe\x00")
    assert "读不了" in office.cost("people", "import", str(path), code=2)
    assert "读不了" in office.cost("people", "import", str(office.folder / "absent.csv"), code=2)


def test_somebody_is_forgotten_once(office: Office) -> None:
    office.cost("people", "import", people(office, PEOPLE))
    assert "已删除" in office.cost("people", "drop", "user", "alice")
    assert "没有登记" in office.cost("people", "drop", "user", "alice", code=2)
    assert "alice" not in office.cost("people", "list")


def test_a_token_is_shown_once_and_only_its_digest_is_kept(office: Office) -> None:
    office.cost("people", "import", people(office, PEOPLE))
    said = office.cost("token", "add", "ci", "--user", "alice", "--project", "search", "--may", "cost:read")
    secret = said.splitlines()[-1]
    with office.store.begin() as tx:
        (token,) = tx.tokens.all()
        (_, note) = reversed(tx.changes.newest(10))
    assert token.digest == digest_of(secret)
    assert token.payer == Payer("alice", "search", "sales", "acme")
    assert (token.permissions, token.role) == (frozenset({Permission.READ}), Role.MEMBER)
    assert secret not in repr(token) + repr(note) + office.cost("token", "list")


def test_a_token_of_nobody_is_not_made(office: Office) -> None:
    assert "--user" in office.cost("token", "add", "all", "--user", " ", "--may", "cost:read", code=2)
    with office.store.begin() as tx:
        assert tx.tokens.all() == ()


def test_a_token_ends_when_it_was_said_to_or_when_it_is_revoked(office: Office) -> None:
    office.cost("token", "add", "short", "--user", "bob", "--may", "gateway", "--days", "1")
    office.cost("token", "add", "long", "--user", "bob", "--may", "gateway")
    assert "已失效" in office.cost("token", "revoke", "2")
    assert "没有有效的令牌 2" in office.cost("token", "revoke", "2", code=2)
    with office.store.begin() as tx:
        short, long = tx.tokens.all()
    assert short.is_valid(NOON)
    assert not short.is_valid(NOON + timedelta(days=1))
    assert not long.is_valid(NOON)
    assert "--days" in office.cost("token", "add", "no", "--user", "bob", "--may", "gateway", "--days", "0", code=2)


def call(number: int, model: str = "deepseek-chat") -> Judged:
    told = Call(f"r{number}", Payer("alice"), model, Usage(input=1000, output=500), NOON, "deepseek")
    return Judged(told, Unpriced(Missing.MODEL))


def test_calls_that_came_before_their_price_are_priced_in_one_command(office: Office) -> None:
    with office.store.begin() as tx:
        tx.records.write([call(1), call(2), call(3, "other")], Currency("CNY"), NOON)
    said = office.cost("price-unpriced", code=1)
    assert "2 条还没有价格：deepseek/deepseek-chat" in said
    assert "1 条还没有价格：deepseek/other" in said
    at = (NOON - timedelta(days=1)).isoformat()
    for model in ("deepseek-chat", "other"):
        office.cost("set-price", f"deepseek/{model}", "--input", "0.001", "--output", "0.002", "--from", at)
    assert "3 条记录有了价格" in office.cost("price-unpriced")
    assert "0 条记录有了价格" in office.cost("price-unpriced")
    with office.store.begin() as tx:
        record = tx.records.find("r1")
    assert record is not None
    assert record.cost is not None
    assert Decimal(record.cost.total).scaleb(-9) == Decimal("0.002")


def test_names_that_would_move_the_cursor_are_shown_and_not_obeyed(office: Office) -> None:
    call = Call("r", Payer("li"), "\x1b[2Jfree\u202e", Usage(1), NOON)
    with office.store.begin() as tx:
        tx.records.write([Judged(call, Unpriced(Missing.PRICE))], Currency("CNY"), NOON)
    said = office.cost("price-unpriced", code=1)
    assert "free" in said
    assert not {"\x1b", "\u202e"} & set(said)


def test_a_record_tampered_with_by_hand_is_found_and_named(office: Office) -> None:
    office.cost("set-price", "deepseek/deepseek-chat", "--input", "1", "--output", "1", "--from", "2020-01-01")
    with office.store.begin() as tx:
        book = tx.prices.book(Currency("CNY"))
        told = call(1).call
        tx.records.write(
            [Judged(told, book.charge("deepseek-chat", "deepseek", told.usage, NOON))], Currency("CNY"), NOON
        )
    assert "全部一致" in office.cost("reconcile", "--all")
    with office.store.begin() as tx:
        tx.connection.execute(text("UPDATE cost_records SET total_cost = total_cost - 1"))  # by hand
    said = office.cost("reconcile", "--all", code=1)
    assert "（r1）" in said
    assert "rebuild-sums" in said
