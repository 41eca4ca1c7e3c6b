"""Reasons are said from a catalogue, by plain substitution, in English and Chinese."""

from datetime import UTC, datetime

import pytest

from crmkit.domain.reasons import Catalogue, Reason
from crmkit.errors import InvalidInput

TEXTS = Catalogue.of({"due": ("Due {at}, {left} left, {who}.", "截止 {at}，{who}。")})


def test_times_are_shown_short_and_what_is_missing_as_a_dash() -> None:
    reason = Reason.of("due", at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC), who=None)
    assert TEXTS.say(reason) == "Due 2026-01-02 03:04, – left, –."
    assert TEXTS.say(reason, "zh-CN") == "截止 2026-01-02 03:04，–。"


def test_a_code_without_text_is_shown_with_its_parameters() -> None:
    assert TEXTS.say(Reason.of("unknown", n=3)) == "unknown (n=3)"
    assert TEXTS.say(Reason.of("unknown")) == "unknown"


def test_nothing_in_a_parameter_is_read_as_a_template() -> None:
    assert TEXTS.say(Reason.of("due", who="{at.__class__}")).endswith("{at.__class__}.")


def test_parameters_of_other_types_pass_the_checks_of_the_field() -> None:
    class Word(str):
        __slots__ = ()

    assert Reason.of("due", who=Word("me")) == Reason.of("due", who="me")
    with pytest.raises(InvalidInput, match="must be one of"):
        Reason.of("due", who=["me"])  # type: ignore[arg-type]


def test_a_host_adds_and_replaces_texts() -> None:
    more = TEXTS.with_texts({"late": ("Late.", "迟到。")})
    assert more.say_all([Reason.of("late"), Reason.of("late")], "zh") == "迟到。\n迟到。"
    assert "late" not in TEXTS.texts
