"""Precision and recall over the threshold, and the threshold that was chosen."""

from collections.abc import Sequence

from crmkit.adapters.charts.drawing import AGAINST, CONTEXT, FOR, draw
from crmkit.rules.dedup.review import CurvePoint

__all__ = ["threshold_svg"]

_SAID = {
    "en": ("precision", "recall", "threshold: least probability of a match", "threshold {threshold:.3g}"),
    "zh": ("查准率", "查全率", "阈值：视为同一对象的最低概率", "阈值 {threshold:.3g}"),
}


def threshold_svg(
    curve: Sequence[CurvePoint], *, chosen: CurvePoint | None = None, title: str = "", language: str = "en"
) -> str:
    """The curve as SVG, with a line at the point that was ``chosen``; words in English or Chinese (``zh``).

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
    """
    precision, recall, axis, line = _SAID["zh" if language.startswith("zh") else "en"]
    rows = [
        {"threshold": point.threshold, "share": 100 * share, "what": what}
        for point in curve
        for what, share in ((precision, point.precision), (recall, point.recall))
    ]
    threshold = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"title": axis, "format": ".1f"}}
    share = {"type": "quantitative", "scale": {"domain": [0, 100]}, "axis": {"title": "%", "titleAngle": 0}}
    colours = {"domain": [precision, recall], "range": [FOR, AGAINST]}
    layers: list[dict[str, object]] = [
        {
            "data": {"values": rows},
            "mark": {"type": "line", "interpolate": "step-before", "point": len(curve) <= 40},
            "encoding": {
                "x": {"field": "threshold", **threshold},
                "y": {"field": "share", **share},
                "color": {
                    "field": "what",
                    "type": "nominal",
                    "scale": colours,
                    "legend": {"title": None, "orient": "top", "labelFontSize": 12, "columnPadding": 30},
                },
            },
        }
    ]
    if chosen is not None:
        values = [{"threshold": chosen.threshold, "said": line.format(threshold=chosen.threshold)}]
        at = {"x": {"field": "threshold", **threshold}}
        left = chosen.threshold > 0.5
        layers += [
            {
                "data": {"values": values},
                "mark": {"type": "rule", "color": CONTEXT, "strokeDash": [4, 3]},
                "encoding": at,
            },
            {
                "data": {"values": values},
                "mark": {"type": "text", "align": "right" if left else "left", "dx": -6 if left else 6, "dy": -6},
                "encoding": {**at, "y": {"datum": 0, **share}, "text": {"field": "said"}},
            },
        ]
    return draw({"width": 460, "height": 260, "layer": layers}, title=title)
