"""The next weeks' reclaims per pool under two policies: two bars a week, each with its figure and its policy's letter."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.adapters.charts.drawing import AGAINST, FOR, draw, short
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim.outlook import Comparison, DryRun

__all__ = ["reclaims_svg"]

MOST = 20
"""Pools that one picture shows."""
WEEK = 7
_SAID = {"en": "records that fall back in the week from this day on", "zh": "自该日起一周内回收的记录数"}
_LETTERS = ("A", "B")


def reclaims_svg(comparison: Comparison, *, title: str = "", language: str = "en") -> str:
    """The comparison as SVG, a panel for each pool; A is the first policy, B the second.

    The figures stand at the bars, so that nothing is told by colour alone; words in English or Chinese (``zh``).

    Raises:
        MissingExtra: the extra ``charts`` is not installed.
        InvalidInput: nothing falls back under either, or into more than 20 pools.
    """
    runs = (comparison.one, comparison.other)
    names: dict[str, str] = {row.pool_id: row.name for run in runs for row in run.pools}
    if not 0 < len(names) <= MOST:
        raise InvalidInput(f"must be 1 to {MOST} pools.", field="comparison", hint="Ask for a longer horizon.")
    weeks = [day.at for day in runs[0].days[::WEEK]]
    rows: list[dict[str, Any]] = [
        {"pool": pool, "week": f"{weeks[week]:%m-%d}", "policy": letter, "count": count, "said": f"{letter} {count}"}
        for letter, run in zip(_LETTERS, runs, strict=True)
        for pool, week, count in _counts(run, names, weeks)
    ]
    told = [f"{letter} = {run.policy}" for letter, run in zip(_LETTERS, runs, strict=True)]
    most = max(row["count"] for row in rows)
    panels = [
        _panel([row for row in rows if row["pool"] == pool], short(name), most, _SAID[_known(language)])
        for pool, name in names.items()
    ]
    return draw({"vconcat": panels}, title=title or ", ".join(told), beside=names.values())


def _counts(run: DryRun, pools: Mapping[str, str], weeks: Sequence[datetime]) -> Iterator[tuple[str, int, int]]:
    """For each pool and week how many fall there; none, where the run has nothing for the pool."""
    by_day: dict[str, tuple[int, ...]] = {row.pool_id: row.by_day for row in run.pools}
    for pool in pools:
        days = by_day.get(pool, ())
        for week in range(len(weeks)):
            yield pool, week, sum(days[week * WEEK : (week + 1) * WEEK])


def _panel(rows: Sequence[Mapping[str, Any]], name: str, most: int, axis: str) -> dict[str, Any]:
    count = {
        "field": "count",
        "type": "quantitative",
        "scale": {"domain": [0, 1.2 * most], "nice": False},
        "axis": {"title": None, "tickCount": 3, "format": "d"},
    }
    colour = {
        "field": "policy",
        "type": "nominal",
        "scale": {"domain": list(_LETTERS), "range": [FOR, AGAINST]},
        "legend": None,
    }
    week = {"field": "week", "type": "ordinal", "axis": {"title": axis, "labelAngle": 0, "titleLimit": 0}}
    across = {"x": week, "xOffset": {"field": "policy", "type": "nominal"}}
    return {
        "title": name,
        "data": {"values": list(rows)},
        "width": {"step": 44},
        "height": 110,
        "encoding": {**across, "y": count},
        "layer": [
            {"mark": {"type": "bar"}, "encoding": {"color": colour, "description": {"field": "said"}}},
            {"mark": {"type": "text", "dy": -7, "fontSize": 11}, "encoding": {"text": {"field": "said"}}},
        ],
    }


def _known(language: str) -> str:
    return "zh" if language.startswith("zh") else "en"
