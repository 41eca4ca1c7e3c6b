"""All that the detectors of a policy find."""

from crmkit.domain.reasons import Reason
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, Severity
from crmkit.rules.gaming.policy import GamingPolicy

__all__ = ["detect"]

_ORDER = tuple(reversed(Severity))


def detect(policy: GamingPolicy, facts: GamingFacts) -> tuple[Finding, ...]:
    """The findings of ``facts``, the gravest first, of equal ones in the order of the detectors.

    A detector of a host that fails is told as a finding about nobody; the others are heard.

    >>> from datetime import UTC, datetime, timedelta
    >>> now = datetime(2026, 2, 1, tzinfo=UTC)
    >>> detect(GamingPolicy(), GamingFacts(since=now - timedelta(days=31), until=now))
    ()
    """
    findings: list[Finding] = []
    for detector in policy.detectors:
        try:
            findings.extend(detector.find(facts))
        except Exception as error:  # noqa: BLE001 - a host's own rule may raise anything
            why = Reason.of("gaming.failed", detector=detector.kind, error=type(error).__name__)
            findings.append(Finding(kind=detector.kind, members=(), severity=Severity.NOTICE, reasons=(why,)))
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))
