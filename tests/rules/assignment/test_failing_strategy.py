"""A strategy of the host that fails is passed over by name; the others, and the other records, go on."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import attrs
import pytest

from crmkit.domain.change import Record
from crmkit.domain.model import model, revise
from crmkit.domain.organization.member import Member
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead
from crmkit.rules.assignment import (
    AssignmentFacts,
    AssignmentOutcome,
    AssignmentPolicy,
    Candidate,
    Entry,
    RoundRobin,
    Target,
    decide,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@model
class Raises:
    kind: ClassVar[str] = "raises"

    def choose(self, eligible: Sequence[Candidate], record: Record, *, now: datetime) -> tuple[Candidate, Reason]:
        raise ZeroDivisionError


@model
class Invents:
    kind: ClassVar[str] = "invents"

    def choose(self, eligible: Sequence[Candidate], record: Record, *, now: datetime) -> tuple[Candidate, Reason]:
        ghost = revise(eligible[0].member, id="ghost")
        return attrs.evolve(eligible[0], member=ghost), Reason.of("assignment.sole", member="ghost")


def a_member(id: str) -> Member:
    return Member(id=id, name=id, created_at=NOW, updated_at=NOW)  # type: ignore[arg-type]


LEAD = Lead(id="L-1", created_at=NOW, updated_at=NOW)  # type: ignore[arg-type]
FACTS = AssignmentFacts(record=LEAD, candidates=tuple(Candidate(member=a_member(id)) for id in ("M-1", "M-2")))


@pytest.mark.parametrize("broken", [Raises(), Invents()], ids=lambda each: each.kind)
def test_the_next_target_takes_over_and_the_failure_is_among_the_reasons(broken: Any) -> None:
    both = ["M-1", "M-2"]
    targets = [Target(member_ids=both, strategy=broken), Target(member_ids=both, strategy=RoundRobin())]
    policy = AssignmentPolicy(entity="lead", entries=[Entry(name="all", to=targets)])
    decision = decide(policy, FACTS, now=NOW)
    assert decision.outcome is AssignmentOutcome.ASSIGNED
    assert decision.member_id == "M-1"
    assert decision.reasons[1].code == "assignment.strategy_failed"
    assert decision.reasons[1].params["strategy"] == broken.kind
