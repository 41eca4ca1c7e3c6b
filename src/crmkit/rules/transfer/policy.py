"""``TransferPolicy``: what becomes of all that belongs to a customer when the customer changes hands.

>>> policy = TransferPolicy(
...     related=(
...         Related(of="request", states=("open",), treatment="block"),
...         Related(of="opportunity", states=("won",), treatment="notify"),
...         *TransferPolicy().related,
...     ),
...     held_by=("legal_hold", "approval"),
... )
>>> policy.treatment("request", "open").value, policy.treatment("task", "done").value
('block', 'stay')
>>> Related(of="interaction", treatment="follow")
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: Related.treatment: an interaction cannot follow. Choose from: notify, stay, block.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.model import Code, Key, model
from crmkit.domain.stewardship.collaboration import Level
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["STATES", "KeptAccess", "Related", "TransferPolicy", "Treatment"]


class Treatment(StrEnum):
    """What becomes of a related record."""

    FOLLOW = "follow"
    """It goes to the new owner, if it was the former owner's."""
    STAY = "stay"
    """It stays with whoever has it."""
    CLOSE = "close"
    """It ends, if it was the former owner's: a task is cancelled, a deal is lost."""
    NOTIFY = "notify"
    """It stays, and the new owner is told of it."""
    BLOCK = "block"
    """While there is such a record, the customer does not change hands."""


STATES: Mapping[str, tuple[str, ...]] = {
    "lead": ("open", "settled"),
    "opportunity": ("open", "won", "lost"),
    "task": ("open", "done", "cancelled"),
    "request": ("open", "closed"),
    "filing": ("open", "ended"),
    "interaction": ("planned",),
}
"""The states that crmkit's own kinds of related records are told apart by."""

_CALLED = {"lead": "a lead", "request": "a request", "filing": "a filing", "interaction": "an interaction"}
_NEVER: Mapping[str, tuple[Treatment, ...]] = {
    "lead": (Treatment.CLOSE,),
    "request": (Treatment.CLOSE,),
    "filing": (Treatment.CLOSE,),
    # who talked with the customer is history
    "interaction": (Treatment.FOLLOW, Treatment.CLOSE),
}


@model
class Related:
    """How related records of one kind are treated, in some states or in all.

    ``of`` is an entity (see ``STATES``) or the name of the host's own rows; those have no states, follow
    by ``References.move`` from the one member to the other, and are neither closed nor told of.
    """

    of: Code
    states: tuple[Code, ...] = ()
    treatment: Treatment

    def check(self) -> None:
        """The kind has these states, and can be treated so."""
        known = STATES.get(self.of, ())
        unknown = sorted(set(self.states) - set(known))
        if unknown:
            hint = f"Choose from: {', '.join(known)}." if known else "Rows of a host have no states."
            raise InvalidInput(f"no {self.of} is {unknown[0]}.", field="Related.states", hint=hint)
        never = _NEVER.get(self.of, () if known else (Treatment.CLOSE, Treatment.NOTIFY))
        if self.treatment in never:
            can = ", ".join(each for each in _ORDER if each not in never)
            raise InvalidInput(
                f"{_CALLED.get(self.of, self.of)} cannot {self.treatment}.",
                field="Related.treatment",
                hint=f"Choose from: {can}.",
            )
        if self.treatment is Treatment.CLOSE and self.states != ("open",):
            raise InvalidInput(
                "only what is open can be closed.", field="Related.states", hint='Give states=("open",).'
            )

    def covers(self, of: str, state: str) -> bool:
        """Whether it speaks of such records."""
        return self.of == of and (not self.states or state in self.states)


@model
class KeptAccess:
    """The share that a former owner keeps: for reading or writing, for so many times 24 hours, or without an end."""

    level: Level = Level.READ
    days: int | None = None

    def check(self) -> None:
        """The time is one."""
        if self.days is not None and self.days < 1:
            raise InvalidInput("must be positive.", field="KeptAccess.days", hint="None means without an end.")

    def until(self, now: datetime) -> datetime | None:
        """When a share that begins at ``now`` ends."""
        return None if self.days is None else now + timedelta(days=self.days)


_ORDER = (Treatment.FOLLOW, Treatment.CLOSE, Treatment.NOTIFY, Treatment.STAY, Treatment.BLOCK)


@model
class TransferPolicy(Policy):
    """What follows, stays, ends, is told of or holds up a transfer.

    Args:
        related: the first that covers a record counts; one that none covers stays as it is.
        held_by: kinds of evidence on the customer that forbid a transfer while they hold.
        former_owner: the share that a former owner who is active keeps when a member receives the customer;
            ``None`` for none.

    Contacts have no owner and go along by themselves. What belongs to other members stays theirs, and so
    do collaborators (FC removes every share when the owner changes).
    """

    kind: ClassVar[str] = "transfer"

    related: tuple[Related, ...] = (
        Related(of="lead", treatment=Treatment.FOLLOW),
        Related(of="opportunity", states=("open",), treatment=Treatment.FOLLOW),
        Related(of="task", states=("open",), treatment=Treatment.FOLLOW),
        Related(of="request", states=("open",), treatment=Treatment.FOLLOW),
        Related(of="filing", states=("open",), treatment=Treatment.FOLLOW),
        Related(of="interaction", states=("planned",), treatment=Treatment.NOTIFY),
    )
    held_by: tuple[Key, ...] = (Evidence.LEGAL_HOLD,)
    former_owner: KeptAccess | None = None

    def treatment(self, of: str, state: str = "") -> Treatment:
        """What becomes of such a record."""
        for related in self.related:
            if related.covers(of, state):
                return related.treatment
        return Treatment.STAY

    def states(self, of: str) -> tuple[str, ...]:
        """The states of that kind in which something becomes of a record: what has to be looked up."""
        known = STATES.get(of, ("",))
        return tuple(state for state in known if self.treatment(of, state) is not Treatment.STAY)
