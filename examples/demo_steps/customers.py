"""Customers come in with their owners, then those that stand there twice become one."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from attrs import define, field

from crmkit.domain.change import Change, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import AccountId, ContactId, Ref
from crmkit.domain.parties.account import Account, Standing
from crmkit.domain.parties.contact import Contact
from crmkit.domain.stewardship.ownership import Cause
from crmkit.domain.values import Address, CompanyName, Email, Identifier, IdentifierKind, PersonName, Phone
from crmkit.errors import InvalidInput
from crmkit.rules.dedup import EntryPoint, Kept, Match, Tier
from crmkit.services.custody import history
from crmkit.services.merge import MergeAnswer
from demo_stage.reading import Reading, country_of, industry_of, instant_of, plain
from demo_stage.scene import Scene, batches, untold
from demo_stage.screen import Cell, many
from demo_stage.truth import Accuracy, truth_of
from trading_company import sheets

__all__ = ["import_customers", "merge_customers"]

Row = Mapping[str, str]

STANDINGS = {"VIP": Standing.KEY, "A": Standing.EXISTING}
SHOWN = 5
"""Merges told one by one."""


# --- import ---------------------------------------------------------------------------------------


def import_customers(scene: Scene) -> str:
    """Accounts and contacts are in the CRM, each with the owner and the first day that the file gives."""
    reading = Reading()
    total = scene.summary.rows[sheets.CUSTOMERS.name]
    with scene.screen.progress("customers", total) as advance:
        for batch in batches(reading.of(scene.folder, sheets.CUSTOMERS)):
            changes: list[Change[Any]] = []
            for row in batch:
                try:
                    changes += _changes(scene, row.values, reading)
                except InvalidInput as error:
                    reading.odd("customer", f"left out: {error.problems[0]}", row.values["id"])
                    scene.said["rows left out"] += 1
            scene.save(changes)
            advance(len(batch))
    reading.show(scene.screen)
    scene.said["rows"] += len(scene.accounts)
    scene.said["rows skipped"] += reading.skipped.total()
    return f"{many(len(scene.accounts), 'customer')}, {scene.said['owners of customers']:,} of them with an owner"


def _changes(scene: Scene, row: Row, reading: Reading) -> list[Change[Any]]:
    """A new account with its owner and the line of history, and the person to talk to."""
    first_day = instant_of(row["created"])
    if first_day is None:
        reading.odd("first day", "counts from today", row["created"])
        first_day = scene.now
    account = _account(row, first_day, reading)
    contact = _contact(row, account)
    change = account.create()
    changes: list[Change[Any]] = [] if contact is None else [created(contact)]
    owner = scene.owner_in_file(row["owner"], reading)
    if owner is not None:
        change = change.then(lambda new: new.assign(owner.id, now=first_day, cause=Cause.IMPORTED))
        changes.append(history(change, id=scene.crm.ctx.ids.new()))
        scene.said["owners of customers"] += 1
    scene.accounts[row["id"]] = account.id
    return [untold(change), *changes]


def _account(row: Row, first_day: datetime, reading: Reading) -> Account:
    level = plain(row["level"]).upper()
    country = country_of(row["country"], row["province"])
    phones = _phones(row, country, reading)
    return Account(
        id=AccountId(row["id"]),
        name=CompanyName(legal=row["name"].strip(), short=row["english"].strip()),
        industry=industry_of(row["industry"]),
        level=level,
        standing=STANDINGS.get(level, Standing.POTENTIAL),
        phones=phones,
        emails=_emails(row, reading),
        identifiers=_identifiers(row, reading),
        address=Address(country=country, province=row["province"], city=row["city"], street=row["street"]),
        last_contact_at=instant_of(row["last_contact"]),
        created_at=first_day,
        updated_at=first_day,
    )


def _contact(row: Row, account: Account) -> Contact | None:
    """The person to talk to; what is wrong with phone and e-mail was noted with the account."""
    if not row["contact"].strip():
        return None
    return Contact(
        id=ContactId(f"{account.id}/1"),
        account_id=account.id,
        name=PersonName.parse(row["contact"]),
        phones=account.phones,
        emails=account.emails,
        created_at=account.created_at,
        updated_at=account.created_at,
    )


def _phones(row: Row, country: str, reading: Reading) -> tuple[Phone, ...]:
    if not row["phone"].strip():
        return ()
    phone = Phone.parse(row["phone"], region=country or "CN")
    if phone.invalid:
        reading.odd("phone", "kept as written, never dialled", row["phone"])
    return (phone,)


def _emails(row: Row, reading: Reading) -> tuple[Email, ...]:
    if not row["email"].strip():
        return ()
    email = Email.parse(row["email"])
    if email.invalid:
        reading.odd("e-mail", "kept as written, never written to", row["email"])
    return (email,)


def _identifiers(row: Row, reading: Reading) -> tuple[Identifier, ...]:
    if not row["code"].strip():
        return ()
    code = Identifier.parse(row["code"], kind=IdentifierKind.USCC)
    if not code.valid:
        reading.odd("统一社会信用代码", "kept as written, matches nothing", row["code"])
    return (code,)


# --- duplicates -----------------------------------------------------------------------------------


@define
class _Merging:
    """One pass over the records of an entity: certain twins become one at once, the others are for a person."""

    scene: Scene
    gone: dict[str, str] = field(factory=dict)
    """Each record that was merged away → the one it was merged into."""
    doubts: dict[frozenset[Ref], str] = field(factory=dict)
    """Pairs that a person should look at, with what speaks for them."""
    certain: Counter[str] = field(factory=Counter)
    lines: list[tuple[Cell, ...]] = field(factory=list)

    def look_at(self, record: Account | Contact) -> None:
        """``record`` is one with its certain twin, if it has one."""
        if record.id in self.gone:
            return
        decision = self.scene.crm.customers.find_duplicates(record, entry_point=EntryPoint.IMPORT)
        for match in decision.matches:
            if match.record.entity == record.entity:
                if match.tier is Tier.CERTAIN:
                    self.merge(record, match)
                    return
                self.doubts.setdefault(
                    frozenset({record.ref, match.record}), f"{match.tier.value}: {_words(match.group)}"
                )

    def merge(self, record: Account | Contact, twin: Match) -> None:
        """The two are one; why is noted."""
        if isinstance(record, Account) and not self.lines:
            self.preview(record.ref, twin.record)
        answer = self.unite(record.ref, twin.record)
        self.certain[f"certain: {_words(twin.group)}"] += 1
        if len(self.lines) < SHOWN:
            taken = ", ".join(choice.fields[0] for choice in answer.choices if choice.kept is not Kept.SURVIVOR)
            self.lines.append((answer.survivor.id, answer.loser.id, str(record.name), ", ".join(twin.agreeing), taken))

    def unite(self, one: Ref, other: Ref) -> MergeAnswer:
        """One of the two is gone, unless they were one already."""
        answer = self.scene.crm.customers.merge(one, other)
        if answer.choices:
            self.gone[answer.loser.id] = answer.survivor.id
        return answer

    def preview(self, one: Ref, other: Ref) -> None:
        """What a merge would do, before anything is written."""
        plan = self.scene.crm.customers.plan_merge(one, other).plan
        rows = [
            (
                choice.fields[0],
                f"of {choice.kept.value}" * (choice.kept is not Kept.BOTH) or "of both",
                "yes" * choice.dropped,
            )
            for choice in plan.choices
        ]
        title = f"Preview of the first merge: {plan.loser.id} goes into {plan.survivor.id}"
        self.scene.screen.table(title, ("field", "value", "another one is kept in the journal only"), rows)

    def survivor(self, id_: str) -> str:
        """Where an id leads by now."""
        while id_ in self.gone:
            id_ = self.gone[id_]
        return id_


def merge_customers(scene: Scene) -> str:
    """Customers and contacts that stand there twice are one; old ids lead to the one that stayed."""
    customers, people = _Merging(scene), _Merging(scene)
    with scene.crm.begin(read_only=True) as uow:
        accounts = list(uow.accounts.scan())
    with scene.screen.progress("looking for duplicates", len(accounts)) as advance:
        for account in accounts:
            customers.look_at(account)
            advance(1)
    truth = truth_of(scene.folder)
    before = Accuracy.of({written: customers.survivor(id_) for written, id_ in scene.accounts.items()}, truth)
    rows: list[tuple[Cell, ...]] = [(why, count, count, "", "") for why, count in customers.certain.most_common()]
    rows += _asked(customers, truth)
    for written, account_id in scene.accounts.items():
        scene.accounts[written] = AccountId(customers.survivor(account_id))
    # a customer that was two has the same people twice
    with scene.crm.begin(read_only=True) as uow:
        united = [uow.contacts.find(F.account_id == id_) for id_ in sorted({*map(customers.survivor, customers.gone)})]
    for contact in chain.from_iterable(united):
        people.look_at(contact)
    _show(scene, customers, rows, before, Accuracy.of(scene.accounts, truth))
    scene.said["merged customers"] = len(customers.gone)
    return f"{many(len(customers.gone), 'customer')} and {many(len(people.gone), 'contact')} merged"


def _asked(customers: _Merging, truth: Mapping[str, tuple[str, str]]) -> list[tuple[Cell, ...]]:
    """What a person made of the doubtful pairs. Here the file that knows the truth plays that person."""
    same, other = Counter[str](), Counter[str]()
    for pair, why in customers.doubts.items():
        one, two = sorted(pair, key=str)
        if truth[one.id][0] == truth[two.id][0]:
            same[why] += 1
            customers.unite(one, two)
        else:
            other[why] += 1
    return [(why, same[why] + other[why], "", same[why], other[why]) for why in sorted({*same, *other})]


def _show(scene: Scene, customers: _Merging, rows: list[tuple[Cell, ...]], before: Accuracy, after: Accuracy) -> None:
    screen = scene.screen
    screen.table(
        "The first merges", ("stays", "goes", "name", "what agrees", "taken from the one that goes"), customers.lines
    )
    headings = ("match", "pairs", "merged at once", "a person says: the same", "not the same")
    screen.table("Only what is certain is merged without a person", headings, rows)
    lines = [("at once", *row) for row in before.rows()] + [("after the person", *row) for row in after.rows()]
    screen.table("Checked against truth.csv", ("what", "measure", "is", "counted"), lines)


def _words(code: str) -> str:
    return code.replace("_", " ")
