"""/cost anomalies: what was told as unusual lately, and whether the hour that just ended was as usual."""

from collections.abc import Iterator
from datetime import timedelta

from handlers.cost.alert_card import title_of as title_of_alert
from handlers.cost.alert_card import words_of
from handlers.cost.analysis import Figures
from handlers.cost.cost_arguments import WHOSE, figures_for
from handlers.cost.cost_words import age, money, next_steps, title_of
from handlers.cost.savings import LOOKED_AT, excess_of, unusual
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Span, Strong, Tone, line, note
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.cost.alerts import CostAlert
from suanli.domain.cost.anomalies import Anomaly, judge_hour
from suanli.domain.cost.anomalies import Rule as OutlierRule
from suanli.domain.cost.dates import last_days
from suanli.domain.cost.quotas import Scope
from suanli.domain.cost.spending import Hour, NotEnough
from suanli.domain.cost.sums import Grain

MOST = 10
"""Lines of what was told."""

WEEKS = 8
"""What the hour is compared with."""

_HOUR = timedelta(hours=1)


def run(turn: Turn, whose: Scope | None) -> Answer:
    """What is unusual."""
    figures = figures_for(turn, whose)
    judged = judge(figures)
    blocks: tuple[Block, ...] = (
        *_now(turn, judged),
        *_told(turn, figures),
        age(turn, figures.newest()),
        next_steps(turn, whose, "top", "forecast"),
    )
    tone = Tone.WARNING if isinstance(judged, Anomaly) else Tone.INFO
    return Answer(turn.texts.lang, blocks, title_of(turn, figures, "cost.unusual.title"), tone)


def judge(figures: Figures) -> Anomaly | NotEnough | None:
    """Whether the last hour that is over cost more than such hours of the weeks before."""
    lines = figures.lines(last_days(figures.today, WEEKS * 7 + 1), Grain.HOUR)
    hours = [Hour(each.hour, each.sum.cost) for each in lines if each.hour is not None]
    rule = figures.site.money.outliers or OutlierRule.ROBUST
    return judge_hour(hours, figures.now - _HOUR, figures.site.zone, rule)


def _now(turn: Turn, judged: Anomaly | NotEnough | None) -> Iterator[Block]:
    texts = turn.texts
    if judged is None:
        yield line(texts("cost.unusual.now_usual"))
    elif isinstance(judged, NotEnough):
        yield line(texts("cost.unusual.not_enough", n=judged.days, needed=judged.needed))
    elif judged.times is None:
        yield line(Strong(texts("cost.unusual.now_no_usual", amount=money(turn, judged.amount))))
    else:
        amount, expected = money(turn, judged.amount), money(turn, judged.expected or 0)
        yield line(Strong(texts("cost.unusual.now", amount=amount, expected=expected, times=judged.times)))


def _told(turn: Turn, figures: Figures) -> Iterator[Block]:
    alerts = unusual(figures, last_days(figures.today, LOOKED_AT))
    if not alerts:
        yield line(turn.texts("cost.unusual.none", days=LOOKED_AT))
    for alert in alerts[:MOST]:
        yield line(*_words(turn, alert))
    if len(alerts) > MOST:
        yield note(turn.texts("cost.unusual.shown", n=MOST))


def _words(turn: Turn, alert: CostAlert) -> tuple[Span, ...]:
    said = words_of(turn.texts, alert, turn.site.zone, turn.site.money.currency) if excess_of(alert) else ""
    return Strong(title_of_alert(turn.texts, alert)), " ", said, " · ", Ago(alert.created_at)


COMMAND = Command(
    name="cost anomalies",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/cost anomalies",
    aliases=("成本 异常",),
    params=(WHOSE,),
)
