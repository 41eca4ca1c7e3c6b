"""How long records of one level are protected, and what prolongs that."""

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.conditions import parse
from crmkit.domain.model import Key, model
from crmkit.errors import InvalidInput

__all__ = ["LONGEST", "Exemption", "Refresh", "Terms", "Tier", "within"]

LONGEST = 2_000
"""Days that a protection may have."""


@model
class Refresh:
    """A follow-up of one of ``kinds`` (none named: of any kind) protects for ``days`` from when it took place."""

    kinds: tuple[InteractionKind, ...] = ()
    days: int

    def check(self) -> None:
        """Days are positive."""
        within(self.days, "Refresh.days")


@model
class Terms:
    """What holds for one record: see ``ReclaimPolicy``, whose fields these are."""

    protect_days: int
    refreshes: tuple[Refresh, ...] = ()
    progress_days: int | None = None
    win_days: int | None = None
    max_days: int | None = None

    def refresh_days(self, kind: InteractionKind) -> int:
        """Days that a follow-up of that kind protects; 0 when it does not qualify."""
        fitting = (refresh.days for refresh in self.refreshes if not refresh.kinds or kind in refresh.kinds)
        return max(fitting, default=0)

    def check(self) -> None:
        """Every clock runs for some days, and none ends before the default protection does."""
        within(self.protect_days, "protect_days")
        for name in ("progress_days", "win_days", "max_days"):
            days = getattr(self, name)
            if days is None:
                continue
            within(days, name)
            if days < self.protect_days:
                raise InvalidInput("is shorter than protect_days.", field=name, hint="Give at least protect_days.")


@model
class Tier:
    """Other terms for records for which ``when`` holds: a level, a product, a pool; ``None`` is as the policy says."""

    name: Key
    when: str
    protect_days: int | None = None
    refreshes: tuple[Refresh, ...] | None = None
    progress_days: int | None = None
    win_days: int | None = None
    max_days: int | None = None

    def check(self) -> None:
        """The condition can be read; the policy knows whether its names fit."""
        parse(self.when)

    def of(self, terms: Terms) -> Terms:
        """``terms`` with what this tier says otherwise."""
        own = {name: getattr(self, name) for name in vars(terms)}
        return Terms(**{name: getattr(terms, name) if value is None else value for name, value in own.items()})


@model
class Exemption:
    """Records that do not fall back; ``name`` says so to people.

    Args:
        name: why.
        when: which records.
        evidence: kinds of ``Evidence``, one of which must hold at the deadline (``"lock"`` is the owner's
            lock); none named, the condition alone decides.
        days_after: evidence that has ended spares the record for so many days more: the time to renew it.
    """

    name: Key
    when: str = "always()"
    evidence: tuple[Key, ...] = ()
    days_after: int = 0

    def check(self) -> None:
        """The condition can be read, and not everything is spared."""
        parse(self.when)
        if self.days_after < 0 or (self.days_after and not self.evidence):
            raise InvalidInput(
                "must not be negative, and needs evidence that ends.",
                field="Exemption.days_after",
                hint="Name the kinds of evidence, or give 0.",
            )


def within(days: int, field: str) -> None:
    """``days`` is a length that a protection may have.

    Raises:
        InvalidInput: it is none.
    """
    if not 1 <= days <= LONGEST:
        raise InvalidInput(f"must lie between 1 and {LONGEST}.", field=field, hint="Give whole days.")
