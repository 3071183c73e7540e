"""POST /api/v1/cost/records, one call, and /records/batch, many of them: told twice, it is one call."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.records import Fate
from suanli.domain.tokens import Permission
from suanli.i18n import Texts
from suanli.web.api.bodies import parse
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.api.mistakes import MOST_FIELDS, errors_of, too_many_fields
from suanli.web.api.problems import Problem
from suanli.web.cost.record_bodies import RecordAnswer
from suanli.web.cost.records import PATH
from suanli.web.cost.taking import Line, LinesAnswer, known_to, take_together
from suanli.web.cost.told import Teller, ToldCall, UnfitError, said_of

MOST_LINES = 10_000
MOST_BYTES = 16 * 1024 * 1024
_NDJSON = "application/x-ndjson"
_MOST_ECHOED = 200


def _tell(visit: Visit) -> Reply:
    said: ToldCall = visit.body
    teller, tx = Teller(visit.token, visit.texts), visit.tx
    teller.check(said)
    user = teller.user(said.user_id)
    payer = teller.payer(user, tx.parties.find(Scope(ScopeKind.USER, user)), said_of(said))
    book = tx.prices.book(visit.site.money.currency)
    try:
        teller.check_id(said.request_id)
        call = said.to_domain(payer, book, visit.now, visit.texts)
    except UnfitError as error:
        raise Problem("invalid", visit.texts("api.invalid"), {"errors": error.errors}) from None
    line = Line(1, said.request_id, call, said_of(said), is_timed=said.happened_at is not None)
    take_together(visit, tx, [line])
    written = line.written
    if written is None:
        raise Problem("invalid", visit.texts("api.invalid"), {"errors": line.errors})
    record = tx.records.find(said.request_id)
    if written.fate is Fate.CONFLICT or record is None:
        raise Problem("conflict", visit.texts("api.cost.conflict", request_id=said.request_id))
    return Reply(RecordAnswer.of(record, book), 201 if written.fate is Fate.NEW else 200)


def _tell_all(visit: Visit) -> Reply:
    rows = [(number, raw) for number, raw in enumerate(visit.body.split(b"\n"), 1) if raw and not raw.isspace()]
    if len(rows) > MOST_LINES:
        raise Problem("too-large", visit.texts("api.cost.too_many_lines", most=MOST_LINES))
    # Everything is read before the transaction, so that nobody waits for it.
    read = [_read(number, raw, visit.texts) for number, raw in rows]
    teller = Teller(visit.token, visit.texts)
    book, parties = known_to(visit, (teller.user(told.user_id) for _, told in read if told is not None))
    for line, told in read:
        if told is not None:
            _fill(line, told, teller, book, parties, visit.now)
    lines = [line for line, _ in read]
    with visit.store.begin() as tx:
        take_together(visit, tx, lines)
    return Reply(LinesAnswer.of(lines))


def _read(number: int, raw: bytes, texts: Texts) -> tuple[Line, ToldCall | None]:
    line = Line(number)
    try:
        said = parse(raw)
    except ValueError:
        line.errors = [{"field": "", "message": texts("api.not_json")}]
        return line, None
    if isinstance(said, dict) and len(said) > MOST_FIELDS:
        line.errors = [too_many_fields(texts)]
        return line, None
    try:
        return line, ToldCall.model_validate(said)
    except ValidationError as error:
        line.errors, line.request_id = errors_of(error, texts), _echo(said)
    return line, None


def _echo(said: object) -> str | None:
    """The id that a line names which is no call, if it can be sent back."""
    found = said.get("request_id") if isinstance(said, dict) else None
    return found[:_MOST_ECHOED].encode(errors="replace").decode() if isinstance(found, str) else None


def _fill(
    line: Line, told: ToldCall, teller: Teller, book: PriceBook, parties: Mapping[str, Party | None], now: datetime
) -> None:
    """Make the call of a line. Raises Problem where somebody tells of what is not theirs: nothing is written then."""
    teller.check(told)
    user, line.said, line.is_timed = teller.user(told.user_id), said_of(told), told.happened_at is not None
    line.request_id = told.request_id
    try:
        teller.check_id(told.request_id)
        line.call = told.to_domain(teller.payer(user, parties[user], line.said), book, now, teller.texts)
    except UnfitError as error:
        line.errors = error.errors


ENDPOINTS = (
    Endpoint(
        "POST", PATH, "tell_record", Permission.WRITE, _tell,
        body=ToldCall, reply=RecordAnswer, status=201, knows=True, quiet=True, problems=("conflict",),
    ),
    Endpoint(
        "POST", f"{PATH}/batch", "tell_records", Permission.WRITE, _tell_all,
        reply=LinesAnswer, problems=("too-large", "media-type", "invalid"), alone=True, quiet=True, raw=_NDJSON,
        limit=MOST_BYTES,
    ),
)  # fmt: skip
