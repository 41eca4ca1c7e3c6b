"""The rule book and what all policies and decisions share."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import pytest

from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput, UnknownKind
from crmkit.rules.policy import Decision, Policy, PolicyRef
from crmkit.rules.rulebook import RuleBook

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@model
class Oldest:
    kind: ClassVar[str] = "oldest"


@model
class AnyPolicy(Policy):
    kind: ClassVar[str] = "any"


class Outcome(StrEnum):
    YES = "yes"


def test_a_book_is_a_value_that_is_extended_not_changed() -> None:
    book = RuleBook.standard()
    more = book.with_kinds(Oldest).with_texts({"oldest": ("The oldest.", "最早的。")})
    assert more.part("oldest") is Oldest
    assert more.texts.say(Reason.of("oldest"), "zh") == "最早的。"
    assert "oldest" not in book.kinds
    assert more.with_kinds(Oldest).kinds == more.kinds


def test_a_kind_must_be_named_and_free() -> None:
    class Nameless:
        pass

    @model
    class Another:
        kind: ClassVar[str] = "oldest"

    with pytest.raises(InvalidInput, match=r"Nameless\.kind: is missing"):
        RuleBook.standard().with_kinds(Nameless)
    with pytest.raises(InvalidInput, match="'oldest' is taken"):
        RuleBook.standard().with_kinds(Oldest, Another)


def test_an_unknown_kind_is_named_with_a_suggestion_where_there_is_one() -> None:
    with pytest.raises(UnknownKind, match="Did you mean round_robin"):
        RuleBook.standard().part("roundrobin")
    with pytest.raises(UnknownKind, match="with_kinds"):
        RuleBook.standard().part("zzz")


def test_a_policy_is_in_force_in_a_half_open_period() -> None:
    policy = Policy(id="p", version=3, effective_from=NOW, effective_until=NOW + timedelta(days=1))
    assert [policy.in_force(NOW + timedelta(hours=hours)) for hours in (-1, 0, 23, 24)] == [False, True, True, False]
    assert Policy().in_force(NOW)
    assert str(AnyPolicy(id="p", version=3).ref) == "any p v3"


def test_a_decision_without_a_reason_is_refused() -> None:
    ref = PolicyRef(kind="k", id="p", version=1)
    Decision(policy=ref, at=NOW, outcome=Outcome.YES, reasons=[Reason.of("because")])
    with pytest.raises(InvalidInput, match=r"Decision\.reasons: must not be empty"):
        Decision(policy=ref, at=NOW, outcome=Outcome.YES, reasons=())


def test_every_standard_text_is_there_in_both_languages() -> None:
    for code, (english, chinese) in RuleBook.standard().texts.texts.items():
        assert english, code
        assert chinese, code
