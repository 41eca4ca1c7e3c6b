"""Where a value stands among others: what contribution, potential and loyalty are measured by."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from crmkit.errors import InvalidInput

__all__ = ["percentile"]


def percentile(value: int, among: Sequence[int]) -> int:
    """The share of ``among`` that ``value`` stands above, in whole percent, those equal to it counted half.

    Args:
        value: for example what a customer brought in a year, in minor units.
        among: what all customers brought, in rising order, so that many can be asked about.

    Raises:
        InvalidInput: there is nobody to compare with.

    >>> [percentile(value, [0, 0, 10, 20]) for value in (0, 10, 99)]
    [25, 63, 100]
    """
    if not among:
        raise InvalidInput("must not be empty.", field="among", hint="Give the values of all customers, sorted.")
    doubled = bisect_left(among, value) + bisect_right(among, value)
    return (100 * doubled + len(among)) // (2 * len(among))
