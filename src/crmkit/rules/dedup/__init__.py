"""Duplicate detection: keys to find candidates by, groups of comparators to judge them, and merging.

``decide`` judges a record that came in against candidates; ``plan_merge`` and ``apply_merge`` make one of two.
"""

from crmkit.rules.dedup.comparators import Blank, Comparator, SameKey, SameValue, SimilarName
from crmkit.rules.dedup.decide import UNSEEN, decide
from crmkit.rules.dedup.decision import Evidence, Match, MatchDecision, MatchOutcome, Tier, Verdict
from crmkit.rules.dedup.facts import Candidate, EntryPoint, MatchFacts, MatchState, Party, states_of
from crmkit.rules.dedup.keys import KeyKind, keys_of, match_keys, search_keys
from crmkit.rules.dedup.merge import MergeFacts, MergeOutcome, MergePlan, apply_merge, plan_merge
from crmkit.rules.dedup.policy import MatchGroup, MatchPolicy, OutcomeRule
from crmkit.rules.dedup.survivorship import REVIEW_TAG, FieldChoice, Kept, news_of
from crmkit.rules.dedup.texts import TEXTS

__all__ = [
    "KINDS",
    "REVIEW_TAG",
    "TEXTS",
    "UNSEEN",
    "Blank",
    "Candidate",
    "Comparator",
    "EntryPoint",
    "Evidence",
    "FieldChoice",
    "Kept",
    "KeyKind",
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
    "OutcomeRule",
    "Party",
    "SameKey",
    "SameValue",
    "SimilarName",
    "Tier",
    "Verdict",
    "apply_merge",
    "decide",
    "keys_of",
    "match_keys",
    "news_of",
    "plan_merge",
    "search_keys",
    "states_of",
]

KINDS: tuple[type, ...] = (MatchPolicy, SameKey, SameValue, SimilarName)
