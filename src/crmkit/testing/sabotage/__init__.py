"""Adapters that each break one promise, and the check that must see it.

A suite is only as good as the mistakes it catches. Each saboteur wraps an adapter that keeps its contract,
breaks one promise as real adapters have broken it, and names in ``caught_by`` the check that fails on it::

    broken = IgnoresVersions(MemoryStore(custom=SCHEMA))
    assert "test_a_stale_save_is_refused" in failures_of(StoreContract, store=lambda: broken)
"""

from crmkit.testing.sabotage.reads import (
    AnswersUnknown,
    DropsMicroseconds,
    FoldsCase,
    KeepsOldKeys,
    LeaksTenants,
    NormalisesText,
    OrdersByLocale,
    PutsMissingLast,
    RoundsNumbers,
    StopsScansEarly,
)
from crmkit.testing.sabotage.telling import (
    CommitsTheHost,
    ForgetsDeadLetters,
    HandsToTwoWorkers,
    HonoursLostLeases,
    RepeatsIds,
    ShowsLocalTime,
    TellsNewestFirst,
    TellsOutOfTurn,
    TellsTwice,
)
from crmkit.testing.sabotage.wrapping import Passing, WrappedStore, WrappedUnitOfWork
from crmkit.testing.sabotage.writes import (
    AcceptsTakenIds,
    CommitsOnItsOwn,
    ForgetsAnswers,
    ForgetsWhoActed,
    IgnoresVersions,
    KeepsHalfASave,
    LosesEvents,
    NeverTriesAgain,
    ReleasesLocksEarly,
    ReplacesPolicies,
    WritesWhenReading,
)

__all__ = [
    "SABOTAGED_STORES",
    "AcceptsTakenIds",
    "AnswersUnknown",
    "CommitsOnItsOwn",
    "CommitsTheHost",
    "DropsMicroseconds",
    "FoldsCase",
    "ForgetsAnswers",
    "ForgetsDeadLetters",
    "ForgetsWhoActed",
    "HandsToTwoWorkers",
    "HonoursLostLeases",
    "IgnoresVersions",
    "KeepsHalfASave",
    "KeepsOldKeys",
    "LeaksTenants",
    "LosesEvents",
    "NeverTriesAgain",
    "NormalisesText",
    "OrdersByLocale",
    "Passing",
    "PutsMissingLast",
    "ReleasesLocksEarly",
    "RepeatsIds",
    "ReplacesPolicies",
    "RoundsNumbers",
    "ShowsLocalTime",
    "StopsScansEarly",
    "TellsNewestFirst",
    "TellsOutOfTurn",
    "TellsTwice",
    "WrappedStore",
    "WrappedUnitOfWork",
    "WritesWhenReading",
]

SABOTAGED_STORES: tuple[type[WrappedStore], ...] = (
    AcceptsTakenIds,
    AnswersUnknown,
    CommitsOnItsOwn,
    DropsMicroseconds,
    FoldsCase,
    ForgetsAnswers,
    ForgetsDeadLetters,
    ForgetsWhoActed,
    HandsToTwoWorkers,
    HonoursLostLeases,
    IgnoresVersions,
    KeepsHalfASave,
    KeepsOldKeys,
    LeaksTenants,
    LosesEvents,
    NeverTriesAgain,
    NormalisesText,
    OrdersByLocale,
    PutsMissingLast,
    ReleasesLocksEarly,
    ReplacesPolicies,
    RoundsNumbers,
    StopsScansEarly,
    TellsNewestFirst,
    TellsOutOfTurn,
    WritesWhenReading,
)
"""Every saboteur of a store. ``ReleasesLocksEarly`` needs one that runs several units of work at once."""
