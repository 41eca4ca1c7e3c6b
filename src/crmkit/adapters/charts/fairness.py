"""A fairness report as bars: what each member received, with a mark where the share would have been."""

import json

from crmkit.adapters.charts.drawing import AGAINST, CONTEXT, FOR, draw, short
from crmkit.errors import InvalidInput
from crmkit.rules.fairness import FairnessReport

__all__ = ["fairness_svg"]

MOST = 100
"""Members that one picture shows."""
_SAID = {
    "en": "records received; the line is the share by weight and working days",
    "zh": "收到的记录数；竖线为按权重与在岗工作日应得的份额",
}


def fairness_svg(report: FairnessReport, *, title: str = "", language: str = "en") -> str:
    """The rows of the report as SVG, who is furthest below their share first; words in English or Chinese (``zh``).

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
        InvalidInput: there is nobody to show, or more than 100.
    """
    if not 0 < len(report.rows) <= MOST:
        raise InvalidInput(f"must be 1 to {MOST}.", field="report.rows", hint="Ask for the report of one team.")
    axis = _SAID["zh" if language.startswith("zh") else "en"]
    labels = [short(row.share.name or row.share.member_id) for row in report.rows]
    rows = [
        {
            "place": place,
            "received": row.share.count,
            "share": round(row.expected, 2),
            "said": f"{row.share.count} ({row.difference:+.1f})",
            "end": max(row.share.count, row.expected),
            "colour": AGAINST if row.difference < -1 else FOR,
        }
        for place, row in enumerate(report.rows)
    ]
    furthest = max(1.0, *(max(row.share.count, row.expected) for row in report.rows))
    place = {
        "field": "place",
        "type": "ordinal",
        # places, not names, are the scale: two members may have one name
        "axis": {"title": None, "labelExpr": f"{json.dumps(labels)}[datum.value]", "labelLimit": 0, "domain": False},
    }
    received = {
        "field": "received",
        "type": "quantitative",
        "scale": {"domain": [0, 1.15 * furthest], "nice": False},
        "axis": {"title": axis, "titleLimit": 0},
    }
    colour = {"field": "colour", "type": "nominal", "scale": None}
    picture = {
        "data": {"values": rows},
        "width": 460,
        "height": {"step": 26},
        "encoding": {"y": place},
        "layer": [
            {
                "mark": {"type": "bar", "height": 16},
                "encoding": {"x": received, "color": colour, "description": {"field": "said"}},
            },
            {
                "mark": {"type": "tick", "thickness": 2, "size": 22, "color": CONTEXT, "opacity": 1},
                "encoding": {"x": {"field": "share", "type": "quantitative"}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"x": {"field": "end", "type": "quantitative"}, "text": {"field": "said"}},
            },
        ],
    }
    return draw(picture, title=title, beside=labels)
