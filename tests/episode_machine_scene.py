"""What may happen to a shortage: rules, recipients, counts and periods to draw from."""

from datetime import time, timedelta

from hypothesis import strategies as st

from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import Recipient, Rule, Severity
from tests.episode_kit import DAY, HOUR, MINUTE

SECOND = timedelta(seconds=1)
RULES = (
    Rule(Scope(Model("4090")), 100, lead_days=3),
    Rule(Scope(Model("4090")), 100, recover=110, samples=9, hold=20 * MINUTE),
    Rule(Scope(Model("4090")), 60, samples=3, lead_days=3),
    Rule(Scope(Model("4090")), 200, recover=110),
    Rule(Scope(Model("4090")), 100, recover=100, samples=1, keep=0 * SECOND),
)
RECIPIENTS = (
    Recipient("ou_always"),
    Recipient("ou_another"),
    Recipient("ou_grave", severities=frozenset({Severity.CRITICAL})),
    Recipient("ou_mild", severities=frozenset({Severity.WARNING})),
    Recipient("ou_night", hours=(time(22), time(6)), weekdays=frozenset({4, 5, 6})),
)
FREE = st.sampled_from([0, 29, 49, 50, 59, 80, 99, 99, 100, 105, 110, 120, 150, 220, 300])
DAYS_LEFT = st.sampled_from([None, None, None, 0.0, 2.9, 3.0, 40.0])
PERIODS = st.sampled_from([0 * SECOND, SECOND, 5 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 7 * HOUR, DAY, 3 * DAY])
BACK = st.sampled_from([SECOND, 3 * MINUTE, HOUR, 2 * DAY, 400 * DAY])
