"""All that one person is known by: their records, also those merged away, and the keyed hashes of their addresses."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from attrs import frozen

from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.keys import email_key, handle_key, phone_key
from crmkit.domain.values.normal import mailbox
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import Party
from crmkit.services.merge import MAY_BE_MERGED, resolve
from crmkit.services.suppressing import hashes_of

__all__ = ["Address", "Circle", "address_key", "addresses_of", "circle_of", "kind_of", "match_keys"]

Address = Phone | Email | Handle


@frozen(kw_only=True)
class Circle:
    """One person, as the ledger of consent knows them.

    Args:
        record: the record itself; of one that was merged away the survivor.
        points: the hashes of its own addresses, by their keys.
        gone: whoms that became one with it, and when: merged records, their addresses, converted leads.
        others: records that share an address with it.
        refs: all of its records, also those that are gone.
    """

    record: Party
    points: Mapping[str, str]
    gone: Mapping[str, datetime]
    others: tuple[Party, ...]
    refs: tuple[Ref, ...]

    @property
    def own(self) -> str:
        """The whom of the record itself."""
        return str(self.record.ref)

    @property
    def whoms(self) -> tuple[str, ...]:
        """Everybody whose word counts."""
        others = (str(each.ref) for each in self.others)
        return tuple(sorted({self.own, *self.points.values(), *self.gone, *others}))

    @property
    def locks(self) -> tuple[str, ...]:
        """What is locked while something is said, or sent, so that the two do not overtake each other."""
        return tuple(f"consent:{whom}" for whom in self.whoms)


def kind_of(address: Address) -> str:
    """``"email"``, ``"phone"``, or the network of a handle."""
    if isinstance(address, Handle):
        return address.network
    return "email" if isinstance(address, Email) else "phone"


def addresses_of(record: Party) -> Iterator[Address]:
    """Everything by which the record can be reached, the primary ones first."""
    known: list[Address] = [*record.emails, *record.phones, *record.handles]
    yield from sorted(known, key=lambda each: not each.primary)


def address_key(address: Address) -> str | None:
    """What is hashed of an address: without case, and of mail without what follows a plus sign.

    >>> address_key(Email.parse("Li.Wei+News@Example.com")), address_key(Phone.parse("no number"))
    ('email:li.wei@example.com', None)
    """
    if isinstance(address, Phone):
        key = phone_key(address)
    elif isinstance(address, Handle):
        key = handle_key(address)
    else:
        key = email_key(address)
        if key is not None:
            local, _, domain = mailbox(key).rpartition("@")
            key = f"{local.partition('+')[0] or local}@{domain}"
    kind = {Phone: "phone", Email: "email", Handle: "handle"}[type(address)]
    return None if key is None else f"{kind}:{key}"


def match_keys(address: Address) -> list[str]:
    """The match keys under which records with ``address`` are found, as written and without a tag."""
    known = address_key(address)
    exact = email_key(address) if isinstance(address, Email) else None
    keys = {known, None if exact is None else f"email:{exact}"}
    return sorted(key for key in keys if key is not None)


def circle_of(uow: UnitOfWork, secret: bytes, ref: Ref, *, at: datetime) -> Circle:
    """The circle of ``ref`` with the merges that there were at ``at``.

    Raises:
        InvalidInput: ``ref`` is no lead, contact or account.
        NotFound: there is no such record.
    """
    if ref.entity not in MAY_BE_MERGED:
        raise InvalidInput("is no lead, contact or account.", field="subject", hint="Name the person's record.")
    record = uow.repository(MAY_BE_MERGED[ref.entity]).get(resolve(uow, ref).id)
    points = _points(uow, secret, record)
    former = [*_merged(uow, record.ref, at), *_converted(uow, record)]
    gone: dict[str, datetime] = {}
    for loser, when in former:
        for whom in (str(loser.ref), *_points(uow, secret, loser).values()):
            if whom not in points.values():
                gone[whom] = max(when, gone.get(whom, when))
    refs = (record.ref, *(loser.ref for loser, _ in former))
    return Circle(record=record, points=points, gone=gone, others=tuple(_sharing(uow, record, refs)), refs=refs)


def _points(uow: UnitOfWork, secret: bytes, record: Party) -> Mapping[str, str]:
    keys = (address_key(each) for each in addresses_of(record))
    return hashes_of(secret, uow.acting.tenant, dict.fromkeys(key for key in keys if key is not None))


def _merged(uow: UnitOfWork, survivor: Ref, at: datetime) -> Iterator[tuple[Party, datetime]]:
    """What was merged into the survivor, over any number of merges."""
    known, seen = [survivor.id], {survivor.id}
    for id_ in known:
        found = uow.merges.find(
            (F.record_entity == survivor.entity)
            & (F.survivor_id == id_)
            & F.undone_at.missing()
            & F.continues.missing(),
            order=("id",),
        )
        for each in found:
            if each.loser_id not in seen and each.created_at <= at:
                seen.add(each.loser_id)
                known.append(each.loser_id)
                yield each.loser, each.created_at


def _converted(uow: UnitOfWork, record: Party) -> Iterator[tuple[Party, datetime]]:
    """The leads that became this contact, or the contact that this lead became: one person."""
    if isinstance(record, Contact):
        yield from ((lead, lead.updated_at) for lead in uow.leads.find(F.contact_id == record.id, order=("id",)))
    elif isinstance(record, Lead) and record.contact_id is not None:
        yield from ((each, each.created_at) for each in uow.contacts.get_many([record.contact_id]).values())


def _sharing(uow: UnitOfWork, record: Party, known: tuple[Ref, ...]) -> Iterator[Party]:
    """Records of others that can be reached at the same addresses."""
    keys = [key for key in uow.keys.of(record) if key.startswith(("phone:", "email:", "handle:"))]
    found = {ref for refs in uow.keys.find(sorted(keys)).values() for ref in refs} - set(known) if keys else set()
    for entity, cls in MAY_BE_MERGED.items():
        ids = sorted(ref.id for ref in found if ref.entity == entity)
        yield from uow.repository(cls).get_many(ids).values() if ids else ()
