"""``BackTest``: what a policy would have done, had it been in force over a time that is past."""

from datetime import datetime

from crmkit.domain.ids import MemberId, PoolId, Ref
from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Reason
from crmkit.rules.policy import PolicyRef

__all__ = ["BackTest", "LostWin", "ToAbsent"]


@model
class LostWin:
    """A record that was won by ``owner_id`` at ``won_at``, and would have been taken away at ``falls_at`` before."""

    record: Ref
    owner_id: MemberId
    taken_at: datetime
    falls_at: datetime
    won_at: datetime
    deadline: datetime
    cause: Line
    pool_id: PoolId


@model
class ToAbsent:
    """A record that was assigned to somebody who was not there; ``back_at`` is when they came back, if ever."""

    record: Ref
    owner_id: MemberId
    at: datetime
    back_at: datetime | None = None


@model
class BackTest:
    """What ``policy`` would have done from ``since`` up to, but without, ``until``.

    ``wins`` were replayed, ``unknown`` were won by somebody whose taking over the history does not have.
    ``limits`` say what the history cannot tell.
    """

    policy: PolicyRef
    since: datetime
    until: datetime
    wins: int = 0
    lost: tuple[LostWin, ...] = ()
    unknown: int = 0
    assigned: int = 0
    to_absent: tuple[ToAbsent, ...] = ()
    limits: tuple[Reason, ...] = ()

    def table(self, language: str = "en") -> str:
        """The back-test as text, in English or Chinese (``zh``)."""
        from crmkit.rules.reclaim.outlook.table import back_test_table

        return back_test_table(self, language)

    def __str__(self) -> str:
        return self.table()
