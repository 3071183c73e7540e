"""Derived transitions: what happened is what differs between an item as remembered and as read (releases.md §2.4)."""

from suanli.domain.releases.transitions.looking import Observed, observe

__all__ = ["Observed", "observe"]
