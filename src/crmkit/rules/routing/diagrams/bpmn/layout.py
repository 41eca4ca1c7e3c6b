"""Where the shapes of a BPMN diagram stand: in columns, as far from the start as the way to them is long."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from crmkit.rules.routing.diagrams.bpmn.parts import Flow, Node, Plan

__all__ = ["Box", "boxes", "waypoints"]

GAP_ACROSS, GAP_DOWN, PADDING = 80, 50, 30
"""Pixels between columns, between what stands in one, and around what stands in a sub-process."""
EVENT, GATEWAY, WIDE, HIGH = 36, 50, 120, 80


@frozen
class Box:
    """A rectangle, in pixels from the left and from the top."""

    x: int
    y: int
    width: int
    height: int

    def moved(self, x: int, y: int) -> "Box":
        """The same one further right and further down."""
        return Box(self.x + x, self.y + y, self.width, self.height)


def boxes(plan: Plan) -> dict[str, Box]:
    """The place of every node, by its id; none covers another, except that events stand on borders."""
    inner: dict[str, dict[str, Box]] = {}
    for node in plan.nodes:
        if node.tag == "subProcess":
            inner[node.id] = _in_columns(plan, inside=node.id, sizes={})
    sizes = {id: _around(places.values()) for id, places in inner.items()}
    placed = _in_columns(plan, inside=None, sizes=sizes)
    for id, places in inner.items():
        outer = placed[id]
        placed |= {each: box.moved(outer.x, outer.y) for each, box in places.items()}
    return placed | _on_borders(plan, placed)


def waypoints(flow: Flow, places: Mapping[str, Box], *, on_border: bool) -> list[tuple[int, int]]:
    """The corners of an arrow, from border to border; ``on_border`` where it leaves downwards, from an event there."""
    source, target = places[flow.source], places[flow.target]
    end = (target.x, target.y + target.height // 2)
    if on_border:
        below = (source.x + source.width // 2, source.y + source.height)
        turn = below[1] + GAP_DOWN // 3
        before = target.x - GAP_ACROSS // 4
        return [below, (below[0], turn), (before, turn), (before, end[1]), end]
    begin = (source.x + source.width, source.y + source.height // 2)
    if begin[1] == end[1] and begin[0] < end[0]:
        return [begin, end]
    middle = target.x - GAP_ACROSS // 2
    if begin[0] <= middle:
        return [begin, (middle, begin[1]), (middle, end[1]), end]
    # back: above what stands between
    above = min(source.y, target.y) - GAP_DOWN // 3
    after = begin[0] + GAP_ACROSS // 4
    return [begin, (after, begin[1]), (after, above), (middle, above), (middle, end[1]), end]


def _in_columns(plan: Plan, *, inside: str | None, sizes: Mapping[str, tuple[int, int]]) -> dict[str, Box]:
    placed: dict[str, Box] = {}
    columns = list(_columns(plan, inside))
    # what stands first in each column has its middle on one line
    line = PADDING + max(_size(column[0], sizes)[1] for column in columns) // 2
    x = PADDING
    for column in columns:
        widest = max(_size(node, sizes)[0] for node in column)
        y = line - _size(column[0], sizes)[1] // 2
        for node in column:
            width, height = _size(node, sizes)
            placed[node.id] = Box(x + (widest - width) // 2, y, width, height)
            y += height + GAP_DOWN
        x += widest + GAP_ACROSS
    return placed


def _columns(plan: Plan, inside: str | None) -> Iterable[Sequence[Node]]:
    """The nodes by the number of steps from the start, events on borders counting as what they stand on."""
    standing = {node.id: node.on or node.id for node in plan.nodes}
    nodes = {node.id: node for node in plan.nodes if node.inside == inside and node.on is None}
    following: dict[str, list[str]] = {}
    for flow in plan.flows:
        if flow.inside == inside:
            following.setdefault(standing[flow.source], []).append(flow.target)
    first = next(id for id, node in nodes.items() if node.tag == "startEvent")
    seen, column = {first}, [first]
    while column:
        yield [nodes[id] for id in column]
        reached = dict.fromkeys(each for id in column for each in following.get(id, ()) if each not in seen)
        seen |= reached.keys()
        column = list(reached)


def _size(node: Node, sizes: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    if node.tag == "subProcess":
        return sizes[node.id]
    if node.tag.endswith("Event"):
        return EVENT, EVENT
    return (GATEWAY, GATEWAY) if node.tag.endswith("Gateway") else (WIDE, HIGH)


def _around(places: Iterable[Box]) -> tuple[int, int]:
    """The size of a rectangle that holds them all, with room at its sides."""
    corners = [(box.x + box.width, box.y + box.height) for box in places]
    return max(x for x, _ in corners) + PADDING, max(y for _, y in corners) + PADDING


def _on_borders(plan: Plan, placed: Mapping[str, Box]) -> dict[str, Box]:
    """Events beside each other in the middle of the lower border."""
    beside: dict[str, list[str]] = {}
    for node in plan.nodes:
        if node.on is not None:
            beside.setdefault(node.on, []).append(node.id)
    found = {}
    for on, ids in beside.items():
        box = placed[on]
        step = box.width / len(ids)
        for number, id in enumerate(ids):
            middle = box.x + int((number + 0.5) * step)
            found[id] = Box(middle - EVENT // 2, box.y + box.height - EVENT // 2, EVENT, EVENT)
    return found
