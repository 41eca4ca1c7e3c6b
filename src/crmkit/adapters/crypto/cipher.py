"""AES-256-GCM bound to a place, and blind indexes by HMAC-SHA256."""

import hmac
import os
from typing import Final

from crmkit.errors import MissingExtra, Undecipherable

__all__ = ["BLIND_BYTES", "KEY_BYTES", "Cipher", "blind", "new_key", "place"]

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
"""96 random bits (NIST SP 800-38D, 8.2.2): one key may seal 2**32 texts; a key here seals those of one record."""
BLIND_BYTES: Final = 16
"""128 bits of the HMAC: among a thousand million values two share one with a chance of 1 in 10**21."""


def new_key() -> bytes:
    """A new key from the system's randomness."""
    return os.urandom(KEY_BYTES)


def place(*parts: str) -> bytes:
    """The name of a place, in which no two lists of parts are alike.

    >>> place("main", "lead") == place("mai", "nlead")
    False
    """
    return b"".join(b"%d:%s" % (len(encoded), encoded) for encoded in (part.encode() for part in parts))


class Cipher:
    """Seals bytes at a place and opens them there, and nowhere else, with one 256-bit key.

    Raises:
        MissingExtra: cryptography is not installed.

    >>> cipher = Cipher(bytes(32))
    >>> sealed = cipher.seal(b"138 0013 8000", place("main", "lead", "L-1", "phones"))
    >>> cipher.open(sealed, place("main", "lead", "L-1", "phones"))
    b'138 0013 8000'
    >>> cipher.open(sealed, place("main", "lead", "L-2", "phones"))
    Traceback (most recent call last):
    crmkit.errors.Undecipherable: What is stored cannot be deciphered. ...
    """

    __slots__ = ("_decrypt", "_encrypt")

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ModuleNotFoundError as error:
            raise MissingExtra.named("crypto", package="cryptography") from error
        aes = AESGCM(key)
        self._encrypt = aes.encrypt
        self._decrypt = aes.decrypt

    def seal(self, plain: bytes, at: bytes) -> bytes:
        """``plain`` as nonce, ciphertext and tag; each call gives other bytes."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._encrypt(nonce, plain, at)

    def open(self, sealed: bytes, at: bytes) -> bytes:
        """What was sealed at this place.

        Raises:
            Undecipherable: it was changed or moved, or another key sealed it.
        """
        # cryptography is loaded: there is a cipher
        from cryptography.exceptions import InvalidTag

        try:
            return self._decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], at)
        except (InvalidTag, ValueError) as error:
            raise Undecipherable.changed() from error


def blind(key: bytes, at: bytes, text: str) -> str:
    """What stands for ``text`` in an index: equal for equal texts of one place, and telling nothing else.

    >>> at = place("main", "lead", "external_id")
    >>> blind(bytes(32), at, "A-1") == blind(bytes(32), at, "A-1")
    True
    """
    return hmac.digest(key, at + text.encode(), "sha256")[:BLIND_BYTES].hex()
