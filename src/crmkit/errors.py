"""The errors crmkit raises, drawn as one tree.

::

    CrmError
    ├── InvalidInput            your data: names the field and the mend
    │   ├── InvalidCondition    a condition that does not fit the fields, every problem listed
    │   ├── UnknownField        a name that the entity does not have
    │   └── UnknownKind         a rule part that the rule book does not know
    ├── NotAllowed              the rules say no
    │   └── Suppressed          whoever it is about was erased and is not to be held again
    ├── Conflict                somebody else was faster
    │   ├── StaleVersion        the record changed since it was read
    │   ├── Duplicate           a unique value is taken
    │   └── AlreadyClaimed      the record has an owner by now
    ├── NotFound                no such record for this tenant
    ├── StorageFailed           the store did not do it
    │   ├── StorageBusy         a passing fault: the same call may succeed
    │   ├── OutcomeUnknown      the connection broke while committing
    │   ├── SchemaMismatch      the database is older or newer than this library
    │   ├── Undecipherable      what is encrypted was changed or moved
    │   └── KeysUnavailable     the key store does not give a key
    ├── DeliveryFailed          a channel did not take a message
    │   ├── DeliveryDeferred    it has no room just now: later, and nobody failed
    │   └── DeliveryUnknown     it may have taken it: ask before sending again
    └── MissingExtra            an optional package is not installed

Every error has a stable ``code``, the ``params`` a host may render in its own words, and a ``hint``
how to mend it. Messages carry names of fields and ids, never personal data.
"""

from collections.abc import Iterable
from typing import ClassVar

from attrs import frozen

__all__ = [
    "AlreadyClaimed",
    "Conflict",
    "CrmError",
    "DeliveryDeferred",
    "DeliveryFailed",
    "DeliveryUnknown",
    "Duplicate",
    "InvalidCondition",
    "InvalidInput",
    "KeysUnavailable",
    "MissingExtra",
    "NotAllowed",
    "NotFound",
    "OutcomeUnknown",
    "OutdatedKeys",
    "Problem",
    "SchemaMismatch",
    "StaleVersion",
    "StorageBusy",
    "StorageFailed",
    "Suppressed",
    "Undecipherable",
    "UnknownField",
    "UnknownKind",
    "UnreadableRecord",
]


class CrmError(Exception):
    """Anything crmkit raises on purpose."""

    code: ClassVar[str] = "crm.error"

    def __init__(self, message: str, *, hint: str = "", **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.params = params

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


@frozen
class Problem:
    """One thing wrong with what was given: the field, a stable code, what is wrong, how to mend it."""

    field: str
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.message} {self.hint}".rstrip()


class InvalidInput(CrmError):
    """Your data does not fit; nothing was written.

    >>> error = InvalidInput("must be aware of its time zone.", field="due_at", hint="Add tzinfo.")
    >>> str(error)
    'due_at: must be aware of its time zone. Add tzinfo.'
    >>> error.problems[0].field
    'due_at'
    """

    code = "input.invalid"

    def __init__(
        self,
        message: str = "",
        *,
        field: str = "",
        hint: str = "",
        problems: Iterable[Problem] = (),
        **params: object,
    ) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems) or (Problem(field, self.code, message, hint),)
        self.field = field or self.problems[0].field
        super().__init__(message or "\n".join(map(str, self.problems)), hint=hint, **params)
        self._lists = not message

    def __str__(self) -> str:
        text = super().__str__()
        return f"{self.field}: {text}" if self.field and not self._lists else text


class InvalidCondition(InvalidInput):
    """A condition does not fit the fields it speaks of; ``problems`` lists all of them."""

    code = "condition.invalid"


class UnknownField(InvalidInput):
    """The entity has no field of that name."""

    code = "field.unknown"


class UnknownKind(InvalidInput):
    """The rule book has no part of that ``kind``."""

    code = "kind.unknown"


class NotAllowed(CrmError):
    """The rules say no to this command."""

    code = "not_allowed"


class Suppressed(NotAllowed):
    """Whoever the record is about was erased, and is not to be held again."""

    code = "suppressed"


class Conflict(CrmError):
    """Somebody else was faster; read again and decide anew."""

    code = "conflict"


class StaleVersion(Conflict):
    """The record changed since it was read."""

    code = "conflict.stale_version"


class Duplicate(Conflict):
    """A value that must be unique is taken."""

    code = "conflict.duplicate"


class AlreadyClaimed(Conflict):
    """The record has an owner by now."""

    code = "conflict.already_claimed"


class NotFound(CrmError):
    """No such record for this tenant."""

    code = "not_found"


class StorageFailed(CrmError):
    """The store did not do it; the cause is chained."""

    code = "storage.failed"


class StorageBusy(StorageFailed):
    """A passing fault (deadlock, lock time-out, serialisation): the whole unit of work may be tried again."""

    code = "storage.busy"


class OutcomeUnknown(StorageFailed):
    """The connection broke while committing: look the idempotency key up before trying again."""

    code = "storage.outcome_unknown"


class UnreadableRecord(StorageFailed):
    """A stored record no longer is what its entity may be; ``params`` names it as ``entity`` and ``id``."""

    code = "storage.unreadable"


class SchemaMismatch(StorageFailed):
    """The database was made by an older or a newer crmkit."""

    code = "storage.schema_mismatch"


class Undecipherable(StorageFailed):
    """What is encrypted was changed, moved to another place, or sealed with another key."""

    code = "storage.undecipherable"

    @classmethod
    def changed(cls, **params: object) -> "Undecipherable":
        """The error about what stands at a place that ``params`` name."""
        hint = "It was changed or moved, or the key is another one: restore it."
        return cls("What is stored cannot be deciphered.", hint=hint, **params)


class KeysUnavailable(StorageFailed):
    """The key store cannot be reached, or the keys were destroyed."""

    code = "storage.keys_unavailable"

    @classmethod
    def destroyed(cls) -> "KeysUnavailable":
        """The error about a tenant whose master key is gone."""
        return cls("There is no such master key.", hint="It was destroyed, or this is another key store.")


class OutdatedKeys(UserWarning):
    """The stored match keys were made by another version, so records that were saved earlier may not be found.

    A warning and no error: saving goes on, and ``services.rekey`` mends it.
    """

    @classmethod
    def between(cls, stored: int, own: int) -> "OutdatedKeys":
        """The warning of a store whose function has the version ``own`` about keys of the version ``stored``."""
        return cls(
            f"Match keys are of version {stored}, this crmkit makes version {own}: known records may not be found. "
            "Make them anew with rekey(ctx)."
        )


class DeliveryFailed(CrmError):
    """A channel did not take a message; the relay tries again later, after ``params["retry_after"]`` seconds at least."""

    code = "delivery.failed"


class DeliveryDeferred(DeliveryFailed):
    """A channel has no room just now; the relay waits ``params["retry_after"]`` seconds and gives nothing up."""

    code = "delivery.deferred"


class DeliveryUnknown(DeliveryFailed):
    """A channel may have taken a message and cannot say; it has to be asked before the message is sent again."""

    code = "delivery.unknown"


class MissingExtra(CrmError):
    """An optional package is not installed.

    >>> str(MissingExtra.named("sql", package="sqlalchemy"))
    "sqlalchemy is not installed. Install it with: pip install 'crmkit[sql]'"
    """

    code = "extra.missing"

    @classmethod
    def named(cls, extra: str, *, package: str) -> "MissingExtra":
        """The error for ``package``, which comes with ``extra``."""
        hint = f"Install it with: pip install 'crmkit[{extra}]'"
        return cls(f"{package} is not installed.", hint=hint, extra=extra, package=package)
