"""Duplicate detection: keys to find candidates by, groups of comparators to judge them, and merging.

``decide`` judges a record that came in against candidates; ``plan_merge`` and ``apply_merge`` make one of two,
``undo`` makes two of one again.
"""

from crmkit.rules.dedup.comparators import Blank, Comparator, SameKey, SameValue, SimilarName
from crmkit.rules.dedup.decide import UNSEEN, decide
from crmkit.rules.dedup.decision import Evidence, Match, MatchDecision, MatchOutcome, Tier, Verdict
from crmkit.rules.dedup.disclosure import (
    Disclosed,
    DisclosureFacts,
    DisclosureLevel,
    DisclosurePolicy,
    ExistenceDecision,
    ExistenceOutcome,
    KnownRecord,
    NextStep,
    decide_disclosure,
    refusals,
)
from crmkit.rules.dedup.facts import Candidate, EntryPoint, MatchFacts, MatchState, Party, states_of
from crmkit.rules.dedup.keys import KeyKind, keys_of, match_keys, search_keys
from crmkit.rules.dedup.merge import MergeFacts, MergeOutcome, MergePlan, apply_merge, plan_merge
from crmkit.rules.dedup.merge_policy import MergePolicy
from crmkit.rules.dedup.policy import MatchGroup, MatchPolicy, OutcomeRule
from crmkit.rules.dedup.review import ConfidenceDecision, ConfidencePolicy, PairFacts, decide_confidence
from crmkit.rules.dedup.survivorship import REVIEW_TAG, FieldChoice, Kept, Survivorship, news_of
from crmkit.rules.dedup.texts import TEXTS
from crmkit.rules.dedup.unmerge import (
    FieldReturn,
    Returned,
    Undone,
    UnmergeFacts,
    UnmergeOutcome,
    UnmergePlan,
    undo,
)

__all__ = [
    "KINDS",
    "REVIEW_TAG",
    "TEXTS",
    "UNSEEN",
    "Blank",
    "Candidate",
    "Comparator",
    "ConfidenceDecision",
    "ConfidencePolicy",
    "Disclosed",
    "DisclosureFacts",
    "DisclosureLevel",
    "DisclosurePolicy",
    "EntryPoint",
    "Evidence",
    "ExistenceDecision",
    "ExistenceOutcome",
    "FieldChoice",
    "FieldReturn",
    "Kept",
    "KeyKind",
    "KnownRecord",
    "Match",
    "MatchDecision",
    "MatchFacts",
    "MatchGroup",
    "MatchOutcome",
    "MatchPolicy",
    "MatchState",
    "MergeFacts",
    "MergeOutcome",
    "MergePlan",
    "MergePolicy",
    "NextStep",
    "OutcomeRule",
    "PairFacts",
    "Party",
    "Returned",
    "SameKey",
    "SameValue",
    "SimilarName",
    "Survivorship",
    "Tier",
    "Undone",
    "UnmergeFacts",
    "UnmergeOutcome",
    "UnmergePlan",
    "Verdict",
    "apply_merge",
    "decide",
    "decide_confidence",
    "decide_disclosure",
    "keys_of",
    "match_keys",
    "news_of",
    "plan_merge",
    "refusals",
    "search_keys",
    "states_of",
    "undo",
]

KINDS: tuple[type, ...] = (
    MatchPolicy,
    MergePolicy,
    DisclosurePolicy,
    ConfidencePolicy,
    SameKey,
    SameValue,
    SimilarName,
)
