"""Random lives of customers, with merges, edits, conversions and undos, against a naive model.

The model is a diary: what people did, in order. An undo takes the merge out of the diary as if it had never
been, and what should be there follows by reading the diary again from the start.
"""

from collections import Counter

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.change import changed, created
from crmkit.domain.ids import Ref
from crmkit.domain.model import annotations_of, revise
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.ports.store import REPOSITORIES
from crmkit.rules.dedup import Kept, MergeOutcome, UnmergeOutcome
from crmkit.rules.dedup.survivorship import choices_of, value_of
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.convert import convert_lead
from crmkit.services.merge import merge, resolve
from crmkit.services.unmerge import plan_unmerge, unmerge
from crmkit.testing import (
    FixedClock,
    FixedIds,
    a_contact,
    a_lead,
    a_pipeline,
    a_task,
    an_account,
    an_interaction,
    an_opportunity,
)
from crmkit.testing.history import History, Told

BOOK = RuleBook.standard()
PARTIES = ("account", "contact", "lead")
ABOVE = {"account": "parent_id", "contact": "reports_to_id"}
LINKS = {
    ("contact", "account_id"): "account",
    ("opportunity", "account_id"): "account",
    ("lead", "account_id"): "account",
    ("account", "parent_id"): "account",
    ("contact", "reports_to_id"): "contact",
    ("lead", "contact_id"): "contact",
    ("opportunity", "lead_id"): "lead",
}
UNORDERED = ("phones", "emails", "handles", "tags", "contact_ids")
some = st.integers(0, 59)
DEEDS = (
    "somebody_writes_a_title",
    "somebody_tags",
    "somebody_notes_a_number",
    "somebody_says_something",
    "somebody_talks_to_them",
    "a_task_is_planned",
    "somebody_calls",
    "a_deal_is_opened",
    "something_is_moved_on",
    "a_lead_is_converted",
)
SEEDS = st.lists(st.tuples(st.sampled_from(DEEDS[:-2]), some, some), min_size=10, max_size=10)


class Diary:
    """What was done, in order; ``read`` tells what is there after it."""

    def __init__(self):
        self.pages = []

    def write(self, what, *about):
        self.pages.append((what, *about))

    def strike_out(self, merge_ref):
        self.pages = [page for page in self.pages if page[0] != "merge" or page[1] != merge_ref]

    def standing(self):
        return [page for page in self.pages if page[0] == "merge"]

    def read(self):
        records = {}
        for what, *about in self.pages:
            getattr(self, f"_{what}")(records, *about)
        return records

    def _save(self, records, record):
        records[record.ref] = record

    def _edit(self, records, ref, fields):
        records[ref] = revise(records[ref], **fields)

    def _add(self, records, ref, field, values):
        held = getattr(records[ref], field)
        records[ref] = revise(records[ref], **{field: (*held, *(each for each in values if each not in held))})

    def _say(self, records, ref, words):
        said = records[ref].description
        records[ref] = revise(records[ref], description=f"{said}\n\n{words}" if said else words)

    def _merge(self, records, _merge_ref, survivor, loser):
        stays, goes = records[survivor], records.pop(loser)
        fields = {
            name: value_of(name, choice.kept, stays, goes)
            for choice in choices_of(stays, goes)
            if choice.kept is not Kept.SURVIVOR
            for name in choice.fields
        }
        records[survivor] = revise(stays, **fields)
        for ref, record in records.items():
            records[ref] = moved(record, loser, survivor)


def moved(record, old, new):
    fields = {}
    if getattr(record, "subject_id", None) == old.id and record.subject_entity == old.entity:
        fields["subject_id"] = new.id
    if old.entity == "contact" and old.id in getattr(record, "contact_ids", ()):
        fields["contact_ids"] = tuple(dict.fromkeys(new.id if id == old.id else id for id in record.contact_ids))
    for (entity, field), to in LINKS.items():
        if record.entity == entity and to == old.entity and getattr(record, field) == old.id:
            fields[field] = new.id
    return revise(record, **fields) if fields else record


def in_short(record):
    """What has to agree; who stands above whom and the order of numbers follow rules of their own."""
    left_out = {"version", "updated_at", ABOVE.get(record.entity)}
    short = {name: getattr(record, name) for name in annotations_of(type(record)) if name not in left_out}
    for name in UNORDERED:
        if name in short:
            short[name] = Counter(short[name])
    if "description" in short:
        short["description"] = Counter(short["description"].split("\n\n"))
    return short


def number(counter):
    return f"13{counter:09}"


class Lives(RuleBasedStateMachine):
    """One world with some people, companies and leads, and whatever befalls them."""

    def __init__(self):
        super().__init__()
        self.ctx = self.make_context()
        self.clock = self.ctx.clock
        self.diary = Diary()
        self.counter = 0
        self.pointed_at = {}
        self.born = {}
        self.rings = False

    def make_context(self):
        return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=BOOK)

    # --- the world ---------------------------------------------------------------------------------

    @initialize(parents=st.lists(st.none() | some, min_size=8, max_size=8), tall=st.booleans(), seeds=SEEDS)
    def begin(self, parents, tall, seeds):
        self.save(a_pipeline())
        for n in range(4):
            above = parents[n] % n if n and parents[n] is not None else None
            above = n - 1 if tall and n else above
            self.save(self.account(n, parent_id=None if above is None else f"A-{above}"))
        for n in range(4):
            boss = parents[4 + n] % n if n and parents[4 + n] is not None else None
            self.save(self.contact(n, account_id=f"A-{n}", reports_to_id=None if boss is None else f"C-{boss}"))
        for n in range(4):
            self.save(self.lead(n))
        self.born = {ref: record for ref, record in self.there().items() if ref.entity in PARTIES}
        for what, who, also in seeds:
            self.people_go_on(what, who, also)

    def fresh(self):
        self.counter += 1
        return f"{self.counter:06}"

    def account(self, n, **fields):
        name = CompanyName(legal=f"Nordlicht {n} GmbH")
        return an_account(id=f"A-{n}", name=name, phones=(Phone.parse(number(n)),), emails=(), **fields)

    def contact(self, n, **fields):
        name = PersonName.parse(f"Anna Berg{n}")
        return a_contact(id=f"C-{n}", name=name, phones=(Phone.parse(number(10 + n)),), emails=(), **fields)

    def lead(self, n, **fields):
        phones = (Phone.parse(number(20 + n)),)
        owner = {"owner_id": f"M-{n}"} if n % 2 else {}
        created_at = self.clock.advance(minutes=1)
        name = PersonName.parse(f"Karl Holm{n}")
        return a_lead(
            id=f"L-{n}", status="qualified", name=name, company=None, phones=phones, emails=(),
            title=("", "Buyer")[n % 2], created_at=created_at, **owner, **fields,
        )  # fmt: skip

    def save(self, *records):
        self.ctx.store.run(lambda uow: uow.save(*map(created, records)))
        for record in records:
            self.diary.write("save", record)

    def there(self):
        with self.ctx.store.begin(read_only=True) as uow:
            kinds = [cls for cls in REPOSITORIES.values() if not cls.ledger and cls.entity != "merge"]
            return {record.ref: record for cls in kinds for record in uow.repository(cls).scan()}

    def parties(self, *entities):
        return sorted((ref for ref in self.there() if ref.entity in (entities or PARTIES)), key=str)

    def change(self, ref, **fields):
        change = changed(self.there_is(ref), now=self.clock.advance(minutes=1), **fields)
        self.ctx.store.run(lambda uow: uow.save(change))

    def there_is(self, ref):
        return self.there()[ref]

    # --- what people do ----------------------------------------------------------------------------

    @rule(what=st.sampled_from(DEEDS), who=some, also=some)
    def people_go_on(self, what, who, also):
        getattr(self, what)(who, also)

    def somebody_writes_a_title(self, who, _also):
        refs = self.parties("lead", "contact")
        ref, title = refs[who % len(refs)], f"title {self.fresh()}"
        self.change(ref, title=title)
        self.diary.write("edit", ref, {"title": title})

    def somebody_tags(self, who, _also):
        refs = self.parties()
        ref, tag = refs[who % len(refs)], f"tag-{self.fresh()}"
        self.change(ref, tags=(*self.there_is(ref).tags, tag))
        self.diary.write("add", ref, "tags", (tag,))

    def somebody_notes_a_number(self, who, known):
        refs = self.parties()
        ref = refs[who % len(refs)]
        phone = Phone.parse(number(100 + known % 5))
        phones = self.there_is(ref).phones
        if phone not in phones:
            self.change(ref, phones=(*phones, phone))
            self.diary.write("add", ref, "phones", (phone,))

    def somebody_says_something(self, who, _also):
        refs = self.parties()
        ref, words = refs[who % len(refs)], f"said {self.fresh()}."
        said = self.there_is(ref).description
        self.change(ref, description=f"{said}\n\n{words}" if said else words)
        self.diary.write("say", ref, words)

    def somebody_talks_to_them(self, who, _also):
        refs = self.parties()
        ref = refs[who % len(refs)]
        at = self.clock.advance(minutes=1)
        self.change(ref, last_contact_at=at)
        self.diary.write("edit", ref, {"last_contact_at": at})

    def a_task_is_planned(self, about, _also):
        self.refer("task", about, about)

    def somebody_calls(self, about, also):
        self.refer("interaction", about, also)

    def a_deal_is_opened(self, about, also):
        self.refer("opportunity", about, also)

    def refer(self, kind, about, also):
        refs, contacts, accounts = self.parties(), self.parties("contact"), self.parties("account")
        leads = self.parties("lead")
        ref, id = refs[about % len(refs)], f"{kind}-{self.fresh()}"
        subject = {"subject_entity": ref.entity, "subject_id": ref.id}
        made = self.clock.advance(minutes=1)
        if kind == "task":
            self.save(a_task(id=id, created_at=made, **subject))
        elif kind == "interaction":
            ids = dict.fromkeys((contacts[also % len(contacts)].id, contacts[about % len(contacts)].id))
            self.save(an_interaction(id=id, created_at=made, contact_ids=tuple(ids), **subject))
        else:
            account, lead = accounts[also % len(accounts)].id, leads[about % len(leads)].id if leads else None
            self.save(an_opportunity(id=id, created_at=made, account_id=account, lead_id=lead))

    def something_is_moved_on(self, which, to):
        tasks = sorted((ref for ref in self.there() if ref.entity == "task"), key=str)
        if tasks:
            task = tasks[which % len(tasks)]
            refs = [ref for ref in self.parties() if (task, ref) not in self.pointed_at]
            if refs:
                ref = refs[to % len(refs)]
                fields = {"subject_entity": ref.entity, "subject_id": ref.id}
                self.change(task, **fields)
                self.diary.write("edit", task, fields)

    def a_lead_is_converted(self, which, _also):
        leads = [ref for ref in self.parties("lead") if self.there_is(ref).status == "qualified"]
        if leads:
            before = self.there()
            self.clock.advance(minutes=1)
            convert_lead(self.ctx, leads[which % len(leads)].id)
            self.write_down(before)

    def write_down(self, before):
        """Whatever differs from ``before`` was done by somebody."""
        for ref, record in self.there().items():
            known = before.get(ref)
            if known is None:
                self.diary.write("save", record)
                continue
            fields = {
                name: getattr(record, name)
                for name in annotations_of(type(record))
                if name not in ("version", "updated_at") and getattr(record, name) != getattr(known, name)
            }
            for name in [name for name in UNORDERED if name in fields]:
                self.diary.write("add", ref, name, fields.pop(name))
            self.diary.write("edit", ref, fields)

    # --- merges ------------------------------------------------------------------------------------

    @rule(entity=st.sampled_from(PARTIES), one=some, other=some)
    def two_are_merged(self, entity, one, other):
        refs = self.parties(entity)
        stays, goes = refs[one % len(refs)], refs[other % len(refs)]
        if stays != goes:
            self.clock.advance(minutes=1)
            before = self.there()
            answer = merge(self.ctx, stays, goes, keep=stays.id)
            if answer.outcome is MergeOutcome.MERGE:
                self.diary.write("merge", answer.merge, stays, goes)
            else:
                assert self.there() == before

    @precondition(lambda self: self.diary.standing())
    @rule(which=some)
    def a_merge_is_undone(self, which):
        merges = self.diary.standing()
        _, merge_ref, stays, goes = merges[which % len(merges)]
        self.clock.advance(minutes=1)
        before = self.there()
        planned = plan_unmerge(self.ctx, merge_ref)
        assert self.there() == before
        answer = unmerge(self.ctx, merge_ref)
        assert answer == planned
        self.rings |= "unmerge.ring" in {reason.code for reason in answer.plan.reasons}
        if stays in before:
            assert answer.plan.outcome is UnmergeOutcome.UNDO
            assert goes in self.there()
            self.diary.strike_out(merge_ref)
        else:
            assert answer.plan.outcome is UnmergeOutcome.REFUSE
            blocking = next(page[1] for page in merges if page[3] == stays)
            assert answer.plan.reasons[0].params["merge"] == str(blocking)
            assert self.there() == before

    # --- what always holds -------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_and_nothing_invented(self):
        there, should = self.there(), self.diary.read()
        assert there.keys() == should.keys()
        for ref, record in there.items():
            assert in_short(record) == in_short(should[ref]), ref
            if ref.entity == "task":
                self.pointed_at[ref, Ref(entity=record.subject_entity, id=record.subject_id)] = True

    @invariant()
    def every_reference_leads_to_a_record(self):
        there = self.there()
        for record in there.values():
            for (entity, field), to in LINKS.items():
                id = getattr(record, field) if record.entity == entity else None
                assert id is None or Ref(entity=to, id=id) in there, (record.ref, field)
            for id in getattr(record, "contact_ids", ()):
                assert Ref(entity="contact", id=id) in there

    @invariant()
    def nobody_stands_above_themselves(self):
        there = self.there()
        for ref in there:
            seen, at = set(), ref
            while at is not None and at.entity in ABOVE:
                assert at not in seen
                seen.add(at)
                above = getattr(there[at], ABOVE[at.entity])
                at = None if above is None else Ref(entity=at.entity, id=above)

    @invariant()
    def every_id_ever_given_leads_to_a_record(self):
        there = self.there()
        follow = {goes: stays for _, _, stays, goes in self.diary.standing()}
        with self.ctx.store.begin(read_only=True) as uow:
            for ref in self.born:
                at = ref
                while at in follow:
                    at = follow[at]
                assert resolve(uow, ref) == at
                assert at in there

    def teardown(self):
        """All merges are undone, the last first: everything is as it was, but for what people did themselves."""
        for _, merge_ref, stays, goes in reversed(self.diary.standing()):
            self.clock.advance(minutes=1)
            assert unmerge(self.ctx, merge_ref).plan.outcome is UnmergeOutcome.UNDO, (stays, goes)
            self.diary.strike_out(merge_ref)
            self.nothing_is_lost_and_nothing_invented()
            self.nobody_stands_above_themselves()
        there = self.there()
        for ref, record in self.born.items():
            # where an undo would have closed a ring it said so, and left somebody without a superior
            field = "id" if self.rings else ABOVE.get(ref.entity, "id")
            assert getattr(there[ref], field) == getattr(record, field), ref
        assert History.of(self.ctx.store).breaches() == []
        self.ctx.store.close()


Lives.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestLives = Lives.TestCase
