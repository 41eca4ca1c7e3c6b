"""Chance that is given: numbers that follow from a seed and a place alone, in whatever order they are asked for."""

__all__ = ["drawn"]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def drawn(seed: int, *places: int) -> float:
    """A number in [0, 1) for this place; places beside each other have numbers that tell nothing of each other.

    SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014) over the places,
    one after the other.

    >>> drawn(1, 2, 3) == drawn(1, 2, 3), drawn(1, 2, 3) == drawn(1, 3, 2)
    (True, False)
    """
    # mixed by itself first: else seeds beside each other would give the same numbers in another order
    state = _mixed(seed + _GOLDEN)
    for place in places:
        state = _mixed((state ^ place) + _GOLDEN)
    return (_mixed(state + _GOLDEN) >> 11) * 2.0**-53


def _mixed(value: int) -> int:
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
