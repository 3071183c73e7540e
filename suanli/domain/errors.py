"""The two errors that are expected; anything else is a bug and is never caught to be hidden.

Exception
├── UserError      what a person did cannot be done; its text is shown to them as it stands
│   └── Forbidden  because they may not
└── RemoteError    something outside failed; `permanent` and `retry_after` decide what happens next
    └── NoData     the outside answered well and had nothing to say: never the same as zero
"""

from datetime import timedelta


class UserError(Exception):
    """What a person did cannot be done. The text says what to do instead and is shown as it is."""


class Forbidden(UserError):  # noqa: N818 an answer rather than a failure
    """What a person wants done is not theirs to do; the text says whose it is."""


class RemoteError(Exception):
    """Something outside failed.

    `permanent`: trying the same again cannot help. `retry_after`: the outside named a time to wait.
    `code` is the platform's own code, if it gave one. The message is shown to operators, so it carries no secret.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.code = code


class NoData(RemoteError):  # noqa: N818 it is an answer rather than a failure, and reads so
    """The outside answered and had no rows. Nothing may be concluded from it, least of all zero."""
