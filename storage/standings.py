"""Standings and episodes as rows, and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from storage.scopes import columns_of, scope_of
from suanli.domain.stock.episodes import Blindness, Claim, Episode, Mute, Standing

AnyRow = Row[*tuple[Any, ...]]


def standing_row(standing: Standing) -> Mapping[str, Any]:
    """What is remembered of a scope beside its episode."""
    blindness, mute = standing.blindness, standing.mute
    return {
        **columns_of(standing.scope),
        "failures": blindness.failures,
        "cause": blindness.cause,
        "blind_since": blindness.since,
        "blind_told_at": blindness.told_at,
        "muted_until": mute and mute.until,
        "muted_by": mute and mute.by,
        "muted_at": mute and mute.at,
        "mute_reason": mute and mute.reason,
    }


def standing_of(row: AnyRow) -> Standing:
    """The scope that `standing_row` made `row` of; its episode is not in it."""
    muted = row.muted_until is not None
    return Standing(
        scope_of(row),
        blindness=Blindness(row.failures, row.cause, row.blind_since, row.blind_told_at),
        mute=Mute(row.muted_until, row.muted_by, row.muted_at, row.mute_reason) if muted else None,
    )


def episode_row(episode: Episode) -> Mapping[str, Any]:
    """An episode without its scope and number, which never change."""
    claim = episode.claim
    return {
        "state": episode.state,
        "severity": episode.severity,
        "opened_at": episode.opened_at,
        "free": episode.free,
        "seen_at": episode.seen_at,
        "lowest": episode.lowest,
        "low": episode.low,
        "fired_at": episode.fired_at,
        "recovering_at": episode.recovering_at,
        "closed_at": episode.closed_at,
        "claimed_by": claim and claim.by,
        "claimed_at": claim and claim.at,
        "claimed_until": claim and claim.until,
        "ordered": claim and claim.ordered,
        "news": episode.news,
        "latest": episode.latest,
        "quiet": episode.quiet,
    }


def episode_of(row: AnyRow) -> Episode:
    """The episode of a whole row."""
    claimed = row.claimed_by is not None
    return Episode(
        scope=scope_of(row),
        state=row.state,
        severity=row.severity,
        opened_at=row.opened_at,
        free=row.free,
        seen_at=row.seen_at,
        lowest=row.lowest,
        number=row.number,
        low=row.low,
        fired_at=row.fired_at,
        recovering_at=row.recovering_at,
        closed_at=row.closed_at,
        claim=Claim(row.claimed_by, row.claimed_at, row.claimed_until, row.ordered) if claimed else None,
        news=row.news,
        latest=row.latest,
        quiet=row.quiet,
    )
