"""At which pace messages leave that are all due at once: Feishu's own limits are on, and none of them may be met."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bench.figures import Figure, Target
from bench.processes import apart
from bench.proof import WrongError, check_arrived, check_sent
from bench.watched import LOW, MODELS, RULES, TOLD, set_up, watching
from suanli import logs, wiring
from suanli.clock import SystemClock
from suanli.sandbox.feishu import FeishuStandIn
from suanli.sandbox.feishu.record import Called
from suanli.settings import Settings

_OK = 200
_LIMIT = 1.5
"""How many times the ideal the messages may take before the run is given up."""

_SLACK = 20.0


def measure(folder: Path, *, models: int) -> tuple[Figure, ...]:
    """Everybody on the watch list is told of one rule, in private: 50 messages for each model, from one check."""
    count = models * (RULES // MODELS) * TOLD
    with FeishuStandIn(SystemClock()) as feishu:
        people = [feishu.tenant.add_human(f"person {number}").open_id for number in range(count)]
        app = feishu.tenant.app
        keys = {"FEISHU_APP_ID": app.app_id, "FEISHU_APP_SECRET": app.app_secret, "FEISHU_BASE_URL": feishu.url}
        settings = set_up(folder / "pace", people, models, keys)
        ideal = count / settings.feishu.per_minute * 60
        took = apart(ideal * _LIMIT + 2 * _SLACK, deliver, settings, folder / "pace", ideal * _LIMIT + _SLACK)
    sent = feishu.tenant.sent
    check_arrived(sent, people)
    check_sent(folder / "pace" / "suanli.db", people)
    return figures_of(f"{count} DMs due at once", took, ideal, [each.at for each in sent], feishu.tenant.calls)


def deliver(settings: Settings, folder: Path, limit: float) -> float:
    """Runs in a process of its own: one check writes the messages, the delivery sends them. Seconds of the sending."""
    with (folder / "pace.log").open("w") as log:
        logs.configure(log)
        clock, store = SystemClock(), wiring.open_store(settings)
        job, source = watching(settings, store, clock)
        source.free = LOW
        job.run(clock.now())
        courier = wiring.build_courier(settings, clock)
        courier.warm()
        delivery = wiring.build_delivery(settings, store, clock, courier)
        started = clock.elapsed()
        if not delivery.drain(timedelta(seconds=limit)):
            raise WrongError(f"the outbox was not empty after {limit:.0f} s")
        took = clock.elapsed() - started
        delivery.stop(timedelta(seconds=5))
        store.close()
    return took


def figures_of(
    name: str, took: float, ideal: float, moments: Sequence[datetime], calls: Iterable[Called]
) -> tuple[Figure, ...]:
    refused = sum(call.status != _OK or call.code != 0 for call in calls)
    return (
        Figure(f"{name}: until the last was sent", took, "s"),
        Figure(f"{name}: at the configured rate", ideal, "s"),
        Figure(f"{name}: took ÷ that", took / ideal, "×", Target("<", 1.15)),
        Figure(f"{name}: refused (429 or other)", refused, "calls", Target("<", 1)),
        Figure(f"{name}: most in a second (Feishu: 50)", most_within(moments, timedelta(seconds=1)), "messages"),
        Figure(f"{name}: most in a minute (Feishu: 1000)", most_within(moments, timedelta(minutes=1)), "messages"),
    )


def most_within(moments: Sequence[datetime], window: timedelta) -> int:
    """The most of these moments that lie in any window of this length."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most
