"""What probabilities are worth, as curves; where customers stand, and how many come back, as grids."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crmkit.adapters.charts.drawing import CONTEXT, FOR, QUIET, draw, short
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import Cohort
from crmkit.rules.prediction import Quality
from crmkit.rules.segments import SegmentDecision

__all__ = ["cohorts_svg", "lift_svg", "reliability_svg", "segments_svg"]

MOST = 60
"""Cohorts that one picture shows."""
PERCENT = {"type": "quantitative", "scale": {"domain": [0, 100]}}
_SAID: Mapping[str, Mapping[str, str]] = {
    "en": {
        "predicted": "predicted, %",
        "observed": "observed, %",
        "contacted": "contacted, the likeliest first, %",
        "found": "of all outcomes found, %",
        "recency": "recency, 1 = long ago",
        "frequency": "frequency, 1 = seldom",
        "later": "months after the first purchase; % who bought",
    },
    "zh": {
        "predicted": "预测概率，%",
        "observed": "实际比例，%",
        "contacted": "按概率从高到低联系的比例，%",
        "found": "已覆盖的目标客户比例，%",
        "recency": "最近购买得分（1 = 很久以前）",
        "frequency": "购买频次得分（1 = 很少）",
        "later": "首次购买后的月数；再次购买的客户比例，%",
    },
}


def reliability_svg(quality: Quality, *, title: str = "", language: str = "en") -> str:
    """Predicted beside observed shares as SVG, a point a tenth; on the dashed line they would be the same.

    Words in English or Chinese (``zh``).

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
    """
    words = _words(language)
    points = [(100 * band.predicted, 100 * band.observed) for band in quality.bands]
    return _curve(points, (words["predicted"], words["observed"]), title)


def lift_svg(quality: Quality, *, title: str = "", language: str = "en") -> str:
    """The share of outcomes found among the likeliest so many per cent as SVG; by lot it would be the dashed line.

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
    """
    words = _words(language)
    points, contacted = [(0.0, 0.0)], 0
    for band in reversed(quality.bands):
        contacted += band.rows
        points.append((100 * contacted / quality.rows, 100 * band.gained))
    return _curve(points, (words["contacted"], words["found"]), title)


def segments_svg(decisions: Iterable[SegmentDecision], *, title: str = "", language: str = "en") -> str:
    """How many customers stand in each cell of recency and frequency as SVG, with the commonest segment's name.

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
        InvalidInput: nobody was placed.
    """
    words = _words(language)
    cells: dict[tuple[int, int], Counter[str]] = {}
    for each in decisions:
        if each.scores is not None:
            cells.setdefault((each.scores.recency, each.scores.frequency), Counter())[each.segment] += 1
    if not cells:
        raise InvalidInput("place nobody.", field="decisions", hint="Decide about customers who have ordered.")
    rows = [
        {
            "across": str(recency),
            "down": frequency,
            "weight": names.total(),
            "said": str(names.total()),
            "name": short(names.most_common(1)[0][0]),
        }
        for (recency, frequency), names in sorted(cells.items())
    ]
    return _grid(rows, (words["recency"], words["frequency"]), title, order="descending", cell=92)


def cohorts_svg(cohorts: Sequence[Cohort], *, title: str = "", language: str = "en") -> str:
    """Who came back as SVG: a row for each month of first purchase, a column for each month after it, shares in per cent.

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
        InvalidInput: there is no cohort, or more than 60.
    """
    if not 0 < len(cohorts) <= MOST:
        raise InvalidInput(f"must be 1 to {MOST}.", field="cohorts", hint="Leave out the oldest.")
    rows = [
        {
            "across": f"{month:02}",
            "down": f"{cohort.month:%Y-%m} ({cohort.customers})",
            "weight": share,
            "said": f"{100 * share:.0f}",
            "name": "",
        }
        for cohort in cohorts
        for month, share in enumerate(cohort.shares)
    ]
    return _grid(rows, (_words(language)["later"], None), title, order="ascending", cell=40)


def _curve(points: Sequence[tuple[float, float]], axes: tuple[str, str], title: str) -> str:
    """The points on a line, with a dashed one from corner to corner."""
    encoding = {
        name: {"field": name, **PERCENT, "axis": {"title": axis, "titleLimit": 0}}
        for name, axis in zip(("x", "y"), axes, strict=True)
    }
    corners = [(0.0, 0.0), (100.0, 100.0)]
    lines: tuple[tuple[Sequence[tuple[float, float]], dict[str, Any]], ...] = (
        (corners, {"color": QUIET, "strokeDash": [4, 3]}),
        (points, {"color": FOR, "point": {"color": FOR}}),
    )
    layers = [
        {
            "data": {"values": [{"x": round(x, 3), "y": round(y, 3)} for x, y in line]},
            "mark": {"type": "line", **mark},
        }
        for line, mark in lines
    ]
    return draw({"width": 320, "height": 320, "encoding": encoding, "layer": layers}, title=title)


def _grid(rows: Sequence[Mapping[str, Any]], axes: tuple[str, str | None], title: str, *, order: str, cell: int) -> str:
    """A heat map whose cells say their figure, so that nothing is told by colour alone."""
    across, down = axes
    most = max(row["weight"] for row in rows)
    palest = {"range": ["#f3f6f5", FOR], "domain": [0, most]}
    picture = {
        "data": {"values": list(rows)},
        "width": {"step": cell},
        "height": {"step": max(28, cell // 2)},
        "encoding": {
            "x": {"field": "across", "type": "ordinal", "axis": {"title": across, "labelAngle": 0, "titleLimit": 0}},
            "y": {"field": "down", "type": "ordinal", "sort": order, "axis": {"title": down, "titleLimit": 0}},
        },
        "layer": [
            {
                "mark": {"type": "rect"},
                "encoding": {
                    "color": {"field": "weight", "type": "quantitative", "scale": palest, "legend": None},
                    "description": {"field": "said"},
                },
            },
            *(
                {
                    "mark": {"type": "text", "dy": below, "fontSize": size},
                    "encoding": {
                        "text": {"field": field},
                        "color": {
                            "condition": {"test": f"datum.weight > {0.6 * most}", "value": "white"},
                            "value": CONTEXT,
                        },
                    },
                }
                for field, below, size in (("said", -6 if _named(rows) else 0, 12), ("name", 9, 10))
                if field == "said" or _named(rows)
            ),
        ],
    }
    return draw(picture, title=title, beside=[str(row["down"]) for row in rows])


def _named(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row["name"] for row in rows)


def _words(language: str) -> Mapping[str, str]:
    return _SAID["zh" if language.startswith("zh") else "en"]
