"""Server programs that tests start themselves, and what to do where one is not installed."""

import os
from typing import NoReturn

import pytest


def missing(program: str, install: str) -> NoReturn:
    """Skip the test, naming the command that installs `program`; fail instead where SUANLI_REQUIRE_SERVICES is 1."""
    reason = f"{program} is not installed; install it with: {install}"
    if os.environ.get("SUANLI_REQUIRE_SERVICES") == "1":  # noqa: TID251 a switch of the test run, not of the product
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
