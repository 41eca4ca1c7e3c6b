"""What every repository checks before it looks: the order asked for, and whether a ``now`` is needed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from crmkit.domain.conditions import Condition, FieldCatalogue, FieldSpec, Kind
from crmkit.domain.conditions.nodes import Within
from crmkit.domain.conditions.periods import Between
from crmkit.errors import InvalidInput

__all__ = ["by_text", "moment_of", "order_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def order_of(catalogue: FieldCatalogue, order: Sequence[str]) -> list[tuple[FieldSpec, bool]]:
    """Each field of ``order`` with whether it descends.

    Raises:
        UnknownField: there is no such field.
        InvalidInput: a field that has no order: tags and money (order by ``amount.minor`` instead).
    """
    columns = []
    for name in order:
        spec = catalogue[name.removeprefix("-")]
        if spec.kind in (Kind.TAGS, Kind.MONEY):
            hint = f"Use {spec.name}.minor." if spec.kind is Kind.MONEY else "Choose another field."
            raise InvalidInput("cannot be ordered by.", field=spec.name, hint=hint)
        columns.append((spec, name.startswith("-")))
    return columns


def moment_of(condition: Condition, now: datetime | None) -> datetime:
    """The ``now`` that relative periods count from; any instant when the condition speaks of none.

    Raises:
        InvalidInput: the condition needs a ``now`` and got none, or one without a time zone.
    """
    if now is not None:
        if now.utcoffset() is None:
            raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")
        return now
    if any(isinstance(leaf, Within) and not isinstance(leaf.period, Between) for leaf in condition.leaves()):
        raise InvalidInput("is needed by this condition.", field="now", hint="Pass now=…, it is relative to it.")
    return _EPOCH


def by_text(count: tuple[Any, int]) -> str:
    """Counts of values come by the text of the value: a database gives groups in whatever order it finds them."""
    return str(count[0])
