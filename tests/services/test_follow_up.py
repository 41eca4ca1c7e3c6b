"""Writing down a follow-up."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.activities.substance import Substance
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.reclaim import ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.testing import NOW, FixedClock, FixedIds, a_contact, a_lead, an_account

DAY = timedelta(days=1)
POLICY = ReclaimPolicy(
    protect_days=10, refreshes=(Refresh(kinds=("call", "visit"), days=20),), max_days=60, warn_days=(3,)
)


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policies=(POLICY,)):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def held(**changes):
    fields = {"owner_id": "wei", "owned_since": NOW, "reclaim_at": NOW + 10 * DAY, "warn_at": NOW + 7 * DAY}
    return an_account(**{**fields, **changes})


def log(ctx, record, **changes):
    form = FollowUpForm(**{"subject": record.ref, "kind": "call", "member_id": "wei", **changes})
    return log_interaction(ctx, form)


def now(ctx, record):
    with ctx.store.begin(read_only=True) as uow:
        return uow.repository(type(record)).get(record.id)


def test_the_interaction_is_written_as_told(ctx):
    record = held()
    keep(ctx, record)
    answer = log(ctx, record, outcome="wants a quote", summary="四十台水泵", next_at=NOW + 3 * DAY, minutes=12)
    with ctx.store.begin(read_only=True) as uow:
        (interaction,) = uow.interactions.find(F.subject_id == record.id)
        assert [entry.type for entry in uow.trail.of(interaction.ref)] == ["interaction.logged"]
    assert (interaction.id, interaction.at, interaction.summary, interaction.minutes) == (
        answer.interaction_id,
        NOW,
        "四十台水泵",
        12,
    )


class TestDates:
    def test_last_and_next_contact_are_kept_on_the_record(self, ctx):
        record = held()
        keep(ctx, record)
        log(ctx, record, at=NOW - timedelta(hours=1), next_at=NOW + 3 * DAY)
        assert (now(ctx, record).last_contact_at, now(ctx, record).next_contact_at) == (
            NOW - timedelta(hours=1),
            NOW + 3 * DAY,
        )

    def test_an_older_follow_up_written_down_later_does_not_turn_the_clock_back(self, ctx):
        record = held(last_contact_at=NOW, next_contact_at=NOW + DAY)
        keep(ctx, record)
        log(ctx, record, at=NOW - 5 * DAY)
        assert (now(ctx, record).last_contact_at, now(ctx, record).next_contact_at) == (NOW, NOW + DAY)

    def test_a_planned_contact_that_has_taken_place_is_planned_no_longer(self, ctx):
        record = held(next_contact_at=NOW - DAY)
        keep(ctx, record)
        log(ctx, record)
        assert now(ctx, record).next_contact_at is None

    def test_a_contact_and_its_account_both_have_the_date_and_the_account_the_protection(self, ctx):
        account, contact = held(), a_contact()
        keep(ctx, account, contact)
        ctx.clock.advance(days=5)
        answer = log(ctx, contact)
        assert (str(answer.record), answer.extended) == ("account:A-1", True)
        assert now(ctx, account).last_contact_at == now(ctx, contact).last_contact_at == NOW + 5 * DAY
        assert now(ctx, account).reclaim_at == NOW + 25 * DAY

    def test_a_contact_of_no_account_stands_for_itself(self, ctx):
        contact = a_contact(account_id=None)
        keep(ctx, contact)
        answer = log(ctx, contact)
        assert (str(answer.record), answer.extended) == ("contact:C-1", False)
        assert now(ctx, contact).last_contact_at == NOW


class TestClock:
    def test_a_qualifying_follow_up_of_the_owner_extends_the_protection(self, ctx):
        record = held()
        keep(ctx, record)
        ctx.clock.advance(days=5)
        answer = log(ctx, record)
        after = now(ctx, record)
        assert answer.extended
        assert answer.protection.reclaim_at == after.reclaim_at == NOW + 25 * DAY
        assert (after.reclaim_cause, after.warn_at, after.last_action_at) == (
            "no_follow_up",
            NOW + 22 * DAY,
            NOW + 5 * DAY,
        )

    def test_it_never_shortens_it(self, ctx):
        record = held(reclaim_at=NOW + 50 * DAY, reclaim_cause="protection_ended")
        keep(ctx, record)
        answer = log(ctx, record)
        assert (answer.extended, now(ctx, record).reclaim_at) == (False, NOW + 50 * DAY)
        assert now(ctx, record).warn_at == NOW + 7 * DAY

    def test_it_never_goes_beyond_the_maximum(self, ctx):
        record = held(owned_since=NOW - 55 * DAY)
        keep(ctx, record)
        log(ctx, record)
        assert (now(ctx, record).reclaim_at, now(ctx, record).reclaim_cause) == (NOW + 10 * DAY, "")
        ctx.clock.advance(days=4)
        record = held(id="A-2", owned_since=NOW - 55 * DAY, reclaim_at=NOW + 4.5 * DAY)
        keep(ctx, record, policies=[])
        log(ctx, record)
        assert (now(ctx, record).reclaim_at, now(ctx, record).reclaim_cause) == (NOW + 5 * DAY, "maximum_reached")

    @pytest.mark.parametrize(
        ("why", "changes"),
        [
            ("a colleague's", {"member_id": "eva"}),
            ("nobody's", {"member_id": None}),
            ("of another kind", {"kind": "email"}),
            ("from before the owner took the record", {"at": NOW - DAY}),
        ],
    )
    def test_one_that_does_not_count_is_written_but_moves_no_deadline(self, ctx, why, changes):
        record = held()
        keep(ctx, record)
        assert not log(ctx, record, **changes).extended, why
        assert now(ctx, record).reclaim_at == NOW + 10 * DAY
        assert now(ctx, record).last_action_at is None
        assert now(ctx, record).last_contact_at is not None

    def test_one_at_the_deadline_is_too_late(self, ctx):
        record = held()
        keep(ctx, record)
        ctx.clock.advance(days=10)
        assert not log(ctx, record, at=NOW + 9 * DAY).extended

    def test_on_a_record_nobody_owns_there_is_nothing_to_move(self, ctx):
        lead = a_lead()
        keep(ctx, lead)
        assert log(ctx, lead).protection.reclaim_at is None
        assert now(ctx, lead).last_contact_at == NOW

    def test_without_a_policy_there_is_nothing_to_move(self, ctx):
        record = held()
        keep(ctx, record, policies=[])
        assert not log(ctx, record).extended

    def test_an_owner_whose_clock_never_ran_gets_one(self, ctx):
        record = held(owned_since=None, reclaim_at=None, warn_at=None, created_at=NOW - 400 * DAY)
        keep(ctx, record)
        assert log(ctx, record).extended
        assert now(ctx, record).reclaim_at == NOW + 7 * DAY


class TestRefusals:
    def test_what_lies_in_the_future_is_a_plan(self, ctx):
        record = held()
        keep(ctx, record)
        with pytest.raises(InvalidInput, match="Plan it as next_at"):
            log(ctx, record, at=NOW + DAY)
        with ctx.store.begin(read_only=True) as uow:
            assert uow.interactions.count() == 0

    def test_only_customers_are_followed_up(self, ctx):
        with pytest.raises(InvalidInput, match="Use one of lead, account, contact"):
            log_interaction(ctx, FollowUpForm(subject=Ref(entity="task", id="T-1"), kind="call"))

    def test_a_record_that_does_not_exist_is_not_found(self, ctx):
        keep(ctx)
        with pytest.raises(NotFound):
            log(ctx, held())


def test_a_repeat_with_the_same_key_is_one_interaction(ctx):
    record = held()
    keep(ctx, record)
    form = FollowUpForm(subject=record.ref, kind="call", member_id="wei")
    first = log_interaction(ctx, form, idempotency_key="k")
    assert log_interaction(ctx, form, idempotency_key="k") == first
    with ctx.store.begin(read_only=True) as uow:
        assert uow.interactions.count() == 1


class TestSubstance:
    """A policy may ask that a follow-up says something before it prolongs a protection."""

    policy = ReclaimPolicy(refreshes=(Refresh(days=60),), substance=Substance())

    def logged(self, ctx, id="A-1", **said):
        form = FollowUpForm(subject=Ref(entity="account", id=id), kind="visit", member_id="wei", **said)
        return log_interaction(ctx, form)

    def test_one_that_says_nothing_is_written_down_and_prolongs_nothing(self, ctx):
        keep(ctx, an_account(owner_id="wei", owned_since=NOW, reclaim_at=NOW + 30 * DAY), policies=[self.policy])
        empty = self.logged(ctx, summary="。。")
        assert (empty.extended, empty.lacks) == (False, ("says_nothing",))
        with ctx.store.begin(read_only=True) as uow:
            assert uow.interactions.count() == 1
            assert uow.accounts.get("A-1").last_contact_at == NOW

    def test_one_with_substance_prolongs_and_its_copy_does_not(self, ctx):
        held = {"owner_id": "wei", "owned_since": NOW, "reclaim_at": NOW + 30 * DAY}
        keep(ctx, an_account(**held), an_account(id="A-2", **held), policies=[self.policy])
        assert self.logged(ctx, summary="Asked about the price list").extended
        copy = self.logged(ctx, "A-2", summary="Asked about the price list!")
        assert (copy.extended, copy.lacks) == (False, ("copied",))
