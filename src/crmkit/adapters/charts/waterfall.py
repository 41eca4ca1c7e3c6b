"""A pair's evidence as a waterfall: each step a bar from where the one before ended, the score at the end."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from crmkit.adapters.charts.drawing import AGAINST, CONTEXT, FOR, draw, short
from crmkit.domain.reasons import Catalogue
from crmkit.rules.dedup.review import TEXTS, step_reason

__all__ = ["waterfall_svg"]

_SAID = {
    "en": ("score", "evidence in bits; for a match to the right, against it to the left"),
    "zh": ("总分", "依据（比特）；向右支持为同一对象，向左反对"),
}
_TEXTS = Catalogue.of(TEXTS)


class Weighed(Protocol):
    """One step: ``linkage.Step`` and ``MatchReview.steps`` are such."""

    @property
    def field(self) -> str:
        """The column."""

    @property
    def level(self) -> str:
        """Into which comparison level its values fall."""

    @property
    def evidence(self) -> float:
        """Bits."""


def waterfall_svg(steps: Iterable[Weighed], *, title: str = "", language: str = "en") -> str:
    """The waterfall of a pair as SVG, from the prior to the score; labels in English or Chinese (``zh``).

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
    """
    score, axis = _SAID["zh" if language.startswith("zh") else "en"]
    rows: list[dict[str, Any]] = []
    labels: list[str] = []
    total = 0.0
    for step in steps:
        before, total = total, total + step.evidence
        labels.append(short(_TEXTS.say(step_reason(step.field, step.level), language)))
        rows.append(_row(labels, before, total, FOR if step.evidence >= 0 else AGAINST))
    labels.append(score)
    rows.append(_row(labels, 0.0, total, CONTEXT))
    place = {
        "field": "place",
        "type": "ordinal",
        # places, not labels, are the scale: two steps may say the same
        "axis": {"title": None, "labelExpr": f"{json.dumps(labels)}[datum.value]", "labelLimit": 0, "domain": False},
    }
    ends = [0.0, *(row[name] for row in rows for name in ("from", "to"))]
    room = 0.14 * max(1.0, max(ends) - min(ends))
    bits = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [min(ends) - room, max(ends) + room], "nice": False},
        "axis": {"title": axis, "titleLimit": 0},
    }
    colour = {"field": "colour", "type": "nominal", "scale": None}
    picture = {
        "data": {"values": rows},
        "width": 460,
        "height": {"step": 26},
        "encoding": {"y": place},
        "layer": [
            {"mark": {"type": "rule", "color": CONTEXT, "opacity": 0.5}, "encoding": {"x": {"datum": 0}}},
            {
                "mark": {"type": "bar", "height": 16},
                "encoding": {"x": bits, "x2": {"field": "to"}, "color": colour, "description": {"field": "told"}},
            },
            _numbers("datum.to >= datum.from", align="left", dx=5),
            _numbers("datum.to < datum.from", align="right", dx=-5),
        ],
    }
    return draw(picture, title=title, beside=labels)


def _row(labels: Sequence[str], before: float, after: float, colour: str) -> dict[str, Any]:
    bits = round(after - before, 1)
    said = f"{bits:+.1f}" if bits else "0.0"
    told = f"{labels[-1]} {said}"
    return {"place": len(labels) - 1, "from": before, "to": after, "said": said, "told": told, "colour": colour}


def _numbers(which: str, *, align: str, dx: int) -> dict[str, Any]:
    """What the bars of ``which`` amount to, beside where they end."""
    return {
        "transform": [{"filter": which}],
        "mark": {"type": "text", "align": align, "dx": dx},
        "encoding": {"x": {"field": "to", "type": "quantitative"}, "text": {"field": "said"}},
    }
