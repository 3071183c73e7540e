"""Calls that were told of together: each gets its price and is written down, and each is answered by itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from handlers.cost.ingest import judge
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import MoneyError
from suanli.domain.cost.parties import Party
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.records import Call, Fate, Judged, Written
from suanli.domain.ports import Transaction
from suanli.web.api.bodies import Answer, MaybeAmount
from suanli.web.api.endpoints import Visit
from suanli.web.api.problems import Problem
from suanli.web.cost.told import is_same


@dataclass(slots=True)
class Line:
    """One of them: its call, or the `errors` for which it is none; then what became of it."""

    number: int
    request_id: str | None = None
    call: Call | None = None
    said: Mapping[ScopeKind, str] = field(default_factory=dict)
    """What was said of who pays beside the user."""
    is_timed: bool = True
    """Whether it was said when it happened."""
    judged: Judged | None = None
    written: Written | None = None
    errors: list[dict[str, str]] = field(default_factory=list)


class LineAnswer(Answer):
    """What became of one line: `new`, `known` from before, `conflict`, or `invalid` for its `errors`."""

    line: int
    request_id: str | None
    status: str
    record_id: int | None = None
    priced: bool | None = None
    charged_cost: MaybeAmount = None
    errors: tuple[dict[str, str], ...] = ()

    @classmethod
    def of(cls, line: Line) -> "LineAnswer":
        """A line that was taken in, or could not be."""
        told = line.written
        if told is None:
            return cls(line=line.number, request_id=line.request_id, status=_INVALID, errors=tuple(line.errors))
        if told.fate is Fate.CONFLICT:
            return cls(line=line.number, request_id=told.request_id, status=told.fate.value, errors=tuple(line.errors))
        return cls(
            line=line.number,
            request_id=told.request_id,
            status=told.fate.value,
            record_id=told.record,
            priced=told.is_priced,
            charged_cost=told.charged,
        )


class LinesAnswer(Answer):
    """What became of all of them. What is not invalid was written, or was known."""

    total: int
    new: int
    known: int
    conflict: int
    invalid: int
    unpriced: int
    results: list[LineAnswer]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "LinesAnswer":
        """The answer, line by line."""
        results = [LineAnswer.of(line) for line in lines]
        counts = {status: sum(each.status == status for each in results) for status in (*map(str, Fate), _INVALID)}
        unpriced = sum(each.priced is False for each in results)
        return cls(total=len(lines), unpriced=unpriced, results=results, **counts)


_INVALID = "invalid"


def known_to(visit: Visit, users: Iterable[str]) -> tuple[PriceBook, Mapping[str, Party | None]]:
    """The prices, and what is known of these users, for a visit that has no transaction."""
    with visit.store.read() as tx:  # who only reads keeps nobody waiting who writes
        parties = {user: tx.parties.find(Scope(ScopeKind.USER, user)) for user in set(users)}
        return tx.prices.book(visit.site.money.currency), parties


def take_together(visit: Visit, tx: Transaction, lines: Sequence[Line]) -> None:
    """Write down the calls of these lines. Raises Problem, after which the transaction is not to be committed."""
    currency, texts = visit.site.money.currency, visit.texts
    book = tx.prices.book(currency)
    for line in lines:
        try:
            line.judged = None if line.call is None else judge(book, line.call)
        except MoneyError:
            line.errors.append({"field": "total_cost", "message": texts("api.cost.too_much")})
    fit = [(line, line.judged) for line in lines if line.judged is not None]
    try:
        written = tx.records.write([judged for _, judged in fit], currency, visit.now) if fit else ()
    except MoneyError:
        raise Problem("invalid", texts("api.cost.too_much")) from None
    for (line, judged), told in zip(fit, written, strict=True):
        line.written = _as_said(tx, line, judged.call, told) if told.fate is Fate.CONFLICT else told
        if line.written.fate is Fate.CONFLICT:
            message = texts("api.cost.conflict", request_id=told.request_id)
            line.errors.append({"field": "request_id", "message": message})


def _as_said(tx: Transaction, line: Line, call: Call, told: Written) -> Written:
    """What became of a call of which another one is known: it is the same one, if that said no more."""
    record = tx.records.find(told.request_id)
    if record is None or not is_same(call, record, line.said, is_timed=line.is_timed):
        return told
    return replace(told, fate=Fate.KNOWN)
