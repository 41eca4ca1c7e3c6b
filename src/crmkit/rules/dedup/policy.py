"""``MatchPolicy``: which comparisons make two records a match, and what each entry point does about it.

>>> from crmkit.rules.dedup.comparators import SameKey
>>> from crmkit.rules.dedup.keys import KeyKind
>>> policy = MatchPolicy()
>>> policy.outcome_of(entry_point=EntryPoint.FORM, tier=Tier.CERTAIN, group="phone_and_name")
<MatchOutcome.UPDATE: 'update'>
>>> MatchGroup(name="phone", all_of=(SameKey(on=KeyKind.PHONE),), tier=Tier.CERTAIN)
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: MatchGroup.all_of: one comparison is never certain. Add another, or lower the tier.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.comparators import Blank, Comparator, SameKey, SimilarName
from crmkit.rules.dedup.decision import MatchOutcome, Tier
from crmkit.rules.dedup.facts import EntryPoint, MatchState
from crmkit.rules.dedup.keys import KeyKind
from crmkit.rules.policy import Policy

__all__ = ["MatchGroup", "MatchPolicy", "OutcomeRule"]


@model
class MatchGroup:
    """Comparisons that must all hold; ``between`` names the pairs of entities it is about (empty: any pair)."""

    name: Code
    all_of: tuple[Comparator, ...]
    tier: Tier
    between: tuple[tuple[Code, Code], ...] = ()

    def check(self) -> None:
        """Something is compared, each by a comparator, and certainty needs more than one comparison."""
        if not self.all_of or not all(hasattr(each, "compare") for each in self.all_of):
            raise InvalidInput("must be comparators.", field="MatchGroup.all_of", hint="Use for example SameKey.")
        if self.tier is Tier.CERTAIN and len(self.all_of) < 2:
            raise InvalidInput(
                "one comparison is never certain.", field="MatchGroup.all_of", hint="Add another, or lower the tier."
            )

    @cached_property
    def shared(self) -> frozenset[KeyKind]:
        """The kinds of keys that the two must share for the group to hold: what is asked first, since it is cheap."""
        return frozenset(each.on for each in self.all_of if isinstance(each, SameKey) and each.blank is Blank.FAILS)

    def is_about(self, one: str, other: str) -> bool:
        """Whether it compares records of these two entities."""
        return not self.between or (one, other) in self.between or (other, one) in self.between


@model
class OutcomeRule:
    """What is done when all that is named here fits; what is left empty fits everything."""

    then: MatchOutcome
    entry_points: tuple[EntryPoint, ...] = ()
    tiers: tuple[Tier, ...] = ()
    states: tuple[MatchState, ...] = ()
    """Fits when one of them is among the states of the known record."""
    groups: tuple[Code, ...] = ()

    def fits(self, *, entry_point: EntryPoint, tier: Tier, states: Sequence[MatchState], group: str) -> bool:
        """Whether it speaks of this match."""
        return (
            (not self.entry_points or entry_point in self.entry_points)
            and (not self.tiers or tier in self.tiers)
            and (not self.states or not set(self.states).isdisjoint(states))
            and (not self.groups or group in self.groups)
        )


PERSONS = (("lead", "lead"), ("lead", "contact"), ("contact", "contact"))
COMPANIES = (("lead", "account"), ("account", "account"))
LEADS = (("lead", "lead"),)
ACCOUNTS = (("account", "account"),)

_PHONE, _EMAIL, _HANDLE = SameKey(on=KeyKind.PHONE), SameKey(on=KeyKind.EMAIL), SameKey(on=KeyKind.HANDLE)
_IDENTIFIER, _SOURCE_ID = SameKey(on=KeyKind.IDENTIFIER), SameKey(on=KeyKind.SOURCE_ID)
_COMPANY, _DOMAIN = SameKey(on=KeyKind.COMPANY), SameKey(on=KeyKind.DOMAIN)
_LINE = SameKey(on=KeyKind.SHARED_PHONE)
_SAME_PERSON, _SAME_COMPANY = SimilarName(of=KeyKind.PERSON), SimilarName(of=KeyKind.COMPANY)
_NOT_ANOTHER_PERSON = SimilarName(of=KeyKind.PERSON, blank=Blank.HOLDS)
_NOT_ANOTHER_COMPANY = SimilarName(of=KeyKind.COMPANY, blank=Blank.HOLDS)


def _group(name: str, tier: Tier, *all_of: Comparator, between: tuple[tuple[str, str], ...] = ()) -> MatchGroup:
    return MatchGroup(name=name, all_of=all_of, tier=tier, between=between)


STANDARD_GROUPS = (
    _group("phone_and_name", Tier.CERTAIN, _PHONE, _SAME_PERSON, between=PERSONS),
    _group("email_and_name", Tier.CERTAIN, _EMAIL, _SAME_PERSON, between=PERSONS),
    _group("handle_and_name", Tier.CERTAIN, _HANDLE, _SAME_PERSON, between=PERSONS),
    _group("phone_and_email", Tier.CERTAIN, _PHONE, _EMAIL, _NOT_ANOTHER_PERSON, between=PERSONS),
    _group("identifier_and_company", Tier.CERTAIN, _IDENTIFIER, _SAME_COMPANY, between=ACCOUNTS),
    _group("phone_and_company", Tier.CERTAIN, _PHONE, _SAME_COMPANY, between=ACCOUNTS),
    _group("email_and_company", Tier.CERTAIN, _EMAIL, _SAME_COMPANY, between=ACCOUNTS),
    _group("phone", Tier.LIKELY, _PHONE, _NOT_ANOTHER_PERSON, between=PERSONS),
    _group("email", Tier.LIKELY, _EMAIL, _NOT_ANOTHER_PERSON, between=PERSONS),
    _group("handle", Tier.LIKELY, _HANDLE, _NOT_ANOTHER_PERSON, between=PERSONS),
    _group("source_id", Tier.LIKELY, _SOURCE_ID, between=LEADS),
    _group("identifier", Tier.LIKELY, _IDENTIFIER, between=ACCOUNTS),
    _group("company", Tier.LIKELY, _COMPANY, between=COMPANIES),
    _group("company_phone", Tier.LIKELY, _PHONE, _NOT_ANOTHER_COMPANY, between=COMPANIES),
    _group("company_email", Tier.LIKELY, _EMAIL, _NOT_ANOTHER_COMPANY, between=COMPANIES),
    _group("domain", Tier.LIKELY, _DOMAIN, _NOT_ANOTHER_COMPANY, between=COMPANIES),
    _group("line_and_company", Tier.LIKELY, _LINE, _SAME_COMPANY, between=ACCOUNTS),
    _group(
        "nobody_else_at_company",
        Tier.LIKELY,
        _COMPANY,
        SameKey(on=KeyKind.PERSON, blank=Blank.HOLDS),
        SameKey(on=KeyKind.PHONE, blank=Blank.HOLDS),
        SameKey(on=KeyKind.EMAIL, blank=Blank.HOLDS),
        between=LEADS,
    ),
    _group("company_and_name", Tier.POSSIBLE, _COMPANY, _SAME_PERSON, between=LEADS),
    # the same number or address under two names: a household, a handset given on, a shared mailbox
    _group("phone_other_name", Tier.POSSIBLE, _PHONE, between=(*PERSONS, *COMPANIES)),
    _group("email_other_name", Tier.POSSIBLE, _EMAIL, between=(*PERSONS, *COMPANIES)),
    _group("handle_other_name", Tier.POSSIBLE, _HANDLE, between=(*PERSONS, *COMPANIES)),
    _group("shared_phone_and_name", Tier.POSSIBLE, _LINE, _SAME_PERSON, between=PERSONS),
    _group("shared_email_and_name", Tier.POSSIBLE, SameKey(on=KeyKind.SHARED_EMAIL), _SAME_PERSON, between=PERSONS),
    # what is left of a number or address that was written wrongly, and of one at another provider
    _group("phone_end_and_name", Tier.POSSIBLE, SameKey(on=KeyKind.PHONE_END), _SAME_PERSON, between=PERSONS),
    _group("email_name_and_name", Tier.POSSIBLE, SameKey(on=KeyKind.EMAIL_NAME), _SAME_PERSON, between=PERSONS),
    _group("door_and_name", Tier.POSSIBLE, SameKey(on=KeyKind.DOOR), _SAME_PERSON, between=PERSONS),
    _group("postcode_and_name", Tier.POSSIBLE, SameKey(on=KeyKind.POSTCODE), _SAME_PERSON, between=PERSONS),
    # a company that writes its name in two languages, or two that share a desk
    _group("domain_other_name", Tier.POSSIBLE, _DOMAIN, between=ACCOUNTS),
    _group("line_other_name", Tier.POSSIBLE, _LINE, between=ACCOUNTS),
    _group("colleague", Tier.POSSIBLE, _COMPANY, between=LEADS),
)
"""The groups of the standard policy, the surest first; the first that holds names the match."""

_BY_HAND = (EntryPoint.MANUAL,)
STANDARD_OUTCOMES = (
    # whoever types a record in can be asked, so a sure twin is not saved and a doubtful one is told
    OutcomeRule(then=MatchOutcome.BLOCK, entry_points=_BY_HAND, tiers=(Tier.CERTAIN,)),
    OutcomeRule(then=MatchOutcome.WARN, entry_points=_BY_HAND),
    # nobody can be asked at a form, an import or an API: nothing that came in is refused
    OutcomeRule(then=MatchOutcome.ALLOW, groups=("colleague",)),
    OutcomeRule(then=MatchOutcome.REVIEW, tiers=(Tier.POSSIBLE,)),
    OutcomeRule(then=MatchOutcome.UPDATE),
)
"""What the standard policy does, the first that fits."""


@model
class MatchPolicy(Policy):
    """Deterministic groups, AND inside and OR between, and what is done per entry point, tier and state.

    A match takes the first group that holds, so the surest stand first. ``most_per_key`` is how many
    records may share a key before it counts as shared by everybody and proves nothing.
    """

    kind: ClassVar[str] = "match"

    groups: tuple[MatchGroup, ...] = STANDARD_GROUPS
    outcomes: tuple[OutcomeRule, ...] = STANDARD_OUTCOMES
    most_per_key: int = 20

    def check(self) -> None:
        """There are groups, no name stands twice, and surer groups stand before less sure ones."""
        names = [group.name for group in self.groups]
        if not names or len(set(names)) < len(names):
            raise InvalidInput("must have different names.", field="MatchPolicy.groups", hint="Name each group anew.")
        tiers = [list(Tier).index(group.tier) for group in self.groups]
        if tiers != sorted(tiers):
            raise InvalidInput(
                "must stand in the order certain, likely, possible.", field="MatchPolicy.groups", hint="Sort them."
            )
        if not 1 <= self.most_per_key <= 1_000:
            raise InvalidInput("must lie between 1 and 1000.", field="MatchPolicy.most_per_key", hint="20 is usual.")

    def groups_about(self, one: str, other: str) -> tuple[MatchGroup, ...]:
        """The groups that compare records of two entities, in their order."""
        known = self._about.get((one, other))
        if known is None:
            known = self._about[one, other] = tuple(group for group in self.groups if group.is_about(one, other))
        return known

    @cached_property
    def _about(self) -> dict[tuple[str, str], tuple[MatchGroup, ...]]:
        return {}

    def outcome_of(
        self, *, entry_point: EntryPoint, tier: Tier, group: str, states: Sequence[MatchState] = ()
    ) -> MatchOutcome:
        """What is done about such a match: the first rule that fits, without one the record is saved."""
        for rule in self.outcomes:
            if rule.fits(entry_point=entry_point, tier=tier, states=states, group=group):
                return rule.then
        return MatchOutcome.ALLOW
