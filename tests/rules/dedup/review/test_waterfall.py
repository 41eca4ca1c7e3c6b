"""Every step of a waterfall is said in English and Chinese."""

import pytest

from crmkit.domain.reasons import Catalogue
from crmkit.rules.dedup.linkage import LEVELS
from crmkit.rules.dedup.review import TEXTS, step_reason

SAY = Catalogue.of(TEXTS).say
LEVEL_NAMES = sorted({level.name for levels in LEVELS.values() for level in levels})


@pytest.mark.parametrize("level", LEVEL_NAMES)
def test_every_level_has_its_texts(level):
    reason = step_reason("Column", level)
    assert reason.code != "step.level"
    assert SAY(reason).startswith("Column: ")
    assert SAY(reason, "zh").startswith("Column：")
    assert not SAY(reason, "zh").removeprefix("Column：").isascii()


def test_steps_that_are_about_no_column_name_none():
    assert SAY(step_reason("prior", "any two records"), "zh") == "任意两条记录"
    assert SAY(step_reason("neighbours", "may be two who share a place"), "zh") == "可能为同处一地的两方"


def test_a_level_without_a_text_is_named_as_it_is():
    assert SAY(step_reason("Column", "a level of a host")) == "Column: a level of a host"
