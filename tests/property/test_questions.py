"""Whatever is typed: no error, no half-understood sentence, and never a model that was not named."""

import unicodedata
from itertools import permutations

from hypothesis import assume, given
from hypothesis import strategies as st

from suanli.domain.stock import Fleet, Group, Model, Product
from suanli.domain.stock.questions import ASKING, FILLERS, PUNCTUATION, split, understand

FLEET = Fleet(
    products=tuple(
        Product(Model(name), (f"NVIDIA {name}",)) for name in ("4090", "H20", "H200", "H100", "L40S", "6000")
    ),
    regions=(Group(("国内", "中国", "cn")), Group(("海外", "overseas"), ("dallas",))),
    clocks=(Group(("普通", "standard")), Group(("高主频", "high-clock"), ("bingte",))),
)
MODELS = tuple(product.model for product in FLEET.products)
NAMES = (*MODELS, *(name for group in (*FLEET.regions, *FLEET.clocks) for name in group.names))

PARTS = st.sampled_from([*NAMES, *ASKING, *FILLERS, *PUNCTUATION])
CHARACTERS = st.characters(codec=None, exclude_categories=[])
SENTENCES = st.lists(PARTS | CHARACTERS, max_size=14).map("".join) | st.lists(PARTS, max_size=14).map(" ".join)
FLEETS = st.builds(
    Fleet,
    st.lists(st.builds(Product, st.text(max_size=4).map(Model), st.just(())), max_size=4).map(tuple),
    st.lists(st.builds(Group, st.lists(st.text(max_size=4), min_size=1).map(tuple)), max_size=3).map(tuple),
    st.just(()),
)


@given(st.text(CHARACTERS, max_size=250) | SENTENCES, st.just(FLEET) | FLEETS)
def test_nothing_that_is_typed_raises(text: str, fleet: Fleet) -> None:
    for names in (understand(text, fleet), split(text, fleet)):
        assert names is None or 1 <= len(names) <= 3


@st.composite
def questions(draw: st.DrawFn) -> str:
    """A question, or nearly: at most one name of a kind, among words of asking, and now and then something else."""
    models = draw(st.lists(st.sampled_from(MODELS), max_size=1))
    groups = [draw(st.lists(st.sampled_from(names_of(each)), max_size=1)) for each in (FLEET.regions, FLEET.clocks)]
    words = draw(st.lists(st.sampled_from([*ASKING, *FILLERS]), max_size=5))
    words += draw(st.sampled_from([[], [], [], ["x"], ["4090"]]))
    return draw(st.sampled_from([" ", "，"])).join(draw(st.permutations([*models, *groups[0], *groups[1], *words])))


def names_of(groups: tuple[Group, ...]) -> list[str]:
    return [name for group in groups for name in group.names]


@given(questions())
def test_what_was_understood_is_understood_again_in_its_own_words(text: str) -> None:
    names = understand(text, FLEET) or ()
    for words in permutations(names):
        assert not words or understand(" ".join(("库存", *words)), FLEET) == names
    if set(names) & set(MODELS):
        assert understand(" ".join(names), FLEET) == names


@given(st.sampled_from(NAMES), st.lists(st.sampled_from([*ASKING, *FILLERS]), max_size=6), st.data())
def test_words_of_asking_around_a_name_never_change_it(name: str, around: list[str], data: st.DataObject) -> None:
    alone = understand(f"{name} 多少", FLEET)
    at = data.draw(st.integers(0, len(around)))
    assert understand(" ".join((*around[:at], name, "多少", *around[at:])), FLEET) == alone


def joins(character: str) -> bool:
    """Whether a word goes on with this letter or digit: Chinese characters stand for themselves."""
    narrow = unicodedata.normalize("NFKC", character)
    return character.isalnum() and not any(unicodedata.name(c, "").startswith("CJK") for c in narrow)


LETTERS = st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyzSX０ａ²éßЖ") | CHARACTERS.filter(joins)


@given(model=st.sampled_from(MODELS), letter=LETTERS, rest=SENTENCES, before=st.booleans())
def test_a_model_with_a_letter_or_digit_attached_is_never_that_model(
    model: str,
    letter: str,
    rest: str,
    *,
    before: bool,
) -> None:
    attached = letter + model if before else model + letter
    assume(model not in rest.upper())
    for text in (attached, f"{attached} 有多少", f"国内{attached}高主频", f"{attached} {rest}", f"{rest} {attached}"):
        assert model not in (understand(text, FLEET) or ())
        assert model not in (split(text, FLEET) or ())


@given(SENTENCES)
def test_a_model_that_was_understood_stands_in_the_text_by_itself(text: str) -> None:
    names = understand(text, FLEET) or ()
    narrow = unicodedata.normalize("NFKC", "".join(c for c in text if unicodedata.category(c) != "Cf")).upper()
    for model in set(names) & set(MODELS):
        assert model in narrow


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
def test_a_word_is_split_where_its_names_meet_and_nowhere_else(names: list[str]) -> None:
    word = "".join(names)
    apart = split(word, FLEET)
    assert apart is None or apart == understand(f"{word} 库存", FLEET)
    assert apart is None or {*apart} <= {*MODELS, "国内", "海外", "普通", "高主频"}
