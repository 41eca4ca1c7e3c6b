"""An inbox inside the application: what each member has been told, and what they have read of it."""

import threading
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from attrs import define, field, frozen

from crmkit.domain.ids import EventId, MemberId
from crmkit.domain.stewardship.audit import Notice

__all__ = ["Inbox", "InboxItem"]

MOST = 1_000
"""Notices kept for one member; the oldest make room for new ones."""


@frozen(kw_only=True)
class InboxItem:
    """One notice in a member's inbox."""

    notice: Notice
    read: bool = False


_Box: TypeAlias = "dict[EventId, InboxItem]"


@define
class Inbox:
    """Keeps, for each member of each tenant, the notices told to them; none stands there twice.

    It lives as long as the process, and a notice that was taken is gone with it; the inbox that stays is
    ``SqlStore.inbox()``.
    Threads may share one.

    >>> from datetime import UTC, datetime
    >>> from crmkit.domain.ids import Ref
    >>> notice = Notice(
    ...     id="E-1",
    ...     tenant="main",
    ...     record=Ref(entity="lead", id="L-1"),
    ...     version=2,
    ...     type="lead.scored",
    ...     at=datetime(2026, 1, 31, 8, tzinfo=UTC),
    ...     recipients=("M-1",),
    ... )
    >>> inbox = Inbox()
    >>> inbox.send(notice)
    >>> inbox.send(notice)  # told again after a crash
    >>> [item.notice.id for item in inbox.of("M-1")]
    ['E-1']
    """

    most: int = MOST
    _boxes: dict[tuple[str, MemberId], _Box] = field(init=False, factory=dict)
    _lock: threading.Lock = field(init=False, factory=threading.Lock)

    def send(self, notice: Notice) -> None:
        """Every recipient has the notice, unread unless it was read before."""
        with self._lock:
            for member_id in notice.recipients:
                box = self._boxes.setdefault((notice.tenant, member_id), {})
                if notice.id not in box:
                    box[notice.id] = InboxItem(notice=notice)
                    if len(box) > self.most:
                        del box[next(iter(box))]

    def of(self, member_id: MemberId, *, tenant: str = "main", unread: bool = False) -> Sequence[InboxItem]:
        """What the member has been told, the newest first; only what is ``unread`` if asked so."""
        with self._lock:
            items = list(self._boxes.get((tenant, member_id), {}).values())
        return [item for item in reversed(items) if not (unread and item.read)]

    def mark_read(self, member_id: MemberId, ids: Iterable[EventId], *, tenant: str = "main") -> int:
        """The member has read these notices; how many were unread before."""
        with self._lock:
            box = self._boxes.get((tenant, member_id), {})
            new = [id_ for id_ in dict.fromkeys(ids) if id_ in box and not box[id_].read]
            for id_ in new:
                box[id_] = InboxItem(notice=box[id_].notice, read=True)
        return len(new)
