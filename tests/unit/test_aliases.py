"""Names for the same thing, and one organisation on several hubs."""

import pytest

from suanli.domain.releases.aliases import ORGANISATIONS, SHIPPED, Aliases, org_aliases, same_org


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("internlm", "Shanghai_AI_Laboratory"),
        ("Shanghai_AI_Laboratory", "InternLM"),
        ("zai-org", "ZhipuAI"),
        ("moonshotai", "moonshot-ai"),
        ("Qwen", "qwen"),
    ],
)
def test_one_organisation_has_several_names(one: str, other: str) -> None:
    assert same_org(one, other)
    assert same_org(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("Qwen", "deepseek-ai"), ("internlm", "ZhipuAI"), ("google", "LLM-Research")]
)
def test_others_are_others(one: str, other: str) -> None:
    assert not same_org(one, other)
    assert not same_org(other, one)


def test_what_nobody_knows_has_no_other_names() -> None:
    assert org_aliases("nobody") == ()
    assert SHIPPED.others("nobody") == ()


def test_a_name_in_two_groups_belongs_to_both_without_joining_them() -> None:
    assert SHIPPED.others("书生") == ("InternLM", "InternVL", "Intern-S1")
    assert SHIPPED.others("InternLM") == ("书生",)


@pytest.mark.parametrize("table", [SHIPPED, ORGANISATIONS])
def test_being_another_name_goes_both_ways(table: Aliases) -> None:
    for group in table.groups:
        for name in group:
            for other in table.others(name):
                assert any(name.casefold() == back.casefold() for back in table.others(other)), (name, other)
