"""`suanli up` without the platform's limits: 50 events a second for long are more than Feishu lets an app answer.

The settings allow no such rates (feishu.md §3.5: 1,000 messages a minute), so a copy of them is changed here.
"""

import sys

from suanli import logs
from suanli.cli.serve import run_all
from suanli.settings import Settings, from_process

_NO_LIMIT = {"per_second": 10_000, "per_minute": 600_000}


def unlimited(settings: Settings) -> Settings:
    """These settings with rates for the whole platform that nobody reaches; the rate of one chat stays."""
    return settings.model_copy(update={"feishu": settings.feishu.model_copy(update=_NO_LIMIT)})


def main() -> None:
    """What `suanli up` does, with these rates."""
    logs.configure(sys.stdout)
    run_all(unlimited(from_process()))


if __name__ == "__main__":
    main()
