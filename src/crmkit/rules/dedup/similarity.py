"""How alike two names are: the one door to rapidfuzz, opened when the first pair is not simply equal.

``likeness`` counts letters; ``resembles`` knows what people do with names: Bill is William, J. may be John,
李伟 writes Li Wei abroad, and 云杉贸易 may be 杭州云杉贸易.

>>> likeness("anna schmidt", "anna schmitt"), likeness("schmidt anna", "anna schmidt"), likeness("王伟", "王玮")
(96, 100, 0)
"""

from crmkit.domain.values.chinese.pinyin import readings
from crmkit.domain.values.company_names import cores
from crmkit.domain.values.nicknames import same_given_name
from crmkit.domain.values.plain_text import has_eastern

__all__ = ["likeness", "resembles_company", "resembles_person"]


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


def resembles_person(one: str, other: str) -> bool:
    """Whether two keys of people may be one name though their letters differ; symmetric.

    The family names must be equal and the given names forms of one, in either order; or one is Chinese and
    the other its reading in pinyin. That two Chinese names read alike says nothing: 王伟 is not 王玮.

    >>> resembles_person("bill smith", "william smith"), resembles_person("j smith", "smith john")
    (True, True)
    >>> (
    ...     resembles_person("单伟", "wei shan"),
    ...     resembles_person("王伟", "王玮"),
    ...     resembles_person("john smith", "jane smith"),
    ... )
    (True, False, False)
    """
    if has_eastern(one) != has_eastern(other):
        return not readings(one).isdisjoint(readings(other))
    if has_eastern(one):
        return False
    mine, theirs = one.split(), other.split()
    if len(mine) < 2 or len(theirs) < 2:
        return False
    return any(
        family == last and _same_given(given, first)
        for given, family in ((mine[0], mine[-1]), (mine[-1], mine[0]))
        for first, last in ((theirs[0], theirs[-1]), (theirs[-1], theirs[0]))
    )


def _same_given(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    return same_given_name(one, other)


def resembles_company(one: str, other: str) -> bool:
    """Whether two keys of companies are one name but for the place, or the word for a small business; symmetric.

    >>> resembles_company("云杉贸易", "杭州云杉贸易"), resembles_company("宁波云杉贸易", "杭州云杉贸易")
    (True, False)
    >>> resembles_company("apple", "apple uk"), resembles_company("apple", "apple records")
    (True, False)
    """
    return any(
        name == known and (place <= where or where <= place)
        for name, place in cores(one)
        for known, where in cores(other)
    )
