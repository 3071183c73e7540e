"""What people are told first of what was spent: three of twelve numbers, which a database adds up in half the time."""

from collections.abc import Mapping
from dataclasses import fields
from operator import add

from sqlalchemy import Connection

from storage.site_days import SiteDays
from storage.sum_questions import ZONE, asked
from storage.sum_tail import Amounts
from storage.sum_zone import refuse_other
from suanli.domain.cost.sums import Grain, Outlay, Question

_AMOUNTS = tuple(each.name for each in fields(Outlay))


def outlays(connection: Connection, days: SiteDays, question: Question) -> Mapping[str, Outlay]:
    """The answers by value, of all the time together; there is none for a value of which nothing was.

    Raises ValueError for a question that is parted into hours or days, and OtherZoneError.
    """
    if question.grain is not Grain.ALL:
        raise ValueError("outlays are of all the time together")
    statement, values = asked(question, days, as_array=connection.dialect.name == "postgresql", amounts=_AMOUNTS)
    found: dict[str, Amounts] = {}
    for origin, _, value, *amounts in statement.run(connection, values):
        if origin == ZONE:
            refuse_other(value, days.zone)
            continue
        known = found.get(value)
        found[value] = tuple(amounts) if known is None else tuple(map(add, known, amounts))
    return {value: Outlay(*amounts) for value, amounts in found.items() if any(amounts)}
