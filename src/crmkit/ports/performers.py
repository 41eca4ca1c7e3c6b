"""What the host does for automation rules: its own functions by name, and which actions rules may take at all."""

from collections.abc import Callable, Mapping

from attrs import frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Acting
from crmkit.rules.actions import Action

__all__ = ["HostCall", "HostSide", "Performer"]


@frozen(kw_only=True)
class HostCall:
    """One action that the host is to perform.

    ``key`` is the same however often the call comes. What the host saves for it is done as ``acting``, by which the
    rules that follow know what it came from.
    """

    action: Action
    subject: Ref
    key: str
    rule: str
    acting: Acting


Performer = Callable[[HostCall], None]
"""Has done it when it returns; anything raised means "not done", and it is called again later with the same key."""


@frozen(kw_only=True)
class HostSide:
    """The host's functions by the name of a ``HostAction`` or the kind of an action of its own.

    ``granted`` are the kinds of actions that rules may take, whoever's rights they have; ``None`` is every kind.
    """

    performers: Mapping[str, Performer] = FrozenDict()
    granted: frozenset[str] | None = None

    def grants(self, kind: str) -> bool:
        """Whether rules may take such actions."""
        return self.granted is None or kind in self.granted
