"""The voices of one step: whose turn it is, and what they come to.

>>> from crmkit.domain.model import revise
>>> from crmkit.rules.approval.approvers import NamedMembers
>>> both = (Ask(slot=0, member_id="M-1", agreed=True), Ask(slot=1, member_id="M-2"))
>>> anybody = ApprovalStep(name="any", approvers=(NamedMembers(member_ids=("M-1", "M-2")),), mode=Mode.ANY)
>>> str(standing(anybody, both)), str(standing(revise(anybody, mode=Mode.ALL), both))
('passed', 'open')
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

from crmkit.domain.stewardship.approval import Ask
from crmkit.rules.approval.policy import ApprovalStep, Mode

__all__ = ["Standing", "standing", "turn"]


class Standing(StrEnum):
    """What the answers so far come to."""

    OPEN = "open"
    PASSED = "passed"
    REFUSED = "refused"


def standing(step: ApprovalStep, asks: Sequence[Ask]) -> Standing:
    """What ``asks`` come to by the step's mode; somebody who was added by add-sign counts with who added them."""
    answers = [_answer(slot) for slot in _slots(asks)]
    agreed, refused = answers.count(True), answers.count(False)
    match step.mode:
        case Mode.ANY:
            return Standing.PASSED if agreed else Standing.REFUSED if refused else Standing.OPEN
        case Mode.QUORUM:
            needed = min(step.quorum or 1, len(answers))
            if agreed >= needed:
                return Standing.PASSED
            return Standing.REFUSED if len(answers) - refused < needed else Standing.OPEN
        case Mode.ALL | Mode.SEQUENTIAL:
            if refused:
                return Standing.REFUSED
            return Standing.PASSED if agreed == len(answers) else Standing.OPEN
        case _:
            assert_never(step.mode)


def turn(step: ApprovalStep, asks: Sequence[Ask]) -> list[int]:
    """The places in ``asks`` of those whose turn it is: one a slot, in a sequential step one in all."""
    places = [
        next(place for place, ask in slot if ask.agreed is None)
        for slot in _placed(asks)
        if _answer([ask for _, ask in slot]) is None
    ]
    return places[:1] if step.mode is Mode.SEQUENTIAL else places


def _answer(slot: Sequence[Ask]) -> bool | None:
    if any(ask.agreed is False for ask in slot):
        return False
    return True if all(ask.agreed for ask in slot) else None


def _slots(asks: Sequence[Ask]) -> list[list[Ask]]:
    return [[ask for _, ask in slot] for slot in _placed(asks)]


def _placed(asks: Sequence[Ask]) -> list[list[tuple[int, Ask]]]:
    """The asks of each slot in order, with their places."""
    slots: dict[int, list[tuple[int, Ask]]] = {}
    for place, ask in enumerate(asks):
        slots.setdefault(ask.slot, []).append((place, ask))
    return [slots[slot] for slot in sorted(slots)]
