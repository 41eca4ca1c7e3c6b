"""Calls every service once on a store, and prints a digest of all that was answered, written and told.

``python decider.py STORE [--words]``: ``memory``, or the address of an empty database; ``--words`` prints the log itself.
It runs under time zones, locales and hash seeds of ``test_environments``; none may show in a single word.
"""

import hashlib
import importlib.util
import locale
import re
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import ModuleType

import attrs

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.errors import CrmError
from crmkit.services.context import Context
from crmkit.testing.history import History, Told

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Ids that a store gives entries of its trail by itself, from the time and at random."""


def module_of(name: str) -> ModuleType:
    """The module of that file beside this one."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words(value: object) -> object:
    """``value`` in words that say everything but the order of sets, which have none; that of mappings counts."""
    if attrs.has(type(value)):
        told = attrs.asdict(value, recurse=False)
        return f"{type(value).__name__}({', '.join(f'{name}={words(each)}' for name, each in told.items())})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{words(key)}: {words(each)}' for key, each in value.items())}}}"
    if isinstance(value, AbstractSet):
        return f"{{{', '.join(sorted(map(str, map(words, value))))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(str(words(each)) for each in value)}]"
    if isinstance(value, Iterator):
        return words(list(value))
    return repr(value)


def log_of(ctx: Context, tried: ModuleType) -> Iterator[str]:
    """A line for every answer and error, every row with its trail, and every notice."""
    for name, call in tried.SERVICES.items():
        tried.KEY = f"key of {name}"
        try:
            answer = words(call(ctx))
        except CrmError as error:
            answer = f"{type(error).__name__}: {error}"
        yield f"{name}: {answer}"
    yield from (f"{name}: {told}" for name, told in sorted(History.of(ctx.store).in_words().items()))
    untold = Told()
    untold.drain(ctx.store.outbox, now=ctx.clock.now())
    yield untold.in_words()


def main(where: str, *options: str) -> None:
    """The log of one store, as a digest or in words."""
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        print("this machine does not have the locale", file=sys.stderr)
    company, tried = module_of("conftest"), module_of("test_every_service")
    store = MemoryStore() if where == "memory" else SqlStore(where)
    company.found(store)
    log = [UUID.sub("an id", line) for line in log_of(company.fresh(store), tried)]
    if "--words" in options:
        sys.stdout.buffer.write("\n".join(log).encode())
    else:
        print(len(log), hashlib.sha256("\n".join(log).encode()).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
