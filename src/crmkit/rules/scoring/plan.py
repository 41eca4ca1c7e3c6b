"""A score policy made ready to be asked: every condition read, bound and compiled once.

Whoever loads the same policy again gets the compiled functions of before: they are kept by the texts
of the conditions, so that decoding a policy for each command stays cheap.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.conditions import FieldCatalogue, compile_all
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.rules.scoring.questions import Question

__all__ = ["NOBODY", "SCORED", "Plan", "about_record", "fields_of", "plan_of"]

NOBODY = "not always()"
"""The condition that never holds."""
SCORED: dict[str, type[Record]] = {cls.entity: cls for cls in (Lead, Account, Contact, Opportunity)}
"""The entities that can be scored."""


@frozen
class Plan:
    """The conditions of all signals, in their order, and who has opted out."""

    record: type[Record]
    questions: tuple[Question, ...]
    ask: Callable[[object, datetime], tuple[bool, ...]]
    """All of them at once, in one generated function."""
    moving: tuple[Question, ...]
    """Those whose answer may change as time passes."""
    opted_out: Question


@lru_cache(maxsize=4_096)
def about_record(text: str, entity: str, custom: tuple[CustomField, ...]) -> Question:
    """The question that ``text`` asks of a record of ``entity``.

    Raises:
        InvalidCondition: it cannot be read, or does not fit the record.
    """
    return Question.of(text, fields_of(entity, custom))


@lru_cache(maxsize=256)
def plan_of(texts: tuple[str, ...], opt_out: str, entity: str, custom: tuple[CustomField, ...]) -> Plan:
    """The plan that asks ``texts`` of a record of ``entity``, but of none for which ``opt_out`` holds."""
    questions = tuple(about_record(text, entity, custom) for text in texts)
    opted_out = about_record(opt_out, entity, custom)
    return Plan(
        record=SCORED[entity],
        questions=questions,
        ask=compile_all([question.bound for question in questions]),
        moving=tuple(question for question in questions if question.moves),
        opted_out=opted_out,
    )


@lru_cache(maxsize=256)
def fields_of(entity: str, custom: tuple[CustomField, ...]) -> FieldCatalogue:
    """The fields of ``entity`` with those of the host."""
    return FieldCatalogue.of(SCORED[entity], custom=[field for field in custom if field.entity == entity])
