"""From the values of a field to its bins: equally many rows for numbers, one bin for each frequent choice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median_low

from crmkit.domain.model import revise
from crmkit.rules.prediction.field import FieldModel, Scale, Value, choice_of, fingerprint, known
from crmkit.rules.prediction.training.settings import TrainingSettings

__all__ = ["field_of"]

LONGEST = 200
"""Characters of a choice that gets a bin: longer texts are prose."""
MOST_RARE = 2_000
"""Rare choices that are told again; beyond them a field is nearly an id."""


def field_of(name: str, values: Sequence[Value], settings: TrainingSettings) -> FieldModel | None:
    """The bins of the field with these ``values``, worth nothing yet; ``None`` where all fall into one.

    >>> hours = field_of("hours", [1, 2, 3, 4, None, None], TrainingSettings(bins=2, bin_rows=1))
    >>> hours.edges, hours.typical, [round(share, 2) for share in hours.shares]
    ((3.0,), (1.0, 3.0), [0.33, 0.33, 0.0, 0.33])
    >>> field_of("hours", [7, 7, 7], TrainingSettings()) is None
    True
    """
    given = [known(value) for value in values]
    there = [value for value in given if value is not None]
    numbers = [value for value in there if not isinstance(value, str)]
    whole = len(numbers) == len(there)
    field = _of_numbers(name, numbers, settings) if whole and there else _of_choices(name, there, settings)
    counts = Counter(field.place(value) for value in given)
    if len(counts.keys() - {None}) < 2:
        return None
    shares = [counts[place] / len(given) for place in range(len(field.weights))]
    return revise(field, shares=tuple(shares))


def _of_numbers(name: str, numbers: Sequence[float], settings: TrainingSettings) -> FieldModel:
    bins = list(_parts(numbers, max(settings.bin_rows, -(-len(numbers) // settings.bins))))
    return FieldModel(
        name=name,
        scale=Scale.NUMBER,
        edges=tuple(part[0] for part in bins[1:]),
        typical=tuple(median_low(part) for part in bins),
        weights=(0.0,) * (len(bins) + 2),
    )


def _parts(numbers: Sequence[float], size: int) -> Iterator[list[float]]:
    """The sorted numbers in parts of about ``size``; equal numbers stay together, and a frequent one stands alone."""
    part: list[float] = []
    left = len(numbers)
    for number, count in sorted(Counter(numbers).items()):
        if part and (len(part) >= size or count >= size):
            yield part
            part = []
        part += [number] * count
        left -= count
        if left < size and len(part) >= size:
            # what is left is too little for a part of its own
            size = len(numbers)
    yield part


def _of_choices(name: str, values: Sequence[str | float], settings: TrainingSettings) -> FieldModel:
    counts = Counter(map(choice_of, values))
    frequent = sorted(
        (choice for choice, count in counts.items() if count >= settings.rare and len(choice) <= LONGEST),
        key=lambda choice: (-counts[choice], choice),
    )[: settings.choices]
    rare = sorted(fingerprint(choice) for choice in counts.keys() - set(frequent))
    return FieldModel(
        name=name,
        scale=Scale.CHOICE,
        choices=tuple(frequent),
        rare=tuple(rare[:MOST_RARE]),
        weights=(0.0,) * (len(frequent) + 2),
    )
