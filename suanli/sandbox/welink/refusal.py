"""A refusal as the platform words it: a code in the body."""

from typing import Any


class Refusal(Exception):  # noqa: N818 an answer rather than a failure
    """A code and its words; `status` only where it is not the one that this platform's refusals have."""

    def __init__(self, code: int, message: str, status: int | None = None, **more: Any) -> None:
        super().__init__(f"{code} {message}")
        self.status = status
        self.body = {"code": str(code), "data": "", "message": message, **more}
