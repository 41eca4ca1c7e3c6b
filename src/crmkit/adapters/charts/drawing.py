"""The one door to Altair, which checks a picture, and vl-convert, which draws it; opened when first needed."""

from collections.abc import Iterable, Mapping
from typing import Any
from unicodedata import east_asian_width

from crmkit.errors import MissingExtra

__all__ = ["AGAINST", "CONTEXT", "FOR", "QUIET", "draw", "short"]

FOR, AGAINST, CONTEXT, QUIET = "#2a7f62", "#c0533e", "#5b6b7a", "#b8c0c8"
"""Colours: what speaks for a match, what against it, what is neither, lines in the background."""
_MOST = 60
"""Characters of a label."""
_PADDING = 12.0
_WIDER = 4.0
"""Pixels by which a Chinese character may turn out wider than it was measured."""
_CONFIG = {
    "font": "Noto Sans, Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e6e9ec"},
    "text": {"fontSize": 12},
    "title": {"fontSize": 14, "anchor": "start", "fontWeight": "normal"},
}


def draw(picture: Mapping[str, Any], *, title: str, beside: Iterable[str] = ()) -> str:
    """The Vega-Lite ``picture`` as SVG, in which text stays text; ``beside`` are the labels on its sides.

    Raises:
        MissingExtra: Altair or vl-convert is not installed.
    """
    try:
        import altair as alt
        import vl_convert
    except ModuleNotFoundError as exc:
        raise MissingExtra.named("charts", package=exc.name or "altair") from exc
    headed = {"title": short(title)} if title else {}
    checked = alt.Chart.from_dict({**picture, **headed, "config": _CONFIG, "padding": _padding(beside)})
    svg: str = vl_convert.vegalite_to_svg(checked.to_dict())
    return svg


def short(label: str) -> str:
    """``label`` on one line, or its beginning where it is too long for a picture."""
    # XML has no place for control characters and halves of pairs
    line = "".join(character if character.isprintable() else " " for character in label)
    return line if len(line) <= _MOST else line[: _MOST - 1] + "…"


def _padding(labels: Iterable[str]) -> dict[str, float]:
    """Room around the picture; more of it for Chinese, which is narrower where it is drawn without a font for it."""
    wide = max((sum(east_asian_width(character) in "WF" for character in label) for label in labels), default=0)
    sides = _PADDING + _WIDER * wide
    return {"left": sides, "right": sides, "top": _PADDING, "bottom": _PADDING}
