"""The scores of many records at once: what is written of each, without saying why.

The same as ``decide`` gives, but quicker: a score of attributes follows from the answers to the policy's
conditions, and of a million records a few hundred answer differently.

>>> from datetime import UTC
>>> from crmkit.domain.sales.lead import Lead
>>> from crmkit.rules.scoring.ready import lead_scoring
>>> monday = datetime(2026, 3, 2, tzinfo=UTC)
>>> leads = [Lead(id=f"L-{n}", source="referral", created_at=monday, updated_at=monday) for n in range(2)]
>>> rate_many(lead_scoring(), leads, now=monday)[0]
(20, 'B3', datetime.datetime(2026, 3, 9, 0, 0, tzinfo=datetime.timezone.utc))
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict
from crmkit.domain.conditions import any_of, bind, compile_table
from crmkit.domain.reasons import Reason
from crmkit.rules.scoring.decide import FAILED, decide, expected
from crmkit.rules.scoring.decision import Rating, ScoreOutcome
from crmkit.rules.scoring.facts import ScoreEvent, ScoreFacts
from crmkit.rules.scoring.plan import fields_of
from crmkit.rules.scoring.policy import ScorePolicy
from crmkit.rules.scoring.signals import Attribute, Engagement, Frequency

__all__ = ["rate_many"]

CHUNK = 10_000
"""Records whose answers are held at a time."""
KNOWN = (Attribute, Engagement, Frequency)
"""Signals that give nothing without events, or depend on the answers alone."""
NO_EVENTS: Mapping[str, Sequence[ScoreEvent]] = FrozenDict()


def rate_many(
    policy: ScorePolicy,
    records: Iterable[Record],
    events: Mapping[str, Sequence[ScoreEvent]] = NO_EVENTS,
    *,
    told: Callable[[Reason], None] | None = None,
    now: datetime,
) -> list[Rating]:
    """The rating of each record, in order; ``events`` are those of a record by its id, none where it has none.

    ``told`` hears of each rule that failed and counted nothing, once or more often.

    Raises:
        InvalidInput: a record is not of the entity that the policy scores, or ``now`` has no time zone.
    """
    known, rest = None, iter(records)
    ratings: list[Rating] = []
    while some := list(islice(rest, CHUNK)):
        for cls in set(map(type, some)):
            now = expected(policy, cls, now)
        known = _Known(policy, told, now) if known is None else known
        ratings += known.rated(some, events)
    return ratings


class _Known(dict[tuple[bool, ...], Rating]):
    """What records without events have, by their answers, as long as no answer changes."""

    def __init__(self, policy: ScorePolicy, told: Callable[[Reason], None] | None, now: datetime) -> None:
        super().__init__()
        self.policy = policy
        self.told = told
        self.now = now
        plan = policy.plan
        self.moving = [question for question in (plan.opted_out, *plan.moving) if question.moves]
        ahead = bind(
            any_of([question.ahead(now) for question in self.moving]), fields_of(policy.record, policy.custom_fields)
        )
        # who opted out, and whose answers may still change, are the last two
        self.table = compile_table([*(question.bound for question in plan.questions), plan.opted_out.bound, ahead])
        signals = (signal for group in policy.groups for signal in group.signals)
        self.own = not all(type(signal) in KNOWN for signal in signals)

    def rated(self, records: Sequence[Record], events: Mapping[str, Sequence[ScoreEvent]]) -> list[Rating]:
        """All of them; those with events, and where the host's own signals are asked, one by one."""
        if self.own:
            return [self.one(record, events) for record in records]
        try:
            table = self.table(records, self.now)
        except Exception:  # noqa: BLE001 - asked again one by one, to find which it is
            return [self.one(record, events) for record in records]
        try:
            ratings = list(map(self.__getitem__, table))
        except KeyError:
            self.learn(table, records)
            ratings = list(map(self.__getitem__, table))
        for place in [place for place, answers in enumerate(table) if answers[-1]]:
            ratings[place] = self.until(ratings[place], records[place], opted_out=table[place][-2])
        if events:
            for place, record in enumerate(records):
                if record.id in events:
                    ratings[place] = self.one(record, events)
        return ratings

    def learn(self, table: Sequence[tuple[bool, ...]], records: Sequence[Record]) -> None:
        """Every answer that is new is decided for one of the records that gave it."""
        ends = self.policy.effective_until
        for answers, record in dict(zip(table, records, strict=True)).items():
            if answers not in self:
                score, grade, _ = self.one(record, NO_EVENTS)
                self[answers] = (score, grade, ends if ends is not None and ends > self.now else None)

    def one(self, record: Record, events: Mapping[str, Sequence[ScoreEvent]]) -> Rating:
        """The rating of one record on its own."""
        facts = ScoreFacts(record=record, events=tuple(events.get(record.id, ())))
        decision = decide(self.policy, facts, now=self.now)
        if self.told is not None and decision.outcome is not ScoreOutcome.SCORED:
            for reason in decision.reasons:
                if reason.code == FAILED:
                    self.told(reason)
        return decision.rating

    def until(self, rating: Rating, record: Record, *, opted_out: bool) -> Rating:
        """``rating``, with the first instant at which an answer about the record changes that counts."""
        score, grade, ends = rating
        asked = [self.policy.plan.opted_out] if opted_out else self.moving
        for question in asked:
            flip = question.next_flip((record,), self.now)
            if flip is not None and (ends is None or flip < ends):
                ends = flip
        return score, grade, ends
