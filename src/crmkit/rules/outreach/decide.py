"""May it go? Everything that forbids it is named; then caps and quiet hours say how long it waits."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from crmkit.domain.organization.limits import Limit, Span
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.consent import Standing, Voice
from crmkit.rules.outreach.decision import OutreachDecision, OutreachOutcome
from crmkit.rules.outreach.facts import OutreachFacts
from crmkit.rules.outreach.policy import Cap, Ground, OutreachPolicy, Purpose

__all__ = ["decide"]

_YES = frozenset({Voice.GIVEN, Voice.CONFIRMED})
_NO = frozenset({Voice.OBJECTED, Voice.WITHDRAWN})
_INTO_NEXT = {Span.DAY: timedelta(hours=36), Span.WEEK: timedelta(days=7, hours=12), Span.MONTH: timedelta(days=32)}
"""From the begin of a day, week or month, well into the next one, whatever summer time does."""


def decide(policy: OutreachPolicy, facts: OutreachFacts, *, now: datetime) -> OutreachDecision:
    """Whether the message goes now, later or not, with every reason.

    >>> from datetime import UTC
    >>> from crmkit.rules.outreach.policy import GDPR
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> facts = OutreachFacts(purpose="marketing", channel="email")
    >>> decision = decide(GDPR, facts, now=now)
    >>> decision.outcome.value, [reason.code for reason in decision.reasons]
    ('refused', ['outreach.no_consent'])
    """
    purpose = policy.purpose(facts.purpose)
    refused = [*_address(policy, facts), *_said(purpose, facts)]
    if purpose is None or refused:
        return OutreachDecision(
            policy=policy.ref, at=now, outcome=OutreachOutcome.REFUSED, reasons=tuple(refused), not_before=None
        )
    waits = list(_waits(policy, facts, now)) if purpose.capped else []
    if not waits:
        fine = Reason.of("outreach.allowed", purpose=facts.purpose, channel=facts.channel, ground=purpose.ground.value)
        return OutreachDecision(policy=policy.ref, at=now, outcome=OutreachOutcome.ALLOWED, reasons=(fine,))
    reasons = tuple(reason for _, reason in waits)
    until = [until for until, _ in waits if until is not None]
    if len(until) < len(waits):
        return OutreachDecision(policy=policy.ref, at=now, outcome=OutreachOutcome.REFUSED, reasons=reasons)
    free = max(until)
    open_ = free if facts.calendar is None else facts.calendar.next_open(free)
    return OutreachDecision(
        policy=policy.ref, at=now, outcome=OutreachOutcome.LATER, reasons=reasons, not_before=open_ or free
    )


def _address(policy: OutreachPolicy, facts: OutreachFacts) -> Iterator[Reason]:
    if policy.channel(facts.channel) is None:
        yield Reason.of("outreach.unknown_channel", channel=facts.channel)
    elif not facts.reachable:
        yield Reason.of("outreach.unreachable", channel=facts.channel)
    if facts.opted_out:
        yield Reason.of("outreach.opted_out", channel=facts.channel)
    if facts.suppressed:
        yield Reason.of("outreach.suppressed")


def _said(purpose: Purpose | None, facts: OutreachFacts) -> Iterator[Reason]:
    if purpose is None:
        yield Reason.of("outreach.unknown_purpose", purpose=facts.purpose)
        return
    stands = facts.standings.get(purpose.name, Standing())
    named = {"purpose": purpose.name, "channel": facts.channel}
    if stands.restricted and not purpose.despite_restriction:
        yield Reason.of("outreach.restricted", purpose=purpose.name)
    if purpose.ground is not Ground.CONTRACT:
        if stands.voice in _NO:
            yield Reason.of(f"outreach.{stands.voice.value}", **named)
        elif purpose.ground is Ground.CONSENT and stands.voice not in _YES:
            yield Reason.of("outreach.expired" if stands.voice is Voice.EXPIRED else "outreach.no_consent", **named)
        elif purpose.double_opt_in and stands.voice is not Voice.CONFIRMED:
            yield Reason.of("outreach.unconfirmed", **named)
    for each in facts.involves:
        if each in purpose.separately and facts.standings.get(each, Standing()).voice not in _YES:
            yield Reason.of("outreach.no_separate_consent", involved=each, **named)


def _waits(policy: OutreachPolicy, facts: OutreachFacts, now: datetime) -> Iterator[tuple[datetime | None, Reason]]:
    for cap in policy.caps:
        if cap.channel not in {"", facts.channel}:
            continue
        since = cap.limit.begins(now, facts.calendar)
        counted = sorted(each.at for each in facts.sent if each.at >= since and cap.channel in {"", each.channel})
        if len(counted) >= cap.limit.most:
            until = _free(cap, counted, facts, since)
            yield until, Reason.of("outreach.capped", sent=len(counted), most=cap.limit.most, until=until)
    if facts.calendar is not None and not facts.calendar.is_open(now):
        until = facts.calendar.next_open(now)
        yield until, Reason.of("outreach.quiet", until=until)


def _free(cap: Cap, counted: list[datetime], facts: OutreachFacts, since: datetime) -> datetime | None:
    """When the cap has room again; ``None`` for never."""
    limit: Limit = cap.limit
    if limit.most == 0:
        return None
    if limit.per is not None:
        return limit.per.begins(since + _INTO_NEXT[limit.per], facts.calendar)
    return counted[-limit.most] + timedelta(days=limit.days or 0)
