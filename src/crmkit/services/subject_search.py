"""Everything that is held of one person: who they are in the store, what speaks of them, where they are mentioned."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from attrs import define, field

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, F, any_of
from crmkit.domain.erasing import SPEAKS, Speaks
from crmkit.domain.ids import Ref
from crmkit.domain.parties.account import Account, AccountKind
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import StageKind
from crmkit.domain.stewardship.filing import Filing
from crmkit.domain.stewardship.merge import Merge
from crmkit.errors import InvalidInput, NotFound
from crmkit.ports.store import REPOSITORIES, UnitOfWork

__all__ = ["MENTIONS", "Subject", "search_subject"]

Party = Lead | Contact | Account
_PARTIES: Mapping[str, type[Record]] = {"lead": Lead, "contact": Contact, "account": Account}
_CERTAIN = ("phone:", "email:", "handle:")
_ENTITIES = {cls.entity: cls for cls in REPOSITORIES.values()}
MENTIONS: Mapping[str, Sequence[str]] = {
    "interaction": ("outcome", "summary", "next_step"),
    "task": ("title", "details"),
    "request": ("title", "details"),
    "opportunity": ("name",),
    "lead": ("description",),
    "contact": ("description",),
    "account": ("description",),
}
"""Texts that may mention somebody by a phone or an address."""


@define(kw_only=True)
class Subject:
    """One person, as the store has them.

    Args:
        parties: the leads, contacts and accounts that are the person, with how each was found:
            ``"named"``, ``"converted"``, ``"merged"`` or ``"key"``.
        records: the records themselves and all that speak of them, by reference.
        gone: what was merged away, as the journals have it.
        mentioned: other records whose texts have one of the person's phones or addresses in them.
        keys: the match keys of the person.
        texts: phones and addresses as they may be written.
    """

    parties: dict[Ref, str] = field(factory=dict)
    records: dict[Ref, Record] = field(factory=dict)
    gone: dict[Ref, Record] = field(factory=dict)
    mentioned: dict[Ref, Record] = field(factory=dict)
    keys: set[str] = field(factory=set)
    texts: set[str] = field(factory=set)

    def running(self) -> set[Ref]:
        """The open deals, and the parties they belong to."""
        found: set[Ref] = set()
        for record in self.records.values():
            if isinstance(record, Opportunity) and record.status is StageKind.OPEN:
                found.add(record.ref)
                owners = {("lead", record.lead_id), ("account", record.account_id)}
                found |= {ref for ref in self.parties if (ref.entity, ref.id) in owners}
        return found


def search_subject(uow: UnitOfWork, named: Iterable[Ref], *, leave_out: Iterable[Ref] = ()) -> Subject:
    """Who the records ``named`` are, through conversions, merges and shared phones and addresses.

    A record that only shares a phone or an address is found, and not followed further; what is not the same
    person is named in ``leave_out``.

    Raises:
        InvalidInput: a reference is to no lead, contact or account.
        NotFound: there is no such record, and no merge has taken it away.
    """
    search = _Search(uow, frozenset(leave_out))
    for ref in named:
        if ref.entity not in _PARTIES:
            raise InvalidInput("is no lead, contact or account.", field="subject", hint="Name the person's record.")
        search.party(ref, "named")
        if ref not in search.subject.parties:
            raise NotFound(f"There is no {ref.entity} of that id.", entity=ref.entity, id=ref.id)
    search.by_keys()
    search.speaking()
    search.mentions()
    return search.subject


class _Search:
    def __init__(self, uow: UnitOfWork, leave_out: frozenset[Ref]) -> None:
        self.uow = uow
        self.leave_out = leave_out
        self.subject = Subject()

    def party(self, ref: Ref, how: str) -> None:
        """The record is the person, and so is what it was merged with or converted into."""
        if ref in self.subject.parties or ref in self.leave_out:
            return
        record = self.uow.repository(_PARTIES[ref.entity]).get_many([ref.id]).get(ref.id)
        merges = [each for each in self._merges(ref) if each.undone_at is None]
        if record is None:
            record = next((each.loser for each in merges if each.loser_id == ref.id), None)
            if record is None:
                return
            self.subject.gone[ref] = record
        else:
            self.subject.records[ref] = record
        self.subject.parties[ref] = how
        self._known_by(cast(Party, record))
        if how == "key":
            return
        for each in merges:
            for id_ in (each.survivor_id, each.loser_id):
                self.party(Ref(entity=ref.entity, id=id_), "merged")
        for other in self._converted(record):
            self.party(other, "converted")

    def by_keys(self) -> None:
        """Records that share a phone, an address or a handle."""
        certain = sorted(key for key in self.subject.keys if key.startswith(_CERTAIN))
        for refs in self.uow.keys.find(certain).values() if certain else ():
            for ref in refs:
                if ref.entity != "account" or self._is_person(ref.id):
                    self.party(ref, "key")

    def speaking(self) -> None:
        """What speaks of the person, and what speaks of that."""
        frontier = set(self.subject.parties)
        while frontier:
            found = {record.ref: record for record in self._about(frontier)}
            fresh = found.keys() - self.subject.records.keys()
            self.subject.records |= {ref: found[ref] for ref in fresh}
            frontier = fresh

    def mentions(self) -> None:
        """Other texts that a phone or an address of the person stands in."""
        texts = sorted(self.subject.texts)
        for entity, names in MENTIONS.items() if texts else ():
            said = any_of([getattr(F, name).contains(text) for name in names for text in texts])
            for record in self.uow.repository(_ENTITIES[entity]).find(said):
                if record.ref not in self.subject.records and record.ref not in self.leave_out:
                    self.subject.mentioned[record.ref] = record

    def _known_by(self, record: Party) -> None:
        self.subject.keys |= set(self.uow.keys.of(record))
        for phone in record.phones:
            self.subject.texts |= {text for text in (phone.e164, phone.raw) if text}
        for email in record.emails:
            self.subject.texts |= {text for text in (email.address, email.raw) if text}

    def _merges(self, ref: Ref) -> Sequence[Merge]:
        either = (F.loser_id == ref.id) | (F.survivor_id == ref.id)
        return self.uow.merges.find((F.record_entity == ref.entity) & either)

    def _converted(self, record: Record) -> Iterator[Ref]:
        if isinstance(record, Lead):
            if record.contact_id is not None:
                yield Ref(entity="contact", id=record.contact_id)
            if record.account_id is not None and self._is_person(record.account_id):
                yield Ref(entity="account", id=record.account_id)
        field_ = {"contact": F.contact_id, "account": F.account_id}.get(record.entity)
        if field_ is not None and (isinstance(record, Contact) or self._is_person(record.id)):
            for lead in self.uow.leads.find(field_ == record.id):
                yield lead.ref

    def _is_person(self, account_id: str) -> bool:
        account = self.uow.accounts.get_many([account_id]).get(account_id)
        return account is not None and account.kind is AccountKind.PERSON

    def _about(self, refs: Iterable[Ref]) -> Iterator[Record]:
        by_entity: dict[str, list[str]] = {}
        for ref in sorted(refs, key=str):
            by_entity.setdefault(ref.entity, []).append(ref.id)
        for entity, ids in by_entity.items():
            for cls in REPOSITORIES.values():
                how = SPEAKS[cls.entity]
                if how is Speaks.SUBJECT:
                    yield from self._find(cls, (F.subject_entity == entity) & F.subject_id.in_(ids))
                elif how is Speaks.RECORD:
                    yield from self._find(cls, (F.record_entity == entity) & F.record_id.in_(ids))
            yield from self._own(entity, ids)

    def _own(self, entity: str, ids: list[str]) -> Iterator[Record]:
        """By fields that only these have."""
        if entity in _PARTIES:
            of = F.record_entity == entity
            yield from self.uow.merges.find(of & (F.loser_id.in_(ids) | F.survivor_id.in_(ids)))
            yield from self.uow.match_reviews.find(of & (F.one_id.in_(ids) | F.other_id.in_(ids)))
            keys = sorted(self.subject.keys)
            if keys:
                yield from self.uow.match_reviews.find(F.shared_key.in_(keys))
                yield from self.uow.filing_marks.find(F.key.in_(keys))
                yield from self.uow.filings.find(any_of([F.keys.contains(key) for key in keys]))
        if entity == "lead":
            yield from self.uow.opportunities.find(F.lead_id.in_(ids))
        if entity == "account":
            yield from self.uow.opportunities.find(F.account_id.in_(ids))
        if entity == "contact":
            yield from self.uow.interactions.find(any_of([F.contact_ids.contains(id_) for id_ in ids]))
        if entity == Filing.entity:
            yield from self.uow.filing_marks.find(F.filing_id.in_(ids))

    def _find(self, cls: type[Record], condition: Condition) -> Sequence[Any]:
        return self.uow.repository(cls).find(condition)
