"""What nobody wrote down about the real platform: each is a switch (welink.md §7)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switches:
    """How this WeLink is.

    `error_status` is the HTTP status that refusals come with; `remembers_uuids` whether a uuid is taken only once;
    `throttled` the code of a message too many, 58500 or 429 (which then is the status as well); `most_accounts` how
    many may be mentioned. `logins` is how many failed ones lock an app out.
    """

    error_status: int = 200
    remembers_uuids: bool = True
    throttled: int = 429
    most_accounts: int = 10
    logins: int = 5
