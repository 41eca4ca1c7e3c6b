"""Rules of your own: a strategy and a signal, added to a rule book, stored in policies, explained in two languages.

``python examples/custom_rule.py``
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from crmkit import Crm, RuleBook
from crmkit.adapters.codec import Codec
from crmkit.adapters.memory import MemoryStore
from crmkit.domain.model import Key, model
from crmkit.domain.organization.member import Member
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment import AssignmentPolicy, Candidate, Entry, Target
from crmkit.rules.scoring import Axis, Measure, ScoreFacts, ScorePolicy, SignalGroup
from crmkit.services.lead_form import LeadForm


@model
class SameLanguage:
    """Whoever speaks the lead's language; of several the one whose turn it is."""

    kind: ClassVar[str] = "same_language"

    def choose(self, eligible: Sequence[Candidate], record: Owned, *, now: datetime) -> tuple[Candidate, Reason]:  # noqa: ARG002 - the Protocol's shape
        language = record.language if isinstance(record, Lead) else ""
        speakers = [each for each in eligible if language in each.member.languages] or eligible
        chosen = min(speakers, key=lambda each: (each.ahead, each.member.id))
        return chosen, Reason.of("shop.same_language", member=chosen.member.id, language=language or "–")


@model
class WaysToReach:
    """Points for every phone, address and handle that can be read."""

    kind: ClassVar[str] = "ways_to_reach"

    label: Key
    points: int = 5
    when: str = "always()"

    def measure(self, facts: ScoreFacts, *, now: datetime) -> Measure:  # noqa: ARG002 - the Protocol's shape
        lead = facts.record
        ways = sum(not point.invalid for point in (*lead.phones, *lead.emails, *lead.handles))
        points = self.points * ways
        return Measure(points, Reason.of("shop.ways", ways=ways, points=points))


TEXTS = {
    "shop.same_language": ("{member} speaks {language}.", "{member} 会说 {language}。"),
    "shop.ways": ("Can be reached in {ways} ways: {points} points.", "有 {ways} 种联系方式：{points} 分。"),
}
BOOK = RuleBook.standard().with_kinds(SameLanguage, WaysToReach).with_texts(TEXTS)
SCORE = ScorePolicy(
    id="lead", groups=(SignalGroup(name="reach", axis=Axis.FIT, signals=(WaysToReach(label="Reach"),), cap=30),)
)
ASSIGN = AssignmentPolicy(entries=(Entry(name="All", to=(Target(member_ids=("eva", "na"), strategy=SameLanguage()),)),))


def main() -> None:
    crm = Crm(store=MemoryStore(), book=BOOK)
    now = datetime.now(UTC)
    for id_, name, language in (("na", "Li Na", "zh"), ("eva", "Eva Braun", "de")):
        crm.add(Member(id=id_, name=name, languages=(language,), created_at=now, updated_at=now))
    crm.adopt(SCORE, ASSIGN)
    form = LeadForm(name="Jonas Weber", language="de", country="DE", phones=["030 901820"], emails=["j@weber.example"])
    lead_id = crm.leads.capture(form).lead_id
    for decision in (crm.leads.score(lead_id), crm.leads.assign(lead_id)):
        print(crm.say(decision.reasons), crm.say(decision.reasons, "zh"), sep="\n")
    print(Codec(BOOK).dump_policy(ASSIGN))


if __name__ == "__main__":
    main()
