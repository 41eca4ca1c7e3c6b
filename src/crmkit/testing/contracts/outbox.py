"""The contract of ``ports.Outbox``: told at least once, in order, by one worker at a time, and never lost."""

from collections.abc import Sequence
from datetime import timedelta

from crmkit.domain.change import changed, created
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Notice
from crmkit.ports.store import Store
from crmkit.testing.builders import a_lead, a_task
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import OTHERS, claim, entries, noted, save

__all__ = ["DeadLetterContract", "OutboxContract"]

TICK = timedelta(microseconds=1)
UNTIL = NOW + timedelta(minutes=5)
"""Until when the checks lease."""
LATER = NOW + timedelta(hours=1)


class OutboxContract:
    """What is saved is told. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    def test_events_are_saved_with_the_row(self, store: Store) -> None:
        """Every event of a committed change is handed out as it was told, under an id of its own."""
        save(store, created(a_lead(), noted("first", recipients=("M-1", "M-2"))))
        save(store, created(a_task(), noted("second", at=NOW - TICK)), acting=OTHERS)

        first, second = claim(store)
        assert (first.tenant, first.record, first.version) == ("main", Ref(entity="lead", id="L-1"), 1)
        assert (first.type, first.at, dict(first.data)) == ("kit.noted", NOW, {"text": "first"})
        assert (first.recipients, first.attempt) == (("M-1", "M-2"), 1)
        assert (second.tenant, second.record.entity, second.at, second.recipients) == ("others", "task", NOW - TICK, ())
        assert first.id != second.id

    def test_texts_of_events_arrive_as_they_were(self, store: Store) -> None:
        """Whatever stands in an event is told to the last code point."""
        texts = ["'; DROP TABLE crm_audit; --", "e\u0301 é \U0010ffff", '{"a": [1]}', "null", "x" * 100_000]
        save(store, *(created(a_lead(id=f"L-{place}"), noted(text)) for place, text in enumerate(texts)))

        assert [notice.data["text"] for notice in claim(store)] == texts

    def test_a_change_without_events_tells_nothing(self, store: Store) -> None:
        """A bare change is written down in the audit trail only."""
        save(store, created(a_lead()), created(a_task(), noted()))

        assert [notice.record.entity for notice in claim(store)] == ["task"]
        assert store.outbox.backlog() == 1

    def test_what_is_not_committed_is_not_told(self, store: Store) -> None:
        """Events share the fate of their rows."""
        with store.begin() as uow:
            uow.save(created(a_lead(), noted()))

        assert (list(claim(store)), store.outbox.backlog()) == ([], 0)

    def test_notices_come_in_the_order_of_the_saves(self, store: Store) -> None:
        """The oldest is handed out first, whatever the ids and times of the records."""
        for number in (5, 3, 9, 1):
            save(store, created(a_lead(id=f"L-{number}"), noted(at=NOW - timedelta(days=number))))

        assert [notice.record.id for notice in claim(store)] == ["L-5", "L-3", "L-9", "L-1"]

    def test_the_limit_takes_the_oldest(self, store: Store) -> None:
        """``limit`` notices at most, the oldest of those that are free."""
        save(store, *(created(a_lead(id=f"L-{number}"), noted()) for number in range(5)))

        handed = [[notice.record.id for notice in claim(store, limit=limit)] for limit in (2, 0, 2, 5, 5)]
        assert handed == [["L-0", "L-1"], [], ["L-2", "L-3"], ["L-4"], []]

    def test_one_record_is_told_in_order(self, store: Store) -> None:
        """Of each record only the oldest undelivered notice is handed out; the next one follows its delivery."""
        lead = a_lead()
        first = changed(lead, noted("2"), noted("3"), now=NOW, score=1)
        save(store, created(lead, noted("1")), first)
        save(store, changed(first.after, noted("4"), now=NOW, score=2), created(a_task(), noted("task")))

        told = []
        for round_ in range(5):
            notices = claim(store, now=NOW + round_ * TICK)
            told.append([notice.data["text"] for notice in notices])
            assert store.outbox.delivered(notices) == len(notices)
        assert told == [["1", "task"], ["2"], ["3"], ["4"], []]

    def test_a_record_that_waits_holds_up_no_other(self, store: Store) -> None:
        """A notice that failed keeps its own record back, and nobody else."""
        save(store, created(a_lead(), noted("1")), changed(a_lead(), noted("2"), now=NOW, score=1))
        save(store, created(a_task(), noted("task")))
        head, other = claim(store)
        assert store.outbox.failed(head, error="Timeout", now=NOW, retry_at=LATER)
        assert store.outbox.delivered([other]) == 1

        save(store, created(a_task(id="T-2"), noted("task 2")))
        flowing = claim(store)
        assert (_texts(flowing), store.outbox.delivered(flowing)) == (["task 2"], 1)
        assert _texts(claim(store, now=LATER - TICK)) == []
        assert _texts(claim(store, now=LATER, until=LATER + TICK)) == ["1"]

    def test_a_leased_notice_is_handed_to_nobody_else(self, store: Store) -> None:
        """Until its lease ends a notice is not handed out again; from then on it is."""
        save(store, created(a_lead(), noted()))

        [first] = claim(store, until=UNTIL)
        assert [list(claim(store, now=now)) for now in (NOW, UNTIL - TICK)] == [[], []]
        [again] = claim(store, now=UNTIL, until=LATER)
        assert (again.id, again.attempt, first.attempt) == (first.id, 2, 1)

    def test_a_worker_that_slept_past_its_lease_changes_nothing(self, store: Store) -> None:
        """Once a notice was handed to somebody else, its former holder can neither settle nor fail it."""
        save(store, created(a_lead(), noted()))
        sleeper = claim(store, until=UNTIL)
        worker = claim(store, now=UNTIL, until=LATER)

        assert store.outbox.delivered(sleeper) == 0
        assert not store.outbox.failed(sleeper[0], error="Timeout", now=UNTIL, retry_at=None)
        assert (store.outbox.backlog(), list(store.outbox.dead_letters())) == (1, [])
        assert store.outbox.delivered(worker) == 1
        assert store.outbox.backlog() == 0

    def test_a_worker_that_is_late_but_not_replaced_still_counts(self, store: Store) -> None:
        """A lease is the pair of id and attempt: as long as nobody else was handed it, it stands."""
        save(store, created(a_lead(), noted()))
        notices = claim(store, until=NOW + TICK)

        assert store.outbox.delivered(notices) == 1

    def test_what_was_delivered_is_told_no_more(self, store: Store) -> None:
        """A delivered notice is never handed out again, and cannot be delivered twice."""
        save(store, *(created(a_lead(id=f"L-{number}"), noted()) for number in range(3)))
        notices = claim(store)

        assert store.outbox.delivered(notices) == 3
        assert (store.outbox.delivered(notices), store.outbox.delivered([])) == (0, 0)
        assert (list(claim(store, now=LATER)), store.outbox.backlog()) == ([], 0)
        assert len(entries(store, a_lead(id="L-0").ref)) == 1

    def test_a_failed_notice_comes_again_under_the_same_id(self, store: Store) -> None:
        """Each time it is handed out counts, and it keeps its id and its place."""
        save(store, created(a_lead(), noted()))
        seen, now = [], NOW
        for _ in range(3):
            [notice] = claim(store, now=now, until=now + TICK)
            seen.append(notice)
            now += timedelta(minutes=1)
            assert store.outbox.failed(notice, error="Timeout", now=now, retry_at=now)

        assert [notice.attempt for notice in seen] == [1, 2, 3]
        assert len({notice.id for notice in seen}) == 1

    def test_the_backlog_counts_what_is_to_be_told(self, store: Store) -> None:
        """Waiting and leased notices count, delivered and dead ones do not."""
        save(store, *(created(a_lead(id=f"L-{number}"), noted()) for number in range(4)))
        first, second = claim(store, limit=2)
        assert store.outbox.backlog() == 4

        store.outbox.delivered([first])
        assert store.outbox.backlog() == 3
        store.outbox.failed(second, error="Refused", now=NOW, retry_at=None)
        assert store.outbox.backlog() == 2


class DeadLetterContract:
    """What could not be told is kept. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    def test_a_notice_that_is_given_up_is_kept_with_its_error(self, store: Store) -> None:
        """``failed`` without ``retry_at`` makes a dead letter, which is handed out no more."""
        save(store, created(a_lead(), noted("poison")))
        notice = self._die(store)

        [letter] = store.outbox.dead_letters()
        assert (letter.notice.id, dict(letter.notice.data)) == (notice.id, {"text": "poison"})
        assert (letter.error, letter.failed_at) == ("Refused 400", NOW + TICK)
        assert list(claim(store, now=LATER)) == []

    def test_a_dead_letter_no_longer_holds_up_its_record(self, store: Store) -> None:
        """The record's later notices are told without it."""
        save(store, created(a_lead(), noted("1")), changed(a_lead(), noted("2"), now=NOW, score=1))
        self._die(store)

        assert _texts(claim(store)) == ["2"]

    def test_dead_letters_come_oldest_first(self, store: Store) -> None:
        """In the order of the saves, ``limit`` at most."""
        save(store, *(created(a_lead(id=f"L-{number}"), noted(str(number))) for number in range(3)))
        for notice in reversed(claim(store)):
            store.outbox.failed(notice, error="Refused", now=NOW, retry_at=None)

        letters = [store.outbox.dead_letters(), store.outbox.dead_letters(limit=2)]
        assert [_texts([letter.notice for letter in each]) for each in letters] == [["0", "1", "2"], ["0", "1"]]

    def test_a_replayed_letter_is_told_from_the_start(self, store: Store) -> None:
        """``replay`` makes it due at once, under its id, with its attempts counted anew."""
        save(store, created(a_lead(), noted()))
        notice = self._die(store)

        assert store.outbox.replay([notice.id], now=LATER) == 1
        assert (list(store.outbox.dead_letters()), store.outbox.backlog()) == ([], 1)
        assert list(claim(store, now=LATER - TICK)) == []
        [again] = claim(store, now=LATER, until=LATER + TICK)
        assert (again.id, again.attempt) == (notice.id, 1)

    def test_a_discarded_letter_is_never_told(self, store: Store) -> None:
        """``discard`` ends it; its audit entry stays."""
        save(store, created(a_lead(), noted()))
        notice = self._die(store)

        assert store.outbox.discard([notice.id]) == 1
        assert (list(store.outbox.dead_letters()), store.outbox.backlog()) == ([], 0)
        assert store.outbox.replay([notice.id], now=NOW) == 0
        assert len(entries(store, a_lead().ref)) == 1

    def test_only_dead_letters_are_replayed_and_discarded(self, store: Store) -> None:
        """Ids of waiting and delivered notices, and unknown ones, are passed by."""
        save(store, *(created(a_lead(id=f"L-{number}"), noted()) for number in range(3)))
        done, dead, waiting = claim(store)
        store.outbox.delivered([done])
        store.outbox.failed(dead, error="Refused", now=NOW, retry_at=None)
        ids = [done.id, dead.id, waiting.id, type(done.id)("nobody")]

        assert (store.outbox.replay(ids, now=NOW), store.outbox.replay([], now=NOW)) == (1, 0)
        assert (store.outbox.discard(ids), store.outbox.discard([])) == (0, 0)
        assert store.outbox.backlog() == 2

    def _die(self, store: Store) -> Notice:
        [notice] = claim(store)
        assert store.outbox.failed(notice, error="Refused 400", now=NOW + TICK, retry_at=None)
        return notice


def _texts(notices: Sequence[Notice]) -> list[str]:
    return [notice.data["text"] for notice in notices]
