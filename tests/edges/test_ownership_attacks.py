"""Attacks on pools and their policies: what is asked to learn what may not be seen, and rules that are too big."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.conditions import parse
from crmkit.domain.conditions.nodes import MAX_DEPTH, MAX_LIST, MAX_NODES
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.domain.values.names import CompanyName
from crmkit.errors import InvalidCondition, InvalidInput, NotAllowed
from crmkit.rules.assignment import Backlog, Entry, Target
from crmkit.rules.dedup import DisclosurePolicy
from crmkit.rules.reclaim import Cap, ClaimPolicy, Exemption, Pilot, ReclaimPolicy, Tier
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.existence import check_existence
from crmkit.services.lead_form import LeadForm
from crmkit.services.pool_desk import browse
from crmkit.services.pools import claim
from crmkit.services.reclaim import explain
from crmkit.testing import NOW, FixedClock, FixedIds, a_member, a_pool, an_account

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHONE, ADDRESS = "13812340000", "secret.buyer@canary.example"


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def lying(number, **changes):
    """A customer in the pool whose name says which it is."""
    company = CompanyName(legal=f"Canary {number:02} GmbH")
    own = {"name": company, "emails": (), "pool_id": "PO-1", "pool_since": NOW - number * HOUR}
    return an_account(**{"id": f"A-{number:02}", **own, **changes})


class TestAttack11:
    """CordysCRM #2327: whoever reads a pool copies it. ruoyi lets everybody read every customer of its pool."""

    def test_attack_11_no_order_of_pages_shows_more_records_than_the_budget_has(self, ctx):
        keep(ctx, a_pool(views=Limit(most=5, per="day")), a_member(id="wei"), *map(lying, range(30)))
        seen = set()
        for limit in (1, 2, 7, 200):
            for hours in (-1, 29, 12, 0, 3, 25, 5):
                page = browse(ctx, "PO-1", "wei", limit=limit, before=NOW - hours * HOUR)
                seen |= {each.record.id for each in page.records}
                told = f"{page}"
                assert all(f"Canary {n:02}" not in told for n in range(30) if f"A-{n:02}" not in seen)
        assert len(seen) == 5
        assert browse(ctx, "PO-1", "wei", limit=200).left == 0

    def test_attack_11_a_refused_look_or_claim_costs_and_tells_nothing(self, ctx):
        closed = a_pool(views=Limit(most=5, per="day"), member_ids=("eva",))
        keep(ctx, closed, a_member(id="wei"), a_member(id="eva"), lying(1, phones=(Phone.parse(PHONE),)))
        with pytest.raises(NotAllowed) as caught:
            browse(ctx, "PO-1", "wei")
        refused = claim(ctx, Ref(entity="account", id="A-01"), "wei")
        assert [reason.code for reason in refused.reasons] == ["claim.not_admitted"]
        assert all(value not in f"{caught.value} {refused}" for value in ("Canary", PHONE))
        assert browse(ctx, "PO-1", "eva", limit=1).left == 4

    @pytest.mark.parametrize("fields", [(), ("name", "phones", "emails")], ids=["every field", "some fields"])
    def test_attack_11_masked_fields_are_nowhere_in_the_answer_nor_in_the_log(self, ctx, fields):
        points = {"phones": (Phone.parse(PHONE),), "emails": (Email.parse(ADDRESS),)}
        keep(ctx, a_pool(visible_fields=fields, admin_ids=("boss",)), a_member(id="wei"), a_member(id="boss"))
        keep(ctx, lying(1, **points))
        shown = f"{browse(ctx, 'PO-1', 'wei')}"
        assert "Canary 01" in shown
        assert all(value not in shown for value in (PHONE, PHONE[2:-2], ADDRESS, "secret.buyer", "canary.example"))
        whole = f"{browse(ctx, 'PO-1', 'boss')}"
        assert PHONE in whole
        assert ADDRESS in whole
        with ctx.store.begin(read_only=True) as uow:
            log = [entry.data for id in ("wei", "boss") for entry in uow.trail.of(Ref(entity="member", id=id))]
        assert {value for data in log for value in data} == {"pool_id", "records"}
        assert PHONE not in f"{log}"

    def test_attack_11_the_existence_check_says_no_more_than_the_pool_does(self, ctx):
        """Guessing numbers tells whether one is known, so often a day; it never fills in what is masked."""
        keep(ctx, a_pool(member_ids=("eva",)), a_member(id="wei"), policies=[DisclosurePolicy(daily_limit=4)])
        keep(ctx, lying(1, phones=(Phone.parse(PHONE),), emails=(Email.parse(ADDRESS),)))
        answers = [check_existence(ctx, LeadForm(phones=[f"1381234000{n}"]), member_id="wei") for n in range(5)]
        assert [answer.outcome.value for answer in answers] == ["known", *["unknown"] * 3, "refused"]
        assert all(value not in f"{answers}" for value in (PHONE, ADDRESS, "Canary", "A-01", "PO-1"))


def nested(levels):
    text = "level == 'a'"
    for level in range(levels - 1):
        text = f"(level == 'b' {'and' if level % 2 else 'or'} {text})"
    return text


def long(nodes):
    """One node that joins all the others."""
    return " or ".join(f"level == '{number}'" for number in range(nodes - 1))


def listed(values):
    return f"level in ({', '.join(repr(str(number)) for number in range(values))})"


PLACES = {
    "tier": lambda when: ReclaimPolicy(tiers=(Tier(name="key", when=when, protect_days=60),)),
    "exemption": lambda when: ReclaimPolicy(exemptions=(Exemption(name="key", when=when),)),
    "holding cap": lambda when: ClaimPolicy(holding_cap=9, uncounted=when),
    "cap": lambda when: ClaimPolicy(caps=(Cap(most=9, uncounted=when),)),
    "pool": lambda when: a_pool(accepts=when),
    "entry": lambda when: Entry(name="East", when=when, to=(Target(team_ids=("east",)),)),
    "backlog": lambda when: Backlog(name="new", most=9, when=when),
}


class TestAttack24:
    """Rules of any depth, size or length stop whoever evaluates them; rules that call each other never end."""

    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize(
        ("text", "most"), [(nested, MAX_DEPTH), (long, MAX_NODES), (listed, MAX_LIST)], ids=["depth", "nodes", "list"]
    )
    def test_attack_24_a_condition_of_the_limit_is_taken_and_one_more_is_not(self, place, text, most):
        assert PLACES[place](text(most)) is not None
        with pytest.raises((InvalidCondition, InvalidInput)):
            PLACES[place](text(most + 1))

    @pytest.mark.parametrize(
        "text", ["exemption('key')", "tier == 'key'", "policy.exemptions", "exempt(key)", "cap('a') and cap('b')"]
    )
    def test_attack_24_a_condition_speaks_of_a_records_fields_only_so_none_can_lead_back_to_itself(self, text):
        """There is no node that names another condition: ten kinds of nodes, and their leaves name fields."""
        with pytest.raises(InvalidCondition):
            ReclaimPolicy(exemptions=(Exemption(name="key", when=text),))
        kinds = {type(node).__name__ for node in walk(parse(nested(5)))}
        assert kinds <= {"And", "Or", "Not", "Always", "Compare", "In", "Contains", "StartsWith", "Within", "Missing"}

    def test_attack_24_pilots_that_name_each_other_are_followed_once(self, ctx):
        """The one thing by which a policy names another: whoever takes part goes by that one, and by no further."""
        circle = [
            ReclaimPolicy(id="account", pilot=Pilot(policy_id="other", member_ids=("wei", "eva"))),
            ReclaimPolicy(id="other", protect_days=10, pilot=Pilot(policy_id="account", member_ids=("wei",))),
        ]
        keep(ctx, a_pool(), a_member(id="wei"), lying(1), policies=circle)
        ref = Ref(entity="account", id="A-01")
        assert assign_to(ctx, ref, "wei").protection.reclaim_at == NOW + 10 * DAY
        assert explain(ctx, ref).policy.id == "other"

    def test_attack_24_nor_does_one_that_names_itself(self, ctx):
        keep(
            ctx,
            a_member(id="wei"),
            lying(1),
            policies=[ReclaimPolicy(pilot=Pilot(policy_id="standard", member_ids=("wei",)))],
        )
        assert assign_to(ctx, Ref(entity="account", id="A-01"), "wei").protection.reclaim_at == NOW + 30 * DAY


def walk(node):
    yield node
    for part in getattr(node, "parts", ()):
        yield from walk(part)
