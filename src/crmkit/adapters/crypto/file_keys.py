"""Master keys in a file, for development: whoever reads the file reads everything."""

import json
import os
import tempfile
from pathlib import Path

from crmkit.adapters.crypto.memory_keys import MemoryKeyStore
from crmkit.errors import KeysUnavailable

__all__ = ["FileKeyStore"]


class FileKeyStore(MemoryKeyStore):
    """Documented at ``ports.KeyStore``. One process writes at a time; the file is its owner's only (0600).

    A new key is on the disk before anything is wrapped with it. Keep the file away from the database and
    from its backups; in production use a KMS behind the same port.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wrapped = FileKeyStore(pathlib.Path(folder) / "keys.json").wrap("main", b"k" * 32)
    ...     FileKeyStore(pathlib.Path(folder) / "keys.json").unwrap("main", wrapped) == b"k" * 32
    True
    """

    def __init__(self, path: "str | Path") -> None:
        super().__init__()
        self._path = Path(path)

    def _read(self, tenant: str) -> dict[int, bytes] | None:
        versions = self._all().get(tenant)
        return None if versions is None else {int(number): bytes.fromhex(key) for number, key in versions.items()}

    def _write(self, tenant: str, versions: dict[int, bytes]) -> None:
        known = self._all()
        known[tenant] = {str(number): key.hex() for number, key in versions.items()}
        try:
            # mkstemp makes the file with 0600; it takes the old one's place whole or not at all
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(known))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError as error:
            raise KeysUnavailable("The key file cannot be written.", hint="Check its folder.") from error

    def _all(self) -> dict[str, dict[str, str]]:
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise KeysUnavailable("The key file cannot be read.", hint="Check its permissions.") from error
        found: dict[str, dict[str, str]] = json.loads(text)
        return found
