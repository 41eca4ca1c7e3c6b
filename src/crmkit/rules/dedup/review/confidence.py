"""How sure a pair of records is: may be merged by itself, should be looked at, or is two.

The probability alone never decides that two records become one without a person: whatever the policy says,
a name alone, one key alone, or what many share is no proof, and neither is a name that imitates another.

>>> from datetime import UTC, datetime
>>> phone = Agreement(field="phone", kind=EvidenceKind.STRONG)
>>> name = Agreement(field="name", kind=EvidenceKind.NAME)
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> def outcome(*agreeing: Agreement) -> str:
...     facts = PairFacts(probability=0.999, agreeing=agreeing)
...     return decide_confidence(ConfidencePolicy(), facts, now=now).outcome.value
>>> outcome(phone, name), outcome(phone), outcome(name)
('automatic', 'review', 'review')
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import attrs

from crmkit.domain.model import Code, Line, model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.match_review import Confidence
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Decision, Policy

__all__ = ["Agreement", "ConfidenceDecision", "ConfidencePolicy", "EvidenceKind", "PairFacts", "decide_confidence"]


class EvidenceKind(StrEnum):
    """How much it proves that a field agrees."""

    STRONG = "strong"
    """Few have it: a mobile number, an address of one's own, a registered number."""
    WEAK = "weak"
    """Many may have it: a switchboard, a role mailbox, a town, a day of birth, whatever many records share."""
    NAME = "name"
    """Of a person or a company."""


@model
class Agreement:
    """A field that agrees. Fields of one ``source`` are one piece of evidence: an address and its domain."""

    field: Code
    kind: EvidenceKind
    source: Line = ""

    @property
    def origin(self) -> str:
        """What it counts as."""
        return "name" if self.kind is EvidenceKind.NAME else self.source or self.field


@model
class PairFacts:
    """What is known of a pair.

    Args:
        probability: that the two are the same.
        agreeing: the fields that agree; others do not count as proof.
        conflicts: fields in which they differ although each has only one such value, as a registered number.
        deceptive: a name or address mixes scripts.
        contested: the cluster that the pair stands in contradicts itself.
        apart: a person said that they are two.
    """

    probability: float = attrs.field(converter=float)
    agreeing: tuple[Agreement, ...] = ()
    conflicts: tuple[Code, ...] = ()
    deceptive: bool = False
    contested: bool = False
    apart: bool = False

    def check(self) -> None:
        """The probability is one."""
        if not 0 <= self.probability <= 1:
            raise InvalidInput("must lie between 0 and 1.", field="PairFacts.probability", hint="Give a share.")


@model
class ConfidencePolicy(Policy):
    """From which probability on a pair may be merged by itself, and from which on a person looks at it."""

    kind: ClassVar[str] = "confidence"

    automatic: float = 0.99
    review: float = 0.5
    most_per_key: int = 20
    """Records that may share a key before it proves nothing."""

    def check(self) -> None:
        """The thresholds are probabilities in their order."""
        if not 0 < self.review <= self.automatic <= 1:
            raise InvalidInput(
                "must lie between 0 and 1, and not below review.",
                field="ConfidencePolicy.automatic",
                hint="0.99 and 0.5 are usual.",
            )
        if not 1 <= self.most_per_key <= 1_000:
            raise InvalidInput(
                "must lie between 1 and 1000.", field="ConfidencePolicy.most_per_key", hint="20 is usual."
            )


@model
class ConfidenceDecision(Decision):
    """What may be done about a pair; ``capped`` is the code of the reason why it is not merged by itself."""

    outcome: Confidence
    capped: Line = ""


def decide_confidence(policy: ConfidencePolicy, facts: PairFacts, *, now: datetime) -> ConfidenceDecision:
    """Whether the pair may be merged by itself, should be looked at, or is two."""
    percent = round(100 * facts.probability, 1)
    caps: tuple[Reason, ...] = ()
    if facts.apart:
        outcome, reason = Confidence.DIFFERENT, Reason.of("confidence.apart")
    elif facts.probability < policy.review:
        outcome, reason = Confidence.DIFFERENT, Reason.of("confidence.different", percent=percent)
    elif facts.probability < policy.automatic:
        outcome, reason = Confidence.REVIEW, Reason.of("confidence.review", percent=percent)
    else:
        caps = tuple(_caps(facts))
        outcome = Confidence.REVIEW if caps else Confidence.AUTOMATIC
        reason = Reason.of("confidence.capped" if caps else "confidence.automatic", percent=percent)
    return ConfidenceDecision(
        policy=policy.ref, at=now, outcome=outcome, reasons=(reason, *caps), capped=caps[0].code if caps else ""
    )


def _caps(facts: PairFacts) -> Iterator[Reason]:
    """Everything that speaks against a merge without a person, however likely the pair is."""
    if facts.deceptive:
        yield Reason.of("confidence.mixed_script")
    for field in facts.conflicts:
        yield Reason.of("confidence.conflict", field=field)
    if facts.contested:
        yield Reason.of("confidence.contested")
    origins = {agreement.origin for agreement in facts.agreeing}
    others = {agreement.origin for agreement in facts.agreeing if agreement.kind is not EvidenceKind.NAME}
    if any(agreement.kind is EvidenceKind.STRONG for agreement in facts.agreeing):
        if len(origins) < 2:
            yield Reason.of("confidence.single_key")
    elif not (len(others) >= 2 and len(origins) > len(others)):
        # without a strong key it takes the name and two things besides, as a day of birth and a street
        yield Reason.of("confidence.weak_only")
