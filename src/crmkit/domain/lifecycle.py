"""A lifecycle as a table: state → verb → next state. Diagrams are drawn from it.

>>> door = Lifecycle("door", {"open": {"close": "shut"}, "shut": {"open": "open"}})
>>> door.next("open", "close")
'shut'
>>> door.next("open", "open")
Traceback (most recent call last):
...
crmkit.errors.NotAllowed: A door that is open cannot open. It can: close.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

from attrs import frozen

from crmkit.errors import NotAllowed

__all__ = ["Lifecycle"]


S = TypeVar("S", bound=str)


@frozen
class Lifecycle(Generic[S]):
    """States and the verbs that lead from one to the next."""

    name: str
    table: Mapping[S, Mapping[str, S]]

    def next(self, state: S, verb: str) -> S:
        """The state that ``verb`` leads to.

        Raises:
            NotAllowed: no such verb in this state; the hint lists those there are.
        """
        verbs: Mapping[str, S] = self.table.get(state, {})
        to = verbs.get(verb)
        if to is None:
            can = ", ".join(sorted(verbs)) or "nothing, this state is final"
            raise NotAllowed(
                f"A {self.name} that is {state} cannot {verb}.",
                hint=f"It can: {can}.",
                name=self.name,
                state=state,
                verb=verb,
            )
        return to

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram.

        >>> print(Lifecycle("door", {"open": {"close": "shut"}, "shut": {}}).mermaid())
        stateDiagram-v2
            open --> shut: close
            shut --> [*]
        """
        lines = ["stateDiagram-v2"]
        for state, verbs in self.table.items():
            lines += [f"    {state} --> {to}: {verb}" for verb, to in verbs.items()]
            if not verbs:
                lines.append(f"    {state} --> [*]")
        return "\n".join(lines)
