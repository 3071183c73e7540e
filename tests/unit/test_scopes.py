"""What a rule, an episode or a purchase is about: a model, or a part of its cards."""

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.stock import Counts, Model, Sample, Scope, count_scopes, scopes_of
from tests.fakes import NOON


def cards(model: str, region: str, clock: str, free: int, total: int = 100) -> Sample:
    return Sample(NOON, "s", Model(model), region, clock, total, free, total - free, 0)


def test_the_words_of_a_scope_are_those_that_people_type() -> None:
    assert Scope(Model("4090"), "国内", "高主频").words == ("4090", "国内", "高主频")
    assert Scope(Model("4090"), "", "高主频").words == ("4090", "高主频")
    assert Scope(Model("4090")).words == ("4090",)


def test_a_key_is_short_where_the_scope_is_wide() -> None:
    keys = [s.key for s in (Scope(Model("4090")), Scope(Model("4090"), "国内"), Scope(Model("4090"), "", "高主频"))]
    assert keys == ["4090", "4090/国内", "4090//高主频"]


TEXTS = st.text("a/%2F国", max_size=4)
SCOPES = st.builds(Scope, TEXTS.map(Model), TEXTS, TEXTS)


@given(SCOPES, SCOPES)
def test_two_scopes_never_share_a_key(one: Scope, other: Scope) -> None:
    """A product outside the table goes by its full name, whatever is in it."""
    assert (one.key == other.key) is (one == other)


def test_a_sample_belongs_to_its_model_its_region_its_class_and_both() -> None:
    model = Model("4090")
    assert scopes_of(cards("4090", "国内", "高主频", 1)) == {
        Scope(model),
        Scope(model, "国内"),
        Scope(model, "", "高主频"),
        Scope(model, "国内", "高主频"),
    }


def test_a_sample_without_region_or_class_is_counted_once() -> None:
    sample = cards("4090", "", "", 3)
    assert scopes_of(sample) == {Scope(Model("4090"))}
    assert count_scopes([sample]) == {Scope(Model("4090")): Counts(100, 3, 97, 0)}


def test_cards_are_summed_over_what_a_scope_leaves_open() -> None:
    got = count_scopes(
        [cards("4090", "国内", "普通", 1), cards("4090", "国内", "高主频", 2), cards("4090", "海外", "普通", 4)]
    )
    model = Model("4090")
    assert {scope: counts.free for scope, counts in got.items()} == {
        Scope(model): 7,
        Scope(model, "国内"): 3,
        Scope(model, "海外"): 4,
        Scope(model, "", "普通"): 5,
        Scope(model, "", "高主频"): 2,
        Scope(model, "国内", "普通"): 1,
        Scope(model, "国内", "高主频"): 2,
        Scope(model, "海外", "普通"): 4,
    }


def test_what_no_sample_names_is_absent_and_what_has_none_free_is_zero() -> None:
    """The original's eighth defect: no row and no card looked alike."""
    got = count_scopes([cards("H20", "国内", "普通", 0)])
    assert got[Scope(Model("H20"), "国内")].free == 0
    assert Scope(Model("H20"), "海外") not in got
    assert Scope(Model("H200")) not in got
    assert count_scopes([]) == {}


SAMPLES = st.lists(
    st.builds(
        cards, st.sampled_from(["H20", "H200"]), st.sampled_from(["", "国内", "海外"]), st.sampled_from(["", "普通"]),
        st.integers(0, 100),
    )
)  # fmt: skip


@given(SAMPLES)
def test_the_parts_of_a_model_add_up_to_it(samples: list[Sample]) -> None:
    got = count_scopes(samples)
    for model in {s.model for s in samples}:
        assert got[Scope(model)].free == sum(s.free for s in samples if s.model == model)
        inside = sum(got.get(Scope(model, region), Counts()).free for region in ("国内", "海外"))
        assert inside == sum(s.free for s in samples if s.model == model and s.region)
