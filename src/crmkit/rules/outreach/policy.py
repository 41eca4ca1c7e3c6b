"""``OutreachPolicy``: what a regime asks before a message goes to a customer; ``GDPR`` and ``PIPL`` are ready.

>>> GDPR.purpose("marketing").ground.value, PIPL.purpose("marketing").separately
('consent', ('sensitive', 'cross_border'))
"""

from enum import StrEnum
from typing import ClassVar

from crmkit.domain.model import Code, Line, model
from crmkit.domain.organization.limits import Limit
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["GDPR", "PIPL", "Cap", "Channel", "Ground", "OutreachPolicy", "Purpose"]


class Ground(StrEnum):
    """On which lawful basis a purpose rests."""

    CONSENT = "consent"
    """Nothing goes without a yes."""
    INTEREST = "interest"
    """It goes until somebody says no."""
    CONTRACT = "contract"
    """It has to go, whatever was said: an invoice, a recall."""


@model
class Purpose:
    """What messages are sent for.

    Args:
        name: the purpose.
        ground: its lawful basis.
        double_opt_in: whether a yes counts only when it was confirmed.
        separately: what a message may involve that needs a yes of its own, each a purpose of the ledger.
        despite_restriction: whether it goes while processing is restricted.
        capped: whether it counts for the caps, and is held by them and by quiet hours.
    """

    name: Code
    ground: Ground = Ground.CONSENT
    double_opt_in: bool = False
    separately: tuple[Code, ...] = ()
    despite_restriction: bool = False
    capped: bool = True


@model
class Channel:
    """A way to reach somebody, and what kind of address it takes.

    Args:
        name: the channel, for example ``"sms"``.
        reaches: ``"email"``, ``"phone"``, or the network of a handle, for example ``"wechat"``.
    """

    name: Code
    reaches: Code


@model
class Cap:
    """How many messages one person gets; of one channel where it names one."""

    limit: Limit
    channel: str = ""


CHANNELS = (
    Channel(name="email", reaches="email"),
    Channel(name="sms", reaches="phone"),
    Channel(name="call", reaches="phone"),
    Channel(name="wechat", reaches="wechat"),
    Channel(name="wecom", reaches="wecom"),
    Channel(name="whatsapp", reaches="whatsapp"),
)
PURPOSES = (
    Purpose(name="marketing"),
    Purpose(name="newsletter", double_opt_in=True),
    Purpose(name="survey", ground=Ground.INTEREST),
    Purpose(name="service", ground=Ground.CONTRACT, despite_restriction=True, capped=False),
)


@model
class OutreachPolicy(Policy):
    """The terms under which messages go.

    Args:
        regime: the law, as entries of the ledger name it.
        purposes: what may be sent for; nothing goes for another.
        channels: by what; nothing goes by another.
        caps: how many messages one person gets.
        calendar_id: the working calendar whose hours are those in which messages go; none for all hours.
        basis: where the terms come from.
    """

    kind: ClassVar[str] = "outreach"

    regime: Code = "gdpr"
    purposes: tuple[Purpose, ...] = PURPOSES
    channels: tuple[Channel, ...] = CHANNELS
    caps: tuple[Cap, ...] = ()
    calendar_id: str | None = None
    basis: Line = ""

    def check(self) -> None:
        """Names are there once."""
        for field, names in (
            ("purposes", [each.name for each in self.purposes]),
            ("channels", [each.name for each in self.channels]),
        ):
            if len(set(names)) < len(names):
                raise InvalidInput("has a name twice.", field=f"OutreachPolicy.{field}", hint="Name each once.")

    def purpose(self, name: str) -> Purpose | None:
        """The purpose of that name."""
        return next((each for each in self.purposes if each.name == name), None)

    def channel(self, name: str) -> Channel | None:
        """The channel of that name."""
        return next((each for each in self.channels if each.name == name), None)


GDPR = OutreachPolicy(
    id="gdpr", basis="Regulation (EU) 2016/679, Articles 6, 7, 18 and 21; Directive 2002/58/EC, Article 13"
)
"""Marketing by consent, newsletters confirmed, surveys until somebody objects."""
PIPL = OutreachPolicy(
    id="pipl",
    regime="pipl",
    purposes=(
        Purpose(name="marketing", separately=("sensitive", "cross_border")),
        Purpose(name="newsletter", separately=("sensitive", "cross_border")),
        Purpose(name="survey", separately=("sensitive", "cross_border")),
        Purpose(name="service", ground=Ground.CONTRACT, despite_restriction=True, capped=False),
    ),
    basis="PIPL Articles 13, 15, 29 and 39: consent, and a separate one for sensitive data and transfers abroad",
)
"""There is no legitimate interest; sensitive data and transfers abroad need a yes of their own."""
