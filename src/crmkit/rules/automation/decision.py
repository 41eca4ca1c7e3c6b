"""What a rule goes by, and whether a run starts."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from crmkit.domain.ids import Ref
from crmkit.domain.model import Line, model
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.automation_run import AutomationRun
from crmkit.rules.automation.triggers import Happened
from crmkit.rules.policy import Decision

__all__ = [
    "AutomationDecision",
    "AutomationFacts",
    "AutomationOutcome",
    "Chain",
    "TurnDecision",
    "TurnFacts",
    "TurnOutcome",
]


class AutomationOutcome(StrEnum):
    """Whether a run starts."""

    STARTS = "starts"
    NOT_MEANT = "not_meant"
    """What happened is nothing to the rule, or not again."""
    STOPPED = "stopped"
    """It would have started, had a limit not held it back."""


@frozen(kw_only=True)
class Chain:
    """The runs by which what happened came about; none where a person or an import did it.

    ``links`` name each as ``rule@record``. ``runs`` are those of the whole chain so far.
    """

    root: str = ""
    depth: int = 0
    links: tuple[str, ...] = ()
    runs: int = 0


@frozen(kw_only=True)
class AutomationFacts:
    """What happened to a record, and the runs that the rule has had for it.

    ``past`` may be only those that matter: by which the rule's limits are reached, and those of the same chain.
    """

    happened: Happened
    chain: Chain = Chain()
    past: tuple[AutomationRun, ...] = ()


@model
class AutomationDecision(Decision):
    """Whether a run starts for the record, and why or why not."""

    outcome: AutomationOutcome
    record: Ref
    value: Line = ""
    """What the field held that the time was counted from."""


class TurnOutcome(StrEnum):
    """What becomes of a run that is due."""

    GOES = "goes"
    WAITS = "waits"
    STOPS = "stops"


@frozen(kw_only=True)
class TurnFacts:
    """A run that is due, with what it depends on.

    ``lane`` are all runs of its rule for its record that have not ended, itself among them. ``started`` is how many
    runs of the rule began within its budget's time. ``owner`` is the member whose rights it has, where that is one.
    """

    run: AutomationRun
    lane: tuple[AutomationRun, ...] = ()
    started: int = 0
    owner: Member | None = None
    active: bool = True


@model
class TurnDecision(Decision):
    """Whether the run goes on now, waits until then, or stops."""

    outcome: TurnOutcome
    until: datetime | None = None
