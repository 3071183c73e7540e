"""What can be wrong with a resource, told apart because each has consequences of its own."""

from suanli.domain.errors import RemoteError


class Missing(RemoteError):  # noqa: N818 an answer rather than a failure of ours
    """It is not there, or not for our token: 404, 410."""


class Blocked(RemoteError):  # noqa: N818 an answer rather than a failure of ours
    """It is kept from everybody by law: 451."""


class Drift(RemoteError):  # noqa: N818 what was found
    """The answer is not built as it should be; `message` names the place in it. Never the same as "no items"."""


class Strange(RemoteError):  # noqa: N818 what was found
    """Under the name is another repository than before: somebody else may have taken it (releases.md §2.5)."""


class Resting(RemoteError):  # noqa: N818 an answer rather than a failure
    """The host is not to be asked now, in `retry_after`; it says nothing about the resource."""
