"""Finding duplicates: the known leads, contacts and accounts that may be the same as one that comes in."""

from collections.abc import Iterable
from datetime import datetime
from zlib import crc32

from attrs import evolve

from crmkit.domain.ids import Ref
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import (
    Candidate,
    EntryPoint,
    MatchDecision,
    MatchFacts,
    MatchPolicy,
    Party,
    decide,
    match_keys,
)
from crmkit.rules.dedup.keys import is_trace, kind_of, without
from crmkit.services.context import Context
from crmkit.services.lead_form import LeadForm

__all__ = ["Neighbours", "find_duplicates", "lock_names", "policy_in_force"]

_STANDARD = MatchPolicy()
_STRIPES = 512
"""Lock names that all keys of a tenant share, so that a batch of any size holds a bounded number of locks."""


def find_duplicates(
    ctx: Context, subject: Party | LeadForm, *, entry_point: EntryPoint = EntryPoint.MANUAL
) -> MatchDecision:
    """What is known of ``subject``, best match first, with the evidence field by field; nothing is written.

    ``subject`` is a form as somebody fills it in, a record about to be saved, or one that is stored (it
    never matches itself).
    """
    now = ctx.clock.now()
    record = subject.read().draft(ctx.ids.new(), now=now) if isinstance(subject, LeadForm) else subject
    candidate = Candidate.of(record, now=now)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        policy = policy_in_force(uow, now)
        neighbours = Neighbours.of(uow, [candidate], policy, now=now)
        return decide(policy, neighbours.facts(candidate, entry_point), now=now)


def policy_in_force(uow: UnitOfWork, now: datetime) -> MatchPolicy:
    """The tenant's match policy at ``now``, or the standard one."""
    return uow.policies.in_force(MatchPolicy, now) or _STANDARD


def lock_names(subjects: Iterable[Candidate]) -> list[str]:
    """The names to lock before looking for ``subjects`` and saving them.

    Whoever shares a key with one of them waits, and then finds what we saved. Weak keys are left out: many
    would wait for each other who are not the same.
    """
    stripes = {crc32(key.encode()) % _STRIPES for subject in subjects for key in subject.searched if not is_trace(key)}
    return [f"match:{stripe}" for stripe in sorted(stripes)]


class Neighbours:
    """The known records that share a key with some that come in, loaded with a handful of queries.

    A batch adds what it is about to save, so that its later rows find the earlier ones.
    """

    def __init__(self, *, most_per_key: int, now: datetime) -> None:
        self._most = most_per_key
        self._now = now
        self._refs: dict[str, list[Ref]] = {}
        self._candidates: dict[Ref, Candidate] = {}

    @classmethod
    def of(cls, uow: UnitOfWork, subjects: Iterable[Candidate], policy: MatchPolicy, *, now: datetime) -> "Neighbours":
        """The neighbours of all ``subjects``."""
        found = cls(most_per_key=policy.most_per_key, now=now)
        wanted = {key for subject in subjects for key in subject.searched}
        # one more than may share a key: a full answer means too many
        known = uow.keys.find(sorted(wanted), limit=policy.most_per_key + 1)
        found._refs = {key: list(refs) for key, refs in known.items()}
        found._load(uow)
        return found

    def facts(self, subject: Candidate, entry_point: EntryPoint) -> MatchFacts:
        """What the decision about ``subject`` needs."""
        crowded = []
        refs: dict[Ref, None] = {}
        for key in subject.searched:
            sharing = self._refs.get(key, ())
            if len(sharing) > self._most:
                crowded.append(key)
            else:
                refs.update(dict.fromkeys(sharing))
        refs.pop(subject.ref, None)
        return MatchFacts(
            subject=evolve(subject, keys=without(subject.keys, crowded)) if crowded else subject,
            candidates=tuple(self._candidates[ref] for ref in refs),
            entry_point=entry_point,
            crowded=tuple(dict.fromkeys(kind_of(key) for key in crowded)),
        )

    def record(self, ref: Ref) -> Party:
        """The neighbour of that entity and id."""
        return self._candidates[ref].record

    def add(self, candidate: Candidate) -> None:
        """``candidate`` is known from now on, as it is now."""
        ref = candidate.ref
        self._candidates[ref] = candidate
        for key in match_keys(candidate.record, candidate.keys):
            sharing = self._refs.setdefault(key, [])
            if ref not in sharing and len(sharing) <= self._most:
                sharing.append(ref)

    def _load(self, uow: UnitOfWork) -> None:
        """Only the records behind keys that are not crowded: a phone of 50,000 leads costs no more than one of 20."""
        ids: dict[str, list[str]] = {}
        for ref in dict.fromkeys(ref for refs in self._refs.values() if len(refs) <= self._most for ref in refs):
            ids.setdefault(ref.entity, []).append(ref.id)
        leads = uow.leads.get_many(ids.get(Lead.entity, ()))
        contacts = uow.contacts.get_many(ids.get(Contact.entity, ()))
        of_contacts = [contact.account_id for contact in contacts.values() if contact.account_id is not None]
        accounts = uow.accounts.get_many(dict.fromkeys([*ids.get(Account.entity, ()), *of_contacts]))
        owned: list[Lead | Account] = [*leads.values(), *accounts.values()]
        for record in owned:
            self._candidates[record.ref] = Candidate.of(record, now=self._now)
        for contact in contacts.values():
            account = accounts.get(contact.account_id) if contact.account_id is not None else None
            self._candidates[contact.ref] = Candidate.of(contact, account=account, now=self._now)
