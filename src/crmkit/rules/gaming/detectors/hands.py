"""Which changes of hands are somebody's wish: what conversions, merges and imports move is nobody's game."""

from crmkit.domain.stewardship.ownership import Cause, OwnershipEntry

__all__ = ["handed_over", "let_go"]

_BY_HAND = frozenset({Cause.ASSIGNED, Cause.TRANSFERRED})
_LET_GO = frozenset({Cause.RETURNED, Cause.RECLAIMED})


def handed_over(entry: OwnershipEntry) -> bool:
    """One member had it, and another has it now."""
    return (
        entry.cause in _BY_HAND
        and entry.from_owner_id is not None
        and entry.to_owner_id is not None
        and entry.from_owner_id != entry.to_owner_id
    )


def let_go(entry: OwnershipEntry) -> bool:
    """Its owner gave it back, or lost it."""
    return entry.cause in _LET_GO and entry.from_owner_id is not None
