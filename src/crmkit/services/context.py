"""What every use case is given: the ports, the rule book and who acts."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from attrs import field, frozen

from crmkit.domain.stewardship.audit import Acting
from crmkit.ports.allocator import Allocator
from crmkit.ports.audit_chain import Anchor
from crmkit.ports.clock import Clock, IdSource
from crmkit.ports.notifier import Notifier
from crmkit.ports.performers import HostSide
from crmkit.ports.presence import Presence
from crmkit.ports.references import References
from crmkit.ports.store import Store, UnitOfWork
from crmkit.rules.rulebook import RuleBook

__all__ = ["Context"]

A = TypeVar("A")


@frozen(kw_only=True)
class Context:
    """The ports bound together; ``acting`` is who every command is done by."""

    store: Store
    clock: Clock
    ids: IdSource
    notifier: Notifier
    book: RuleBook
    acting: Acting = Acting()
    references: tuple[References, ...] = ()
    """Rows of the host's own that a merge moves along."""
    presence: Presence | None = None
    """Who is there just now; without one everybody."""
    allocator: Allocator | None = None
    """Gives many records at once, where a policy asks for it."""
    anchor: Anchor | None = None
    """Where the seals of the audit trail are kept outside the database."""
    host: HostSide = HostSide()
    """What the host does for automation rules."""

    suppression_key: bytes = field(default=b"", repr=False)
    """The secret that erased people's phones and addresses are hashed with; without one, a fixed key of the tenant."""

    def command(
        self, work: Callable[[UnitOfWork, datetime], A], answer: type[A], *, idempotency_key: str | None = None
    ) -> A:
        """Run ``work`` in one transaction at one ``now`` and return its answer.

        With an ``idempotency_key`` the answer is remembered in the same transaction, and a repeat of
        the command gets that answer without doing anything.
        """

        def once(uow: UnitOfWork) -> A:
            if idempotency_key is None:
                return work(uow, self.clock.now())
            # taken first, so that of two equal commands the second waits and finds the answer
            uow.lock(f"command:{idempotency_key}")
            known = uow.commands.recall(idempotency_key, answer)
            if known is not None:
                return known
            result = work(uow, self.clock.now())
            uow.commands.remember(idempotency_key, result)
            return result

        return self.store.run(once, self.acting)
