"""Each pattern is found where it is, not where it is not, and its evidence is exact."""

import random
import re
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.model import revise
from crmkit.domain.organization.member import Leave
from crmkit.errors import InvalidInput
from crmkit.rules.gaming import (
    TEXTS,
    Boomerang,
    Burst,
    EmptyFollowUp,
    GamingFacts,
    GamingPolicy,
    LastMinute,
    PassedOn,
    Picking,
    RoundTrip,
    Severity,
    Sniping,
    Swapping,
    detect,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.testing import NOW, a_member, an_interaction, an_ownership_entry

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
SINCE, UNTIL = NOW - 60 * DAY, NOW
numbers = count()


def entry(at, cause, giver=None, taker=None, record="A-1", pool="all"):
    lies = {"to_pool_id": pool} if taker is None else {"from_pool_id": pool} if giver is None else {}
    return an_ownership_entry(
        id=f"H-{next(numbers)}",
        at=at,
        cause=cause,
        record_id=record,
        from_owner_id=giver,
        to_owner_id=taker,
        **lies,
    )


def moved(days, giver, taker, record="A-1"):
    return entry(SINCE + days * DAY, "transferred", giver, taker, record)


def spoken(number, **changes):
    said = {"id": f"I-{number}", "member_id": "eva", "subject_entity": "account", "subject_id": "A-1", "kind": "email"}
    return an_interaction(**{**said, "at": NOW - DAY, "created_at": NOW - DAY, **changes})


def facts(*entries, **given):
    return GamingFacts(**{"since": SINCE, "until": UNTIL, "entries": entries, **given})


def ids(*entries):
    return tuple(each.id for each in entries)


def test_there_and_back_twice_is_a_round_trip():
    history = [
        moved(1, "wei", "eva"),
        moved(2, "eva", "wei"),
        moved(9, "wei", "eva", "A-2"),
        moved(9.5, "eva", "wei", "A-2"),
    ]

    [finding] = RoundTrip(within_days=1).find(facts(*history))

    assert (finding.members, finding.entries, finding.severity) == (("eva", "wei"), ids(*history), Severity.NOTICE)
    assert dict(finding.reason.params) == {"members": "eva, wei", "times": 2, "days": 1}


@pytest.mark.parametrize(
    "history",
    [
        [moved(1, "wei", "eva"), moved(32, "eva", "wei")],
        [moved(1, "wei", "eva"), moved(2, "eva", "lu")],
        [entry(SINCE + DAY, "merged", "wei", "eva"), moved(2, "eva", "wei")],
        [moved(1, "wei", "eva"), entry(SINCE + 2 * DAY, "returned", "eva"), moved(3, "eva", "wei")],
        [moved(1, "wei", "eva"), moved(60, "eva", "wei")],
    ],
    ids=["too long", "to somebody else", "a merge", "through the pool", "after the period"],
)
def test_what_does_not_come_back_in_time_is_no_round_trip(history):
    assert list(RoundTrip(least=1).find(facts(*history))) == []


def test_a_ring_of_three_is_a_round_trip_too():
    ring = [moved(1, "wei", "eva"), moved(2, "eva", "lu"), moved(3, "lu", "wei")]

    assert [each.members for each in RoundTrip(least=1).find(facts(*ring))] == [("eva", "lu", "wei")]


def test_cover_during_leave_is_no_round_trip():
    history = [moved(1, "wei", "eva"), moved(15, "eva", "wei")]
    leave = Leave(begins=SINCE + 2 * DAY, ends=SINCE + 14 * DAY)
    people = (a_member(id="eva"), a_member(id="wei", leaves=(leave,)))

    assert list(RoundTrip(least=1).find(facts(*history, members=people))) == []


def test_different_records_there_and_back_are_swaps_and_each_transfer_counts_once():
    history = [moved(day, *("wei", "eva") if day % 2 else ("eva", "wei"), record=f"A-{day}") for day in range(1, 8)]

    [finding] = Swapping(least=3).find(facts(*history))

    assert (finding.members, len(finding.entries)) == (("eva", "wei"), 6)
    assert list(RoundTrip(least=1).find(facts(*history))) == []


@pytest.mark.parametrize(
    "history",
    [
        [moved(1, "wei", "eva", "A-1"), moved(2, "eva", "wei", "A-1")],
        [moved(1, "wei", "eva", "A-1"), moved(9, "eva", "wei", "A-2")],
        [moved(1, "wei", "eva", "A-1"), moved(2, "wei", "eva", "A-2")],
        [moved(-3, "wei", "eva", "A-1"), moved(-2, "eva", "wei", "A-2")],
    ],
    ids=["the same record", "too late", "one way only", "before the period"],
)
def test_what_is_no_exchange_is_no_swap(history):
    assert list(Swapping(least=1).find(facts(*history))) == []


LOST = entry(SINCE + DAY, "returned", "wei")
CLAIMED = entry(SINCE + 2 * DAY, "claimed", None, "eva")
BACK = moved(9, "eva", "wei")
GIVEN_BACK = entry(SINCE + 9 * DAY, "returned", "eva")
CLAIMED_AGAIN = entry(SINCE + 10 * DAY, "claimed", None, "wei")


@pytest.mark.parametrize("way", [(BACK,), (GIVEN_BACK, CLAIMED_AGAIN)], ids=["handed over", "through the pool"])
def test_what_a_friend_keeps_until_the_cool_down_is_over_is_a_boomerang(way):
    [finding] = Boomerang(least=1).find(facts(LOST, CLAIMED, *way))

    assert (finding.members, finding.entries) == (("wei", "eva"), ids(LOST, CLAIMED, *way))


@pytest.mark.parametrize(
    "history",
    [
        [LOST, CLAIMED],
        [LOST, CLAIMED, GIVEN_BACK],
        [LOST, CLAIMED, moved(9, "eva", "lu")],
        [LOST, entry(SINCE + 2 * DAY, "assigned", None, "eva"), BACK],
        [LOST, entry(SINCE + 2 * DAY, "claimed", None, "wei"), BACK],
        [LOST, CLAIMED, moved(59.5, "eva", "wei")],
        [entry(SINCE - 40 * DAY, "returned", "wei"), CLAIMED, moved(30, "eva", "wei")],
        [CLAIMED, BACK, moved(10, "wei", "eva")],
    ],
    ids=["kept", "given back", "to another", "assigned", "own claim", "58 days are fine", "too long", "not let go"],
)
def test_what_does_not_come_back_is_no_boomerang(history):
    assert list(Boomerang(least=1, within_days=58).find(facts(*history))) == []


def passed(minutes, giver="wei", taker="eva", number=1):
    at = SINCE + number * DAY
    record = f"A-{number}"
    return entry(at, "returned", giver, record=record), entry(
        at + timedelta(minutes=minutes), "claimed", None, taker, record=record
    )


def test_records_given_back_for_the_same_friend_are_passed_on():
    through = [each for number in range(3) for each in passed(30, number=number)]

    [finding] = PassedOn().find(facts(*through))

    assert (finding.members, len(finding.entries), finding.reason.params["of"]) == (("wei", "eva"), 6, 3)


def test_few_of_many_late_ones_and_own_claims_are_not_passed_on():
    history = [each for number in range(3) for each in passed(1, number=number)]
    many = [each for number in range(3, 7) for each in passed(9 * 60, number=number)]
    own = [each for number in range(3) for each in passed(1, taker="wei", number=number)]
    reclaimed = (entry(SINCE, "reclaimed", "wei"), CLAIMED)

    for lines in ([*history, *many], many, own, reclaimed):
        assert list(PassedOn(least=3).find(facts(*lines))) == []


@pytest.mark.parametrize(
    ("after", "freeze", "told"),
    [
        (5 * SECOND, timedelta(0), True),
        (6 * SECOND, timedelta(0), False),
        (timedelta(0), timedelta(0), True),
        (DAY + SECOND, DAY, True),
        (DAY - SECOND, DAY, False),
        (DAY + 6 * SECOND, DAY, False),
    ],
)
def test_attack_33_claims_within_seconds_of_the_pool_or_of_the_freeze_are_sniping(after, freeze, told):
    """Pool sniping, to the second."""
    history = []
    for number in range(3):
        fell = SINCE + (5 * number + 1) * DAY
        record = f"A-{number}"
        history += [entry(fell, "reclaimed", "lu", record=record), entry(fell + after, "claimed", None, "eva", record)]

    findings = list(Sniping().find(facts(*history, freeze=freeze)))

    assert [each.members for each in findings] == ([("eva",)] if told else [])


def test_two_quick_claims_and_quick_assignments_are_no_sniping():
    fell = entry(SINCE, "reclaimed", "lu")
    quick = [fell, entry(SINCE + SECOND, "assigned", None, "eva")]

    assert list(Sniping(least=1).find(facts(*quick))) == []
    assert list(Sniping(least=2).find(facts(fell, entry(SINCE + SECOND, "claimed", None, "eva")))) == []


def received(member, number, returned_after=None):
    at, record = SINCE + DAY, f"{member}-{number}"
    lines = [entry(at, "assigned", None, member, record)]
    if returned_after is not None:
        lines.append(entry(at + returned_after, "returned", member, record=record))
    return lines


def test_who_gives_back_much_more_than_others_is_told_of():
    history = [line for number in range(10) for line in received("eva", number, HOUR if number < 6 else None)]
    history += [line for number in range(20) for line in received("wei", number, HOUR if number < 2 else None)]

    [finding] = Picking().find(facts(*history))

    assert finding.members == ("eva",)
    assert (finding.reason.params["percent"], finding.reason.params["others"]) == (60, 10)


def test_giving_back_late_seldom_or_like_everybody_is_no_picking():
    late = [line for number in range(6) for line in received("eva", number, 49 * HOUR)]
    seldom = [line for number in range(30) for line in received("eva", number, HOUR if number < 6 else None)]
    like_all = [line for who in ("eva", "wei") for number in range(10) for line in received(who, number, HOUR)]

    assert all(list(Picking().find(facts(*history))) == [] for history in (late, seldom, like_all))


def test_follow_ups_just_before_the_deadline_stand_out_against_the_others():
    mine = [spoken(number, at=NOW - (number + 1) * DAY) for number in range(6)]
    others = [spoken(number + 10, member_id="wei", at=NOW - 2 * DAY) for number in range(10)]
    late = {each.id: each.at + timedelta(hours=24) for each in mine}
    early = {each.id: each.at + 9 * DAY for each in others}
    lost = entry(NOW - HOUR, "reclaimed", "eva")
    all_ = facts(lost, interactions=(*mine, *others, spoken(99)), deadlines={**late, **early})

    [finding] = LastMinute().find(all_)

    assert (finding.members, len(finding.interactions), finding.entries) == (("eva",), 6, (lost.id,))
    assert finding.reason.params["reclaimed"] == 1


def test_where_all_are_late_nobody_stands_out_and_too_late_does_not_count():
    everybody = [spoken(f"{who}-{number}", member_id=who) for who in ("eva", "wei") for number in range(6)]
    late = {each.id: each.at + HOUR for each in everybody}
    over = {each.id: each.at for each in everybody}

    assert list(LastMinute().find(facts(interactions=everybody, deadlines=late))) == []
    assert list(LastMinute(least=1).find(facts(interactions=everybody, deadlines=over))) == []


def test_follow_ups_that_say_nothing_new_are_counted_by_what_they_lack():
    empty = [
        spoken(1, summary="ok"),
        spoken(2, summary="联系了客户，暂无需求"),
        spoken(3, summary="联系了客户, 暂无需求!"),
        spoken(4, kind="call", minutes=0, outcome="reached"),
        spoken(5, outcome="wants a quote"),
        spoken(6, member_id=None),
        spoken(7, summary="ok", at=NOW),
    ]

    [finding] = EmptyFollowUp(least=3).find(facts(interactions=empty))

    assert finding.interactions == ("I-1", "I-3", "I-4")
    params = finding.reason.params
    assert [params[name] for name in ("times", "of", "percent", "silent", "copied", "untimed")] == [3, 5, 60, 1, 1, 1]
    assert list(EmptyFollowUp(least=3, share_percent=61).find(facts(interactions=empty))) == []


def test_the_same_words_on_many_records_within_minutes_are_a_burst():
    visits = [
        spoken(
            number, kind="visit", subject_id=f"A-{number}", summary="拜访客户", created_at=NOW - DAY + number * SECOND
        )
        for number in range(6)
    ]
    slow = [
        spoken(
            number, kind="visit", subject_id=f"A-{number}", summary="拜访客户", created_at=NOW - number * HOUR - HOUR
        )
        for number in range(6)
    ]
    one = [spoken(number, kind="visit", summary="拜访客户") for number in range(6)]
    mail = [spoken(number, subject_id=f"A-{number}", summary="Our new catalogue") for number in range(6)]

    [finding] = Burst().find(facts(interactions=visits))

    assert (finding.members, finding.reason.params["times"], len(finding.interactions)) == (("eva",), 6, 6)
    assert all(list(Burst().find(facts(interactions=each))) == [] for each in (slow, one, mail))


def test_a_burst_that_comes_to_a_record_twice_counts_it_once_and_for_as_long_as_it_is_near():
    places = [0, 0, 1, 2, 3, 4]
    visits = [
        spoken(n, kind="visit", subject_id=f"A-{place}", summary="拜访客户", created_at=NOW - DAY + n * SECOND)
        for n, place in enumerate(places)
    ]
    apart = [revise(visits[0], created_at=NOW - DAY - HOUR), *visits[1:]]

    [finding] = Burst().find(facts(interactions=visits))
    [later] = Burst().find(facts(interactions=apart))

    assert (len(finding.interactions), len(later.interactions)) == (6, 5)


@pytest.mark.parametrize(("times", "severity"), [(3, "notice"), (6, "warning"), (11, "warning"), (12, "serious")])
def test_severity_says_how_far_beyond_the_threshold_it_is(times, severity):
    history = [each for number in range(times) for each in passed(0, number=number)]

    [finding] = Sniping(seconds=1).find(facts(*history))

    assert (finding.severity.value, finding.reasons[1].code) == (severity, f"gaming.severity.{severity}")
    assert dict(finding.reasons[1].params) == {"times": times, "least": 3}


def honest_year(seed):
    """Forty members who receive, hand over, lose, claim and write at random, and play no game."""
    dice = random.Random(seed)
    people = [f"m{number:02}" for number in range(40)]
    entries, spoken_, at = [], [], SINCE
    for number in range(2_000):
        at = SINCE + timedelta(seconds=dice.uniform(0, 40) * DAY.total_seconds())
        owner, record = dice.choice(people), f"A-{number}"
        entries.append(entry(at, "assigned", None, owner, record))
        what = dice.random()
        later = at + timedelta(hours=dice.uniform(60, 300))
        if what < 0.1:
            entries.append(entry(later, "transferred", owner, dice.choice(people), record))
        elif what < 0.5:
            taker = dice.choice(people)
            entries.append(entry(later, dice.choice(["returned", "reclaimed"]), owner, record=record))
            entries.append(entry(later + timedelta(hours=dice.expovariate(1 / 30)), "claimed", None, taker, record))
        text = f"Talked about order {number} and the next step"
        spoken_.append(
            spoken(
                number, member_id=owner, subject_id=record, kind="call", minutes=5, summary=text, at=at, created_at=at
            )
        )
    deadlines = {each.id: each.at + timedelta(days=dice.uniform(0, 20)) for each in spoken_}
    return facts(*entries, interactions=spoken_, deadlines=deadlines)


@pytest.mark.parametrize("seed", range(10))
def test_an_honest_organisation_is_left_in_peace(seed):
    assert detect(GamingPolicy(), honest_year(seed)) == ()


def everything():
    history = [moved(1, "wei", "eva"), moved(2, "eva", "wei"), moved(3, "wei", "eva"), LOST, CLAIMED, BACK]
    history += [each for number in range(12) for each in passed(0, number=number)]
    return facts(*history, interactions=[spoken(number, summary="ok") for number in range(6)])


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_history_is_read_changes_nothing(dice):
    known = everything()
    entries, said = list(known.entries), list(known.interactions)
    dice.shuffle(entries)
    dice.shuffle(said)

    assert detect(GamingPolicy(), facts(*entries, interactions=said)) == detect(GamingPolicy(), known)


def test_the_gravest_findings_come_first():
    findings = detect(GamingPolicy(), everything())

    order = [Severity.SERIOUS, Severity.WARNING, Severity.NOTICE]
    places = [order.index(each.severity) for each in findings]
    assert len(findings) >= 3
    assert places == sorted(places)


def test_what_lies_outside_the_period_is_not_told_again():
    known = everything()

    assert detect(GamingPolicy(), facts(*known.entries, since=UNTIL, until=UNTIL + DAY)) == ()


class Broken:
    kind = "broken"

    def find(self, facts):
        raise ValueError


def test_a_detector_that_fails_is_told_and_the_others_are_heard():
    findings = detect(GamingPolicy(detectors=(Broken(), EmptyFollowUp())), everything())

    assert [each.kind for each in findings] == ["broken", "empty_follow_up"]
    assert findings[0].reason.code == "gaming.failed"


def test_a_policy_comes_back_from_json_and_takes_detectors_only():
    codec, policy = Codec(), GamingPolicy(detectors=(Sniping(seconds=2), EmptyFollowUp()))

    assert codec.load_policy(codec.dump_policy(policy)) == policy
    assert codec.load_policy(codec.dump_policy(GamingPolicy())) == GamingPolicy()
    with pytest.raises(InvalidInput, match="cannot look"):
        GamingPolicy(detectors=("sniping",))


def test_findings_come_back_from_json():
    codec, [finding, *_] = Codec(), detect(GamingPolicy(), everything())

    assert codec.loads(type(finding), codec.dumps(finding)) == finding


def test_every_finding_says_all_it_knows_in_english_and_chinese():
    book = RuleBook.standard().texts
    told = [*detect(GamingPolicy(), everything()), *detect(GamingPolicy(detectors=(Broken(),)), everything())]
    for reason in (reason for finding in told for reason in finding.reasons):
        for text in book.texts[reason.code]:
            assert set(re.findall(r"\{(\w+)\}", text)) == set(reason.params), reason.code
    assert all(f"gaming.{detector.kind}" in TEXTS for detector in GamingPolicy().detectors)
    for english, chinese in TEXTS.values():
        assert sorted(re.findall(r"\{(\w+)\}", english)) == sorted(re.findall(r"\{(\w+)\}", chinese))
        assert english.isascii()
        assert not chinese.isascii()


def test_less_often_than_asked_for_is_not_told():
    once = [moved(1, "wei", "eva", "A-2"), moved(2, "eva", "wei", "A-2"), LOST, CLAIMED, BACK]

    assert detect(GamingPolicy(), facts(*once)) == ()
    with pytest.raises(InvalidInput, match="between 1 and 3660"):
        GamingPolicy(lookback_days=0)


def gamers():
    """One of each game, played by members of their own, at the default thresholds."""
    lines, said = [], []
    for number in range(3):
        lines += [moved(number + 1, "g1", "g2", f"rt-{number}"), moved(number + 2, "g2", "g1", f"rt-{number}")]
        lines += [moved(number * 9 + 1, "g3", "g4", f"s1-{number}"), moved(number * 9 + 2, "g4", "g3", f"s2-{number}")]
        at, record = SINCE + (number + 1) * DAY, f"b-{number}"
        lines += [entry(at, "reclaimed", "g5", record=record), entry(at + 9 * HOUR, "claimed", None, "g6", record)]
        lines += [entry(at + 9 * DAY, "transferred", "g6", "g5", record)]
        record = f"p-{number}"
        lines += [entry(at, "returned", "g7", record=record), entry(at + HOUR / 4, "claimed", None, "g8", record)]
        record = f"n-{number}"
        lines += [entry(at, "reclaimed", "lu", record=record), entry(at + 2 * SECOND, "claimed", None, "g9", record)]
    lines += [line for number in range(8) for line in received("h1", number, HOUR if number % 2 else None)]
    lines += [line for number in range(2) for line in received("h1", f"more-{number}", HOUR)]
    for number in range(6):
        said.append(spoken(f"e{number}", member_id="h3", summary="."))
        said.append(spoken(f"l{number}", member_id="h2", outcome="agreed"))
        burst = {
            "subject_id": f"x-{number}",
            "kind": "visit",
            "outcome": "ok",
            "created_at": NOW - DAY + number * SECOND,
        }
        said.append(spoken(f"v{number}", member_id="h4", **burst))
    return lines, said


@pytest.mark.parametrize("seed", range(3))
def test_every_game_is_found_among_the_honest_and_nobody_else_is_accused(seed):
    honest = honest_year(seed)
    lines, said = gamers()
    late = {each.id: each.at + HOUR for each in said if each.member_id == "h2"}

    findings = detect(
        GamingPolicy(),
        facts(
            *honest.entries,
            *lines,
            interactions=[*honest.interactions, *said],
            deadlines={**honest.deadlines, **late},
        ),
    )

    assert {(each.kind, each.members) for each in findings} == {
        ("round_trip", ("g1", "g2")),
        ("swapping", ("g3", "g4")),
        ("boomerang", ("g5", "g6")),
        ("passed_on", ("g7", "g8")),
        ("sniping", ("g9",)),
        ("picking", ("h1",)),
        ("last_minute", ("h2",)),
        ("empty_follow_up", ("h3",)),
        ("burst", ("h4",)),
    }
