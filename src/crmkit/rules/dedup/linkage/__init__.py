"""Probabilistic matching: field types, comparison levels, and the model that was learnt, as plain data."""

from crmkit.rules.dedup.linkage.fields import CERTAIN_BITS, LEVELS, SHARED, FieldType, Level
from crmkit.rules.dedup.linkage.model import FieldWeights, LinkageModel, Step

__all__ = ["CERTAIN_BITS", "LEVELS", "SHARED", "FieldType", "FieldWeights", "Level", "LinkageModel", "Step"]
