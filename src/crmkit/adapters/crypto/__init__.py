"""Ciphers for personal fields and key stores for development; the extra ``crypto`` brings what they need."""

from crmkit.adapters.crypto.cipher import Cipher, blind, place
from crmkit.adapters.crypto.encryption import INDEXED, Encryption
from crmkit.adapters.crypto.file_keys import FileKeyStore
from crmkit.adapters.crypto.memory_keys import MemoryKeyStore

__all__ = ["INDEXED", "Cipher", "Encryption", "FileKeyStore", "MemoryKeyStore", "blind", "place"]
