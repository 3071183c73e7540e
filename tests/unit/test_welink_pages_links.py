"""Addresses of WeLink pages: they hold what their card offers, for a day, and nobody else can make one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.welink.pages.links import LIFE, LONGEST_ADDRESS, OPEN_FOR, Expired, Forged, Links
from bot.welink.pages.offer import MOST_BUTTONS
from jobs.sweep import KEEP_INBOX
from suanli.domain.answer import Answer, Button, Buttons, Form, Input, line, run_button
from suanli.i18n import Lang
from tests.fakes import NOON
from tests.welink import PERSON, parcel_to
from tests.welink_pages import CARD, HOME, LINKS, SECRET, link_of

LINK = link_of()
SECOND = timedelta(seconds=1)
LABELS = st.text(max_size=80)
BUTTONS = st.builds(
    Button,
    LABELS,
    st.fixed_dictionaries({"run": st.text(min_size=1, max_size=200), "fields": st.sampled_from(["", "q d"])}),
)
INPUTS = st.builds(Input, st.sampled_from("qde"), LABELS, st.sampled_from(["number", "text", "date"]), st.booleans())
BLOCKS = st.one_of(
    st.builds(lambda buttons: Buttons(tuple(buttons)), st.lists(BUTTONS, max_size=30)),
    st.builds(
        lambda inputs, buttons: Form("f", tuple(inputs), tuple(buttons)),
        st.lists(INPUTS, max_size=5),
        st.lists(BUTTONS, max_size=5),
    ),
)


def test_an_address_offers_the_buttons_of_its_card_in_their_order() -> None:
    offer = LINKS.open(LINK, NOON)
    assert [button.value for button in offer.buttons] == [
        {"run": "/write 甲"},
        {"run": "/look"},
        {"run": "/rule"},
        {"run": "/write 乙", "fields": "q_1 d_1"},
    ]
    assert (offer.title, offer.lang, offer.realm, offer.whole) == ("GPU 库存", Lang.ZH, "0123456789", True)
    assert [each.name for each in offer.inputs_of(3)] == ["q_1", "d_1"]
    assert offer.inputs_of(0) == ()


def test_an_answer_without_anything_to_run_has_no_page() -> None:
    dumb = Buttons((Button("?", {"other": "/x"}), Button("!", {})))
    assert LINKS.page_of(parcel_to(PERSON, Answer(Lang.ZH, (line("少"), dumb, Buttons(()))))) is None


def test_a_card_that_is_sent_again_has_the_same_page_and_another_card_another() -> None:
    assert link_of() == LINK
    assert link_of(key="another") != LINK


@given(st.lists(BLOCKS, max_size=4), LABELS)
def test_whatever_a_card_has_its_address_is_short_and_offers_the_first_of_it(
    blocks: list[Buttons | Form], title: str
) -> None:
    answer = Answer(Lang.EN, tuple(blocks), title)
    runs = [button.value["run"] for block in blocks for button in block.buttons]
    page = LINKS.page_of(parcel_to(PERSON, answer))
    if page is None:
        assert not runs or len(runs[0]) > 100
        return
    assert len(page.address) <= LONGEST_ADDRESS
    assert page.address.isascii()
    offer = LINKS.open(page.address.partition("?c=")[2], NOON)
    assert offer.buttons == page.buttons
    assert [button.value["run"] for button in (*page.buttons, *page.left)] == runs
    assert offer.whole == (not page.left)


def test_what_there_is_no_room_for_is_left_and_the_page_is_not_whole() -> None:
    many = [run_button(f"{n}", f"/x {n}") for n in range(MOST_BUTTONS + 2)]
    page = LINKS.page_of(parcel_to(PERSON, Answer(Lang.ZH, (Buttons(tuple(many[:30])), Buttons(tuple(many[30:]))))))
    assert page is not None
    assert page.left == tuple(many[MOST_BUTTONS:])
    offer = LINKS.open(page.address.partition("?c=")[2], NOON)
    assert (offer.buttons, offer.whole) == (tuple(many[:MOST_BUTTONS]), False)


def test_what_no_address_can_hold_is_no_reason_to_fail() -> None:
    broken = Answer(Lang.ZH, (Buttons((Button("\ud800", {"run": "/x \udc00"}),)),), "\ud83d")
    assert [button.value["run"] for button in LINKS.open(link_of(broken), NOON).buttons] == ["/x ?"]


def test_an_address_is_good_for_as_long_as_what_was_done_from_it_is_remembered() -> None:
    assert LIFE <= KEEP_INBOX
    LINKS.open(LINK, NOON + LIFE - SECOND)
    with pytest.raises(Expired):
        LINKS.open(LINK, NOON + LIFE)


def test_the_age_of_an_address_is_that_of_its_message_however_late_it_was_sent() -> None:
    late = replace(parcel_to(PERSON, CARD), attempts=7, first_tried_at=NOON + timedelta(hours=1))
    page = LINKS.page_of(late)
    assert page is not None
    assert page.address.endswith(LINK)


@given(st.integers(0, len(LINK) - 1), st.sampled_from("AZaz09-_"))
def test_a_changed_address_is_not_ours(place: int, char: str) -> None:
    changed = LINK[:place] + char + LINK[place + 1 :]
    if changed == LINK:
        return
    with pytest.raises(Forged):
        LINKS.open(changed, NOON)


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,200}", fullmatch=True))
def test_what_is_no_address_of_ours_is_not_even_read(text: str) -> None:
    with pytest.raises(Forged):
        LINKS.open(text, NOON)


@pytest.mark.parametrize("tail", ["=", "==", "%3D", " ", "\n", "A"])
def test_an_address_is_written_in_one_way_only(tail: str) -> None:
    with pytest.raises(Forged):
        LINKS.open(LINK + tail, NOON)


def test_an_address_made_with_another_secret_is_not_ours() -> None:
    with pytest.raises(Forged):
        LINKS.open(link_of(links=Links(HOME, SECRET + "k")), NOON)


@pytest.mark.parametrize(("home", "secret"), [("", SECRET), (HOME, "")])
def test_without_an_address_or_a_secret_there_are_no_links(home: str, secret: str) -> None:
    with pytest.raises(ValueError):
        Links(home, secret)


def test_a_token_is_good_for_half_an_hour_and_for_its_own_address() -> None:
    token = LINKS.token(LINK, NOON)
    assert LINKS.admits(token, LINK, NOON)
    assert LINKS.admits(token, LINK, NOON + OPEN_FOR)
    assert not LINKS.admits(token, LINK, NOON + OPEN_FOR + SECOND)
    assert not LINKS.admits(token, LINK, NOON - timedelta(minutes=2))
    assert not LINKS.admits(token, link_of(key="another"), NOON)


@given(st.text(max_size=100) | st.builds("{}.{}".format, st.integers(), st.text("0123456789abcdef", max_size=64)))
def test_nobody_guesses_a_token(text: str) -> None:
    assert not LINKS.admits(text, LINK, NOON)


def test_the_stamp_of_a_token_is_part_of_what_is_proven() -> None:
    _, _, mac = LINKS.token(LINK, NOON).partition(".")
    assert not LINKS.admits(f"{int(NOON.timestamp()) + 9}.{mac}", LINK, NOON)
