"""POST /api/v1/cost/callbacks/litellm: what a LiteLLM proxy tells of every call, by its callback `generic_api`.

The body is an array of payloads (its default), one a line, or a single one, always under `application/json`. What it
reckons a call to cost is compared and never taken: there, a call without a price costs nothing.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import structlog
from pydantic import ValidationError

from suanli.domain.cost.book import Bill
from suanli.domain.cost.money import NANO, Currency
from suanli.domain.cost.records import Fate
from suanli.domain.tokens import Permission
from suanli.i18n import Texts
from suanli.web.api.bodies import parse
from suanli.web.api.endpoints import JSON, Endpoint, Reply, Visit
from suanli.web.api.mistakes import errors_of
from suanli.web.api.problems import Problem
from suanli.web.cost.ingest import MOST_LINES
from suanli.web.cost.litellm_payload import Payload
from suanli.web.cost.taking import Line, LinesAnswer, known_to, take_together
from suanli.web.cost.told import Teller, UnfitError

log = structlog.get_logger()

MOST_BYTES = 32 * 1024 * 1024
"""It sends 512 calls at a time, with all that was said in them unless `turn_off_message_logging` is set."""

_USD = Currency("USD")
_SHOWN = 1000
_NAMED = 5


class CallbackAnswer(LinesAnswer):
    """What became of all; `skipped` used nothing. Of `cost_differs` LiteLLM says another cost, to the sixth digit."""

    skipped: int
    cost_differs: int


def _callback(visit: Visit) -> Reply:
    said = _said(visit.body, visit.texts)
    if len(said) > MOST_LINES:
        raise Problem("too-large", visit.texts("api.cost.too_many_lines", most=MOST_LINES))
    read = [_read(number, each, visit.texts) for number, each in enumerate(said, 1)]
    kept = [(line, payload) for line, payload in read if payload is None or not payload.is_no_call]
    _fill(visit, kept)
    lines = [line for line, _ in kept]
    with visit.store.begin() as tx:
        take_together(visit, tx, lines)
    differing = [line for line, payload in kept if payload and _differs(line, payload.response_cost)]
    _warn(lines, differing)
    found = dict(LinesAnswer.of(lines))
    return Reply(CallbackAnswer(**found, skipped=len(read) - len(kept), cost_differs=len(differing)))


def _said(raw: bytes, texts: Texts) -> Sequence[Any]:
    """The payloads, in whatever of its three forms. Raises Problem."""
    try:
        found = parse(raw)
        return found if isinstance(found, list) else [found]
    except ValueError:
        lines = [each for each in raw.split(b"\n") if each and not each.isspace()]
    try:
        return [parse(each) for each in lines]
    except ValueError:
        raise Problem("malformed", texts("api.not_json")) from None


def _read(number: int, said: Any, texts: Texts) -> tuple[Line, Payload | None]:
    line = Line(number)
    if not isinstance(said, dict):
        line.errors = [{"field": "", "message": texts("api.cost.not_an_object")}]
        return line, None
    try:
        payload = Payload.model_validate(said)
    except ValidationError as error:
        line.errors = errors_of(error, texts)
        return line, None
    line.request_id = payload.request_id
    return line, payload


def _fill(visit: Visit, read: Sequence[tuple[Line, Payload | None]]) -> None:
    """Make the calls. Raises Problem where somebody tells of what is not theirs: nothing is written then.

    A call by a key that is nobody's own is that of the proxy's user, who is the payer of its token.
    """
    teller = Teller(visit.token, visit.texts)
    fit = [(line, each, teller.user(each.metadata.user_api_key_user_id)) for line, each in read if each is not None]
    book, parties = known_to(visit, (user for _, _, user in fit))
    for line, payload, user in fit:
        line.said = payload.said()
        payer = teller.payer(user, parties[user], line.said)
        try:
            teller.check_id(payload.request_id)
            line.call = payload.to_domain(payer, book, visit.now, visit.texts)
        except UnfitError as error:
            line.errors = error.errors


def _differs(line: Line, theirs: Decimal | None) -> bool:
    """Whether LiteLLM says another cost of a new call that has a price in its currency."""
    judgement = line.judged.judgement if line.judged else None
    if theirs is None or not isinstance(judgement, Bill) or judgement.price.currency != _USD:
        return False
    if line.written is None or line.written.fate is not Fate.NEW or not -NANO < theirs < NANO:
        return False
    said = int((theirs * NANO).to_integral_value(ROUND_HALF_UP))
    return abs(said - judgement.original.total) >= _SHOWN


def _warn(lines: Sequence[Line], differing: Sequence[Line]) -> None:
    """LiteLLM does not look at what it is answered."""
    refused = [line for line in lines if line.errors]
    if refused:
        fields = sorted({error["field"] for line in refused for error in line.errors})
        log.warning("litellm_calls_refused", calls=len(refused), fields=fields, requests=_first(refused))
    if differing:
        log.warning("litellm_costs_differ", calls=len(differing), requests=_first(differing))


def _first(lines: Sequence[Line]) -> list[str | None]:
    return [line.request_id for line in lines[:_NAMED]]


ENDPOINTS = (
    Endpoint(
        "POST", "/api/v1/cost/callbacks/litellm", "tell_litellm", Permission.WRITE, _callback,
        reply=CallbackAnswer, problems=("malformed", "too-large", "media-type"), alone=True, quiet=True, raw=JSON,
        limit=MOST_BYTES,
    ),
)  # fmt: skip
