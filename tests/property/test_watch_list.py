"""Who hears of a rule: what the index of the watch list gives is what asking everybody on it would."""

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import Recipient, Rule, Severity, Watch

IDS = st.sampled_from(["ou_a", "ou_b", "ou_c", "ou_d", "ou_e"])
MODELS = st.sampled_from([Model("4090"), Model("H20"), Model("H200")])

recipients = st.builds(
    Recipient, IDS, models=st.frozensets(MODELS, max_size=2), severities=st.frozensets(st.sampled_from(Severity))
)
rules = st.builds(
    Rule, st.builds(Scope, MODELS), st.just(1), recipients=st.lists(IDS, max_size=3, unique=True).map(tuple)
)


@given(st.lists(recipients, max_size=8).map(tuple), rules)
def test_a_rule_is_heard_by_those_on_the_list_who_want_it_in_the_lists_order(
    people: tuple[Recipient, ...], rule: Rule
) -> None:
    wanting = tuple(each for each in people if any(each.wants(rule, severity) for severity in Severity))
    expected = wanting or (Recipient("ou_operator"),)
    assert Watch(recipients=people).listeners(rule, ["ou_operator"]) == expected
