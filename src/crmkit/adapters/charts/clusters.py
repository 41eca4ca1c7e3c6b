"""A cluster as a graph: its records on a circle, the likelier a pair the thicker its line, contradictions dashed."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from crmkit.adapters.charts.drawing import AGAINST, CONTEXT, FOR, draw, short
from crmkit.errors import InvalidInput

__all__ = ["cluster_svg"]

MOST = 60
"""Records that one picture shows."""
_THICK = 5.0


def cluster_svg(
    members: Sequence[str],
    pairs: Iterable[tuple[str, str, float]],
    *,
    conflicts: Iterable[tuple[str, str]] = (),
    title: str = "",
) -> str:
    """The cluster as SVG; ``members`` are told by what stands there, ``pairs`` carry their probability.

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
        InvalidInput: there are more than 60 members, none, or a pair names another record.
    """
    if not 0 < len(set(members)) <= MOST:
        raise InvalidInput(f"must be 1 to {MOST}.", field="members", hint="Draw a part of the cluster.")
    nodes = {member: _node(member, place, len(members)) for place, member in enumerate(dict.fromkeys(members))}
    lines = [_line(nodes, one, other, FOR, probability) for one, other, probability in pairs]
    against = [_line(nodes, one, other, AGAINST, 0.4) for one, other in conflicts]
    # a short pair of axes would squeeze labels that stand beside each other
    size = 220 + 8 * len(nodes)
    picture = {
        "width": size,
        "height": size,
        "layer": [
            *(_lines(rows, dash) for rows, dash in ((lines, [1, 0]), (against, [5, 4])) if rows),
            {
                "data": {"values": list(nodes.values())},
                "mark": {"type": "point", "filled": True, "size": 120, "color": CONTEXT, "opacity": 1},
                "encoding": {**_axis("x"), **_axis("y")},
            },
            *_labels(list(nodes.values())),
        ],
    }
    return draw(picture, title=title, beside=[node["said"] for node in nodes.values()])


def _node(member: str, place: int, count: int) -> dict[str, Any]:
    # from the top, clockwise
    angle = math.pi / 2 - 2 * math.pi * place / count
    x, y = math.cos(angle), math.sin(angle)
    side = "right" if x > 0.05 else "left" if x < -0.05 else "top" if y > 0 else "bottom"
    return {"x": x, "y": y, "label_x": 1.08 * x, "label_y": 1.08 * y, "said": short(member), "side": side}


def _line(nodes: dict[str, dict[str, Any]], one: str, other: str, colour: str, probability: float) -> dict[str, Any]:
    if one not in nodes or other not in nodes:
        raise InvalidInput("must be of the cluster.", field="pairs", hint="Name members only.")
    return {
        "x": nodes[one]["x"],
        "y": nodes[one]["y"],
        "x2": nodes[other]["x"],
        "y2": nodes[other]["y"],
        "width": max(0.5, _THICK * probability),
        "colour": colour,
        "pair": f"{short(one)} – {short(other)}",
    }


def _lines(rows: list[dict[str, Any]], dash: list[int]) -> dict[str, Any]:
    return {
        "data": {"values": rows},
        "mark": {"type": "rule", "strokeDash": dash, "opacity": 0.8},
        "encoding": {
            **_axis("x"),
            **_axis("y"),
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "strokeWidth": {"field": "width", "type": "quantitative", "scale": None},
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "description": {"field": "pair", "type": "nominal"},
        },
    }


def _labels(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    marks = {
        "right": {"align": "left", "baseline": "middle", "dx": 4},
        "left": {"align": "right", "baseline": "middle", "dx": -4},
        "top": {"align": "center", "baseline": "bottom", "dy": -4},
        "bottom": {"align": "center", "baseline": "top", "dy": 4},
    }
    found = []
    for side, mark in marks.items():
        rows = [node for node in nodes if node["side"] == side]
        if rows:
            encoding = {**_axis("x", "label_x"), **_axis("y", "label_y"), "text": {"field": "said"}}
            found.append({"data": {"values": rows}, "mark": {"type": "text", **mark}, "encoding": encoding})
    return found


def _axis(name: str, field: str = "") -> dict[str, Any]:
    scale = {"domain": [-1.15, 1.15], "nice": False}
    return {name: {"field": field or name, "type": "quantitative", "scale": scale, "axis": None}}
