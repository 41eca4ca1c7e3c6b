"""Ciphers are bound to their place; key stores keep to their port."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.crypto import Cipher, FileKeyStore, MemoryKeyStore, blind, place
from crmkit.errors import KeysUnavailable, Undecipherable
from crmkit.testing.contracts import KeyStoreContract

KEY = bytes(range(32))
PARTS = st.lists(st.text(max_size=12), min_size=1, max_size=5)


class TestMemoryKeyStore(KeyStoreContract):
    @pytest.fixture
    def keys(self):
        return MemoryKeyStore()


class TestFileKeyStore(KeyStoreContract):
    @pytest.fixture
    def keys(self, tmp_path):
        return FileKeyStore(tmp_path / "keys.json")


@given(plain=st.binary(max_size=200), parts=PARTS)
def test_what_is_sealed_is_opened(plain, parts):
    cipher = Cipher(KEY)

    assert cipher.open(cipher.seal(plain, place(*parts)), place(*parts)) == plain


@given(plain=st.binary(max_size=40), parts=PARTS)
def test_each_byte_that_is_flipped_is_noticed(plain, parts):
    sealed = Cipher(KEY).seal(plain, place(*parts))

    for at in range(len(sealed)):
        flipped = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(Undecipherable):
            Cipher(KEY).open(flipped, place(*parts))


@given(plain=st.binary(max_size=40), parts=PARTS, cut=st.integers(min_value=0, max_value=30))
def test_what_is_cut_is_noticed(plain, parts, cut):
    sealed = Cipher(KEY).seal(plain, place(*parts))

    with pytest.raises(Undecipherable):
        Cipher(KEY).open(sealed[: min(cut, len(sealed) - 1)], place(*parts))


@given(one=PARTS, other=PARTS)
def test_what_was_moved_is_noticed(one, other):
    sealed = Cipher(KEY).seal(b"x", place(*one))

    if one != other:
        assert place(*one) != place(*other)
        with pytest.raises(Undecipherable):
            Cipher(KEY).open(sealed, place(*other))


def test_equal_texts_are_sealed_differently():
    cipher = Cipher(KEY)

    assert len({cipher.seal(b"x", b"here") for _ in range(1_000)}) == 1_000


@given(one=st.text(max_size=20), other=st.text(max_size=20))
def test_blind_values_are_equal_where_texts_are(one, other):
    here = place("main", "lead", "external_id")

    assert (blind(KEY, here, one) == blind(KEY, here, other)) == (one == other)
    assert blind(KEY, here, one) != blind(KEY, place("main", "filing_mark", "key"), one)
    assert blind(KEY, here, one) != blind(bytes(32), here, one)


def test_the_key_file_is_its_owners_only(tmp_path):
    file = tmp_path / "keys.json"
    FileKeyStore(file).wrap("main", KEY)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_another_process_reads_the_same_file(tmp_path):
    wrapped = FileKeyStore(tmp_path / "keys.json").wrap("main", KEY)

    assert FileKeyStore(tmp_path / "keys.json").unwrap("main", wrapped) == KEY


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(KeysUnavailable):
        FileKeyStore(tmp_path / "nowhere" / "keys.json").wrap("main", KEY)


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(KeysUnavailable):
        FileKeyStore(tmp_path).current("main")
