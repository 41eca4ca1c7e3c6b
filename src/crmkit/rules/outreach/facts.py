"""What the gate looks at: what the message is, where the person stands, and what was sent to them lately."""

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.stewardship.consent import Standing

__all__ = ["OutreachFacts", "Sent"]


@frozen(kw_only=True)
class Sent:
    """A message that went to the person and counts for caps."""

    at: datetime
    channel: str


@frozen(kw_only=True)
class OutreachFacts:
    """One message, and everything that is known of whom it is for.

    Args:
        purpose: what it is for.
        channel: by which channel.
        involves: what it involves that may need a yes of its own: ``"sensitive"``, ``"cross_border"``.
        standings: where the person stands on the purpose and on each of ``involves``.
        reachable: whether there is an address for the channel.
        opted_out: whether that address is marked as not to be used, on any record that has it.
        suppressed: whether the person was erased.
        sent: what went to the person lately.
        calendar: the hours in which messages go to them.
    """

    purpose: str
    channel: str
    involves: tuple[str, ...] = ()
    standings: Mapping[str, Standing] = FrozenDict()
    reachable: bool = True
    opted_out: bool = False
    suppressed: bool = False
    sent: tuple[Sent, ...] = ()
    calendar: WorkingCalendar | None = None
