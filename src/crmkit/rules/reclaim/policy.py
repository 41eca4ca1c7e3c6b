"""``ReclaimPolicy``: how long an owner keeps a record, what prolongs that, and who is spared.

Several clocks run at once and the earliest counts: the default protection, which each qualifying
follow-up refreshes and never shortens (as Hecom documents it); a time without progress; a time without a
sale; and an absolute maximum. A record falls back when ``now >= deadline``: the deadline itself no
longer belongs to the protection.

>>> policy = ReclaimPolicy(
...     protect_days=30,
...     refreshes=(Refresh(kinds=("visit", "meeting"), days=45), Refresh(days=15)),
...     max_days=180,
...     tiers=(Tier(name="key customers", when="standing == 'key'", protect_days=60),),
...     warn_days=(7, 1),
...     ladder=(Rung(days=2, to=("manager",)),),
...     exemptions=(Exemption(name="under contract", evidence=("contract",), days_after=30),),
... )
>>> policy.ref.kind
'reclaim'
>>> ReclaimPolicy(protect_days=3, grace_days=3, warn_days=(7,))
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: ReclaimPolicy.warn_days: no warning fits into 3 days. Add one of fewer days than every protection.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from attrs import frozen

from crmkit.domain.activities.substance import Substance
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import CalendarId
from crmkit.domain.model import Code, Key, model
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.ownership import Owned
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy, PolicyRef
from crmkit.rules.reclaim.fields import answers_to, first_of, owned
from crmkit.rules.reclaim.ladder import Listener, Rung
from crmkit.rules.reclaim.rollout import Pause, Pilot
from crmkit.rules.reclaim.terms import LONGEST, Exemption, Refresh, Terms, Tier, within

__all__ = ["SETTLED", "Extensions", "Handover", "PreparedReclaim", "ReclaimPolicy"]

SETTLED = {"lead": "status in ('converted', 'disqualified')", "account": "not always()"}
"""Records whose work is done, by entity: no clock runs for them, whoever holds them."""


class Handover(StrEnum):
    """What a transfer by hand does to the clocks of a record."""

    KEEP = "keep"
    """The new owner has the days that were left."""
    CAP = "cap"
    """The default protection begins anew; the longest times go on."""
    RESET = "reset"
    """All clocks begin anew; between teammates the longest times go on."""


@model
class Extensions:
    """How far a deadline may be put off on request, how often, and of whom the decision is asked.

    ``most_days`` in one request, ``most_times`` while one owner holds a record. An extension never
    reaches beyond the longest time to hold a record.
    """

    most_days: int
    most_times: int = 1

    def check(self) -> None:
        """Both allow something."""
        within(self.most_days, "Extensions.most_days")
        if self.most_times < 1:
            raise InvalidInput(
                "must be positive.", field="Extensions.most_times", hint="Leave extensions out for none."
            )


@frozen(eq=False)
class PreparedReclaim:
    """What is worked out once a policy, not once a record."""

    ref: PolicyRef
    settled: Callable[[object, datetime], int | None]
    """Not ``None`` when the work on a record is done."""
    spared_by: Callable[[object, datetime], tuple[bool, ...]]
    """One answer per exemption, as to its condition."""
    tier: Callable[[object, datetime], int | None]
    """The place of the terms that hold for a record; ``None`` for the policy's own."""
    terms: tuple[Terms, ...]
    """Those of each tier, and the policy's own as the last."""
    rungs: tuple[Rung, ...]
    """Every warning, whoever hears it."""


@model
class ReclaimPolicy(Policy):
    """The protection that owners of an entity's records have.

    Args:
        entity: whose records; the policy in force for an entity carries its name as ``id``, unless
            it is the only one.
        protect_days: default protection, counted from when the owner took the record.
        refreshes: what each kind of follow-up protects; the longest that fits counts.
        substance: what a follow-up must have to prolong anything; ``None`` lets every one count.
        progress_days: from when the work last got further (or the record was taken); ``None`` for no such clock.
        win_days: from when the owner took it, unless there is evidence of a kind in ``won_by``; ``None`` for none.
        max_days: absolute maximum from when the owner took it, whatever was done; ``None`` for none.
        left_days: from when the owner left the organisation, if that is sooner; ``None`` for none.
        tiers: other terms for some records, the first that fits; what they are is read from the record
            as it is, and where a condition speaks of the time, as of when its clock began.
        won_by: kinds of evidence that prove a sale.
        calendar_id: when given, all days are working days of that calendar, otherwise each is 24 hours.
        leave_suspends: days of the owner's planned leave are not counted.
        handover: what a transfer by hand does to the clocks.
        warn_days: when the owner is warned, days before the deadline.
        ladder: further warnings, which may tell others.
        tells: who is told when a record has fallen back.
        grace_days: the least protection of a record whose clock never ran, from when it was found, of
            records taken before the policy came into force, from then, and after a pause, from its end;
            so that switching a policy on takes nothing away at once.
        exemptions: records that are spared; being spared at the deadline renews the default protection,
            or lasts as long as the evidence.
        extensions: whether a deadline may be put off on request; ``None`` for no.
        lock_days: how long an owner may lock a record; 0 for no locks.
        lock_quota: records that a member may have locked at once.
        pauses: times in which the policy rests.
        pilot: whose records go by another policy.
        most_a_day: records that fall back in one day at most, the longest overdue first; ``None`` for all.
        custom_fields: the host's fields that conditions speak of, so that a stored version of the
            policy can be read and explained for ever.
    """

    kind: ClassVar[str] = "reclaim"

    entity: Code = "account"
    protect_days: int = 30
    refreshes: tuple[Refresh, ...] = ()
    substance: Substance | None = None
    progress_days: int | None = None
    win_days: int | None = None
    max_days: int | None = None
    left_days: int | None = None
    tiers: tuple[Tier, ...] = ()
    won_by: tuple[Key, ...] = (Evidence.CONTRACT, Evidence.ORDER)
    calendar_id: CalendarId | None = None
    leave_suspends: bool = True
    handover: Handover = Handover.CAP
    warn_days: tuple[int, ...] = (7, 3, 1)
    ladder: tuple[Rung, ...] = ()
    tells: tuple[Listener, ...] = (Listener.OWNER,)
    grace_days: int = 7
    exemptions: tuple[Exemption, ...] = ()
    extensions: Extensions | None = None
    lock_days: int = 0
    lock_quota: int = 0
    pauses: tuple[Pause, ...] = ()
    pilot: Pilot | None = None
    most_a_day: int | None = None
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """Every protection has a warning, none begins beyond the maximum, and the conditions fit."""
        owned(self.entity, "ReclaimPolicy.entity")
        self._check_days()
        terms = tuple(self._terms())
        self._check_warnings(terms)
        custom = self.custom_fields
        # kept beside the fields, not among them: it is neither compared nor stored
        self.__dict__["_prepared"] = PreparedReclaim(
            self.ref,
            first_of((SETTLED[self.entity],), self.entity, custom),
            answers_to(tuple(exemption.when for exemption in self.exemptions), self.entity, custom),
            first_of(tuple(tier.when for tier in self.tiers), self.entity, custom),
            terms,
            (*(Rung(days=days) for days in self.warn_days), *self.ladder),
        )

    @property
    def prepared(self) -> PreparedReclaim:
        """The compiled conditions."""
        prepared: PreparedReclaim = self.__dict__["_prepared"]
        return prepared

    def terms_of(self, record: Owned, since: datetime) -> Terms:
        """What holds for ``record``, whose clock began then."""
        prepared = self.prepared
        place = prepared.tier(record, since) if self.tiers else None
        return prepared.terms[-1 if place is None else place]

    def pausing(self, at: datetime) -> bool:
        """Whether the policy rests at that time."""
        return any(pause.holds(at) for pause in self.pauses)

    def rungs(self, cause: str) -> tuple[Rung, ...]:
        """The warnings before a deadline that has that cause."""
        return tuple(rung for rung in self.prepared.rungs if not rung.causes or cause in rung.causes)

    def _terms(self) -> Iterator[Terms]:
        try:
            own = Terms(
                protect_days=self.protect_days,
                refreshes=self.refreshes,
                progress_days=self.progress_days,
                win_days=self.win_days,
                max_days=self.max_days,
            )
        except InvalidInput as error:
            raise _renamed(error, "ReclaimPolicy.") from None
        for place, tier in enumerate(self.tiers):
            try:
                yield tier.of(own)
            except InvalidInput as error:
                raise _renamed(error, f"ReclaimPolicy.tiers[{place}].") from None
        yield own

    def _check_days(self) -> None:
        within(self.grace_days, "ReclaimPolicy.grace_days")
        if self.left_days is not None:
            within(self.left_days, "ReclaimPolicy.left_days")
        for name in ("lock_days", "lock_quota"):
            if getattr(self, name) < 0:
                raise InvalidInput("must not be negative.", field=f"ReclaimPolicy.{name}", hint="0 means none.")
        if self.most_a_day is not None and self.most_a_day < 1:
            raise InvalidInput(
                "must be positive.", field="ReclaimPolicy.most_a_day", hint="Add a pause to take nothing back."
            )

    def _check_warnings(self, terms: tuple[Terms, ...]) -> None:
        if any(days < 1 for days in self.warn_days):
            raise InvalidInput(
                "must be positive.", field="ReclaimPolicy.warn_days", hint="Give days before the deadline."
            )
        protect = min(each.protect_days for each in terms)
        if self.grace_days > protect:
            raise InvalidInput(
                "is longer than protect_days.", field="ReclaimPolicy.grace_days", hint="Give at most protect_days."
            )
        refreshes = (refresh.days for each in terms for refresh in each.refreshes)
        shortest = min(protect, self.grace_days, *refreshes, LONGEST)
        if self.warn_days and min(self.warn_days) >= shortest:
            raise InvalidInput(
                f"no warning fits into {shortest} days.",
                field="ReclaimPolicy.warn_days",
                hint="Add one of fewer days than every protection.",
            )


def _renamed(error: InvalidInput, prefix: str) -> InvalidInput:
    (problem,) = error.problems
    return InvalidInput(problem.message, field=prefix + problem.field, hint=problem.hint)
