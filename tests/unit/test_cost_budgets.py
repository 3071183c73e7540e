"""Budgets as values: whose shares they may have, and which of them can stop a whole organisation."""

from dataclasses import replace

import pytest

from suanli.domain.cost.budgets import Allocation, Budget, limits_organization
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import BudgetId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from tests.dialogue import SHANGHAI


def budget(kind: ScopeKind, *shares: Scope, binds: bool = True) -> Budget:
    """A budget of `the` scope of a kind, with shares of nothing."""
    given = tuple(Allocation(each, Nano(0)) for each in shares)
    return Budget(
        BudgetId(1), "b", Scope(kind, "the"), Nano(100), Period.YEARLY, SHANGHAI, Currency("CNY"), given, binds
    )  # fmt: skip


@pytest.mark.parametrize("whole", ScopeKind)
@pytest.mark.parametrize("part", ScopeKind)
def test_a_share_is_of_something_narrower_than_the_budget(whole: ScopeKind, part: ScopeKind) -> None:
    share = Scope(part, "other")
    if part < whole:
        assert budget(whole, share).allocations == (Allocation(share, Nano(0)),)
    else:
        with pytest.raises(ValueError, match="narrower"):
            budget(whole, share)


@pytest.mark.parametrize("wrong", [{"warning": 0.0}, {"warning": 0.00004}, {"warning": 0.96}, {"critical": 1.01}])
def test_thresholds_that_mean_nothing_are_refused_before_anything_is_stored(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="people are warned first"):
        replace(budget(ScopeKind.DEPARTMENT), **wrong)  # type: ignore[arg-type]  # of floats only


def test_only_what_binds_an_organisation_can_stop_one() -> None:
    for kind in ScopeKind:
        assert limits_organization(budget(kind)) is (kind is ScopeKind.ORGANIZATION)
        assert not limits_organization(budget(kind, binds=False))


def test_both_ends_of_a_change_count() -> None:
    hard = budget(ScopeKind.ORGANIZATION)
    soft = replace(hard, binds=False)
    assert limits_organization(hard, soft)
    assert limits_organization(soft, hard)
    assert not limits_organization(soft, soft)


def test_a_share_of_an_organisation_would_count_too() -> None:
    """No budget has one; whoever lets them in some day does not open the door with that."""
    found = budget(ScopeKind.DEPARTMENT)
    object.__setattr__(found, "allocations", (Allocation(Scope(ScopeKind.ORGANIZATION, "acme"), Nano(0)),))
    assert limits_organization(found)
    object.__setattr__(found, "binds", False)
    assert not limits_organization(found)
