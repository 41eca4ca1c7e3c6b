"""The contracts of ``ports.Clock`` and ``ports.IdSource``."""

from datetime import timedelta

from crmkit.domain.checks import check_for
from crmkit.domain.model import Key
from crmkit.ports.clock import Clock, IdSource
from crmkit.testing.contracts.threads import side_by_side

__all__ = ["ClockContract", "IdSourceContract"]


class ClockContract:
    """A clock. Required fixture: ``clock``."""

    def test_now_is_an_instant_in_utc(self, clock: Clock) -> None:
        """Aware, with no offset."""
        assert clock.now().utcoffset() == timedelta(0)

    def test_now_does_not_go_back(self, clock: Clock) -> None:
        """Asked again at once, it shows the same time or a later one, and not much later."""
        seen = [clock.now() for _ in range(1_000)]
        assert seen == sorted(seen)
        assert seen[-1] - seen[0] < timedelta(minutes=5)


class IdSourceContract:
    """A source of ids. Required fixture: ``ids``."""

    def test_ids_are_never_given_twice(self, ids: IdSource) -> None:
        """Not to several threads at once either."""
        given = [id for each in side_by_side(4, lambda _: [ids.new() for _ in range(2_000)]) for id in each]
        assert len(set(given)) == len(given)

    def test_later_ids_sort_after_earlier_ones(self, ids: IdSource) -> None:
        """By code point, so that records read in the order of their ids are read in that of their making."""
        given = [ids.new() for _ in range(5_000)]
        assert given == sorted(given)

    def test_ids_are_ids(self, ids: IdSource) -> None:
        """Short text without blanks, which every field for an id takes."""
        check = check_for(Key)
        for _ in range(100):
            id = ids.new()
            assert check("id", id) == id
            assert (len(id) <= 200, id.split()) == (True, [id])
