"""Approval policies: which records need one, which steps they pass, who approves each, and what is frozen meanwhile.

>>> from crmkit.rules.approval.approvers import RoleHolders, Superior
>>> from crmkit.rules.approval.relevant import Worse
>>> policy = ApprovalPolicy(
...     id="discount",
...     subject="request",
...     when="percent > 5",
...     steps=(
...         ApprovalStep(name="superior", approvers=(Superior(),)),
...         ApprovalStep(name="director", when="percent > 20", approvers=(RoleHolders(role_id="sales-director"),)),
...     ),
...     relevant=(RelevantField(field="percent", worse=Worse.HIGHER),),
... )
>>> [step.name for step in policy.steps]
['superior', 'director']
"""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import CalendarId, MemberId
from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput
from crmkit.rules.approval.approvers import Approver
from crmkit.rules.approval.relevant import RelevantField
from crmkit.rules.policy import Policy

__all__ = [
    "ApprovalPolicy",
    "ApprovalStep",
    "Duplicate",
    "Empty",
    "Escalate",
    "Lock",
    "Mode",
    "Own",
    "Restart",
    "Unmet",
]


class Mode(StrEnum):
    """How the voices of a step make one answer."""

    ALL = "all"
    """Everybody agrees (会签); one refusal rejects."""
    ANY = "any"
    """The first answer decides (或签)."""
    SEQUENTIAL = "sequential"
    """Everybody agrees, one after the other; one refusal rejects."""
    QUORUM = "quorum"
    """So many agree as ``ApprovalStep.quorum`` says; rejected as soon as they cannot any more."""


class Empty(StrEnum):
    """What becomes of a step for which nobody is found."""

    PASS = "pass"  # noqa: S105 - the step is passed
    REJECT = "reject"
    ADMIN = "admin"
    """The approval administrators are asked."""
    REFUSE = "refuse"
    """The submission is refused; of what runs already: it goes back to the submitter."""


class Own(StrEnum):
    """What becomes of an approver who is the submitter."""

    SKIP = "skip"
    """They are not asked; where nobody is left, ``Empty`` decides."""
    ALLOW = "allow"
    SUPERIOR = "superior"
    """Their nearest superior who is there is asked instead."""


class Duplicate(StrEnum):
    """What becomes of an approver who agreed in an earlier step."""

    EVERY = "every"
    """They are asked in every step."""
    CONSECUTIVE = "consecutive"
    """They agree by themselves if they agreed in the step before."""
    FIRST = "first"
    """They agree by themselves if they agreed in any step before."""


class Unmet(StrEnum):
    """What a step does whose condition does not hold."""

    SKIP = "skip"
    END = "end"
    """This step and those after it are not asked."""


class Restart(StrEnum):
    """Where a record begins that comes back from its submitter."""

    FIRST = "first"
    SENT_BACK = "sent_back"
    """With the step that sent it back; but earlier steps are asked again of data that got worse."""


class Lock(StrEnum):
    """What becomes of a change of relevant values while an approval is pending."""

    REFUSE = "refuse"
    VOID = "void"
    """It is made, and who agreed to data that was better is asked again."""


class Escalate(StrEnum):
    """Who is asked when nobody answers."""

    SUPERIOR = "superior"
    """The superior of whoever does not answer, then theirs, and so on."""
    ADMIN = "admin"
    REJECT = "reject"
    """Nobody: it is rejected."""


@model
class ApprovalStep:
    """One step: who approves, and when they are reminded.

    Args:
        when: condition of the record; see ``ApprovalPolicy.unmet``.
        quorum: how many have to agree, with ``Mode.QUORUM`` only; where fewer are found, all of them.
        remind_after: since it is an approver's turn; elapsed time, or working time of ``calendar_id``.
        escalate_after: counted likewise.
    """

    name: Code
    approvers: tuple[Approver, ...]
    when: str = "always()"
    mode: Mode = Mode.ALL
    quorum: int | None = None
    remind_after: timedelta | None = None
    escalate_after: timedelta | None = None
    escalate_to: Escalate = Escalate.SUPERIOR
    calendar_id: CalendarId | None = None
    allow_delegation: bool = True
    allow_add_sign: bool = True


@model
class ApprovalPolicy(Policy):
    """The approval of records of one entity for which ``when`` holds. A running approval stays on its version.

    Of several policies the first by ``order``, then by id, whose ``when`` holds is taken.

    Args:
        admins: approval administrators, asked where nobody else is there.
        patience: an approver whose planned absence ends within it is waited for; of others the deputy is asked, then
            a superior, then an administrator.
        relevant: what is approved; see ``lock`` and ``still_holds``. Without any, nothing of the record is frozen.
        custom_fields: the host's fields of the record that conditions and ``relevant`` speak of.

    Raises:
        InvalidInput: lists every fault of the policy.
    """

    kind: ClassVar[str] = "approval"

    subject: Code
    when: str = "always()"
    order: int = 100
    steps: tuple[ApprovalStep, ...]
    unmet: Unmet = Unmet.SKIP
    empty: Empty = Empty.REFUSE
    own: Own = Own.SKIP
    duplicate: Duplicate = Duplicate.EVERY
    restart: Restart = Restart.FIRST
    lock: Lock = Lock.REFUSE
    admins: tuple[MemberId, ...] = ()
    patience: timedelta = timedelta(0)
    relevant: tuple[RelevantField, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """Every step can be reached and has somebody to ask, and nothing unknown is spoken of."""
        from crmkit.rules.approval.faults import faults

        problems = list(faults(self))
        if problems:
            raise InvalidInput(problems=problems)

    def place_of(self, step: str) -> int | None:
        """Where the step stands, counted from 0; ``None`` if there is none of that name."""
        return next((place for place, each in enumerate(self.steps) if each.name == step), None)
