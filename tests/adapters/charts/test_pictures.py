"""Pictures: SVG that any reader takes, with every label as text and bars as long as the evidence is strong."""

import re
import sys
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from crmkit.adapters.charts import cluster_svg, fairness_svg, reclaims_svg, threshold_svg, waterfall_svg
from crmkit.domain.stewardship.match_review import EvidenceStep
from crmkit.errors import InvalidInput, MissingExtra
from crmkit.rules.dedup.linkage import FieldType, FieldWeights, LinkageModel
from crmkit.rules.dedup.review import advise, curve_of
from crmkit.rules.fairness import Share, fairness
from crmkit.rules.policy import PolicyRef
from crmkit.rules.reclaim.outlook import Comparison, DayOutlook, DryRun, PoolOutlook
from crmkit.testing import NOW

NAME = FieldWeights(name="surname", type=FieldType.FAMILY_NAME, weights=(7.0, 5.0, 2.0, -3.5), chance=0.001)
BORN = FieldWeights(name="出生日期", type=FieldType.DATE, weights=(12.0, 7.0, 4.0, -4.0), chance=0.0001)
MODEL = LinkageModel(fields=(NAME, BORN), prior=-13.0)
LEVELS, SHARES = (1, 2), (0.01, 0.0)
STEPS = tuple(MODEL.steps(LEVELS, shares=SHARES))
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


def marks(svg, role):
    found = ET.fromstring(svg).iter()
    return [element for element in found if element.get("aria-roledescription") == role]


def bars(svg):
    """Where each bar begins, and how long it is, in pixels."""
    shapes = [re.match(r"M([-\d.]+),[-\d.]+h([-\d.]+)", bar.get("d")) for bar in marks(svg, "bar")]
    return [(float(shape[1]), float(shape[2])) for shape in shapes]


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        (
            "en",
            [
                "any two records",
                "surname: same",
                "surname: how rare the value is",
                "出生日期: one digit differs",
                "score",
            ],
        ),
        ("zh", ["任意两条记录", "surname：相同", "surname：该值的稀有程度", "出生日期：差一位数字", "总分"]),
    ],
)
def test_a_waterfall_says_each_step_and_the_score(language, labels):
    svg = waterfall_svg(STEPS, title="Anna / 安娜", language=language)
    assert [text for text in texts(svg) if text in labels] == labels
    assert "Anna / 安娜" in texts(svg)
    assert {"-13.0", "+7.0", "-3.3", "-2.3"} <= set(texts(svg))


def test_bars_are_as_long_as_the_evidence_and_begin_where_the_one_before_ended():
    found = bars(waterfall_svg(STEPS))
    evidence = [step.evidence for step in STEPS]
    score = MODEL.score(LEVELS, shares=SHARES)
    pixels = found[0][1] / abs(evidence[0])
    assert [length for _, length in found] == pytest.approx([abs(bits) * pixels for bits in [*evidence, score]])
    zero = found[0][0] + found[0][1]
    ends = [sum(evidence[: place + 1]) for place in range(len(evidence))]
    lefts = [zero + pixels * min(end, end - bits) for end, bits in zip(ends, evidence, strict=True)]
    assert [left for left, _ in found[:-1]] == pytest.approx(lefts)


def test_steps_that_say_the_same_are_two_bars():
    step = EvidenceStep(field="phone", level="same", evidence=1.0)
    assert len(bars(waterfall_svg([step, step, step]))) == 4


def test_labels_are_text_and_never_code():
    mean = EvidenceStep(field="""a"]<b>&'";${x}\\""", level="same", evidence=-1e-9)
    svg = waterfall_svg([mean], title="</svg><script>")
    assert """a"]<b>&'";${x}\\: same""" in texts(svg)
    assert "-0.0" not in texts(svg)
    assert not list(ET.fromstring(svg).iter(f"{SVG}script"))


def test_what_xml_cannot_hold_is_left_out():
    svg = cluster_svg(["a\0b\ud800c", "c\nd"], [], title="x\x1by")
    assert {"a b c", "c d", "x y"} <= set(texts(svg))


def test_a_label_that_is_too_long_is_cut():
    svg = waterfall_svg([EvidenceStep(field="x" * 400, level="same", evidence=1.0)])
    assert max(map(len, filter(None, texts(svg)))) <= 70


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", {"precision", "recall", "threshold 0.9"}), ("zh", {"查准率", "查全率", "阈值 0.9"})],
)
def test_a_curve_shows_both_lines_and_what_was_chosen(language, words):
    curve = curve_of([0.999, 0.98, 0.9, 0.6, 0.3])
    svg = threshold_svg(curve, chosen=advise(curve, precision=0.95).point, language=language)
    assert words <= set(texts(svg))
    assert len(marks(svg, "line mark")) == 2
    assert len(marks(threshold_svg(curve), "line mark")) == 2


def test_a_low_threshold_has_its_words_on_the_other_side():
    curve = curve_of([0.2, 0.1])
    assert "threshold 0.1" in texts(threshold_svg(curve, chosen=curve[1]))


def test_a_cluster_shows_its_records_and_a_line_for_each_pair():
    members = ["Anna Berg", "A. Berg", "安娜", "Bob"]
    pairs = [("Anna Berg", "A. Berg", 0.99), ("A. Berg", "安娜", 0.6)]
    svg = cluster_svg(members, pairs, conflicts=[("Anna Berg", "安娜")], title="Cluster 7")
    assert set(members) <= set(texts(svg))
    assert len(marks(svg, "point")) == 4
    lines = marks(svg, "rule mark")
    assert [line.get("stroke-dasharray") for line in lines] == ["1,0", "1,0", "5,4"]
    widths = [float(line.get("stroke-width")) for line in lines]
    assert widths[:2] == pytest.approx([4.95, 3.0])


def test_a_record_alone_is_a_picture_too():
    assert "Anna Berg" in texts(cluster_svg(["Anna Berg"], []))


@pytest.mark.parametrize(
    ("members", "pairs"), [([], []), ([str(number) for number in range(61)], []), (["a", "b"], [("a", "c", 0.5)])]
)
def test_a_cluster_that_cannot_be_drawn_is_refused(members, pairs):
    with pytest.raises(InvalidInput):
        cluster_svg(members, pairs)


@pytest.mark.parametrize("package", ["altair", "vl_convert"])
def test_without_the_extra_the_error_names_it(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match="charts"):
        waterfall_svg(STEPS)


def shared_out(*counts):
    shares = [
        Share(member_id=f"m{place}", name="陈伟", available=20, count=count) for place, count in enumerate(counts)
    ]
    return fairness(shares, since=NOW, until=NOW + timedelta(days=28))


@pytest.mark.parametrize(("language", "axis"), [("en", "records received"), ("zh", "收到的记录数")])
def test_a_fairness_report_has_a_bar_a_mark_and_a_figure_for_each_member(language, axis):
    svg = fairness_svg(shared_out(30, 10, 20), title="January", language=language)

    assert [text for text in texts(svg) if text == "陈伟"] == ["陈伟"] * 3
    assert [text for text in texts(svg) if re.match(r"\d+ \(", text)] == ["10 (-10.0)", "20 (+0.0)", "30 (+10.0)"]
    assert any(text.startswith(axis) for text in texts(svg))
    lengths = sorted(length for _, length in bars(svg))
    assert lengths[1] == pytest.approx(2 * lengths[0])
    assert len(marks(svg, "tick")) == 3


def test_a_fairness_report_of_nobody_or_of_too_many_is_not_drawn():
    for report in (shared_out(), shared_out(*range(101))):
        with pytest.raises(InvalidInput, match="must be 1 to 100"):
            fairness_svg(report)


def outlook(version, **pools):
    """A dry run of nine days: what falls to each pool in the first week, and on the two days after it."""
    days = tuple(DayOutlook(at=NOW + timedelta(days=day)) for day in range(9))
    rows = tuple(
        PoolOutlook(pool_id=pool, name=f"{pool} / 公海", by_day=(first, 0, 0, 0, 0, 0, 0, 0, second))
        for pool, (first, second) in pools.items()
    )
    policy = PolicyRef(kind="reclaim", id="account", version=version)
    return DryRun(policy=policy, at=NOW, days=days, pools=rows)


@pytest.mark.parametrize(
    ("language", "axis"),
    [("en", "records that fall back in the week from this day on"), ("zh", "自该日起一周内回收的记录数")],
)
def test_reclaims_to_come_have_a_figure_for_each_week_pool_and_policy(language, axis):
    compared = Comparison(one=outlook(1, east=(4, 2)), other=outlook(2, east=(1, 3), rest=(8, 0)))
    svg = reclaims_svg(compared, language=language)
    figures = [text for text in texts(svg) if re.fullmatch(r"[AB] \d+", text)]

    assert sorted(figures) == sorted(["A 4", "A 2", "B 1", "B 3", "A 0", "A 0", "B 8", "B 0"])
    assert {"east / 公海", "rest / 公海", "01-31", "02-07", axis} <= set(texts(svg))
    assert "A = reclaim account v1, B = reclaim account v2" in texts(svg)
    heights = {bar.get("aria-label"): bar for bar in marks(svg, "bar")}
    assert len(heights) == 7


def test_reclaims_of_no_pool_or_of_too_many_are_not_drawn():
    many = outlook(1, **{f"pool{number}": (1, 0) for number in range(21)})
    for one in (outlook(1), many):
        with pytest.raises(InvalidInput, match="must be 1 to 20 pools"):
            reclaims_svg(Comparison(one=one, other=one))
