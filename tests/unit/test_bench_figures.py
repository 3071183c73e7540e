import pytest

from bench.figures import Figure, Target, percentile


@pytest.mark.parametrize(
    ("target", "value", "holds"),
    [
        (Target("≥", 0.25), 0.25, True),
        (Target("≥", 0.25), 0.2499, False),
        (Target(">", 1), 1.0, False),
        (Target(">", 1), 1.01, True),
        (Target("<", 60), 59.9, True),
        (Target("<", 60), 60.0, False),
        (Target("≤", 0.06), 0.06, True),
        (Target("≤", 0.06), 0.0601, False),
    ],
)
def test_a_target_holds_on_its_own_side_of_the_limit(target: Target, value: float, *, holds: bool) -> None:
    assert target.holds(value) is holds
    assert Figure("x", value, "ms", target).missed is not holds


def test_a_figure_without_target_is_never_missed() -> None:
    assert not Figure("x", 1e9, "ms").missed


def test_a_line_shows_how_much_of_the_target_was_reached() -> None:
    figure = Figure("event → reply", 15.04, "ms", Target("<", 60))
    assert figure.cells() == ("event → reply", "15 ms", "", "< 60 ms", "0.25×", "met")


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 0.50) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.99) == 7
