"""Random score policies with records and events for them, for the laws that every score keeps."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from crmkit.rules.scoring import (
    Attribute,
    Axis,
    Band,
    Engagement,
    Frequency,
    HalfLife,
    LinearDecay,
    ScoreEvent,
    ScoreFacts,
    ScorePolicy,
    SignalGroup,
)
from crmkit.testing.builders import a_lead
from crmkit.testing.clock import NOW

__all__ = ["score_events", "score_facts", "score_leads", "score_policies"]

DAY = timedelta(days=1)

score_events = st.builds(
    ScoreEvent,
    kind=st.sampled_from(["call", "visit", "email"]),
    at=st.datetimes(min_value=datetime(2025, 10, 1), max_value=datetime(2026, 2, 28), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    minutes=st.integers(0, 60),
)
"""Events of some months, some of them still to come."""

_DECAYS = st.sampled_from([LinearDecay(over=20 * DAY), HalfLife(every=9 * DAY), HalfLife(every=timedelta(hours=7))])
_SIGNALS = st.one_of(
    st.builds(
        Attribute,
        label=st.just("a"),
        when=st.sampled_from(["industry == 'IT'", "score >= 5"]),
        points=st.integers(-99, 99),
    ),
    st.builds(Attribute, label=st.just("b"), when=st.just("within(created_at, days=40)"), points=st.integers(-99, 99)),
    st.builds(
        Engagement,
        label=st.just("c"),
        events=st.sampled_from(["kind == 'call'", "minutes > 30", "within(at, days=21)"]),
        points=st.integers(1, 50) | st.integers(-50, -1),
        decay=_DECAYS,
        cap=st.sampled_from([None, 50, 60]),
    ),
    st.builds(
        Frequency,
        label=st.just("d"),
        events=st.sampled_from(["always()", "within(at, days=14)"]),
        bands=st.just((Band(at_least=1, points=4), Band(at_least=3, points=-6))),
    ),
)
_GROUPS = st.builds(
    SignalGroup,
    name=st.uuids().map(str),
    axis=st.sampled_from(Axis),
    signals=st.lists(_SIGNALS, max_size=4),
    cap=st.none() | st.integers(0, 60),
    floor=st.none() | st.integers(-60, 0),
)
score_policies = st.builds(
    ScorePolicy,
    groups=st.lists(_GROUPS, max_size=3, unique_by=lambda group: group.name),
    reset=st.sampled_from(["not always()", "kind == 'email'", "minutes > 50 and within(at, days=30)"]),
    opt_out=st.sampled_from(["not always()", "industry == 'IT' and within(created_at, days=50)"]),
)
"""Policies over leads, of every kind of signal, with limits, resets and people who opted out."""

score_leads = st.builds(
    a_lead,
    id=st.uuids().map(str),
    industry=st.sampled_from(["IT", "Retail"]),
    score=st.none() | st.integers(0, 9),
    created_at=st.integers(0, 60).map(lambda days: NOW - days * DAY),
)
"""Leads of which the policies ask."""

score_facts = st.builds(ScoreFacts, record=score_leads, events=st.lists(score_events, max_size=8))
"""Such a lead with its events."""
