"""Was it fair? The figures agree with their definitions, and what is said of each member is true."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.organization.member import Leave
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput
from crmkit.rules.assignment import AssignmentFacts, AssignmentPolicy, Candidate, Entry, Target, decide_many
from crmkit.rules.fairness import TEXTS, FairnessReport, Measure, Share, days_there, evenness, fairness, gini
from crmkit.testing import NOW, a_calendar, a_lead, a_member

DAY = timedelta(days=1)
PERIOD = {"since": NOW - 28 * DAY, "until": NOW}


def share(member_id, count=0, **changes):
    return Share(**{"member_id": member_id, "available": 20, "count": count, **changes})


def of(report, member_id):
    return [reason.code for reason in report.row(member_id).reasons]


amounts = st.lists(st.tuples(st.integers(0, 1_000), st.integers(1, 500)), min_size=1, max_size=12)


@given(amounts)
def test_gini_is_the_mean_difference_between_any_two_units_of_entitlement(pairs):
    """The definition, pair by pair: sum e_i e_j |x_i - x_j| / (2 E C)."""
    received, entitled = zip(*pairs, strict=True)
    total, whole = sum(received), sum(entitled)
    differences = sum(e * f * abs(c / e - d / f) for c, e in pairs for d, f in pairs)
    expected = differences / (2 * whole * total) if total else 0

    assert gini(received, entitled) == pytest.approx(expected, abs=1e-9)
    assert 0 <= gini(received, entitled) < 1


@given(amounts, st.integers(2, 5))
def test_gini_does_not_depend_on_the_unit_nor_on_the_order(pairs, times):
    received, entitled = zip(*pairs, strict=True)

    assert gini([times * each for each in received], entitled) == gini(received, entitled)
    assert gini(received[::-1], entitled[::-1]) == gini(received, entitled)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=9), st.integers(1, 50))
def test_who_receives_exactly_by_share_is_exactly_even(weights, times):
    shares = [share(f"m{place}", weight * times, weight=weight) for place, weight in enumerate(weights)]
    found = evenness(shares, Measure.COUNT)

    assert (found.gini, found.max_deviation, found.spread) == (0.0, 0.0, 0.0)
    assert found.top_percent == pytest.approx(found.top_share_percent)


@given(weights=st.lists(st.integers(1, 400), min_size=2, max_size=8), count=st.integers(1, 200))
@settings(max_examples=60)
def test_own15_round_robin_is_within_one_step(weights, count):
    """Any two differ by at most one record of the smallest share, whatever the weights."""
    people = [a_member(id=f"m{place}", team_id="east", weight=weight) for place, weight in enumerate(weights)]
    policy = AssignmentPolicy(entries=(Entry(name="All", to=(Target(team_ids=("east",)),)),))
    facts = AssignmentFacts(record=a_lead(), candidates=tuple(Candidate(member=member) for member in people))
    leads = [a_lead(id=f"L-{number}") for number in range(count)]
    received = [decision.member_id for decision in decide_many(policy, leads, facts, now=NOW)]
    shares = [share(member.id, received.count(member.id), weight=member.weight) for member in people]

    assert fairness(shares, **PERIOD).measure(Measure.COUNT).within_one_step


def test_shares_follow_weight_and_time():
    full, half, new = share("full", 20), share("half", 10, weight=50), share("new", 5, available=5)

    report = fairness([full, half, new], **PERIOD)

    assert [row.expected for row in report.rows] == [20, 10, 5]
    assert [of(report, who) for who in ("full", "half", "new")] == [["fairness.even"]] * 3
    assert report.row("nobody") is None


@pytest.mark.parametrize(
    ("count", "others", "code"),
    [(8, 12, "fairness.even"), (7, 13, "fairness.less"), (13, 7, "fairness.more"), (1, 2, "fairness.even")],
)
def test_within_a_fifth_or_one_record_is_even(count, others, code):
    assert of(fairness([share("eva", count), share("wei", others)], **PERIOD), "eva") == [code]


def test_who_was_not_there_has_no_share_and_spoils_none():
    report = fairness([share("eva", 10), share("lu", 3, available=0, idle=20)], **PERIOD)

    assert of(report, "lu") == ["fairness.absent"]
    assert (report.row("eva").expected, report.measure(Measure.COUNT).total) == (10, 10)


@pytest.mark.parametrize(("idle", "told"), [(9, False), (10, True), (14, True), (None, False)])
def test_nothing_for_many_working_days_is_said(idle, told):
    report = fairness([share("eva", 10), share("lu", 9, idle=idle)], **PERIOD)

    assert ("fairness.idle" in of(report, "lu")) is told


def test_value_and_quality_are_measured_where_there_are_any():
    shares = [share("eva", 10, value=900, quality=500), share("wei", 10, value=100, quality=500)]
    report = fairness(shares, **PERIOD, largest={Measure.VALUE: 500}, currency="CNY", unvalued=3)

    value = report.measure(Measure.VALUE)
    assert (value.gini, value.max_deviation, value.deviates) == (0.4, 400, "eva")
    assert (value.spread, value.one_step, value.within_one_step) == (800, 500, False)
    assert report.measure(Measure.QUALITY).gini == 0
    assert [each.by for each in fairness([share("eva", 10)], **PERIOD).measures] == [Measure.COUNT]


def test_the_tenth_that_received_most_is_set_against_its_share():
    shares = [share(f"m{place:02}", 20 if place < 2 else 0) for place in range(20)]

    found = evenness(shares, Measure.COUNT)

    assert (found.top_percent, found.top_share_percent) == (100, 10)


def test_teams_are_summed_up_with_those_furthest_below_first():
    shares = [share("a", 1, team_id="east"), share("b", 2, team_id="east"), share("c", 9)]

    teams = fairness(shares, **PERIOD).teams

    assert [(team.team_id, team.members, team.count, team.expected) for team in teams] == [
        ("east", 2, 3, 8),
        (None, 1, 9, 4),
    ]


def test_nobody_and_nothing_make_a_report_too():
    assert fairness([], **PERIOD).measures == ()
    quiet = fairness([share("eva")], **PERIOD).measure(Measure.COUNT)
    assert (quiet.gini, quiet.top_percent) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: fairness([share("eva"), share("eva")], **PERIOD),
        lambda: fairness([], since=NOW, until=NOW),
        lambda: share("eva", weight=0),
        lambda: share("eva", -1),
        lambda: days_there(a_member(), None, NOW - 4_000 * DAY, NOW),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidInput):
        wrong()


BOTH = [
    share("eva", 30, name="Eva Braun", team_id="east", value=120_000, quality=900),
    share("lu", 0, name="陆敏", team_id="west", available=14, idle=14),
    share("wei", 15, name="Chen Wei", team_id="east", weight=50, value=70_050, quality=500),
]


def test_the_table_is_aligned_also_with_chinese_names():
    report = fairness(BOTH, **PERIOD, currency="CNY", unvalued=40)

    assert report.table().splitlines()[:8] == [
        "2026-01-03 – 2026-01-31",
        "Member     Weight  Days  Received  Share  Difference        Value  Quality",
        "陆敏          100    14         0   14.3       -14.3     0.00 CNY        0",
        "Chen Wei       50    20        15   10.2        +4.8   700.50 CNY      500",
        "Eva Braun     100    20        30   20.5        +9.5  1200.00 CNY      900",
        "",
        "Team  Weight  Days  Received  Share  Difference        Value  Quality",
        "west            14         0   14.3       -14.3     0.00 CNY        0",
    ]
    assert str(report) == report.table()


def test_the_table_speaks_chinese_and_leaves_out_what_it_knows_nothing_of():
    quality = fairness([share("eva", 3, quality=9), share("wei", 3, quality=9, team_id="east")], **PERIOD).table("zh")

    assert "成员  权重  工作日  收到  应得  差额  评分" in quality
    assert "按数量：基尼系数 0.00" in quality
    assert "金额" not in quality


def test_ten_members_and_more_have_a_tenth_and_values_without_a_currency_stay_numbers():
    shares = [share(f"m{place}", 1, value=100) for place in range(10)]
    text = fairness(shares, **PERIOD).table()

    assert "The tenth that received most has 10 %, where 10 % is its share." in text
    assert re.search(r"\bm9 .* 100$", text, re.MULTILINE)


def test_a_report_comes_back_from_json():
    codec, report = Codec(), fairness(BOTH, **PERIOD, currency="CNY")

    assert codec.loads(FairnessReport, codec.dumps(report)) == report


def test_every_sentence_says_all_it_knows_in_both_languages():
    texts = Catalogue.of(TEXTS)
    shares = [*BOTH, share("gone", available=0), share("m", 13)]
    for row in fairness(shares, **PERIOD).rows:
        for reason in row.reasons:
            assert all(set(re.findall(r"\{(\w+)\}", text)) == set(reason.params) for text in texts.texts[reason.code])
    for english, chinese in TEXTS.values():
        assert sorted(re.findall(r"\{(\w+)\}", english)) == sorted(re.findall(r"\{(\w+)\}", chinese))
        assert english.isascii()
        assert not chinese.isascii()


OLD = NOW - 400 * DAY
SATURDAY = NOW  # 2026-01-31


@pytest.mark.parametrize(
    ("changes", "calendar", "days"),
    [
        ({}, a_calendar(), 20),
        ({}, None, 28),
        ({"created_at": NOW - 7 * DAY}, a_calendar(), 5),
        ({"leaves": (Leave(begins=NOW - 12 * DAY, ends=NOW - 9 * DAY),)}, a_calendar(), 17),
        ({"status": "left", "left_at": NOW - 14 * DAY}, a_calendar(), 10),
        ({"status": "left", "updated_at": NOW - 14 * DAY}, a_calendar(), 10),
        ({"status": "on_leave", "updated_at": NOW - 14 * DAY}, a_calendar(), 10),
        ({"created_at": NOW + DAY}, a_calendar(), 0),
    ],
)
def test_days_there_are_working_days_without_leave_before_joining_and_after_leaving(changes, calendar, days):
    member = a_member(**{"created_at": OLD, "updated_at": OLD, **changes})

    assert days_there(member, calendar, SATURDAY - 28 * DAY, SATURDAY) == days
