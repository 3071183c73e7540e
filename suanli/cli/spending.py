"""`suanli cost token`, `people`, `price-unpriced`, `reconcile` and `rebuild-sums`: who may, who pays, and the books."""

import argparse
import csv
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from suanli import wiring
from suanli.cli.prices import Desk, actor, run
from suanli.domain.access import GRANTABLE, Role
from suanli.domain.changes import Change
from suanli.domain.cost.findings import Findings
from suanli.domain.cost.money import shown
from suanli.domain.cost.parties import Party, payer_of
from suanli.domain.cost.party_lists import PartyError, read_parties
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.errors import UserError
from suanli.domain.tokens import PREFIX, ApiToken, Permission, TokenId, digest_of

_BYTES = 32
"""Random bytes of a token: nobody guesses one."""

_UNSTORED = TokenId(0)
_SHOWN = 20
_RECENT = timedelta(days=3)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these subcommands."""
    _add_tokens(commands)
    _add_people(commands)
    said = "give a price to the calls that had none when they came"
    commands.add_parser("price-unpriced", help=said, description=said).set_defaults(run=run, command=_price)
    said = "prove that quotas, records and sums agree; nothing is corrected"
    checked = commands.add_parser("reconcile", help=said, description=said)
    checked.add_argument("--all", action="store_true", help="everything there ever was, and not only the last days")
    checked.set_defaults(run=run, command=_reconcile)
    said = "add up all records anew"
    commands.add_parser("rebuild-sums", help=said, description=said).set_defaults(run=run, command=_rebuild)


def _add_tokens(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    said = "tokens of the API and the gateway"
    group = commands.add_parser("token", help=said, description=said).add_subparsers(required=True, metavar="what")
    said = "make a token; it is shown once"
    made = group.add_parser("add", help=said, description=said)
    made.add_argument("name", help="what it is for")
    made.add_argument("--user", required=True, help="the user who pays for what it does")
    for kind in (ScopeKind.PROJECT, ScopeKind.DEPARTMENT, ScopeKind.ORGANIZATION):
        made.add_argument(f"--{kind.word}", default="", help="if it is not the one that the user is known to be of")
    made.add_argument(
        "--may", action="append", required=True, choices=[each.value for each in Permission], help="may be repeated"
    )
    made.add_argument("--role", choices=[role.word for role in GRANTABLE], default=Role.MEMBER.word)
    made.add_argument("--days", type=int, metavar="N", help="how long it is good; for ever, if not said")
    made.set_defaults(run=run, command=_add_token)
    said = "list tokens"
    group.add_parser("list", help=said, description=said).set_defaults(run=run, command=_list_tokens)
    said = "end a token at once"
    ended = group.add_parser("revoke", help=said, description=said)
    ended.add_argument("number", type=int)
    ended.set_defaults(run=run, command=_revoke)


def _add_people(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    said = "who pays: users, projects, departments and organisations"
    group = commands.add_parser("people", help=said, description=said).add_subparsers(required=True, metavar="what")
    said = "take over a table with kind, id, name, contact, project, department, organization"
    taken = group.add_parser("import", help=said, description=said)
    taken.add_argument("file", type=Path)
    taken.set_defaults(run=run, command=_import)
    said = "list everybody"
    group.add_parser("list", help=said, description=said).set_defaults(run=run, command=_list_people)
    said = "forget somebody; records stay"
    dropped = group.add_parser("drop", help=said, description=said)
    dropped.add_argument("kind", choices=[kind.word for kind in ScopeKind])
    dropped.add_argument("id")
    dropped.set_defaults(run=run, command=_drop)


def _add_token(desk: Desk, options: argparse.Namespace) -> int:
    if options.days is not None and options.days < 1:
        raise UserError(desk.texts("cost_cli.token.days"))
    if not options.user.strip():
        raise UserError(desk.texts("cost_cli.token.nobody"))
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    said: dict[ScopeKind, str] = {each: getattr(options, each.word) for each in ScopeKind}
    who = actor()
    with desk.store.begin() as tx:
        known = tx.parties.find(Scope(ScopeKind.USER, options.user))
        token = ApiToken(
            _UNSTORED,
            options.name,
            digest_of(secret),
            payer_of(options.user, known, said),
            frozenset(map(Permission, options.may)),
            Role[options.role.upper()],
            who.who,
            desk.now,
            desk.now + timedelta(days=options.days) if options.days else None,
        )
        made = tx.tokens.add(token)
        tx.changes.note(Change(desk.now, who.who, who.way, "token.add", f"token {made.id}", {}, _told(made)))
    print(desk.texts("cost_cli.token.made", n=made.id, name=made.name))
    print(secret)
    return 0


def _told(token: ApiToken) -> dict[str, str]:
    """A token as a note of a change has it: what is secret is not in it."""
    payer = {kind.word: token.payer.of(kind) for kind in ScopeKind if token.payer.of(kind)}
    until = {"until": token.expires_at.isoformat()} if token.expires_at else {}
    return {"name": token.name, "role": token.role.word, "may": " ".join(sorted(token.permissions)), **payer, **until}


def _list_tokens(desk: Desk, _: argparse.Namespace) -> int:
    from suanli.cli.price_tables import console, table  # noqa: PLC0415 what draws tables is for those who look

    with desk.store.begin() as tx:
        tokens = tx.tokens.all()
    if not tokens:
        print(desk.texts("cost_cli.token.none"))
        return 0
    rows = [_token_row(desk, token) for token in tokens]
    columns = ("number", "name", "user", "role", "may", "until")
    console().print(table(desk.texts, desk.texts("cost_cli.token.title"), columns, rows))
    return 0


def _token_row(desk: Desk, token: ApiToken) -> Sequence[str]:
    ended = desk.texts("cost_cli.token.ended")
    until = f"{token.expires_at.astimezone(desk.settings.timezone):%Y-%m-%d %H:%M}" if token.expires_at else "–"
    may = " ".join(sorted(token.permissions))
    last = until if token.is_valid(desk.now) else ended
    return (str(token.id), token.name, token.payer.user, desk.texts(f"role.{token.role.word}"), may, last)


def _revoke(desk: Desk, options: argparse.Namespace) -> int:
    who = actor()
    with desk.store.begin() as tx:
        if not tx.tokens.revoke(TokenId(options.number), desk.now):
            raise UserError(desk.texts("cost_cli.token.unknown", n=options.number))
        tx.changes.note(Change(desk.now, who.who, who.way, "token.revoke", f"token {options.number}"))
    print(desk.texts("cost_cli.token.revoked", n=options.number))
    return 0


def _import(desk: Desk, options: argparse.Namespace) -> int:
    try:
        with options.file.open(encoding="utf-8-sig", newline="") as lines:
            roll = read_parties(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(desk.texts("cost_cli.people.unreadable", file=options.file, why=error)) from error
    except PartyError as error:
        why = desk.texts(f"cost_cli.people.why.{error.why}")
        raise UserError(desk.texts("cost_cli.people.wrong", line=error.line, why=why)) from error
    who = actor()
    with desk.store.begin() as tx:
        known = {party.scope: party for party in tx.parties.all()}
        changed = [party for party in roll.parties if known.get(party.scope) != party]
        for party in changed:
            tx.parties.put(party)
        if changed:
            after = {f"{each.scope.kind.word} {each.scope.id}": _summary(each) for each in changed[:_SHOWN]}
            tx.changes.note(Change(desk.now, who.who, who.way, "people.import", options.file.name, {}, after))
    print(desk.texts("cost_cli.people.done", n=len(changed), same=len(roll.parties) - len(changed)))
    return 0


def _summary(party: Party) -> str:
    member = [party.project, party.department, party.organization]
    contact = party.contact.lane if party.contact else ""
    return " · ".join(word for word in (party.shown, contact, *member) if word)


def _list_people(desk: Desk, _: argparse.Namespace) -> int:
    from suanli.cli.price_tables import console, table  # noqa: PLC0415 the same

    with desk.store.begin() as tx:
        parties = tx.parties.all()
    if not parties:
        print(desk.texts("cost_cli.people.none"))
        return 0
    rows = [
        (
            party.scope.kind.word,
            party.scope.id,
            party.name,
            party.contact.lane if party.contact else "",
            party.project,
            party.department,
            party.organization,
        )
        for party in parties
    ]
    columns = ("kind_of_party", "id", "name", "contact", "project", "department", "organization")
    console().print(table(desk.texts, desk.texts("cost_cli.people.title"), columns, rows))
    return 0


def _drop(desk: Desk, options: argparse.Namespace) -> int:
    scope, who = Scope(ScopeKind[options.kind.upper()], options.id), actor()
    with desk.store.begin() as tx:
        if not tx.parties.drop(scope):
            raise UserError(desk.texts("cost_cli.people.unknown", who=f"{options.kind} {options.id}"))
        tx.changes.note(Change(desk.now, who.who, who.way, "people.drop", f"{options.kind} {options.id}"))
    print(desk.texts("cost_cli.people.dropped", who=f"{options.kind} {options.id}"))
    return 0


def _price(desk: Desk, _: argparse.Namespace) -> int:
    from suanli.cli.price_tables import plain  # noqa: PLC0415 the same

    priced, left = wiring.price_unpriced(desk.store, wiring.build_site(desk.settings), actor(), desk.now)
    print(desk.texts("cost_cli.unpriced.done", n=priced))
    for (provider, model), count in sorted(left.items()):
        print(desk.texts("cost_cli.unpriced.left", n=count, model=plain(f"{provider}/{model}" if provider else model)))
    return 1 if left else 0


def _reconcile(desk: Desk, options: argparse.Namespace) -> int:
    with desk.store.read() as tx:
        found = tx.books.reconcile(desk.now, None if options.all else desk.now - _RECENT)
    _show(desk, found)
    return 0 if found.is_clean else 1


def _show(desk: Desk, found: Findings) -> None:
    from suanli.cli.price_tables import plain  # noqa: PLC0415 the same

    texts = desk.texts
    print(texts("cost_cli.books.seen", accounts=found.accounts_seen, records=found.records_seen))
    if found.is_clean:
        print(texts("cost_cli.books.clean"))
    for each in found.accounts:
        account = each.account
        print(
            texts(
                "cost_cli.books.account",
                quota=plain(account.name) or account.quota,
                start=f"{account.window.start:%Y-%m-%d %H:%M}",
                used=shown(account.used),
                sum=shown(each.used),
                held=shown(account.held),
                held_sum=shown(each.held),
            )
        )
    for misfit in found.records:
        why = texts(f"cost_cli.books.why.{misfit.fault}")
        print(texts("cost_cli.books.record", n=misfit.record, request=plain(misfit.request_id), why=why))
    for skew in found.sums:
        print(
            texts(
                "cost_cli.books.sum",
                day=skew.day,
                summed=shown(skew.summed),
                recorded=shown(skew.recorded),
                requests=skew.summed_requests,
                records=skew.recorded_requests,
            )
        )


def _rebuild(desk: Desk, _: argparse.Namespace) -> int:
    who = actor()
    with desk.store.begin() as tx:
        count = tx.sums.rebuild()
        tx.changes.note(Change(desk.now, who.who, who.way, "sums.rebuild", "sums", {}, {"records": str(count)}))
    print(desk.texts("cost_cli.books.rebuilt", n=count))
    return 0
