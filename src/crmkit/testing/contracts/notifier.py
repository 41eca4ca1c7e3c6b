"""The contract of ``ports.Notifier``: it takes what it is given, also twice, whatever stands in it."""

from collections.abc import Callable, Sequence

import attrs
import pytest

from crmkit.domain.ids import EventId, MemberId, Ref
from crmkit.domain.stewardship.audit import Notice
from crmkit.ports.notifier import Notifier
from crmkit.testing.clock import NOW
from crmkit.testing.hostile import HOSTILE_TEXTS

__all__ = ["NotifierContract"]

Told = Callable[[], Sequence[EventId]]
"""Lists the ids of the notices that reached the other side, in order."""


class NotifierContract:
    """A channel. Required fixture: ``notifier``; with ``tells``, also ``told``, a callable that lists the ids
    of the notices that reached the other side so far, in order.
    """

    tells = False
    """What reached the other side can be seen."""
    remembers_ids = False
    """A notice that comes again after a crash is not told again."""

    @pytest.fixture
    def told(self) -> None:
        """Overridden where ``tells`` is set."""

    def test_a_notice_is_taken(self, notifier: Notifier) -> None:
        """``send`` returns nothing, and raises nothing, when the channel has taken the notice."""
        assert notifier.send(_notice("N-1")) is None  # type: ignore[func-returns-value]

    def test_a_notice_for_nobody_in_particular_is_taken(self, notifier: Notifier) -> None:
        """Many events have no recipients."""
        notifier.send(attrs.evolve(_notice("N-1"), recipients=()))

    def test_a_repeat_is_taken(self, notifier: Notifier) -> None:
        """After a crash the same notice comes again, under its id, as another attempt."""
        notifier.send(_notice("N-1"))
        notifier.send(attrs.evolve(_notice("N-1"), attempt=2))

    def test_hostile_texts_are_taken(self, notifier: Notifier) -> None:
        """No text in an event can break the channel."""
        for place, text in enumerate(HOSTILE_TEXTS):
            notifier.send(_notice(f"N-{place}", text=text))

    def test_notices_are_told_in_order(self, notifier: Notifier, told: Told) -> None:
        """As they were sent, each under its id."""
        self._needs("tells")
        for number in range(5):
            notifier.send(_notice(f"N-{number}"))

        assert list(told()) == [f"N-{number}" for number in range(5)]

    def test_a_repeat_is_told_once(self, notifier: Notifier, told: Told) -> None:
        """A channel that must not tell twice remembers the ids."""
        self._needs("tells")
        self._needs("remembers_ids")
        for notice in (_notice("N-1"), _notice("N-2"), attrs.evolve(_notice("N-1"), attempt=2)):
            notifier.send(notice)

        assert list(told()) == ["N-1", "N-2"]

    def _needs(self, flag: str) -> None:
        if not getattr(self, flag):
            pytest.skip(f"{flag} is not set for this notifier")


def _notice(id: str, text: str = "Li Wei claimed 杭州云杉") -> Notice:
    return Notice(
        id=EventId(id),
        tenant="main",
        record=Ref(entity="lead", id="L-1"),
        version=2,
        type="lead.moved",
        at=NOW,
        data={"text": text, "from_status": "new", "to_status": "working"},
        recipients=(MemberId("M-1"),),
    )
