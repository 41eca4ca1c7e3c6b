"""Seals of the audit trail in a file that is only ever written at its end."""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from crmkit.domain.stewardship.chain import Seal
from crmkit.errors import DeliveryFailed

__all__ = ["FileAnchor"]


class FileAnchor:
    """An ``Anchor``: a line of JSON for each seal, on the disk when ``publish`` returns.

    It proves something when whoever can write the database cannot write this file: on another machine,
    on storage that keeps what was written, or with what it holds printed or posted now and then.

    >>> import tempfile, pathlib
    >>> from datetime import UTC, datetime
    >>> seal = Seal(number=1, first=1, last=40, hash="0" * 64, at=datetime(2026, 1, 31, tzinfo=UTC))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     anchor = FileAnchor(pathlib.Path(folder) / "seals.jsonl")
    ...     anchor.publish("main", seal)
    ...     anchor.seals("main") == [seal]
    True
    """

    def __init__(self, path: "str | Path") -> None:
        self._path = Path(path)

    def publish(self, tenant: str, seal: Seal) -> None:
        """The seal stands at the end of the file.

        Raises:
            DeliveryFailed: the file cannot be written.
        """
        told = {"tenant": tenant, "number": seal.number, "first": seal.first, "last": seal.last, "hash": seal.hash}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**told, "at": seal.at.isoformat()}) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DeliveryFailed("The seal cannot be written.", hint="Check the folder of the anchor.") from error

    def seals(self, tenant: str) -> Sequence[Seal]:
        """The seals of ``tenant``, oldest first."""
        if not self._path.exists():
            return []
        lines = [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]
        return [
            Seal(
                number=line["number"],
                first=line["first"],
                last=line["last"],
                hash=line["hash"],
                at=datetime.fromisoformat(line["at"]),
            )
            for line in lines
            if line["tenant"] == tenant
        ]
