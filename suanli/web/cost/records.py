"""GET /api/v1/cost/records: what was spent, call by call, page after page."""

from datetime import UTC, datetime, timedelta

from suanli.domain.cost.records import Place, RecordFilter, RecordId, Sort
from suanli.domain.tokens import Permission
from suanli.web.api.cursors import cursor_of, place_of
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.api.problems import Problem
from suanli.web.cost.record_bodies import RecordAnswer, RecordsAnswer, RecordsAsked, only_visible

PATH = "/api/v1/cost/records"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _list(visit: Visit) -> Reply:
    asked: RecordsAsked = visit.query
    which = only_visible(visit, asked)
    question = (which, asked.sort, asked.order)
    found = visit.tx.records.page(
        which, asked.sort, ascending=asked.order == "asc", after=_after(visit, asked, question), limit=asked.limit
    )
    book = visit.tx.prices.book(visit.site.money.currency)
    cursor = None if found.next is None else cursor_of((found.next.value, found.next.id), question)
    items = [RecordAnswer.of(each, book) for each in found.records]
    return Reply(RecordsAnswer(items=items, next_cursor=cursor, has_more=cursor is not None))


def _after(visit: Visit, asked: RecordsAsked, question: tuple[RecordFilter, Sort, str]) -> Place | None:
    if not asked.cursor:
        return None
    try:
        value, number = place_of(asked.cursor, question, 2)
        if asked.sort is Sort.HAPPENED_AT:
            _EPOCH + timedelta(microseconds=value)
    except (ValueError, OverflowError):
        raise Problem("invalid", visit.texts("api.cursor")) from None
    return Place(value, RecordId(number))


ENDPOINTS = (
    Endpoint("GET", PATH, "list_records", Permission.READ, _list, query=RecordsAsked, reply=RecordsAnswer),
)  # fmt: skip
