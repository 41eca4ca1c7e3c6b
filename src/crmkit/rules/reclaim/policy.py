"""``ReclaimPolicy``: how long an owner keeps a record, what prolongs that, and who is spared.

Three clocks, as Hecom documents them: a default protection from the day the record was taken, a
refresh by each qualifying follow-up that only ever extends, and an absolute maximum. A record falls
back when ``now >= deadline``: the deadline itself no longer belongs to the protection.

>>> policy = ReclaimPolicy(
...     protect_days=30,
...     refreshes=(Refresh(kinds=("visit", "meeting"), days=45), Refresh(days=15)),
...     max_days=180,
...     warn_days=(7, 1),
...     exemptions=(Exemption(name="customer who bought", when="standing in ('existing', 'key')"),),
... )
>>> policy.ref.kind
'reclaim'
>>> ReclaimPolicy(protect_days=3, grace_days=3, warn_days=(7,))
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: ReclaimPolicy.warn_days: no warning fits into 3 days. Add one of fewer days than every protection.
"""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from attrs import frozen

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.conditions import parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import CalendarId
from crmkit.domain.model import Code, Key, model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy, PolicyRef
from crmkit.rules.reclaim.fields import answers_to, first_of, owned

__all__ = ["SETTLED", "Exemption", "PreparedReclaim", "ReclaimPolicy", "Refresh"]

LONGEST = 2_000
"""Days that a protection may have."""

SETTLED = {"lead": "status in ('converted', 'disqualified')", "account": "not always()"}
"""Records whose work is done, by entity: no clock runs for them, whoever holds them."""


@model
class Refresh:
    """A follow-up of one of ``kinds`` (none named: of any kind) protects for ``days`` from when it took place."""

    kinds: tuple[InteractionKind, ...] = ()
    days: int

    def check(self) -> None:
        """Days are positive."""
        _within(self.days, "Refresh.days")


@model
class Exemption:
    """Records for which ``when`` holds do not fall back; ``name`` says so to people."""

    name: Key
    when: str

    def check(self) -> None:
        """The condition can be read; the policy knows whether its names fit."""
        parse(self.when)


@frozen(eq=False)
class PreparedReclaim:
    """What is worked out once a policy, not once a record."""

    ref: PolicyRef
    settled: Callable[[object, datetime], int | None]
    """Not ``None`` when the work on a record is done."""
    spared_by: Callable[[object, datetime], tuple[bool, ...]]
    """One answer per exemption."""


@model
class ReclaimPolicy(Policy):
    """The protection that owners of an entity's records have.

    Args:
        entity: whose records; the policy in force for an entity carries its name as ``id``, unless
            it is the only one.
        protect_days: default protection, counted from when the owner took the record.
        refreshes: what each kind of follow-up protects; the longest that fits counts.
        max_days: absolute maximum from when the owner took it, whatever was done; ``None`` for none.
        calendar_id: when given, all days are working days of that calendar, otherwise each is 24 hours.
        warn_days: the ladder of warnings, days before the deadline.
        grace_days: the least protection of a record whose clock never ran, from when it was found;
            so that switching a policy on takes nothing away at once.
        exemptions: records that are spared; being spared at the deadline renews the default protection.
        custom_fields: the host's fields that conditions speak of, so that a stored version of the
            policy can be read and explained for ever.
    """

    kind: ClassVar[str] = "reclaim"

    entity: Code = "account"
    protect_days: int = 30
    refreshes: tuple[Refresh, ...] = ()
    max_days: int | None = None
    calendar_id: CalendarId | None = None
    warn_days: tuple[int, ...] = (7, 3, 1)
    grace_days: int = 7
    exemptions: tuple[Exemption, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """Every protection has a warning, none begins beyond the maximum, and the conditions fit."""
        owned(self.entity, "ReclaimPolicy.entity")
        _within(self.protect_days, "ReclaimPolicy.protect_days")
        _within(self.grace_days, "ReclaimPolicy.grace_days")
        if self.grace_days > self.protect_days:
            raise InvalidInput(
                "is longer than protect_days.", field="ReclaimPolicy.grace_days", hint="Give at most protect_days."
            )
        if self.max_days is not None:
            _within(self.max_days, "ReclaimPolicy.max_days")
            if self.max_days < self.protect_days:
                raise InvalidInput(
                    "is shorter than protect_days.", field="ReclaimPolicy.max_days", hint="Give at least protect_days."
                )
        self._check_warnings()
        when = tuple(exemption.when for exemption in self.exemptions)
        # kept beside the fields, not among them: it is neither compared nor stored
        self.__dict__["_prepared"] = PreparedReclaim(
            self.ref,
            first_of((SETTLED[self.entity],), self.entity, self.custom_fields),
            answers_to(when, self.entity, self.custom_fields),
        )

    @property
    def prepared(self) -> PreparedReclaim:
        """The compiled conditions."""
        prepared: PreparedReclaim = self.__dict__["_prepared"]
        return prepared

    def refresh_days(self, kind: InteractionKind) -> int:
        """Days that a follow-up of that kind protects; 0 when it does not qualify."""
        fitting = (refresh.days for refresh in self.refreshes if not refresh.kinds or kind in refresh.kinds)
        return max(fitting, default=0)

    def _check_warnings(self) -> None:
        if any(days < 1 for days in self.warn_days):
            raise InvalidInput(
                "must be positive.", field="ReclaimPolicy.warn_days", hint="Give days before the deadline."
            )
        shortest = min(self.protect_days, self.grace_days, *(refresh.days for refresh in self.refreshes), LONGEST)
        if self.warn_days and min(self.warn_days) >= shortest:
            raise InvalidInput(
                f"no warning fits into {shortest} days.",
                field="ReclaimPolicy.warn_days",
                hint="Add one of fewer days than every protection.",
            )


def _within(days: int, field: str) -> None:
    if not 1 <= days <= LONGEST:
        raise InvalidInput(f"must lie between 1 and {LONGEST}.", field=field, hint="Give whole days.")
