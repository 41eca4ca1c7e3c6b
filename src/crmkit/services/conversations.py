"""What was said with many leads, contacts or accounts, the newest of each: a few queries for all of them.

An account's conversations are those about itself and those about its contacts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.conditions import F
from crmkit.ports.store import UnitOfWork
from crmkit.services.profiling import refusing

__all__ = ["newest", "with_accounts"]

MOST_EVENTS = 1_000
"""Interactions of one record that are looked at, the newest."""
MOST_AT_ONCE = 100_000
"""Interactions read by one query."""
CHUNK = 500
"""Records asked for by one query."""


def newest(uow: UnitOfWork, entity: str, ids: Iterable[str]) -> Mapping[str, Sequence[Interaction]]:
    """Up to a thousand interactions about each record that has some, newest first; one query for 500 records."""
    found: dict[str, list[Interaction]] = {}
    for some in _chunks(ids):
        interactions = _about(uow, entity, some, limit=MOST_EVENTS if len(some) == 1 else MOST_AT_ONCE)
        if len(interactions) == MOST_AT_ONCE:  # flooded: some may have been left out, so each on its own
            interactions = [each for id_ in some for each in _about(uow, entity, [id_], limit=MOST_EVENTS)]
        for interaction in interactions:
            found.setdefault(interaction.subject_id, []).append(interaction)
    return {id_: interactions[:MOST_EVENTS] for id_, interactions in found.items()}


def with_accounts(uow: UnitOfWork, ids: Iterable[str], *, now: datetime) -> Mapping[str, Sequence[Interaction]]:
    """The same of accounts, with what was said with their contacts; not with those who are not to be profiled."""
    ids = list(ids)
    said = {id_: list(interactions) for id_, interactions in newest(uow, "account", ids).items()}
    refuses = refusing(uow, "contact", now)
    people = [
        contact
        for some in _chunks(ids)
        for contact in uow.contacts.find(F.account_id.in_(some))
        if not refuses(contact)
    ]
    by_contact = newest(uow, "contact", [contact.id for contact in people])
    for contact in people:
        if contact.account_id is not None and contact.id in by_contact:
            said.setdefault(contact.account_id, []).extend(by_contact[contact.id])
    return said


def _about(uow: UnitOfWork, entity: str, ids: Sequence[str], *, limit: int) -> Sequence[Interaction]:
    about = (F.subject_entity == entity) & F.subject_id.in_(ids)
    return uow.interactions.find(about, order=("-at",), limit=limit)


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, CHUNK)):
        yield some
