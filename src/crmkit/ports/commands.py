"""Answers of commands that were given an idempotency key, so that a repeat gets the same answer."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

__all__ = ["Commands"]

T = TypeVar("T")


class Commands(Protocol):
    """Kept per tenant in the same transaction as what the command wrote."""

    def recall(self, key: str, answer: type[T]) -> T | None:
        """The answer remembered under ``key``, or ``None``.

        Raises:
            Conflict: ``key`` belongs to another kind of command, one that answers something else.
        """
        ...

    def remember(self, key: str, answer: object) -> None:
        """``answer`` (a ``@model`` value) is what a repeat of ``key`` gets.

        Raises:
            Duplicate: somebody else remembered an answer under ``key`` meanwhile.
        """
        ...

    def forget(self, texts: Iterable[str], *, ids: Iterable[str] = ()) -> int:
        """No answer is remembered in which one of ``texts`` stands, whole or in part, or one of ``ids`` as it is.

        A repeat of such a command runs again. Returns how many were forgotten. Reads all answers of the tenant.
        """
        ...
