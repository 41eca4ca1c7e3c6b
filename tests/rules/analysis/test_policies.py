"""What is wrong with a policy is told before it does harm, and a sound policy is left alone."""

import re
from datetime import date, timedelta

import pytest

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.organization.limits import Limit
from crmkit.rules.analysis import Organization, named, slack
from crmkit.rules.assignment import AssignmentPolicy, Backlog, Entry, LeastLoaded, Need, Target
from crmkit.rules.assignment.analysis import TEXTS as ASSIGNMENT_TEXTS
from crmkit.rules.assignment.analysis import analyse as analyse_assignment
from crmkit.rules.reclaim import ClaimPolicy, Exemption, ReclaimPolicy, Refresh
from crmkit.rules.reclaim.analysis import TEXTS as RECLAIM_TEXTS
from crmkit.rules.reclaim.analysis import analyse, analyse_claims, analyse_pools
from crmkit.testing import NOW, a_calendar, a_lead, a_member, a_pool, a_team, an_account

DAY = timedelta(days=1)
EVA = a_member(id="eva", team_id="east", languages=("de",))
WEI = a_member(id="wei", team_id="east", languages=("zh",))
GONE = a_member(id="gone", team_id="west", status="left")
LEADS = a_pool(id="leads", name="Leads", holds="lead")
CLOSED = a_pool(id="closed", name="Closed", enabled=False, holds="lead")
ACCOUNTS = a_pool(id="all", name="All", holds="account")
THERE = Organization(
    members=(EVA, WEI, GONE),
    teams=(a_team(id="east"), a_team(id="west")),
    calendars=(a_calendar(known_until=date(2026, 2, 2)),),
    pools=(LEADS, CLOSED, ACCOUNTS),
)
EAST = Target(team_ids=("east",))
POOL = Target(pool_id="leads")


def entry(name="All", when="always()", to=(EAST,), **given):
    return Entry(name=name, when=when, to=to, **given)


def assignment(*entries, there=THERE, received=None, language="en", **given):
    policy = AssignmentPolicy(entries=entries, **given)
    return analyse_assignment(policy, there, received=received, language=language, now=NOW)


def codes(problems):
    return [problem.code.partition("analysis.")[2] for problem in problems]


GOOD_ENTRIES = (
    entry("Large", "amount >= money('100000', 'CNY')", (Target(member_ids=("eva",)), EAST)),
    entry("East", "region == 'East'", (EAST, POOL)),
    entry("Rest"),
)


def test_a_sound_assignment_policy_is_left_alone():
    given = {"limits": (Limit(most=40, days=30), Limit(most=3, per="day")), "calendar_id": "cn"}

    assert assignment(*GOOD_ENTRIES, received=100, **given) == ()


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([entry("Never", "score > 5 and score < 5"), entry()], ["entry.never"]),
        ([entry(to=(POOL,)), entry("Late", "score > 5")], ["entry.unreachable"]),
        ([entry("A", "score > 5", (POOL,)), entry("B", "score <= 5", (POOL,)), entry("C", "score == 7"), entry()],
         ["entry.unreachable"]),
        ([entry(), entry("Late", "score > 5")], ["entry.fallback"]),
        ([entry("A", "score > 5"), entry("B", "score > 7"), entry()], ["entry.fallback"]),
        ([entry("A", "score > 7"), entry("B", "score > 5"), entry()], []),
        ([entry("Old", to=(POOL,), delay_hours=9), entry("Young", "score > 5"), entry()], []),
        ([entry("Young", to=(POOL,), until_days=3), entry("Old", "score > 5"), entry()], []),
        ([entry("Young", to=(POOL,), until_days=3), entry("Y", "score > 5", until_days=2), entry()],
         ["entry.unreachable"]),
        ([entry("East", "region == 'East'")], ["entry.gap"]),
        ([entry("Young", until_days=3)], ["entry.gap"]),
        ([], ["entry.gap"]),
        ([entry(to=(POOL, EAST))], ["target.never"]),
        ([entry(to=(Target(pool_id="closed"), EAST))], ["target.pool"]),
        ([entry(to=(Target(pool_id="all"), EAST))], ["target.pool"]),
        ([entry(to=(Target(pool_id="nowhere"), EAST))], ["target.pool"]),
        ([entry(to=(Target(team_ids=("west",)), EAST))], ["target.nobody"]),
        ([entry(to=(Target(member_ids=("gone", "eva", "wei")),))], ["target.gone"]),
        ([entry(to=(Target(team_ids=("east",), needs=(Need(ability="languages", word="fr"),)), EAST))],
         ["target.unfit"]),
        ([entry(to=(Target(team_ids=("east",), needs=(Need(ability="languages", word="fr", relax_hours=4),)),))], []),
        ([entry(to=(Target(team_ids=("east",), needs=(Need(ability="regions", field="region"),)),))], []),
        ([entry(to=(Target(member_ids=("eva",)),))], ["member.outside"]),
        ([entry(to=(Target(team_ids=("east",), needs=(Need(ability="languages", word="de"),)),))], ["member.outside"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_entries_and_targets_is_found(entries, found):
    assert codes(assignment(*entries)) == (found if entries else ["entry.gap"])


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"limits": (Limit(most=0, per="day"),)}, ["limit.zero"]),
        ({"limits": (Limit(most=10, days=30), Limit(most=10, per="day"))}, ["limit.slack"]),
        ({"backlogs": (Backlog(name="x", most=5, when="not always()"),)}, ["backlog.never"]),
        ({"backlogs": (Backlog(name="x", most=5, when="missing(last_contact_at)"),)}, []),
        ({"calendar_id": "xx"}, ["calendar.unknown"]),
    ],
)
def test_what_is_wrong_with_limits_and_calendars_is_found(given, found):
    assert codes(assignment(entry(), **given)) == found


def test_a_calendar_whose_holidays_have_run_out_is_told():
    there = Organization(members=(EVA,), calendars=(a_calendar(known_until=date(2026, 1, 1)),))

    assert codes(assignment(entry(), there=there, calendar_id="cn")) == ["calendar.ends"]


def test_members_without_capacity_or_with_a_share_of_less_than_one_are_told():
    idle = a_member(id="idle", team_id="east", capacity=0)
    light = a_member(id="light", team_id="east", weight=1)
    there = Organization(members=(EVA, WEI, idle, light))

    assert codes(assignment(entry(), there=there)) == ["member.capacity"]
    assert codes(assignment(entry(), there=there, received=200)) == ["member.capacity", "member.share"]
    assert codes(assignment(entry(), there=there, received=301)) == ["member.capacity"]
    assert codes(assignment(entry(), there=there, received=3)) == ["member.capacity"]
    loaded = entry(to=(Target(team_ids=("east",), strategy=LeastLoaded()),))
    assert codes(assignment(loaded, there=there, received=200)) == ["member.capacity"]


@pytest.mark.parametrize(
    ("limits", "idle"),
    [
        ([Limit(most=20, per="day"), Limit(most=10, per="week")], 1),
        ([Limit(most=20, per="week"), Limit(most=10, per="month")], 0),
        ([Limit(most=20, per="week"), Limit(most=10, days=8)], 1),
        ([Limit(most=20, per="week"), Limit(most=10, days=7)], 0),
        ([Limit(most=20, days=7), Limit(most=10, days=30)], 1),
        ([Limit(most=20, days=7), Limit(most=10, per="month")], 0),
        ([Limit(most=9, per="day"), Limit(most=10, per="week")], 0),
        ([Limit(most=9, per="day"), Limit(most=9, per="day")], 1),
    ],
)
def test_a_limit_is_idle_only_where_another_always_comes_first(limits, idle):
    assert len(list(slack(limits))) == idle


RECLAIM = ReclaimPolicy(refreshes=(Refresh(kinds=("visit",), days=45), Refresh(days=15)), max_days=180)


def test_a_sound_reclaim_policy_is_left_alone():
    assert analyse(RECLAIM, THERE, now=NOW) == ()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"exemptions": (Exemption(name="all", when="always()"),)}, ["exemption.all"]),
        ({"exemptions": (Exemption(name="a", when="missing(level) or level == 'A'"),)}, []),
        (
            {
                "exemptions": (
                    Exemption(name="a", when="employees > 5"),
                    Exemption(name="b", when="not (employees > 5)"),
                )
            },
            ["exemption.all"],
        ),
        ({"exemptions": (Exemption(name="x", when="level == 'A' and level == 'B'"),)}, ["exemption.never"]),
        ({"refreshes": (Refresh(kinds=("visit",), days=10), Refresh(days=15))}, ["refresh.covered"]),
        ({"refreshes": (Refresh(days=15), Refresh(days=15))}, ["refresh.covered"]),
        ({"refreshes": (Refresh(days=15),), "max_days": 30}, ["refresh.idle"]),
        ({"warn_days": (30, 3)}, ["warning.never"]),
        ({"warn_days": (30, 3), "refreshes": (Refresh(days=31),)}, []),
        ({"effective_until": NOW}, ["period.over"]),
        ({"calendar_id": "xx"}, ["calendar.unknown"]),
        ({"calendar_id": "cn"}, ["calendar.ends"]),
        ({"calendar_id": "cn", "max_days": 2_000, "protect_days": 2_000}, ["calendar.ends"]),
    ],
)
def test_what_is_wrong_with_protections_is_found(given, found):
    assert codes(analyse(ReclaimPolicy(**given), THERE, now=NOW)) == found


def test_a_calendar_without_work_for_ten_years_is_told_and_does_no_harm():
    lazy = a_calendar(weekdays=(1,), known_until=date(2027, 1, 1))
    policy = ReclaimPolicy(calendar_id="cn", protect_days=2_000)

    assert codes(analyse(policy, Organization(calendars=(lazy,), pools=(ACCOUNTS,)), now=NOW)) == ["calendar.ends"]


def pools(*given, **asked):
    return codes(analyse_pools(Organization(members=(EVA, GONE), pools=given), "account", **asked))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([], ["none"]),
        ([a_pool(enabled=False)], ["none"]),
        ([LEADS], ["none"]),
        ([a_pool(accepts="level == 'A'")], ["gap"]),
        ([a_pool(accepts="employees > 5"), a_pool(id="p2", accepts="not (employees > 5)")], []),
        ([a_pool(id="p1", priority=1), a_pool(id="p2", accepts="level == 'A'")], ["covered"]),
        ([a_pool(id="p1", accepts="level == 'A'", priority=1), a_pool(id="p2")], []),
        ([a_pool(id="p1", accepts="not always()", priority=1), a_pool(id="p2")], ["never"]),
        ([a_pool(id="p1", accepts="levle == 'A'", priority=1), a_pool(id="p2")], ["unfit"]),
        ([a_pool(member_ids=("gone",))], ["nobody"]),
        ([a_pool(team_ids=("east",))], []),
    ],
)
def test_what_is_wrong_with_pools_is_found(given, found):
    assert pools(*given) == found


def test_records_that_never_fall_back_need_no_pool():
    assert pools(a_pool(accepts="level == 'A'"), spared=("not (level == 'A')",)) == []


def test_a_policy_is_not_tried_where_it_cannot_be():
    broken = Organization(pools=(a_pool(accepts="levle == 'A'"),))
    records = [an_account(owner_id="eva", reclaim_at=NOW)]

    assert codes(analyse(ReclaimPolicy(), broken, records=records, now=NOW)) == ["unfit", "gap"]
    assert codes(analyse(ReclaimPolicy(calendar_id="xx"), THERE, records=records, now=NOW)) == ["calendar.unknown"]


def test_a_policy_that_would_take_away_many_records_at_once_is_told():
    old = {"owned_since": NOW - 99 * DAY, "owner_id": "eva"}
    due = [an_account(id=f"A-{number}", reclaim_at=NOW + 5 * DAY, **old) for number in range(3)]
    kept = [
        an_account(id="A-7", reclaim_at=NOW + 90 * DAY, **old),
        an_account(id="A-8", reclaim_at=NOW + DAY, standing="key", **old),
        an_account(id="A-9"),
    ]
    policy = ReclaimPolicy(grace_days=7, exemptions=(Exemption(name="key", when="standing == 'key'"),))

    [problem] = analyse(policy, THERE, records=[*due, *kept], now=NOW)

    assert problem.message == "3 of 6 records (50 %) would fall back within 7 days."
    assert analyse(policy, THERE, records=[*due, *kept], share_percent=50, now=NOW) == ()


def test_records_without_a_clock_get_their_grace_and_settled_ones_have_none():
    policy = ReclaimPolicy(entity="lead", grace_days=7)
    old = {"owner_id": "eva", "owned_since": NOW - 99 * DAY}

    assert codes(analyse(policy, THERE, records=[a_lead(**old)], now=NOW)) == ["fires"]
    assert analyse(policy, THERE, records=[a_lead(status="converted", **old)], now=NOW) == ()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"holding_cap": 100, "quotas": (Limit(most=10, per="day"),), "cooldown_days": 7, "freeze_days": 1}, []),
        ({"holding_cap": 0}, ["cap.zero"]),
        ({"holding_cap": 5, "uncounted": "always()"}, ["cap.uncounted"]),
        ({"holding_cap": 5, "uncounted": "custom.grade == 'A'"}, []),
        ({"quotas": (Limit(most=0, per="day"),)}, ["quota.zero"]),
        ({"quotas": (Limit(most=9, per="day"), Limit(most=9, per="week"))}, ["quota.slack"]),
        ({"cooldown_days": 7, "freeze_days": 7}, ["cooldown.idle"]),
        ({"calendar_id": "xx"}, ["calendar.unknown"]),
    ],
)
def test_what_is_wrong_with_claims_is_found(given, found):
    assert codes(analyse_claims(ClaimPolicy(**given), THERE, now=NOW)) == found


def test_members_without_capacity_can_never_claim():
    there = Organization(members=(a_member(capacity=0),))

    assert codes(analyse_claims(ClaimPolicy(), there, now=NOW)) == ["capacity"]


def test_fields_of_the_host_are_understood():
    grade = CustomField(entity="lead", name="grade", kind="text")
    entries = (entry("A", "custom.grade == 'A'", (POOL,)), entry("B", "custom.grade in ('A',)"), entry())

    assert codes(assignment(*entries, custom_fields=(grade,))) == ["entry.unreachable"]


def test_problems_speak_chinese_too():
    [problem] = assignment(entry("东区", "region == 'East'"), language="zh")

    assert str(problem) == (
        "AssignmentPolicy.entries: 可能存在不匹配任何规则的记录，将一直无负责人。 请在最后增加一条无条件规则。"
    )


def test_many_members_are_named_up_to_twenty():
    ids = [f"m{number}" for number in range(30)]

    assert named(ids).endswith("m19 … (30)")
    assert named(ids[:2]) == "m0, m1"


@pytest.mark.parametrize("texts", [ASSIGNMENT_TEXTS, RECLAIM_TEXTS])
def test_every_problem_has_its_mend_and_says_the_same_in_both_languages(texts):
    for code, (english, chinese) in texts.items():
        assert f"{code.removesuffix('.mend')}.mend" in texts
        assert sorted(re.findall(r"\{(\w+)\}", english)) == sorted(re.findall(r"\{(\w+)\}", chinese)), code
        assert english.isascii() or "“" in english
        assert not chinese.isascii()
