"""Pictures of scores: every figure is text, and nothing is told by colour alone."""

from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest

from crmkit.adapters.charts import cohorts_svg, lift_svg, reliability_svg, segments_svg
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import Purchase, cohorts
from crmkit.rules.prediction.report import quality
from crmkit.rules.segments import Orders, RfmScales, SegmentFacts, SegmentPolicy, decide
from crmkit.testing import NOW

SVG = "{http://www.w3.org/2000/svg}"
DAY = timedelta(days=1)
QUALITY = quality([number / 100 for number in range(100)], [float(number % 100 >= 60) for number in range(100)])


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


def marks(svg, role):
    return [element for element in ET.fromstring(svg).iter() if element.get("aria-roledescription") == role]


@pytest.mark.parametrize(
    ("draws", "language", "axes"),
    [
        (reliability_svg, "en", {"predicted, %", "observed, %"}),
        (reliability_svg, "zh", {"预测概率，%", "实际比例，%"}),
        (lift_svg, "en", {"contacted, the likeliest first, %", "of all outcomes found, %"}),
        (lift_svg, "zh-CN", {"按概率从高到低联系的比例，%", "已覆盖的目标客户比例，%"}),
    ],
)
def test_a_curve_stands_beside_the_line_it_is_read_against(draws, language, axes):
    svg = draws(QUALITY, title="Leads", language=language)
    assert axes | {"Leads"} <= set(texts(svg))
    assert len(marks(svg, "line mark")) == 2


def test_reliability_has_a_point_for_each_tenth_and_lift_begins_at_nothing():
    assert len(marks(reliability_svg(QUALITY), "point")) == len(QUALITY.bands)
    assert len(marks(lift_svg(QUALITY), "point")) == len(QUALITY.bands) + 1


def placed(*counts):
    orders = [Orders(last_at=NOW - number * 9 * DAY, count=count, amount=100) for number, count in enumerate(counts)]
    policy = SegmentPolicy(scales=RfmScales.of(orders, now=NOW))
    return [decide(policy, SegmentFacts(orders=each), now=NOW) for each in (*orders, Orders())]


@pytest.mark.parametrize(
    ("language", "axis"), [("en", "recency, 1 = long ago"), ("zh", "最近购买得分（1 = 很久以前）")]
)
def test_a_grid_says_how_many_stand_in_each_cell_and_what_it_is_called(language, axis):
    decisions = placed(*range(25, 0, -1))
    said = texts(segments_svg(decisions, title="March", language=language))
    assert {axis, "March", "champions", "hibernating", "5"} <= set(said)
    assert texts(segments_svg(decisions[:1])).count("champions") == 1


def test_a_grid_of_nobody_is_not_drawn():
    with pytest.raises(InvalidInput, match="place nobody"):
        segments_svg(placed())


def bought(*days):
    return [Purchase(customer_id=who, on=date(2026, month, day)) for who, month, day in days]


RETAINED = bought(("C-1", 1, 5), ("C-1", 2, 9), ("C-2", 1, 7), ("C-2", 3, 1), ("C-3", 2, 2), ("C-3", 4, 3))


@pytest.mark.parametrize(
    ("language", "axis"),
    [("en", "months after the first purchase; % who bought"), ("zh", "首次购买后的月数；再次购买的客户比例，%")],
)
def test_cohorts_have_a_row_for_each_month_and_a_share_for_each_month_after(language, axis):
    said = texts(cohorts_svg(cohorts(RETAINED, as_of=date(2026, 3, 31)), language=language))
    assert {axis, "2026-01 (2)", "2026-02 (1)", "00", "01", "02"} <= set(said)
    assert sorted(text for text in said if text in {"0", "50", "100"}) == ["0", "100", "100", "50", "50"]


def test_no_cohort_or_too_many_are_not_drawn():
    for some in ([], cohorts(RETAINED, as_of=date(2026, 3, 31)) * 31):
        with pytest.raises(InvalidInput, match="must be 1 to 60"):
            cohorts_svg(some)
