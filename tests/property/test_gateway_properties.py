"""What must hold of the gateway whatever comes: events and characters cut anywhere, and bounds that bound."""

import json
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.book import Bill, PriceBook
from suanli.domain.cost.money import Nano
from suanli.domain.cost.prices import CostModelId, Rates, Tier, Usage
from suanli.domain.cost.worst_case import Bound, Quote, most
from suanli.domain.gateway import Kind
from suanli.web.gateway.answers import NoAnswerError, error_of, is_answer
from suanli.web.gateway.beginnings import begun
from suanli.web.gateway.counting import Produced, parsed
from suanli.web.gateway.sse import data_of, events
from tests.contract.price_kit import CNY, USD, model, price, rate
from tests.fakes import NOON

TEXTS = st.text(max_size=20)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A stream as a server may write it, with one way to end lines, and the data of its events."""
    end, parts, told = draw(ENDS), [], []
    for text in draw(st.lists(TEXTS, max_size=8)):
        value = json.dumps({"content": text}, ensure_ascii=False)
        told.append(value)
        comment = draw(st.sampled_from(["", ": keep-alive" + end, "event: message" + end, "id: 7" + end]))
        space = draw(st.sampled_from(["", " "]))
        parts.append(f"{comment}data:{space}{value}{end}{end}")
    return "".join(parts).encode("utf-8", "surrogatepass"), told


def cut(raw: bytes, places: Sequence[int]) -> list[bytes]:
    bounds = sorted({0, len(raw), *(place % (len(raw) + 1) for place in places)})
    return [raw[start:stop] for start, stop in pairwise(bounds)]


@given(streams(), st.lists(st.integers(0, 10_000), max_size=30))
def test_wherever_a_stream_is_cut_its_events_are_the_same_and_no_byte_is_lost(
    stream: tuple[bytes, list[str]], places: list[int]
) -> None:
    raw, told = stream
    found = list(events(cut(raw, places)))
    assert b"".join(found) == raw
    data = [each.decode("utf-8", "surrogatepass") for each in map(data_of, found) if each is not None]
    assert data == told


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_whatever_comes_no_byte_is_lost_and_nothing_breaks(pieces: list[bytes]) -> None:
    found = list(events(pieces))
    assert b"".join(found) == b"".join(pieces)
    produced = Produced()
    for event in found:
        data = data_of(event) or b""
        said = parsed(data)
        if said is None:
            produced.see_unread(len(data))
        else:
            produced.see(said)
    assert produced.usage(Bound(5, 5)).input == 5


SAID: tuple[object, ...] = (
    {"choices": [{"delta": {"content": ""}}]},
    {"choices": [{"delta": {"content": "hi"}}]},
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 0}},
    {"error": {"code": 7}},
)
WORDS = st.sampled_from(
    [b": alive\n\n", b"data: ?\n\n", b"data: [DONE]\n\n", b"x"]
    + [b"data: " + json.dumps(each).encode() + b"\n\n" for each in SAID]
)


@given(st.lists(WORDS, max_size=8), st.integers(0, 8))
def test_what_is_kept_back_is_passed_on_whole_or_not_at_all(found: list[bytes], patience: int) -> None:
    asked = iter(range(patience))
    source = iter(found)
    try:
        passed = list(begun(source, lambda: next(asked, None) is None))
    except NoAnswerError:
        return
    assert passed == found
    assert list(source) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
CHUNKS = st.dictionaries(st.sampled_from(["choices", "usage", "delta", "error", "code", "base_resp"]), JSON, max_size=4)


@given(st.lists(CHUNKS, max_size=5))
def test_a_chunk_of_any_shape_is_counted_and_never_below_nothing(chunks: list[dict[str, object]]) -> None:
    produced = Produced()
    for chunk in chunks:
        produced.see(chunk)
        assert isinstance(error_of(chunk), str | None)
        assert is_answer(Kind.CHAT, chunk) <= bool(chunk.get("choices"))
    assert produced.usage(Bound(7, 9)).total >= 7
    assert produced.least_output() >= 0


NANO = st.integers(0, 10**8).map(Nano)
MAYBE = st.none() | NANO
RATES = st.builds(Rates, NANO, NANO, NANO, MAYBE, MAYBE, MAYBE)
PARTS = st.integers(0, 400)


@given(
    RATES,
    st.lists(st.tuples(st.integers(1, 1000), RATES), max_size=3, unique_by=lambda tier: tier[0]),
    st.booleans(),
    st.tuples(PARTS, PARTS, PARTS, PARTS, PARTS),
    st.tuples(PARTS, PARTS),
)
def test_no_call_within_the_bound_costs_more_than_the_worst_case(
    rates: Rates,
    tiers: list[tuple[int, Rates]],
    abroad: bool,  # noqa: FBT001 Hypothesis gives it by position
    used: tuple[int, int, int, int, int],
    spare: tuple[int, int],
) -> None:
    known = model("m", "v", id=CostModelId(1))
    steps = tuple(Tier(above, each) for above, each in sorted(tiers, key=lambda tier: tier[0]))
    paid = price(known, rates=rates, tiers=steps, currency=USD if abroad else CNY)
    book = PriceBook.of(CNY, [known], [paid], [rate(USD, "7.123456789")])
    usage = Usage(*used)
    found = Bound(usage.whole_input + spare[0], usage.output + usage.reasoning + spare[1])
    bill, quote = book.charge("m", "v", usage, NOON), most(book, "m", "v", found, NOON)
    assert isinstance(bill, Bill)
    assert isinstance(quote, Quote)
    assert bill.cost.total <= quote.amount
