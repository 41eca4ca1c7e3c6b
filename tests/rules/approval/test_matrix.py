"""The table in ``docs/explanation/approvals.md``, row by row: every mode, every declared option, every act."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from crmkit.domain.model import revise
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.stewardship.approval import ApprovalState
from crmkit.rules.approval import (
    Act,
    ApprovalFacts,
    ApprovalPolicy,
    ApprovalStep,
    Duplicate,
    Empty,
    Lock,
    Mode,
    NamedMembers,
    Own,
    RelevantField,
    RoleHolders,
    Worse,
    decide,
)
from crmkit.testing import NOW, a_member, a_request

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "approvals.md"
PEOPLE = {
    name: a_member(id=name, manager_id=above)
    for name, above in {"S": "X", "A": "X", "B": "X", "C": "X", "D": "X", "X": "Y", "Y": None, "Z": None}.items()
}
CASES = {"nobody is found": Empty, "the submitter is found": Own, "found before": Duplicate}
ACTS = {
    "approve": Act.APPROVE,
    "reject": Act.REJECT,
    "send back": Act.SEND_BACK,
    "add-sign": Act.ADD_SIGN,
    "delegate": Act.DELEGATE,
    "withdraw": Act.WITHDRAW,
    "leave": Act.LEAVE,
    "edit": Act.EDIT,
}


def table() -> dict[tuple[str, str, str], list[str]]:
    """The rows of the page: case, option and mode, then a cell for the submission and one for each act."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {(row[0], row[1], row[2]): row[3:] for row in cells if row[0] in CASES}


def names(text: str, mode: Mode) -> NamedMembers:
    return ApprovalStep(
        name=f"step {text}",
        approvers=(NamedMembers(member_ids=tuple(text)),),
        mode=mode,
        quorum=2 if mode is Mode.QUORUM else None,
    )


def steps_of(case: str, mode: Mode) -> tuple[ApprovalStep, ...]:
    if case == "nobody is found":
        nobody = revise(names("A", mode), name="step of nobody", approvers=(RoleHolders(role_id="no one's"),))
        return (nobody, names("ABC", mode))
    if case == "the submitter is found":
        return (names("SAB", mode),)
    return (names("A", Mode.ALL), names("B", Mode.ALL), names("ABC", mode))


class Run:
    """One approval on its way."""

    def __init__(self, policy):
        self.policy, self.people = policy, dict(PEOPLE)
        self.record = a_request(percent=12, requested_by="S")
        self.decision = self.decided(Act.SUBMIT, by="S")

    def decided(self, act, **asked):
        approval = None if act is Act.SUBMIT else self.decision.approval
        facts = ApprovalFacts(
            record=self.record, approval=approval, act=act, members=tuple(self.people.values()), **asked
        )
        self.decision = decide(self.policy, facts, now=NOW)
        return self.decision

    @property
    def first(self):
        return next(iter(self.decision.approval.waiting_for), "A")

    def act(self, act):
        asked = {"by": self.first, "seen": self.decision.seal}
        if act in (Act.ADD_SIGN, Act.DELEGATE):
            asked["whom"] = ("D",)
        elif act is Act.WITHDRAW:
            asked["by"] = "S"
        elif act is Act.LEAVE:
            self.people[self.first] = revise(self.people[self.first], status=MemberStatus.LEFT)
        elif act is Act.EDIT:
            self.record = revise(self.record, percent=20)
        self.decided(act, **asked)

    def said(self):
        """The cell: the state, and for whom it waits."""
        approval = self.decision.approval
        if approval is None:
            return "refused"
        if approval.state is not ApprovalState.PENDING:
            return approval.state.value
        return f"{', '.join(approval.waiting_for)}"


def policies(case: str, option: str, mode: Mode) -> Iterator[ApprovalPolicy]:
    """With the option of this case, and every option of the others, which change nothing here."""
    for empty, own, duplicate in product(Empty, Own, Duplicate):
        chosen = {Empty: empty, Own: own, Duplicate: duplicate}[CASES[case]]
        if chosen.value == option:
            yield ApprovalPolicy(
                subject="request",
                steps=steps_of(case, mode),
                empty=empty,
                own=own,
                duplicate=duplicate,
                lock=Lock.VOID,
                admins=("Z",),
                relevant=(RelevantField(field="percent", worse=Worse.HIGHER),),
            )


def reached(case: str, policy: ApprovalPolicy, act: Act | None) -> str:
    run = Run(policy)
    if case == "found before":
        run.act(Act.APPROVE)
        run.act(Act.APPROVE)
    if act is not None and run.decision.approval is not None:
        run.act(act)
    return run.said()


ROWS = [(case, option.value, mode) for case, options in CASES.items() for option in options for mode in Mode]


@pytest.mark.parametrize(("case", "option", "mode"), ROWS)
def test_every_act_reaches_the_state_that_the_table_states(case, option, mode):
    stated = table()[case, option, mode.value]
    for policy in policies(case, option, mode):
        found = [reached(case, policy, act) for act in (None, *ACTS.values())]
        assert found == stated


def test_the_table_has_every_combination_and_no_other():
    assert set(table()) == {(case, option, mode.value) for case, option, mode in ROWS}
