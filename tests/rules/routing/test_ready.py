"""The ready processes: they hold with and without a calendar, say what they are, and stand in the docs as they are drawn."""

import re
from pathlib import Path

import pytest

from crmkit.adapters.codec import Codec
from crmkit.rules.routing import ProcessDefinition
from crmkit.rules.routing.ready import (
    after_sale_enquiry,
    contract_approval,
    contract_review,
    discount_approval,
    lead_follow_up,
    quote_approval,
    work_order_dispatch,
)

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "ready-processes.md"
WITH_CALENDARS = (quote_approval, after_sale_enquiry, work_order_dispatch, lead_follow_up)
DRAWN = (
    quote_approval(),
    discount_approval(),
    *contract_approval(),
    after_sale_enquiry(),
    work_order_dispatch(),
    lead_follow_up(),
)
ALL = (*DRAWN, *(make(calendar_id="office") for make in WITH_CALENDARS), *contract_approval(calendar_id="office"))


@pytest.mark.parametrize("definition", ALL, ids=lambda definition: f"{definition.id}-{definition.calendar_id}")
class TestEveryOne:
    def test_says_what_it_and_its_states_are(self, definition):
        assert definition.label
        assert all(state.label for state in definition.states)

    def test_comes_back_from_json_as_it_was(self, definition):
        codec = Codec()
        assert codec.load_policy(codec.dump_policy(definition)) == definition

    def test_counts_working_time_where_it_has_a_calendar(self, definition):
        timed = [state.working for state in definition.states if state.deadline is not None]
        assert set(timed) <= {definition.calendar_id is not None}


def test_a_review_of_any_subject_can_be_added():
    review = contract_review("tax", team_id="T-tax", checklist=("VAT is right",))
    assert isinstance(review, ProcessDefinition)
    assert review.leaving("open")[0].checklist == ("VAT is right",)


def test_the_page_shows_each_of_them_as_it_is():
    diagrams = re.findall(r"```mermaid\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert diagrams == [definition.mermaid() for definition in DRAWN]
