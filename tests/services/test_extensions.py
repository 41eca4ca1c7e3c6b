"""Putting off a deadline on request."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.rules.reclaim import Extensions, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.extensions import ask_extension, settle_extension
from crmkit.services.reclaim import explain, sweep
from crmkit.testing import NOW, FixedClock, FixedIds, a_member, a_pool, an_account

DAY = timedelta(days=1)
A1 = Ref(entity="account", id="A-1")
POLICY = ReclaimPolicy(warn_days=(1,), max_days=60, extensions=Extensions(most_days=14))


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policies=(POLICY,)):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


@pytest.fixture
def stocked(ctx):
    record = an_account(
        owner_id="wei",
        owned_since=NOW,
        reclaim_at=NOW + 30 * DAY,
        reclaim_cause="protection_ended",
        warn_at=NOW + 29 * DAY,
    )
    members = a_member(id="wei", manager_id="boss"), a_member(id="boss"), a_member(id="keeper"), a_member(id="li")
    keep(ctx, a_pool(admin_ids=("keeper",)), record, *members)
    return ctx


def codes(asked):
    return [reason.code for reason in asked.decision.reasons]


def account(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.get("A-1")


def told(ctx, id):
    with ctx.store.begin(read_only=True) as uow:
        return [(each.type, each.recipients) for each in uow.trail.of(Ref(entity="extension", id=id))]


def test_granted_it_puts_the_deadline_off_and_says_so(stocked):
    asked = ask_extension(stocked, A1, "wei", days=10, why="Board meets in March")
    assert codes(asked) == ["extension.possible"]
    assert told(stocked, asked.extension_id)[0] == ("extension.asked", ("boss", "keeper"))
    settled = settle_extension(stocked, asked.extension_id, "grant", by="boss")
    assert (settled.state, settled.reclaim_at) == ("granted", NOW + 40 * DAY)
    assert told(stocked, asked.extension_id)[-1] == ("extension.settled", ("wei",))
    stocked.clock.advance(days=30)
    assert sweep(stocked).reclaimed == 0
    assert explain(stocked, A1).reasons[0].code == "reclaim.kept.extension_ended"
    stocked.clock.advance(days=10)
    assert sweep(stocked).reclaimed == 1


def test_it_lasts_when_the_deadline_is_counted_anew(stocked):
    asked = ask_extension(stocked, A1, "wei", days=10, why="Board meets in March")
    settle_extension(stocked, asked.extension_id, "grant", by="keeper")
    assert account(stocked).clock.extended_until == NOW + 40 * DAY


@pytest.mark.parametrize(("verb", "by", "state"), [("refuse", "boss", "refused"), ("withdraw", "wei", "withdrawn")])
def test_refused_or_withdrawn_it_changes_nothing_and_another_may_follow(stocked, verb, by, state):
    asked = ask_extension(stocked, A1, "wei", days=10, why="Board meets")
    settled = settle_extension(stocked, asked.extension_id, verb, by=by, comment="no")
    assert (settled.state, settled.reclaim_at) == (state, NOW + 30 * DAY)
    assert ask_extension(stocked, A1, "wei", days=3, why="Please").decision.granted
    with pytest.raises(NotAllowed):
        settle_extension(stocked, asked.extension_id, "grant", by="boss")


def test_nobody_decides_on_a_request_of_their_own_or_of_strangers(stocked):
    asked = ask_extension(stocked, A1, "wei", days=10, why="Board meets")
    for by, verb in (("wei", "grant"), ("li", "grant"), ("boss", "withdraw"), ("li", "refuse")):
        with pytest.raises(NotAllowed):
            settle_extension(stocked, asked.extension_id, verb, by=by)


def test_one_request_at_a_time_with_a_reason(stocked):
    with pytest.raises(InvalidInput):
        ask_extension(stocked, A1, "wei", days=10, why=" ")
    ask_extension(stocked, A1, "wei", days=10, why="Board meets")
    with pytest.raises(NotAllowed):
        ask_extension(stocked, A1, "wei", days=10, why="Board meets")


def test_a_refusal_lists_every_reason_and_writes_nothing(stocked):
    asked = ask_extension(stocked, A1, "li", days=31, why="I want it")
    assert codes(asked) == ["extension.not_yours", "extension.too_long", "extension.beyond_maximum"]
    assert asked.extension_id is None
    stocked.clock.advance(days=30)
    assert codes(ask_extension(stocked, A1, "wei", days=3, why="Late")) == ["extension.too_late"]


def test_only_so_often_while_one_owner_holds_it(stocked):
    asked = ask_extension(stocked, A1, "wei", days=3, why="Board meets")
    settle_extension(stocked, asked.extension_id, "grant", by="boss")
    assert codes(ask_extension(stocked, A1, "wei", days=3, why="Again")) == ["extension.too_often"]
    assign_to(stocked, A1, "li")
    assert codes(ask_extension(stocked, A1, "li", days=3, why="New to me")) == ["extension.possible"]


def test_what_is_not_permitted_any_more_stays_waiting_with_the_reasons(stocked):
    asked = ask_extension(stocked, A1, "wei", days=3, why="Board meets")
    stocked.clock.advance(days=30)
    settled = settle_extension(stocked, asked.extension_id, "grant", by="boss")
    assert (settled.state, [reason.code for reason in settled.decision.reasons]) == ("waiting", ["extension.too_late"])
    assert account(stocked).version == 1


def test_a_policy_without_extensions_knows_none_and_a_record_without_a_deadline_needs_none(ctx):
    keep(ctx, a_member(id="wei"), an_account(owner_id="wei"), policies=(ReclaimPolicy(),))
    assert codes(ask_extension(ctx, A1, "wei", days=3, why="x")) == ["extension.no_deadline", "extension.none"]
