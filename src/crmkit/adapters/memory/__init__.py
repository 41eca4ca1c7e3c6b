"""A store in memory: the reference that other stores are compared with, and the one for tests and notebooks."""

from crmkit.adapters.memory.store import MemoryStore

__all__ = ["MemoryStore"]
