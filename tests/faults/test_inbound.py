"""What comes in twice or out of order leaves the same behind as what comes once and in order."""

from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.rules.reclaim import ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.capture import capture_lead
from crmkit.services.context import Context
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.services.lead_form import LeadForm
from crmkit.testing import NOW, FixedClock, FixedIds, an_account
from crmkit.testing.history import History

DAY = timedelta(days=1)
MESSAGES = {
    "W-1": LeadForm(name="李伟", phones=["138 0013 8000"], source="fair", description="询价"),
    "W-2": LeadForm(name="李伟", phones=["+86 138 0013 8000"], emails=["lw@yunshan.example"], tags=["vip"]),
    "W-3": LeadForm(name="王芳", phones=["139 0013 9000"], company="杭州云杉贸易有限公司"),
    "W-4": LeadForm(name="Ada Braun", emails=["ada@braun.example"], industry="Retail"),
    "W-5": LeadForm(name="Ada Braun", emails=["ada@braun.example"], title="Buyer"),
}
"""What a web form sends, under the ids of the channel."""


def a_world():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def received(ids):
    """The leads that are there after these messages came in, each of which may come several times."""
    ctx = a_world()
    answers = [capture_lead(ctx, MESSAGES[id], idempotency_key=id) for id in ids]
    assert len({(id, answer.lead_id) for id, answer in zip(ids, answers, strict=True)}) == len(set(ids))
    assert History.of(ctx.store).breaches() == []
    with ctx.store.begin(read_only=True) as uow:
        return list(uow.leads.find(order=("id",)))


@st.composite
def deliveries(draw):
    """Each message at least once and up to five times, the first ones in order, as an at-least-once channel does."""
    ids = list(MESSAGES)
    delivered = []
    for place, id in enumerate(ids):
        delivered += [id, *draw(st.lists(st.sampled_from(ids[: place + 1]), max_size=4))]
    return delivered


@given(deliveries())
def test_a_message_that_comes_up_to_five_times_counts_once(ids):
    assert received(ids) == received(list(MESSAGES))


@given(st.permutations(list(MESSAGES)))
def test_in_whichever_order_they_come_nobody_is_there_twice(ids):
    leads = received(ids)

    assert sorted(phone.e164 for lead in leads for phone in lead.phones) == ["+8613800138000", "+8613900139000"]
    assert sorted(email.address for lead in leads for email in lead.emails) == [
        "ada@braun.example",
        "lw@yunshan.example",
    ]
    assert len(leads) == 3


def test_follow_ups_that_come_in_any_order_leave_the_same_dates():
    """Five of them, in all 120 orders: the newest is the last contact, and the latest deadline holds."""
    ends = {dates_after(order) for order in permutations(range(5))}

    assert ends == {(NOW - DAY, NOW + 6 * DAY, NOW + 19 * DAY)}


def dates_after(order):
    ctx = a_world()
    policy = ReclaimPolicy(protect_days=10, refreshes=(Refresh(kinds=("visit",), days=20),), max_days=60)
    account = an_account(owner_id="wei", owned_since=NOW - 9 * DAY, reclaim_at=NOW + DAY)
    ctx.store.run(lambda uow: (uow.policies.put(policy), uow.save(created(account))))
    for days_ago in (5 - place for place in order):
        kind = "visit" if days_ago % 2 else "email"
        at = NOW - days_ago * DAY
        form = FollowUpForm(subject=account.ref, kind=kind, member_id="wei", at=at, next_at=at + 7 * DAY)
        log_interaction(ctx, form)
    with ctx.store.begin(read_only=True) as uow:
        account = uow.accounts.get(account.id)
    return account.last_contact_at, account.next_contact_at, account.reclaim_at
