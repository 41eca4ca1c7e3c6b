"""What behaviour is read from: the interactions with one customer, and where it lives."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput

__all__ = ["BehaviourFacts"]


@model
class BehaviourFacts:
    """Interactions with one customer, in any order; those later than the asked instant do not count yet.

    Args:
        interactions: with the customer itself and its contacts.
        zone: the customer's time zone by its IANA name, such as ``"Asia/Shanghai"``.
        opted_out: the customer does not want to be profiled.

    Raises:
        InvalidInput: there is no such zone.
    """

    interactions: tuple[Interaction, ...] = ()
    zone: Code = "UTC"
    opted_out: bool = False

    def check(self) -> None:
        """The zone is known."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidInput(
                "is no time zone.", field="BehaviourFacts.zone", hint="Give an IANA name, for example Europe/Berlin."
            ) from error
