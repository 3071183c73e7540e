"""A dashboard's variables in its queries: the one saved value, or an error that names the variable."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.errors import RemoteError
from suanli.sources.variables import Language, Variables

ALL = {"text": "All", "value": "$__all"}


def variables(**named: Any) -> Variables:
    return Variables.of([{"name": name} | each for name, each in named.items()])


def saved(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "custom", "current": {"text": "shown", "value": value}} | more


IDC = variables(idc=saved("bj-a"), idc_name=saved("Beijing"))


@pytest.mark.parametrize("use", ["$idc", "${idc}", "[[idc]]", "${idc:raw}", "[[idc:csv]]", "${idc:pipe}"])
@pytest.mark.parametrize("language", Language)
def test_every_way_to_name_a_variable_gives_its_saved_value(use: str, language: Language) -> None:
    assert IDC.filled(f"a = '{use}' -- b", language) == "a = 'bj-a' -- b"


def test_a_name_ends_where_grafana_ends_it() -> None:
    assert IDC.filled("$idc-1 ${idc}_name $idc_name$idc", Language.SQL) == "bj-a-1 bj-a_name Beijingbj-a"


@pytest.mark.parametrize(
    "query",
    [
        'label_replace(up, "product", "$1", "model", "(.*)")',
        'label_replace(up, "product", "${model}x", "model", "(?P<model>.*)")',
        "rate(x[$__rate_interval]) + ${__interval} + $__range_s",
        "WHERE $__timeFilter(time) AND t < $__unixEpochTo() AND x > $__timeFrom()",
        'x=~"a$" and y=~"[[:digit:]]+"',
        "",
    ],
)
@pytest.mark.parametrize("language", Language)
def test_what_is_no_variable_is_left_to_grafana(query: str, language: Language) -> None:
    assert IDC.filled(query, language) == query


@pytest.mark.parametrize("use", ["$__from", "${__to:date:iso}", "[[__user]]", "${__user.login}", "$__dashboard"])
def test_what_only_grafanas_page_knows_is_refused(use: str) -> None:
    with pytest.raises(RemoteError, match=r"\$__\w+ has a value only on Grafana's page") as caught:
        IDC.filled(f"SELECT {use}", Language.SQL)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (["bj-a", "sh-b"], "2 values"),
        ([], "0 values"),
        ("$__all", "All"),
        (["$__all"], "All"),
        (None, "none"),
        ("", "none"),
        (True, "none"),
        ({"a": 1}, "none"),
        ("it's", "quotes or special"),
        ('a" or "b', "quotes or special"),
        ("a\\", "quotes or special"),
        ("$other", "quotes or special"),
        ("[[other]]", "quotes or special"),
        ("a -- b", "quotes or special"),
        ("a; DROP", "quotes or special"),
        ("a # b", "quotes or special"),
        ("a /* b", "quotes or special"),
        ("a\nb", "quotes or special"),
    ],
)
@pytest.mark.parametrize("language", Language)
def test_a_value_that_is_not_single_and_plain_is_refused(value: Any, found: str, language: Language) -> None:
    with pytest.raises(RemoteError) as caught:
        variables(idc=saved(value)).filled("x = ${idc}", language)
    assert str(caught.value).startswith("the variable idc needs a single plain value and ")
    assert found in str(caught.value)
    assert caught.value.permanent


@pytest.mark.parametrize("current", [None, {}, [], "bj-a"])
def test_a_variable_of_which_nothing_is_saved_is_refused(current: Any) -> None:
    with pytest.raises(RemoteError, match="variable idc"):
        variables(idc={"type": "query", "current": current}).filled("$idc", Language.SQL)


def test_a_variable_that_is_not_used_need_not_be_usable() -> None:
    assert variables(idc=saved(["a", "b"]), all=ALL).filled("SELECT 1", Language.SQL) == "SELECT 1"


def test_a_constant_and_a_number_are_values() -> None:
    both = variables(table={"type": "constant", "query": "nodes"}, low=saved(5))
    assert both.filled("$table < $low", Language.SQL) == "nodes < 5"


@pytest.mark.parametrize("several", [{"multi": True}, {"includeAll": True}])
@pytest.mark.parametrize("value", ["cn.bj", ["cn.bj"]])
def test_where_several_may_be_chosen_one_is_written_as_grafana_writes_it(several: dict[str, bool], value: Any) -> None:
    idc = variables(idc=saved(value, **several))
    assert idc.filled("idc IN ($idc)", Language.SQL) == "idc IN ('cn.bj')"
    assert idc.filled('{idc=~"$idc"}', Language.PROMQL) == r'{idc=~"cn\\.bj"}'
    assert idc.filled("x = ${idc:raw}", Language.SQL) == "x = cn.bj"


def test_a_form_that_quotes_does_and_one_that_is_not_known_is_refused() -> None:
    assert IDC.filled("${idc:sqlstring} ${idc:singlequote}", Language.SQL) == "'bj-a' 'bj-a'"
    for use in ("${idc:percentencode}", "${idc.text}", "[[idc:lucene]]"):
        with pytest.raises(RemoteError, match="form that is not known"):
            IDC.filled(use, Language.SQL)


def test_a_value_is_not_looked_through_for_more_variables() -> None:
    assert variables(a=saved("{b}"), b=saved("B")).filled("$a", Language.SQL) == "{b}"


def test_a_variable_that_is_not_one_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(RemoteError, match="not a dashboard's variable"):
        Variables.of(["idc"])


SAVED = st.one_of(st.text(), st.lists(st.text(), max_size=2), st.integers())


@given(value=SAVED, several=st.booleans(), language=st.sampled_from(Language))
def test_whatever_is_saved_ends_no_string_and_begins_no_comment(
    value: Any, language: Language, *, several: bool
) -> None:
    try:
        filled = variables(idc=saved(value, multi=several)).filled("${idc}", language)
    except RemoteError:
        return
    quoted = several and language is Language.SQL
    inside = filled[1:-1] if quoted else filled
    assert inside
    assert not re.search(r"""['"`;#$\n]|--|/\*""", inside)
