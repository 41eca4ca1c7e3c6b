"""A simulation as bars: how long requests waited for each crew, with how busy its people were."""

import json

from crmkit.adapters.charts.drawing import AGAINST, FOR, draw, short
from crmkit.errors import InvalidInput
from crmkit.rules.routing.simulation import SimulationReport

__all__ = ["simulation_svg"]

MOST = 100
"""Crews that one picture shows."""
_HOUR = 3_600.0
_SAID = {
    "en": ("mean wait in hours; beside it how much of their time people are busy", "{hours:.1f} h, {busy:.0%} busy"),
    "zh": ("平均等待时间（小时）；旁注为人员忙碌率", "{hours:.1f} 小时，忙碌 {busy:.0%}"),
}


def simulation_svg(report: SimulationReport, *, title: str = "", language: str = "en") -> str:
    """The crews of the report as SVG, the bottleneck in another colour; words in English or Chinese (``zh``).

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
        InvalidInput: there is no crew to show, or more than 100.
    """
    if not 0 < len(report.crews) <= MOST:
        raise InvalidInput(f"must be 1 to {MOST}.", field="report.crews", hint="Give the stations crews.")
    axis, said = _SAID["zh" if language.startswith("zh") else "en"]
    labels = [f"{short(crew.crew)} ({crew.size})" for crew in report.crews]
    waits = [crew.wait.mean.total_seconds() / _HOUR for crew in report.crews]
    rows = [
        {
            "place": place,
            "hours": round(hours, 4),
            "said": said.format(hours=hours, busy=crew.utilisation),
            "colour": AGAINST if crew.crew == report.bottleneck else FOR,
        }
        for place, (crew, hours) in enumerate(zip(report.crews, waits, strict=True))
    ]
    across = {
        "field": "hours",
        "type": "quantitative",
        "scale": {"domain": [0, 1.4 * max(*waits, 0.1)], "nice": False},
        "axis": {"title": axis, "titleLimit": 0},
    }
    down = {
        "field": "place",
        "type": "ordinal",
        "axis": {"title": None, "labelExpr": f"{json.dumps(labels)}[datum.value]", "labelLimit": 0, "domain": False},
    }
    colour = {"field": "colour", "type": "nominal", "scale": None}
    picture = {
        "data": {"values": rows},
        "width": 460,
        "height": {"step": 26},
        "encoding": {"y": down, "x": across},
        "layer": [
            {
                "mark": {"type": "bar", "height": 16},
                "encoding": {"color": colour, "description": {"field": "said"}},
            },
            {"mark": {"type": "text", "align": "left", "dx": 6}, "encoding": {"text": {"field": "said"}}},
        ],
    }
    return draw(picture, title=title, beside=labels)
