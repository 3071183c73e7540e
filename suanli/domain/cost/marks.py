"""How far everything that was written down can be read, so that whoever reads on by number leaves out nothing."""

from dataclasses import dataclass

from suanli.domain.cost.records import RecordId


@dataclass(frozen=True, slots=True)
class Mark:
    """The number of the last record that was there, 0 without any, and the transactions that were writing then.

    A transaction takes numbers for what it writes, and others see nothing of it before its end; so lower numbers may
    come after higher ones. When none of these writes any more, all that there will ever be up to `last` is there.
    """

    last: RecordId
    writers: frozenset[str] = frozenset()


def reach(known: Mark | None, now: Mark) -> tuple[RecordId | None, Mark]:
    """Up to which number everything is there, if that is known by now; and the mark to be kept for the next look.

    Who writes all the time, one transaction after the other, holds up nothing: only those of the kept mark are
    waited for. One that goes on for long holds up what comes after it for as long.
    """
    if not now.writers:
        return now.last, now
    if known is None:
        return None, now
    if known.writers & now.writers:
        return None, known
    return known.last, now
