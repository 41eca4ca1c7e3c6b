"""Limits, backlogs, needs, delays and lots: who may be given a record, and when."""

from collections import Counter
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.organization.limits import Limit
from crmkit.errors import CrmError, InvalidInput
from crmkit.rules.assignment import (
    AssignmentFacts,
    AssignmentOutcome,
    AssignmentPolicy,
    Backlog,
    Candidate,
    Entry,
    Need,
    SeededRandom,
    Target,
    decide,
    decide_many,
)
from crmkit.testing import NOW, a_lead, a_member

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EAST = Target(team_ids=("east",))


def person(id, *, room=(), **changes):
    return Candidate(member=a_member(id=id, **{"team_id": "east", **changes}), room=room)


def policy(*to, entry=None, **changes):
    entry = {"name": "East", "to": to or (EAST,), **(entry or {})}
    return AssignmentPolicy(entries=(Entry(**entry),), **changes)


def decided(by, *people, record=None, now=NOW):
    return decide(by, AssignmentFacts(record=record or a_lead(), candidates=people), now=now)


def many(by, people, leads):
    return decide_many(by, leads, AssignmentFacts(record=leads[0], candidates=tuple(people)), now=NOW)


def reasons(decision):
    return [(reason.code, dict(reason.params)) for reason in decision.reasons]


class TestLimits:
    @pytest.mark.parametrize("most", [10, 40])
    def test_edge_23_a_limit_of_10_in_30_days_delivers_10_and_one_of_40_delivers_40(self, most):
        """Odoo works out a share of the day and rounds it: 10 become none, 40 become 30."""
        by, received = policy(limits=(Limit(most=most, days=30),)), []
        for day in range(120):
            now = NOW + day * DAY
            begins = by.limits[0].begins(now)
            left = most - sum(at >= begins for at in received)
            run = decide_many(
                by,
                [a_lead(id=f"L-{day}-{number}") for number in range(7)],
                AssignmentFacts(record=a_lead(), candidates=(person("wei", room=(left,)),)),
                now=now,
            )
            received += [now for decision in run if decision.member_id]
        for day in range(91):
            window = [at for at in received if NOW + day * DAY <= at < NOW + (day + 30) * DAY]
            assert len(window) == most

    def test_who_has_received_all_is_passed_over_and_the_limit_named(self):
        by = policy(limits=(Limit(most=3, per="day"), Limit(most=40, days=30)))
        people = person("eva", room=(0, 9)), person("lu", room=(2, 0)), person("wei", room=(1, 1))
        assert reasons(decided(by, *people))[1:] == [
            ("assignment.limit.day", {"members": "eva", "most": 3}),
            ("assignment.limit.days", {"members": "lu", "most": 40, "days": 30}),
            ("assignment.sole", {"member": "wei"}),
        ]

    def test_a_limit_that_nobody_has_reached_is_not_mentioned(self):
        by = policy(limits=(Limit(most=3, per="month"), Limit(most=40, days=30)))
        decision = decided(by, person("eva", room=(9, 0)), person("wei", room=(1, 1)))
        assert [code for code, _ in reasons(decision)][1:] == ["assignment.limit.days", "assignment.sole"]

    def test_each_record_of_a_run_takes_room(self):
        by = policy(limits=(Limit(most=5, per="week"),))
        run = many(by, [person("eva", room=(2,)), person("wei", room=(1,))], [a_lead(id=f"L-{n}") for n in range(5)])
        assert Counter(decision.member_id for decision in run) == {"eva": 2, "wei": 1, None: 2}

    def test_an_owner_who_has_received_all_does_not_stick(self):
        lead = a_lead(account_id="A-1")
        facts = AssignmentFacts(
            record=lead,
            candidates=(person("boss", room=(0,), team_id=None), person("wei", room=(1,))),
            account_owners={"A-1": "boss"},
        )
        assert decide(policy(limits=(Limit(most=1, per="day"),)), facts, now=NOW).member_id == "wei"


class TestBacklogs:
    BY = policy(backlogs=(Backlog(name="new", most=2, when="status == 'new'"),))

    def test_who_has_too_much_left_lying_gets_nothing_more(self):
        decision = decided(self.BY, person("eva", room=(0,)), person("wei", room=(1,)))
        assert decision.member_id == "wei"
        assert reasons(decision)[1] == ("assignment.backlog", {"members": "eva", "most": 2, "backlog": "new"})

    def test_only_records_that_would_lie_there_take_room(self):
        leads = [a_lead(id=f"L-{n}", status="working") for n in range(4)] + [a_lead(id=f"N-{n}") for n in range(3)]
        run = many(self.BY, [person("wei", room=(2,))], leads)
        assert [decision.member_id for decision in run] == ["wei"] * 6 + [None]

    @pytest.mark.parametrize("wrong", [{"most": 0, "when": "always()"}, {"most": 1, "when": "status ="}])
    def test_a_backlog_can_be_counted(self, wrong):
        with pytest.raises(CrmError):
            Backlog(name="new", **wrong)

    def test_a_backlog_asks_for_fields_that_there_are(self):
        with pytest.raises(CrmError, match="statsu"):
            policy(backlogs=(Backlog(name="new", most=1, when="statsu == 'new'"),))


class TestNeeds:
    GERMAN = Target(team_ids=("east",), needs=(Need(ability="languages", word="de", relax_hours=4),))
    OWN_REGION = Target(team_ids=("east",), needs=(Need(ability="regions", field="region"),))

    def test_only_who_has_it_is_chosen_from(self):
        decision = decided(policy(self.GERMAN), person("eva", languages=("de",)), person("wei"))
        assert decision.member_id == "eva"
        assert reasons(decision)[1] == ("assignment.unfit", {"members": "wei", "needs": "de"})

    @pytest.mark.parametrize(("age", "member"), [(4 * HOUR - timedelta(microseconds=1), None), (4 * HOUR, "wei")])
    def test_after_some_hours_it_is_dropped(self, age, member):
        lead = a_lead(created_at=NOW - age)
        assert decided(policy(self.GERMAN), person("wei"), record=lead).member_id == member

    def test_the_word_may_be_the_records_own(self):
        by, people = policy(self.OWN_REGION), (person("eva", regions=("East",)), person("wei", regions=("West",)))
        assert decided(by, *people, record=a_lead(region="West")).member_id == "wei"
        assert decided(by, *people, record=a_lead(region="North")).outcome is AssignmentOutcome.UNASSIGNED

    def test_a_record_without_the_word_needs_nothing(self):
        assert decided(policy(self.OWN_REGION), person("eva"), record=a_lead(region="")).member_id == "eva"

    @pytest.mark.parametrize("field", ["regoin", "score", "company.legal"])
    def test_the_field_is_one_with_a_word(self, field):
        with pytest.raises(CrmError):
            policy(Target(team_ids=("east",), needs=(Need(ability="regions", field=field),)))

    @pytest.mark.parametrize(
        "wrong", [{}, {"word": "de", "field": "language"}, {"word": "de", "relax_hours": -1}, {"word": ""}]
    )
    def test_a_need_says_what_it_is(self, wrong):
        with pytest.raises(InvalidInput):
            Need(ability="languages", **wrong)


class TestAge:
    BY = policy(entry={"delay_hours": 2, "until_days": 7})

    @pytest.mark.parametrize(
        ("age", "why"),
        [
            (HOUR, "assignment.delayed"),
            (2 * HOUR - timedelta(microseconds=1), "assignment.delayed"),
            (2 * HOUR, "assignment.sole"),
            (7 * DAY - timedelta(microseconds=1), "assignment.sole"),
            (7 * DAY, "assignment.too_old"),
        ],
    )
    def test_an_entry_takes_records_of_a_certain_age(self, age, why):
        decision = decided(self.BY, person("wei"), record=a_lead(created_at=NOW - age))
        assert [reason.code for reason in decision.reasons][1] == why

    def test_the_next_entry_may_take_what_this_one_does_not(self):
        late = Entry(name="Late", to=(Target(member_ids=("boss",)),))
        by = attrs.evolve(self.BY, entries=(*self.BY.entries, late))
        decision = decided(by, person("wei"), person("boss", team_id=None), record=a_lead(created_at=NOW - 9 * DAY))
        assert (decision.member_id, decision.entry) == ("boss", "Late")

    @pytest.mark.parametrize("wrong", [{"delay_hours": -1}, {"delay_hours": 48, "until_days": 2}])
    def test_there_is_a_time_at_which_it_takes_records(self, wrong):
        with pytest.raises(InvalidInput):
            Entry(name="East", to=(EAST,), **wrong)


class TestSeededRandom:
    def by(self, seed="spring"):
        return policy(Target(team_ids=("east",), strategy=SeededRandom(seed=seed)))

    def test_everybody_is_drawn_as_often_as_the_weight_says(self):
        people = [person("eva"), person("lu", weight=50), person("wei", weight=250)]
        run = many(self.by(), people, [a_lead(id=f"L-{number}") for number in range(4_000)])
        drawn = Counter(decision.member_id for decision in run)
        # four standard deviations
        assert abs(drawn["wei"] - 2_500) < 123
        assert abs(drawn["lu"] - 500) < 84

    @given(number=st.integers(0, 10**6))
    def test_the_same_record_falls_to_the_same_member(self, number):
        people, lead = (person("eva"), person("lu"), person("wei")), a_lead(id=f"L-{number}")
        assert decided(self.by(), *people, record=lead) == decided(self.by(), *reversed(people), record=lead)

    def test_another_seed_is_another_lot(self):
        people, leads = [person("eva"), person("wei")], [a_lead(id=f"L-{number}") for number in range(64)]
        first, second = ([each.member_id for each in many(self.by(seed), people, leads)] for seed in ("a", "b"))
        assert first != second
