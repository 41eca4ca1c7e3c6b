"""How alike two names are: the one door to rapidfuzz, opened when the first pair is not simply equal.

>>> likeness("anna schmidt", "anna schmitt"), likeness("schmidt anna", "anna schmidt"), likeness("王伟", "王玮")
(96, 100, 0)
"""

from crmkit.domain.values.plain_text import has_eastern

__all__ = ["likeness"]


def likeness(one: str, other: str) -> int:
    """Whole per cent, symmetric; words may stand in any order.

    Jaro–Winkler (W. E. Winkler, "String Comparator Metrics and Enhanced Decision Rules in the
    Fellegi–Sunter Model", 1990, prefix weight 0.1) of the texts with their words sorted. One Chinese
    character is as much as a whole Latin word, so there names are equal or not.
    """
    if one == other:
        return 100
    if has_eastern(one) or has_eastern(other):
        return 0
    mine, theirs = " ".join(sorted(one.split())), " ".join(sorted(other.split()))
    if mine == theirs:
        return 100
    from rapidfuzz.distance import JaroWinkler

    # rounded down: 100 means equal
    return min(99, int(100 * JaroWinkler.normalized_similarity(mine, theirs)))
