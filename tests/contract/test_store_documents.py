"""Items survive being stored."""

from datetime import UTC, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from storage import documents
from suanli.domain.releases import Item, Kind, State
from tests.contract.release_kit import HOSTILE

TEXT = st.text(st.characters(), max_size=8) | st.sampled_from(["", HOSTILE, "\\ud800", '{"kind":"tag"}', "\u2028"])
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
MOMENTS = st.none() | st.datetimes(timezones=ZONES)
ITEMS = st.builds(
    Item,
    kind=st.sampled_from(Kind),
    native_id=TEXT,
    name=TEXT,
    title=TEXT,
    url=TEXT,
    state=st.sampled_from(State),
    body=TEXT,
    author=TEXT,
    by_bot=st.booleans(),
    labels=st.lists(TEXT, max_size=3).map(tuple),
    reason=TEXT,
    created_at=MOMENTS,
    updated_at=MOMENTS,
    ended_at=MOMENTS,
    published_at=MOMENTS,
    revision=TEXT,
    weights=TEXT,
    weights_changed=st.none() | st.booleans(),
)


@given(ITEMS)
def test_an_item_comes_back_as_it_was_stored(item: Item) -> None:
    assert documents.load(documents.dump(item)) == item


@given(ITEMS)
def test_a_stored_item_is_text_that_every_database_takes(item: Item) -> None:
    assert "\0" not in documents.dump(item)
    documents.dump(item).encode()
