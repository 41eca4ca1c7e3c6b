"""What a BPMN diagram is made of: nodes, and flows between them."""

import re
from collections.abc import Mapping

from attrs import Factory, define, frozen

from crmkit.domain.checks import FrozenDict

__all__ = ["Flow", "Node", "Plan", "ncname"]

_NONE: Mapping[str, str] = FrozenDict()
_UNFIT = re.compile(r"[^\w.-]", re.ASCII)


@frozen(kw_only=True)
class Node:
    """An event, an activity or a gateway.

    Args:
        tag: the element that it becomes.
        inside: the sub-process that it is drawn in.
        on: the activity to whose border it is attached.
        event: the definition of what happens, for an event of which something is said.
        says: the time, the condition or the reference that belongs to ``event``.
        told: its documentation.
        owners: who may act in it.
    """

    id: str
    tag: str
    name: str = ""
    inside: str | None = None
    on: str | None = None
    event: str = ""
    says: str = ""
    told: str = ""
    owners: tuple[str, ...] = ()
    attributes: Mapping[str, str] = _NONE


@frozen(kw_only=True)
class Flow:
    """An arrow, taken while ``condition`` holds, where there is one."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str = ""
    told: str = ""
    inside: str | None = None


@define
class Plan:
    """A diagram that is being made."""

    nodes: list[Node] = Factory(list)
    flows: list[Flow] = Factory(list)
    messages: list[str] = Factory(list)

    def add(self, node: Node) -> str:
        """The id of ``node``, which is in the plan now."""
        self.nodes.append(node)
        return node.id

    def connect(
        self,
        source: str,
        target: str,
        *,
        name: str = "",
        condition: str = "",
        told: str = "",
        inside: str | None = None,
    ) -> None:
        """An arrow leads from ``source`` to ``target``."""
        flow = f"flow_{len(self.flows)}"
        self.flows.append(
            Flow(id=flow, source=source, target=target, name=name, condition=condition, told=told, inside=inside)
        )

    def message(self, name: str) -> str:
        """The reference of the message of that name."""
        if name not in self.messages:
            self.messages.append(name)
        return f"message_{self.messages.index(name)}"


def ncname(text: str) -> str:
    """``text`` as part of an XML name; two texts never become the same one.

    >>> ncname("legal-review"), ncname("审批 1")
    ('legal-review', '_5ba1__6279__20_1')
    """
    # the underscore is what other characters are written with, so it is written so itself
    return _UNFIT.sub(lambda found: f"_{ord(found[0]):x}_", text.replace("_", "_5f_"))
