"""Where a page of numbered things goes on."""

from suanli.web.api.cursors import place_of
from suanli.web.api.endpoints import Visit
from suanli.web.api.problems import Problem


def begins_after(visit: Visit, cursor: str, question: object) -> int:
    """The number that the page before ended with; 0 for the first page. A cursor of another question is refused."""
    if not cursor:
        return 0
    try:
        return place_of(cursor, question, 1)[0]
    except ValueError:
        raise Problem("invalid", visit.texts("api.cursor")) from None
