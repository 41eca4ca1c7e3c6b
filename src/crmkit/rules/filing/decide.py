"""May this prospect be filed, may this filing go on? Every reason against it is told, not the first."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.filing import FilingState
from crmkit.rules.filing.decision import FilingDecision, FilingOutcome
from crmkit.rules.filing.facts import ApprovalFacts, ExtensionFacts, FilingFacts, Obstacle
from crmkit.rules.filing.policy import FilingPolicy

__all__ = ["decide", "decide_approval", "decide_extension"]


def decide(policy: FilingPolicy, facts: FilingFacts, *, now: datetime) -> FilingDecision:
    """Whether ``facts.member`` may file the prospect, and until when it protects, where nobody has to approve.

    >>> from datetime import UTC
    >>> from crmkit.domain.organization.member import Member
    >>> now = datetime(2026, 1, 9, tzinfo=UTC)
    >>> wei = Member(id="wei", name="Wei", created_at=now, updated_at=now)
    >>> decision = decide(FilingPolicy(), FilingFacts(member=wei), now=now)
    >>> decision.granted, [reason.code for reason in decision.reasons]
    (False, ['filing.no_key', 'filing.no_evidence'])
    >>> at_once = FilingPolicy(days=90, needs_approval=False)
    >>> decision = decide(at_once, FilingFacts(member=wei, known_by=1, proven=True), now=now)
    >>> decision.granted, decision.expires_at.date().isoformat()
    (True, '2026-04-09')
    """
    refusals = (*_empty(policy, facts), *_obstacles(facts.obstacles), *_counts(policy, facts))
    until, act_by = policy.terms(now)
    granted = Reason.of("filing.waits") if policy.needs_approval else Reason.of("filing.granted", until=until)
    protects = not refusals and not policy.needs_approval
    return FilingDecision(
        policy=policy.ref,
        at=now,
        outcome=FilingOutcome.REFUSED if refusals else FilingOutcome.GRANTED,
        reasons=refusals or (granted,),
        member_id=facts.member.id,
        expires_at=until if protects else None,
        must_act_by=act_by if protects else None,
    )


def decide_approval(policy: FilingPolicy, facts: ApprovalFacts, *, now: datetime) -> FilingDecision:
    """Whether ``facts.by`` may approve the filing, and until when it protects then."""
    filing = facts.filing
    refusals = (*_against_approval(facts), *_obstacles(facts.obstacles))
    until, act_by = policy.terms(now)
    return FilingDecision(
        policy=policy.ref,
        at=now,
        outcome=FilingOutcome.REFUSED if refusals else FilingOutcome.GRANTED,
        reasons=refusals or (Reason.of("filing.approved", until=until),),
        member_id=filing.member_id,
        filing_id=filing.id,
        expires_at=None if refusals else until,
        must_act_by=None if refusals else act_by,
    )


def decide_extension(policy: FilingPolicy, facts: ExtensionFacts, *, now: datetime) -> FilingDecision:
    """Whether the filing may protect for longer, once more and for a reason."""
    filing = facts.filing
    refusals = tuple(_against_more(policy, facts, now))
    until = None if filing.expires_at is None else filing.expires_at + timedelta(days=policy.extend_days)
    return FilingDecision(
        policy=policy.ref,
        at=now,
        outcome=FilingOutcome.REFUSED if refusals else FilingOutcome.GRANTED,
        reasons=refusals or (Reason.of("filing.extended", until=until),),
        member_id=facts.by,
        filing_id=filing.id,
        expires_at=filing.expires_at if refusals else until,
        must_act_by=filing.must_act_by,
    )


def _empty(policy: FilingPolicy, facts: FilingFacts) -> Iterator[Reason]:
    if facts.member.status is not MemberStatus.ACTIVE:
        yield Reason.of("filing.inactive", status=facts.member.status.value)
    if not facts.known_by:
        yield Reason.of("filing.no_key")
    if policy.needs_evidence and not facts.proven:
        yield Reason.of("filing.no_evidence")


def _counts(policy: FilingPolicy, facts: FilingFacts) -> Iterator[Reason]:
    if policy.most_running is not None and facts.running >= policy.most_running:
        yield Reason.of("filing.running", running=facts.running, most=policy.most_running)
    for quota, filed in zip(policy.quotas, facts.filed, strict=False):
        if filed >= quota.most:
            span = f"{quota.days} days" if quota.per is None else quota.per.value
            yield Reason.of("filing.quota", filed=filed, quota=quota.most, span=span)


def _against_more(policy: FilingPolicy, facts: ExtensionFacts, now: datetime) -> Iterator[Reason]:
    filing = facts.filing
    if facts.by != filing.member_id:
        yield Reason.of("filing.not_yours")
    if filing.state is not FilingState.APPROVED or filing.expires_at is None or filing.expires_at <= now:
        yield Reason.of("filing.not_protecting", state=filing.state.value)
    if not facts.reason.strip():
        yield Reason.of("filing.no_reason")
    if not policy.extend_days or filing.extensions >= policy.most_extensions:
        yield Reason.of("filing.extended_before", times=filing.extensions, most=policy.most_extensions)


def _against_approval(facts: ApprovalFacts) -> Iterator[Reason]:
    if facts.by == facts.filing.member_id:
        yield Reason.of("filing.own")
    if facts.filing.state is not FilingState.PENDING:
        yield Reason.of("filing.not_waiting", state=facts.filing.state.value)


def _obstacles(found: Iterable[Obstacle]) -> Iterator[Reason]:
    """Why others' rights stand in the way, as much as may be told."""
    for each in found:
        yield Reason.of(
            f"filing.taken.{each.kind}",
            owner=each.owner_id,
            team=each.team_id,
            record=None if each.record is None else str(each.record),
            until=each.until,
        )
