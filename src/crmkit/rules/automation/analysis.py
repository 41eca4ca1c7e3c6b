"""What is wrong with an automation rule before it is stored: alone, and among the rules that are in force.

Rule A can start rule B where A brings about an event that B listens to, or sets a field that B's trigger or condition
asks for, and B's condition can hold with the value that A sets. Rules that can start each other all around a ring
are reported; so is one that starts itself. What a run does then is stopped by the chain's limits all the same.
"""

from collections.abc import Iterator, Sequence

from crmkit.domain.conditions import BoundCondition, F, all_of, bind
from crmkit.domain.conditions.reach import can_hold
from crmkit.domain.reasons import Catalogue
from crmkit.errors import CrmError, Problem
from crmkit.rules.actions import Action, Effect, catalogue_of
from crmkit.rules.actions.subjects import condition_of
from crmkit.rules.analysis import Organization, Wording
from crmkit.rules.automation.policy import SYSTEM, AutomationRule
from crmkit.rules.automation.texts import TEXTS
from crmkit.rules.automation.triggers import OnEvent, OnTime, OnTurningTrue

__all__ = ["analyse", "starts"]

MOST_RULES = 500
"""Rules among which rings are looked for."""


def analyse(
    rule: AutomationRule, others: Sequence[AutomationRule], organization: Organization, *, language: str = "en"
) -> tuple[Problem, ...]:
    """Everything that is wrong with ``rule``, were it to join ``others``; of several of one id the first counts."""
    words = Wording(Catalogue.of(TEXTS), language)
    first = {other.id: other for other in reversed(others)}
    among = [other for other in first.values() if other.active and other.id != rule.id][:MOST_RULES]
    return (*_of_condition(words, rule), *_of_people(words, rule, organization), *_of_rings(words, rule, among))


def starts(first: AutomationRule, second: AutomationRule) -> Action | None:
    """The action by which ``first`` can start ``second``."""
    for action in first.actions:
        if any(_heard(effect, second) for effect in action.effects(first.entity)):
            return action
    return None


def _of_condition(words: Wording, rule: AutomationRule) -> Iterator[Problem]:
    if not can_hold(condition_of(rule.when, rule.entity, rule.custom_fields)):
        yield words.problem("AutomationRule.when", "automation.fault.never")


def _of_people(words: Wording, rule: AutomationRule, there: Organization) -> Iterator[Problem]:
    staff = {member.id for member in there.staff}
    named = {} if rule.run_as == SYSTEM else {"run_as": rule.run_as}
    for place, action in enumerate(rule.actions):
        ids = (*getattr(action, "members", ()), getattr(action, "member_id", None))
        named |= {f"actions[{place}]": id for id in ids if id is not None and id not in staff}
    for field, member in named.items():
        if member not in staff:
            yield words.problem(f"AutomationRule.{field}", "automation.fault.owner", member=member)
    calendars = [getattr(action, "calendar_id", None) for action in rule.actions]
    if isinstance(rule.trigger, OnTime):
        calendars.append(rule.trigger.calendar_id)
    for calendar in sorted({id for id in calendars if id is not None}):
        if there.calendar(calendar) is None:
            yield words.problem("AutomationRule", "automation.fault.calendar", calendar=calendar)


# --- rings ----------------------------------------------------------------------------------------


def _of_rings(words: Wording, rule: AutomationRule, others: Sequence[AutomationRule]) -> Iterator[Problem]:
    itself = starts(rule, rule)
    if itself is not None:
        yield words.problem("AutomationRule.actions", "automation.fault.itself", rule=rule.id, action=type(itself).kind)
    ring = _ring(rule, others)
    if ring:
        said = " → ".join((*ring, rule.id))
        yield words.problem("AutomationRule.actions", "automation.fault.ring", ring=said)


def _ring(rule: AutomationRule, others: Sequence[AutomationRule]) -> tuple[str, ...]:
    """The shortest way from ``rule`` over others back to it, by ids."""
    reached: dict[str, tuple[str, ...]] = {}
    edge: list[tuple[AutomationRule, tuple[str, ...]]]
    edge = [(other, (rule.id, other.id)) for other in others if starts(rule, other)]
    while edge:
        following = list[tuple[AutomationRule, tuple[str, ...]]]()
        for each, way in edge:
            if each.id in reached:
                continue
            reached[each.id] = way
            if starts(each, rule):
                return way
            following += [
                (other, (*way, other.id)) for other in others if other.id not in reached and starts(each, other)
            ]
        edge = following
    return ()


def _heard(effect: Effect, rule: AutomationRule) -> bool:
    """Whether ``rule`` may start by what an action of another one brings about."""
    if effect.entity != rule.entity or not rule.active:
        return False
    trigger = rule.trigger
    if isinstance(trigger, OnEvent):
        told = not trigger.types or bool({*trigger.types} & {*effect.events})
        fields = not trigger.changed or not effect.fields or bool({*trigger.changed} & effect.fields.keys())
        heard = told and fields
    elif isinstance(trigger, OnTurningTrue):
        asked = {leaf.field for leaf in _condition(rule).condition.leaves()}
        heard = not effect.fields or bool(asked & effect.fields.keys())
    elif isinstance(trigger, OnTime):
        heard = trigger.field in effect.fields
    else:
        heard = False
    return heard and _can_hold_with(rule, effect)


def _condition(rule: AutomationRule) -> BoundCondition:
    return condition_of(rule.when, rule.entity, rule.custom_fields)


def _can_hold_with(rule: AutomationRule, effect: Effect) -> bool:
    """Whether the rule's condition can hold with the values that are known to be set."""
    set_ = {name: value for name, value in effect.fields.items() if value is not None}
    try:
        asked = [F[name] == value for name, value in set_.items()]
        bound = bind(all_of([_condition(rule).condition, *asked]), catalogue_of(rule.entity, rule.custom_fields))
    except CrmError:  # a value that no condition can ask for
        return True
    return can_hold(bound)
