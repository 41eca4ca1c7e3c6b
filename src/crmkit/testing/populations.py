"""Hypothesis strategies for reclaim: policies with every clock, and accounts at any point of their lives.

>>> from hypothesis import find
>>> find(policies(None), lambda policy: policy.max_days is not None).entity
'account'
"""

from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Leave
from crmkit.domain.parties.account import Account
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.protection import Clock
from crmkit.rules.reclaim import Exemption, Listener, Pause, ReclaimPolicy, Refresh, Rung, Tier
from crmkit.testing.builders import a_calendar, an_account
from crmkit.testing.clock import NOW

__all__ = ["accounts", "calendars", "leaves", "policies"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _hours(first: int, last: int) -> st.SearchStrategy[datetime]:
    return st.integers(first, last).map(lambda number: NOW + number * HOUR)


def _days_off(most: int) -> st.SearchStrategy[tuple[date, ...]]:
    days = st.integers(0, 80).map(lambda day: date(2026, 1, 20) + day * DAY)
    return st.lists(days, max_size=most).map(tuple)


past, ahead = _hours(-24 * 40, 0), _hours(1, 24 * 60)
some = st.none() | st.integers(0, 30)
EVIDENCE = st.lists(
    st.builds(
        lambda kind, since, until: Evidence(kind=kind, source=kind, since=since, until=until),
        st.sampled_from(["contract", "hold", "survey"]),
        past,
        st.none() | ahead,
    ),
    max_size=2,
    unique_by=lambda each: each.kind,
).map(tuple)


calendars = st.none() | st.builds(
    lambda zone, off, made_up: a_calendar(id="c", zone=zone, holidays=off, workdays=made_up),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]),
    _days_off(8),
    _days_off(3),
)
"""None at all, or one with id ``c`` in one of three zones, with holidays and make-up days."""

leaves = st.lists(
    st.tuples(st.integers(-200, 1200), st.integers(1, 200)).map(
        lambda drawn: Leave(begins=NOW + drawn[0] * HOUR, ends=NOW + (drawn[0] + drawn[1]) * HOUR)
    ),
    max_size=3,
).map(tuple)
"""Up to three planned absences around ``NOW``."""


@st.composite
def policies(draw: st.DrawFn, calendar: WorkingCalendar | None) -> ReclaimPolicy:
    """A policy for accounts with any clocks, tiers, exemptions, ladder, pauses and beginning."""
    protect = draw(st.integers(3, 25))
    longer = some.map(lambda extra: None if extra is None else protect + extra)
    return ReclaimPolicy(
        protect_days=protect,
        grace_days=draw(st.integers(3, protect)),
        refreshes=draw(st.sampled_from([(), (Refresh(days=4), Refresh(kinds=(InteractionKind.VISIT,), days=20))])),
        progress_days=draw(longer),
        win_days=draw(longer),
        max_days=draw(longer),
        left_days=draw(st.none() | st.integers(3, 9)),
        tiers=draw(st.sampled_from([(), (Tier(name="key", when="standing == 'key'", refreshes=(Refresh(days=9),)),)])),
        calendar_id=None if calendar is None else calendar.id,
        warn_days=draw(st.sampled_from([(2,), (7, 2), (7, 2, 1)])),
        ladder=draw(st.sampled_from([(), (Rung(days=3, to=(Listener.MANAGER,)),)])),
        exemptions=(
            Exemption(name="contract", evidence=("contract",), days_after=draw(st.integers(0, 5))),
            Exemption(name="hold", evidence=("hold", "lock")),
            Exemption(name="partner", when="standing == 'partner'"),
            Exemption(name="later", when="within(last_contact_at, days=20)")
            if draw(st.booleans())
            else Exemption(name="no", when="not always()"),
        ),
        pauses=draw(st.sampled_from([(), (Pause(begins=NOW - 9 * DAY, ends=NOW - 2 * DAY),)])),
        effective_from=draw(st.none() | past),
    )


@st.composite
def accounts(draw: st.DrawFn, number: int) -> Account:
    """The account ``A-number`` of wei, li or an, whose clock may have run for some time."""
    since = draw(past)
    clock = Clock(
        since=since,
        held_since=min(since, draw(past)),
        refreshed_at=draw(st.none() | past),
        refreshed_days=draw(st.sampled_from([4, 20])),
        progressed_at=draw(st.none() | past),
        extended_until=draw(st.none() | ahead),
    )
    return an_account(
        id=f"A-{number}",
        owner_id=draw(st.sampled_from(["wei", "li", "an"])),
        owned_since=since,
        standing=draw(st.sampled_from(["key", "partner", "existing", "existing"])),
        last_contact_at=draw(st.none() | past),
        clock=draw(st.none() | st.just(clock)),
        evidence=draw(EVIDENCE),
        locked_until=draw(st.none() | ahead),
    )
