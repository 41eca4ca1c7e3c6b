"""What an analysis calls unreachable is never reached, whatever the policy and the record."""

from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.conditions import FieldCatalogue
from crmkit.domain.sales.lead import Lead
from crmkit.rules.analysis import Organization
from crmkit.rules.assignment import AssignmentFacts, AssignmentPolicy, Candidate, Entry, Target, decide
from crmkit.rules.assignment.analysis import analyse
from crmkit.rules.reclaim import PoolOrder
from crmkit.rules.reclaim.analysis import analyse_pools
from crmkit.testing import NOW, a_lead, a_member, a_pool
from crmkit.testing.conditions import conditions

FEW = ("score", "status", "region", "account_id", "tags")
FIELDS = FieldCatalogue([spec for spec in FieldCatalogue.of(Lead) if spec.name in FEW])
EVA = a_member(id="eva", team_id="east")
OPEN = a_pool(id="open", holds="lead")
TARGETS = st.sampled_from([Target(member_ids=("eva",)), Target(pool_id="open"), Target(team_ids=("nowhere",))])
TEXTS = st.one_of(st.just("always()"), conditions(FIELDS, max_leaves=3).map(str))

leads = st.builds(
    a_lead,
    score=st.none() | st.integers(-1, 62),
    region=st.sampled_from(["", "a", "East", "西"]),
    account_id=st.none() | st.sampled_from(["A-1", "A-2"]),
    tags=st.lists(st.sampled_from(["a", "vip"]), max_size=2),
)


@st.composite
def policies(draw):
    entries = [
        Entry(
            name=f"E{place}",
            when=draw(TEXTS),
            to=draw(st.lists(TARGETS, min_size=1, max_size=3)),
            delay_hours=draw(st.sampled_from([0, 0, 2])),
            until_days=draw(st.sampled_from([None, None, 1])),
        )
        for place in range(draw(st.integers(1, 4)))
    ]
    return AssignmentPolicy(entries=tuple(entries), sticky=False)


@given(policies(), leads, st.booleans())
@settings(max_examples=200)
def test_an_entry_that_is_called_unreachable_gets_no_record(policy, lead, away):
    there = Organization(members=(EVA,), pools=(OPEN,))
    found = analyse(policy, there, now=NOW)
    dead = {each.field for each in found if each.code.endswith(("entry.never", "entry.unreachable"))}
    facts = AssignmentFacts(record=lead, candidates=(Candidate(member=EVA, away=away),), pools=(OPEN,))

    entry = decide(policy, facts, now=NOW).entry

    assert not any(field.startswith(f"AssignmentPolicy.entries[{entry}]") for field in dead if entry)


@given(policies(), leads)
@settings(max_examples=100)
def test_a_policy_without_a_gap_has_an_entry_for_every_record(policy, lead):
    codes = [each.code for each in analyse(policy, Organization(members=(EVA,), pools=(OPEN,)), now=NOW)]

    assert "assignment.analysis.entry.gap" in codes or any(policy.matching(lead, NOW))


@given(st.lists(TEXTS, min_size=1, max_size=4), leads)
@settings(max_examples=200)
def test_a_pool_that_is_called_unreachable_receives_nothing_and_without_a_gap_one_receives(texts, lead):
    pools = [a_pool(id=f"p{place}", holds="lead", accepts=text) for place, text in enumerate(texts)]
    found = analyse_pools(Organization(pools=tuple(pools)), "lead")
    dead = {each.field for each in found if each.code in ("pool.analysis.never", "pool.analysis.covered")}

    chosen = PoolOrder.of(pools, "lead").choose(lead, now=NOW)

    assert chosen is None or f"Pool[{chosen.id}].accepts" not in dead
    assert chosen is not None or "pool.analysis.gap" in [each.code for each in found]
