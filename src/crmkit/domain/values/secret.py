"""A secret that does not tell itself: in no log, error, explanation, pickle or JSON."""

import hmac
from typing import Final, NoReturn, Self, final

from crmkit.errors import InvalidInput

__all__ = ["Secret"]

MASKED: Final = "•••"


@final
class Secret:
    """A text that is shown as ``•••`` wherever it is printed; ``reveal()`` alone gives it.

    It is compared in constant time, has no hash, and cannot be pickled.

    Raises:
        InvalidInput: it is no text, or an empty one.

    >>> key = Secret("SEC-0000")
    >>> key
    Secret('•••')
    >>> f"the key is {key}"
    'the key is •••'
    >>> key == Secret("SEC-0000"), key.reveal()
    (True, 'SEC-0000')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        given: object = value
        if not isinstance(given, str) or not given:
            raise InvalidInput("is not a text, or is empty.", field="Secret", hint="Give the secret itself.")
        object.__setattr__(self, "_value", value)

    def reveal(self) -> str:
        """The text itself; call it where it is used, and keep the answer nowhere."""
        value: str = object.__getattribute__(self, "_value")
        return value

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Secret({MASKED!r})"

    def __str__(self) -> str:
        return MASKED

    def __format__(self, spec: str) -> str:
        return format(MASKED, spec)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("A secret is not pickled.")
