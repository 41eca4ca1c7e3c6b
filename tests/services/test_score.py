"""Leads carry their score, and are scored again exactly when it changes."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.errors import Conflict, NotFound
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.scoring import (
    Attribute,
    Axis,
    Engagement,
    GradeByScore,
    Ladder,
    LinearDecay,
    ScoreOutcome,
    ScorePolicy,
    SignalGroup,
    lead_scoring,
)
from crmkit.services import conversations
from crmkit.services.context import Context
from crmkit.services.score import Rescored, rescore_due, score_all, score_lead, what_would_make
from crmkit.services.workflow import OpenedRequest  # a different answer, for the key that is used twice
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, an_interaction

DAY = timedelta(days=1)
CALLS = Engagement(label="Calls", events="kind == 'call'", points=10, decay=LinearDecay(over=20 * DAY))
POLICY = ScorePolicy(
    id="lead",
    groups=(
        SignalGroup(
            name="firm",
            axis=Axis.FIT,
            signals=(Attribute(label="Retail", when="industry == 'Retail'", points=20),),
        ),
        SignalGroup(name="talks", axis=Axis.ENGAGEMENT, signals=(CALLS,)),
    ),
    grading=GradeByScore(ladder=Ladder.of({"A": 25}, below="B")),
)


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policy=None):
    with ctx.store.begin() as uow:
        if policy is not None:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def leads_of(ctx):
    with ctx.store.begin() as uow:
        return {lead.id: lead for lead in uow.leads.find()}


def trail_of(ctx, lead_id):
    with ctx.store.begin() as uow:
        return [entry.type for entry in uow.trail.of(Ref(entity="lead", id=lead_id))]


def a_call(number, *, lead_id="L-1", days_ago=0):
    return an_interaction(id=f"I-{lead_id}-{number}", subject_id=lead_id, at=NOW - days_ago * DAY)


def test_a_lead_carries_its_score_its_grade_and_when_they_change(ctx):
    keep(ctx, a_lead(industry="Retail"), a_call(1), policy=POLICY)
    decision = score_lead(ctx, "L-1")
    lead = leads_of(ctx)["L-1"]
    assert (lead.score, lead.grade, lead.score_due_at) == (30, "A", NOW + DAY + timedelta(microseconds=1))
    assert (decision.score, decision.grade, decision.policy) == (30, "A", POLICY.ref)
    assert "lead.scored" in trail_of(ctx, "L-1")


def test_scoring_again_without_a_change_writes_nothing(ctx):
    keep(ctx, a_lead(), policy=POLICY)
    score_lead(ctx, "L-1")
    version = leads_of(ctx)["L-1"].version
    score_lead(ctx, "L-1")
    assert leads_of(ctx)["L-1"].version == version


def test_interactions_of_others_do_not_count(ctx):
    other = an_interaction(id="I-9", subject_entity="account", subject_id="L-1")
    keep(ctx, a_lead(), a_call(1, lead_id="L-2"), other, policy=POLICY)
    assert score_lead(ctx, "L-1").score == 0


def test_a_lead_that_is_not_there_is_not_scored(ctx):
    with pytest.raises(NotFound):
        score_lead(ctx, "L-9")


def test_a_repeat_under_the_same_key_gets_the_same_answer(ctx):
    keep(ctx, a_lead(), policy=POLICY)
    first = score_lead(ctx, "L-1", idempotency_key="k")
    keep(ctx, a_call(1))
    assert score_lead(ctx, "L-1", idempotency_key="k") == first
    with pytest.raises(Conflict):
        ctx.command(lambda _uow, _now: None, OpenedRequest, idempotency_key="k")


class TestWhichPolicy:
    def test_without_one_the_standard_policy_holds(self, ctx):
        keep(ctx, a_lead())
        assert score_lead(ctx, "L-1").policy == lead_scoring().ref

    def test_the_only_one_holds_whatever_it_is_called(self, ctx):
        keep(ctx, a_lead(), policy=revise(POLICY, id="ours"))
        assert score_lead(ctx, "L-1").policy.id == "ours"

    def test_of_several_the_one_called_lead_holds(self, ctx):
        keep(ctx, a_lead(), policy=ScorePolicy(id="account", record="account", groups=()))
        assert score_lead(ctx, "L-1").policy == lead_scoring().ref
        keep(ctx, policy=revise(POLICY, version=2))
        assert score_lead(ctx, "L-1").policy.version == 2


class TestRescoring:
    def test_a_lead_is_due_at_the_instant_its_score_changes_and_not_before(self, ctx):
        keep(ctx, a_lead(), a_call(1), policy=POLICY)
        due = score_lead(ctx, "L-1").next_change_at
        ctx.clock.set(due - timedelta(microseconds=1))
        assert rescore_due(ctx) == Rescored()
        ctx.clock.set(due)
        assert rescore_due(ctx) == Rescored(scored=1, changed=1)
        assert leads_of(ctx)["L-1"].score == 9

    def test_followed_to_the_end_the_score_has_decayed_to_nothing_and_is_never_due_again(self, ctx):
        keep(ctx, a_lead(), a_call(1), policy=POLICY)
        score_lead(ctx, "L-1")
        seen = []
        while (due := leads_of(ctx)["L-1"].score_due_at) is not None:
            ctx.clock.set(due)
            rescore_due(ctx)
            seen.append(leads_of(ctx)["L-1"].score)
        assert seen == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]

    def test_a_limit_leaves_the_rest_for_the_next_call_the_longest_due_first(self, ctx):
        keep(ctx, *(a_lead(id=f"L-{n}", score_due_at=NOW - n * DAY) for n in range(1, 4)), policy=POLICY)
        assert rescore_due(ctx, limit=2) == Rescored(scored=2, changed=2, more=True)
        assert [id_ for id_, lead in leads_of(ctx).items() if lead.score_due_at is not None] == ["L-1"]
        assert rescore_due(ctx, limit=2) == Rescored(scored=1, changed=1)

    def test_every_lead_is_scored_by_its_own_events(self, ctx):
        keep(ctx, *(a_lead(id=f"L-{n}") for n in range(5)), policy=POLICY)
        keep(ctx, *(a_call(k, lead_id=f"L-{n}", days_ago=k) for n in range(5) for k in range(n)))
        assert score_all(ctx, chunk=2) == Rescored(scored=5, changed=5)
        one_by_one = {f"L-{n}": score_lead(ctx, f"L-{n}").score for n in range(5)}
        assert {id_: lead.score for id_, lead in leads_of(ctx).items()} == one_by_one
        assert len(set(one_by_one.values())) == 5

    def test_all_means_all_but_the_converted(self, ctx):
        keep(ctx, a_lead(), a_lead(id="L-2", status="converted"), policy=POLICY)
        assert score_all(ctx) == Rescored(scored=1, changed=1)
        assert score_all(ctx) == Rescored(scored=1, changed=0)

    def test_a_flooded_lead_costs_its_neighbours_no_event(self, ctx, monkeypatch):
        monkeypatch.setattr(conversations, "MOST_AT_ONCE", 10)
        monkeypatch.setattr(conversations, "MOST_EVENTS", 4)
        keep(ctx, a_lead(), a_lead(id="L-2"), a_call(1, lead_id="L-2", days_ago=10), policy=POLICY)
        keep(ctx, *(a_call(number) for number in range(50)))
        score_all(ctx)
        assert {id_: lead.score for id_, lead in leads_of(ctx).items()} == {"L-1": 40, "L-2": 5}

    def test_queries_do_not_grow_with_the_number_of_leads(self, ctx, monkeypatch):
        asked = []
        about = conversations._about
        monkeypatch.setattr(
            conversations, "_about", lambda *args, **options: asked.append(1) or about(*args, **options)
        )
        keep(ctx, *(a_lead(id=f"L-{n}", score_due_at=NOW) for n in range(300)), policy=POLICY)
        assert rescore_due(ctx).scored == 300
        assert len(asked) == 1

    def test_what_would_make_it_another_grade_is_said_and_nothing_written(self, ctx):
        keep(ctx, a_lead(), policy=POLICY)
        version = leads_of(ctx)["L-1"].version
        found = what_would_make(ctx, "L-1", "A")
        assert found.decision.grade == "A"
        assert what_would_make(ctx, "L-1", "no such grade") is None
        assert leads_of(ctx)["L-1"].version == version


def test_who_is_not_to_be_profiled_has_the_neutral_score(ctx):
    quiet = a_lead(id="L-1", industry="Retail", tags=("no_profiling",))
    keep(ctx, quiet, a_lead(id="L-2", industry="Retail"), policy=POLICY)
    keep(ctx, policy=ProfilingPolicy(id="lead", opt_out="contains(tags, 'no_profiling')"))
    score_all(ctx)
    assert [lead.score for lead in leads_of(ctx).values()] == [0, 20]
    assert score_lead(ctx, "L-1").outcome is ScoreOutcome.OPTED_OUT


def test_what_a_score_policy_says_of_opting_out_holds_beside_what_all_are_asked(ctx):
    policy = revise(POLICY, opt_out="region == 'West'", neutral=7)
    keep(ctx, a_lead(id="L-1", region="West"), a_lead(id="L-2", tags=("no_profiling",)), policy=policy)
    keep(ctx, policy=ProfilingPolicy(id="lead", opt_out="contains(tags, 'no_profiling')"))
    score_all(ctx)
    assert [lead.score for lead in leads_of(ctx).values()] == [7, 7]
