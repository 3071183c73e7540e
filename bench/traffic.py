"""Questions on their way to a webhook, from a process of their own, each of them answered with 200."""

from collections.abc import Sequence

from bench.company import Question
from bench.load import Report, drive
from bench.processes import apart
from bench.proof import WrongError

_ANSWERED_WITHIN = 60.0
_STARTED_WITHIN = 10.0


def send(port: int, questions: Sequence[Question], due: Sequence[float], *, connections: int) -> Report:
    """Send each when it is due. Raises WrongError when one is answered with anything but 200."""
    requests = [question.http for question in questions]
    limit = due[-1] + _ANSWERED_WITHIN
    report = apart(limit + _STARTED_WITHIN, drive, port, requests, due, connections=connections, limit=limit)
    bad = [status for status in report.statuses if status != 200]
    if bad:
        raise WrongError(f"{len(bad)} of {len(questions)} events were answered with {sorted(set(bad))}")
    return report
