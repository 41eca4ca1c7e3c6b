"""Saboteurs of writing: rollback, versions, ids, events, locks, answers."""

from collections.abc import Sequence
from typing import Any

import attrs

from crmkit.domain.change import Change
from crmkit.domain.model import revise
from crmkit.domain.stewardship.audit import Acting
from crmkit.errors import CrmError, StaleVersion
from crmkit.ports.store import UnitOfWork
from crmkit.testing.sabotage.wrapping import Passing, WrappedStore, WrappedUnitOfWork

__all__ = [
    "AcceptsTakenIds",
    "CommitsOnItsOwn",
    "ForgetsAnswers",
    "ForgetsWhoActed",
    "IgnoresVersions",
    "KeepsHalfASave",
    "LosesEvents",
    "NeverTriesAgain",
    "ReleasesLocksEarly",
    "ReplacesPolicies",
    "WritesWhenReading",
]


class CommitsOnItsOwn(WrappedStore):
    """Forgets to roll back: what was not committed is committed when the block ends."""

    caught_by = "test_what_was_not_committed_is_gone"

    def ending(self, uow: UnitOfWork) -> None:
        try:
            uow.commit()
        except CrmError:
            return  # it has ended already


class IgnoresVersions(WrappedStore):
    """Writes over whatever is there: the last one wins."""

    caught_by = "test_a_stale_save_is_refused"

    def save(self, uow: WrappedUnitOfWork, changes: tuple[Change[Any], ...]) -> None:
        for change in changes:
            uow.inside.save(_on_what_is_there(uow, change))


def _on_what_is_there(uow: WrappedUnitOfWork, change: Change[Any]) -> Change[Any]:
    current = uow.inside.repository(type(change.record)).get_many([change.record.id]).get(change.record.id)
    if change.before is None or current is None or current.version == change.before.version:
        return change
    after = change.after_or_none
    again = after if after is None else revise(after, version=current.version + 1)
    return Change(current, again, change.events)


class KeepsHalfASave(WrappedStore):
    """Leaves out of a save what is stale, and writes the rest."""

    caught_by = "test_nothing_of_a_refused_save_is_written"

    def save(self, uow: WrappedUnitOfWork, changes: tuple[Change[Any], ...]) -> None:
        for change in changes:
            before = change.before
            if before is not None and len(changes) > 1:
                current = uow.inside.repository(type(before)).get_many([before.id]).get(before.id)
                if current is None or current.version != before.version:
                    uow.inside.commit()
                    raise StaleVersion("changed since it was read")
            uow.inside.save(change)


class AcceptsTakenIds(WrappedStore):
    """Takes a new record with a known id for a change of the known one."""

    caught_by = "test_a_taken_id_is_refused"

    def save(self, uow: WrappedUnitOfWork, changes: tuple[Change[Any], ...]) -> None:
        for change in changes:
            record = change.record
            known = uow.inside.repository(type(record)).get_many([record.id]).get(record.id)
            if change.before is None and known is not None:
                after = revise(record, version=known.version + 1)
                uow.inside.save(Change(known, after, change.events))
            else:
                uow.inside.save(change)


class LosesEvents(WrappedStore):
    """Writes the row and forgets the events that belong to it."""

    caught_by = "test_events_are_saved_with_the_row"

    def save(self, uow: WrappedUnitOfWork, changes: tuple[Change[Any], ...]) -> None:
        kept = [change if change.after_or_none is None else attrs.evolve(change, events=()) for change in changes]
        uow.inside.save(*kept)


class ForgetsWhoActed(WrappedStore):
    """Writes every entry down as done by the system."""

    caught_by = "test_every_entry_names_who_for_whom_from_where_and_why"

    def acting(self, acting: Acting) -> Acting:
        return Acting(tenant=acting.tenant)


class ReleasesLocksEarly(WrappedStore):
    """Takes a lock in a unit of work of its own, so that it is let go at once. Needs concurrent writers."""

    caught_by = "test_a_lock_excludes"

    def lock(self, uow: WrappedUnitOfWork, names: tuple[str, ...]) -> None:
        if names:
            uow.inside.save()  # refuses as the lock itself would
        with self.inside.begin(uow.inside.acting) as short:
            short.lock(*names)


class NeverTriesAgain(WrappedStore):
    """``run`` gives up at the first stale version."""

    caught_by = "test_run_tries_again_after_a_stale_version"

    def run(self, work: Any, acting: Acting | None = None) -> Any:
        with self.begin(acting) as uow:
            result = work(uow)
            uow.commit()
            return result


class WritesWhenReading(WrappedStore):
    """Takes no notice of ``read_only``."""

    caught_by = "test_one_that_only_reads_cannot_write"

    def read_only(self, read_only: bool) -> bool:  # noqa: ARG002, FBT001 - that is the sabotage
        return False


class ForgetsAnswers(WrappedStore):
    """Remembers nothing, so that a repeated command is done twice."""

    caught_by = "test_a_repeat_gets_the_same_answer"

    def part(self, name: str, inside: Any, uow: WrappedUnitOfWork) -> Any:
        return _Forgetful(inside) if name == "commands" else super().part(name, inside, uow)


class _Forgetful(Passing):
    def remember(self, key: str, answer: object) -> None:
        """Does not."""


class ReplacesPolicies(WrappedStore):
    """Takes a version that exists for a correction of it, and says nothing."""

    caught_by = "test_a_stored_version_never_changes"

    def part(self, name: str, inside: Any, uow: WrappedUnitOfWork) -> Any:
        return _Obliging(inside) if name == "policies" else super().part(name, inside, uow)


class _Obliging(Passing):
    def put(self, policy: Any) -> None:
        known: Sequence[Any] = self.inside.versions(type(policy), policy.id)
        if policy.version not in [each.version for each in known]:
            self.inside.put(policy)
