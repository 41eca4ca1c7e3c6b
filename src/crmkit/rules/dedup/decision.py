"""What duplicate search finds: matches with their evidence field by field, and what is to be done about them."""

from enum import StrEnum
from functools import lru_cache

from crmkit.domain.ids import Ref
from crmkit.domain.model import Code, Line, model
from crmkit.domain.reasons import Reason
from crmkit.rules.dedup.facts import EntryPoint, MatchState
from crmkit.rules.dedup.texts import TEXTS
from crmkit.rules.policy import Decision

__all__ = ["Evidence", "Match", "MatchDecision", "MatchOutcome", "Tier", "Verdict"]


class Tier(StrEnum):
    """How sure a match is; only a certain one may ever be merged without a person looking."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class MatchOutcome(StrEnum):
    """What is to be done with the record that came in, from the harmless to the severe."""

    ALLOW = "allow"
    """Save it."""
    WARN = "warn"
    """Save it, and tell whoever entered it."""
    REVIEW = "review"
    """Save it, and let a person look at the pair."""
    UPDATE = "update"
    """Do not save it: bring the known record up to date instead."""
    BLOCK = "block"
    """Do not save it."""


class Verdict(StrEnum):
    """What one comparison says."""

    AGREES = "agrees"
    RESEMBLES = "resembles"
    """Not equal, but people write one for the other; no evidence for a match, and none against it."""
    DIFFERS = "differs"
    BLANK = "blank"


@model
class Evidence:
    """One field of a pair compared; it never holds the value itself.

    ``holds`` says whether the group's demand is met: a blank meets it where the comparator says so.
    ``strong`` marks a field that few people share (a phone, an e-mail address), as against a name.
    """

    comparator: Code
    field: Code
    verdict: Verdict
    holds: bool
    strong: bool = False
    similarity: int = 0
    """Whole per cent."""

    @classmethod
    def of(
        cls, verdict: Verdict, *, comparator: str, field: str, holds: bool, strong: bool = False, similarity: int = 0
    ) -> "Evidence":
        """The evidence, made once: few different ones exist, and a batch speaks of them millions of times."""
        return _evidence(verdict, comparator, field, holds, strong, similarity)

    @property
    def reason(self) -> Reason:
        """The evidence as a reason, to be said in any language by a catalogue."""
        return _reason(self.verdict, self.field, self.similarity)


@lru_cache(maxsize=4_096)
def _evidence(
    verdict: Verdict,
    comparator: str,
    field: str,
    holds: bool,  # noqa: FBT001
    strong: bool,  # noqa: FBT001
    similarity: int,
) -> Evidence:
    return Evidence(
        comparator=comparator, field=field, verdict=verdict, holds=holds, strong=strong, similarity=similarity
    )


@lru_cache(maxsize=4_096)
def _reason(verdict: Verdict, field: str, similarity: int) -> Reason:
    code = f"match.{verdict.value}"
    named = f"{code}.{field}"
    return Reason.of(named if named in TEXTS else code, field=field, similarity=similarity)


@model
class Match:
    """A known record that may be the same: how sure, by which group of comparators, on what evidence."""

    record: Ref
    tier: Tier
    group: Code
    evidence: tuple[Evidence, ...]
    states: tuple[MatchState, ...] = ()
    outcome: MatchOutcome = MatchOutcome.ALLOW
    capped: Line = ""
    """Why the tier is lower than the group's own: the code of a reason."""

    @property
    def agreeing(self) -> tuple[str, ...]:
        """The fields that agree."""
        return tuple(each.field for each in self.evidence if each.verdict is Verdict.AGREES)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The evidence as reasons, field by field."""
        return tuple(each.reason for each in self.evidence)


@model
class MatchDecision(Decision):
    """What to do with the record that came in; ``matches`` are ordered, the best first."""

    outcome: MatchOutcome
    entry_point: EntryPoint
    matches: tuple[Match, ...] = ()

    def best(self, entity: str, *outcomes: MatchOutcome) -> Match | None:
        """The best match of that entity, of any outcome or one of ``outcomes``."""
        for match in self.matches:
            if match.record.entity == entity and (not outcomes or match.outcome in outcomes):
                return match
        return None
