"""What a save writes beside the row, alike in every store: the entries of the audit trail."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from crmkit.adapters.codec import StoredCodec
from crmkit.domain.change import Change, Event, Record
from crmkit.domain.ids import MemberId
from crmkit.domain.model import annotations_of
from crmkit.errors import InvalidInput

__all__ = ["Recorded", "Recorder"]

_ENVELOPE = {"at", "recipients"}
_UNTRACKED = {"version", "updated_at"}


class Recorded(NamedTuple):
    """One entry to be written: an event, or the bare fact of a change that told none."""

    type: str
    at: datetime
    recipients: tuple[MemberId, ...]
    data: Mapping[str, Any]
    changed: Mapping[str, Sequence[Any]]
    told: bool
    """Whether it is an event, to be relayed."""


class Recorder:
    """Turns changes into entries and walks records back through them."""

    def __init__(self, codec: StoredCodec) -> None:
        self._codec = codec
        self._known: dict[type, dict[str, Any]] = {}
        self._events: dict[type, list[tuple[str, Any]]] = {}

    def record(self, change: Change[Any]) -> list[Recorded]:
        """The entries of one save: one an event; the first says what fields changed. A ledger's line has none.

        Raises:
            InvalidInput: a removal without an event would leave no trace of when.
        """
        if change.before is None and change.after.ledger:
            return []
        changed = self.changed(change)
        events: tuple[Event, ...] = change.events
        if not events:
            return [self._untold(change, changed)]
        if len(events) == 1:
            return [self._told(events[0], changed)]
        return [self._told(event, {} if place else changed) for place, event in enumerate(events)]

    def changed(self, change: Change[Any]) -> dict[str, list[Any]]:
        """Field → [before, after] in JSON terms; empty for a new record, every field for one that goes or comes back."""
        before, after = change.before, change.after_or_none
        if before is None:
            return {} if change.touched is None else {name: [None, was] for name, was in self._whole(change.after)}
        if after is None:
            return {name: [was, None] for name, was in self._whole(before)}
        plainers = self._plainers(type(before))
        old, new = before.__dict__, after.__dict__
        found: dict[str, list[Any]] = {}
        for name in plainers if change.touched is None else change.touched:
            was, is_ = old[name], new[name]
            if was is not is_ and was != is_ and name not in _UNTRACKED:
                to_plain = plainers[name]
                found[name] = [was, is_] if to_plain is None else [_plain(to_plain, was), _plain(to_plain, is_)]
        return found

    def plain_of(self, record: Record, names: Collection[str]) -> dict[str, Any]:
        """The fields ``names`` of ``record`` in JSON terms."""
        return {name: value for name, value in self._whole(record) if name in names}

    def as_of(self, cls: type[Record], current: Record | None, newest_first: Sequence[Mapping[str, Any]]) -> Any:
        """``current`` with the changes ``newest_first`` taken back; ``None`` when nothing is left."""
        state = {} if current is None else dict(self._whole(current))
        for changed in newest_first:
            state.update({name: pair[0] for name, pair in changed.items()})
        # a record that went and came back was not there in between
        return self._codec.load(state, cls) if state.get("id") is not None else None

    def _told(self, event: Event, changed: Mapping[str, Any]) -> Recorded:
        state = event.__dict__
        data = {}
        for name, to_plain in self._told_fields(type(event)):
            value = state[name]
            data[name] = value if to_plain is None or value is None else to_plain(value)
        return Recorded(event.type, event.at, event.recipients, data, changed, True)

    def _untold(self, change: Change[Any], changed: Mapping[str, Any]) -> Recorded:
        record = change.after_or_none
        if record is None:
            raise InvalidInput("a removal tells no event.", field="Change.events", hint="Give it one.")
        verb = "created" if change.before is None else "changed"
        return Recorded(f"{record.entity}.{verb}", record.updated_at, (), {}, changed, False)

    def _whole(self, record: Record) -> Iterator[tuple[str, Any]]:
        plainers = self._plainers(type(record))
        return ((name, _plain(plainers[name], value)) for name, value in record.__dict__.items())

    def _told_fields(self, cls: type) -> list[tuple[str, Any]]:
        known = self._events.get(cls)
        if known is None:
            known = [(name, plainer) for name, plainer in self._plainers(cls).items() if name not in _ENVELOPE]
            self._events[cls] = known
        return known

    def _plainers(self, cls: type) -> dict[str, Any]:
        known = self._known.get(cls)
        if known is None:
            known = {name: self._codec.plainer(annotation) for name, annotation in annotations_of(cls).items()}
            self._known[cls] = known
        return known


def _plain(to_plain: Callable[[Any], Any] | None, value: Any) -> Any:
    return value if to_plain is None or value is None else to_plain(value)
