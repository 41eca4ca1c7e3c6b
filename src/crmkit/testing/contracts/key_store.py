"""What a key store promises."""

import pytest

from crmkit.errors import KeysUnavailable, Undecipherable
from crmkit.ports.key_store import KeyStore, WrappedKey

__all__ = ["KeyStoreContract"]

KEY = bytes(range(32))


class KeyStoreContract:
    """Everything that ``ports.KeyStore`` promises. Required fixture: ``keys``, a key store without tenants."""

    def test_what_was_wrapped_is_unwrapped(self, keys: KeyStore) -> None:
        """The key comes back, and is not to be seen in what is stored."""
        wrapped = keys.wrap("main", KEY)

        assert keys.unwrap("main", wrapped) == KEY
        assert KEY not in wrapped.sealed

    def test_each_wrap_looks_different(self, keys: KeyStore) -> None:
        """Whoever reads what is stored cannot tell equal keys."""
        assert keys.wrap("main", KEY) != keys.wrap("main", KEY)

    def test_versions_begin_with_the_first_wrap(self, keys: KeyStore) -> None:
        """A tenant that is new has no version yet."""
        assert keys.current("main") == 0
        assert keys.wrap("main", KEY).version == keys.current("main") == 1

    def test_older_versions_still_unwrap(self, keys: KeyStore) -> None:
        """A rotation loses nothing."""
        old = keys.wrap("main", KEY)
        assert keys.rotate("main") == keys.current("main") == 2
        new = keys.wrap("main", KEY)

        assert (old.version, new.version) == (1, 2)
        assert keys.unwrap("main", old) == keys.unwrap("main", new) == KEY

    def test_versions_are_not_mistaken_for_each_other(self, keys: KeyStore) -> None:
        """What one version wrapped another does not unwrap."""
        old = keys.wrap("main", KEY)
        keys.rotate("main")

        with pytest.raises(Undecipherable):
            keys.unwrap("main", WrappedKey(2, old.sealed))
        with pytest.raises(KeysUnavailable):
            keys.unwrap("main", WrappedKey(3, old.sealed))

    def test_tenants_do_not_unwrap_each_others(self, keys: KeyStore) -> None:
        """Each has keys of its own."""
        wrapped = keys.wrap("main", KEY)
        keys.wrap("other", KEY)

        with pytest.raises(Undecipherable):
            keys.unwrap("other", wrapped)

    def test_what_was_changed_is_noticed(self, keys: KeyStore) -> None:
        """Each byte counts."""
        wrapped = keys.wrap("main", KEY)

        for at in (0, len(wrapped.sealed) // 2, len(wrapped.sealed) - 1):
            sealed = wrapped.sealed[:at] + bytes([wrapped.sealed[at] ^ 1]) + wrapped.sealed[at + 1 :]
            with pytest.raises(Undecipherable):
                keys.unwrap("main", WrappedKey(wrapped.version, sealed))

    def test_destroyed_keys_are_gone(self, keys: KeyStore) -> None:
        """Nothing unwraps any more, nothing new is wrapped, and other tenants keep theirs."""
        mine, others = keys.wrap("main", KEY), keys.wrap("other", KEY)
        keys.destroy("main")
        keys.destroy("main")

        for use in (lambda: keys.unwrap("main", mine), lambda: keys.wrap("main", KEY), lambda: keys.rotate("main")):
            with pytest.raises(KeysUnavailable):
                use()
        assert keys.unwrap("other", others) == KEY
