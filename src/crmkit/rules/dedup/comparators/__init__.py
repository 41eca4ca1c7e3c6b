"""Comparators: one small frozen class a file. A host adds its own through the rule book."""

from crmkit.rules.dedup.comparators.comparator import Blank, Comparator
from crmkit.rules.dedup.comparators.same_key import SameKey
from crmkit.rules.dedup.comparators.same_value import SameValue
from crmkit.rules.dedup.comparators.similar_name import SimilarName

__all__ = ["Blank", "Comparator", "SameKey", "SameValue", "SimilarName"]
