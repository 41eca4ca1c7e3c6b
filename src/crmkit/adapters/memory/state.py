"""What a memory store holds, and how a unit of work takes back what it did."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from crmkit.domain.change import Record
from crmkit.domain.stewardship.audit import AuditEntry
from crmkit.domain.stewardship.chain import Seal

__all__ = ["Chain", "Delivery", "MemoryState", "Place", "Undo", "holds"]


@frozen
class Place:
    """Where an entry stands in the chain; link 0 and no hash when it was only redacted."""

    link: int
    content: str
    hash: str
    redacted: bool = False


@define
class Delivery:
    """How far an entry's notice has come."""

    entry: AuditEntry
    due_at: datetime
    state: str = "pending"
    attempts: int = 0
    leased_until: datetime | None = None
    error: str = ""
    failed_at: datetime | None = None


@define
class Chain:
    """A tenant's seals, and the place of each entry that has one."""

    seals: list[Seal] = field(factory=list)
    places: dict[int, Place] = field(factory=dict)
    """Position → its place."""


def holds(holders: list[tuple[str, str]], name: tuple[str, str]) -> bool:
    """Whether ``name`` is among the sorted ``holders``."""
    place = bisect_left(holders, name)
    return place < len(holders) and holders[place] == name


@define
class MemoryState:
    """Everything, by tenant where tenants have it apart."""

    records: dict[tuple[str, str], dict[str, Record]] = field(factory=lambda: defaultdict(dict))
    """(tenant, entity) → id → record."""
    keys: dict[tuple[str, str], list[tuple[str, str]]] = field(factory=lambda: defaultdict(list))
    """(tenant, key) → (id, entity) of who has it, sorted: one that 50,000 share must not cost a sort each time."""
    keys_versions: dict[str, int] = field(factory=dict)
    """Tenant → the version of the function that made its keys."""
    entries: dict[str, list[AuditEntry]] = field(factory=lambda: defaultdict(list))
    chains: dict[str, Chain] = field(factory=lambda: defaultdict(Chain))
    deliveries: dict[str, Delivery] = field(factory=dict)
    """Entry id → its delivery, in the order of the saves."""
    policies: dict[tuple[str, str, str, int], Any] = field(factory=dict)
    commands: dict[tuple[str, str], Any] = field(factory=dict)
    position: int = 0


class Undo:
    """Steps that take back what a unit of work did, last first."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []

    def set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        """``mapping[key]`` is ``value`` until it is taken back."""
        if key in mapping:
            old = mapping[key]
            self._steps.append(lambda: mapping.__setitem__(key, old))
        else:
            self._steps.append(lambda: mapping.pop(key, None))
        mapping[key] = value

    def delete(self, mapping: dict[Any, Any], key: Any) -> None:
        """``key`` is gone until that is taken back."""
        old = mapping.pop(key)
        self._steps.append(lambda: mapping.__setitem__(key, old))

    def then(self, step: Callable[[], object]) -> None:
        """``step`` takes back something else."""
        self._steps.append(step)

    def all(self) -> None:
        """Everything is as it was."""
        while self._steps:
            self._steps.pop()()

    def forget(self) -> None:
        """What was done stays done."""
        self._steps.clear()
