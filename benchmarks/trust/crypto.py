"""Field encryption: what a field costs over bare AES-GCM, and what a save and a read cost over a store in the clear."""

import os
import statistics
from collections.abc import Callable
from functools import partial
from time import process_time_ns

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crmkit.adapters.crypto import Encryption, MemoryKeyStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.testing import a_lead
from harness import Bench, Line, at_most

FIELDS = 2_000
"""Fields of one round."""
ROUNDS = 15
TEXT = '[{"raw":"138 0013 8000","e164":"+8613800138000","region":"CN"}]'
PLACE = b"4:main32:0123456789abcdef0123456789abcdef4:lead3:L-16:phones"
LEAD = Ref(entity="lead", id="L-1")
OVER = "µs over bare AES-GCM"


def bare_seal(aes: AESGCM) -> None:
    """A random nonce and the cipher; nothing is kept, and nothing says where it belongs."""
    for _ in range(FIELDS):
        nonce = os.urandom(12)
        aes.encrypt(nonce, TEXT.encode(), PLACE)


def bare_open(aes: AESGCM, sealed: tuple[bytes, bytes]) -> None:
    for _ in range(FIELDS):
        aes.decrypt(*sealed, PLACE).decode()


def over(ours: Callable[[], None], bare: Callable[[], None]) -> float:
    """Microseconds of computing a field beyond the bare cipher, in the median of rounds that take turns."""
    found = []
    for _ in range(ROUNDS):
        start = process_time_ns()
        ours()
        middle = process_time_ns()
        bare()
        found.append(((middle - start) - (process_time_ns() - middle)) / FIELDS / 1_000)
    return statistics.median(found)


def opened(bench: Bench) -> SqlStore:
    return SqlStore(bench.sqlite_url(), encryption=Encryption(keys=MemoryKeyStore()))


def floor(_bench: Bench) -> float:
    aes = AESGCM(bytes(32))
    return over(partial(bare_seal, aes), lambda: None)


def seal_and_index(bench: Bench) -> float:
    """A field sealed under the key of its record, bound to its place, with a blind value beside it."""
    store = opened(bench)
    with store.begin() as uow:
        seals = uow._seals  # noqa: SLF001 - the part that does it
        seals.prepare([LEAD])

        def ours() -> None:
            for _ in range(FIELDS):
                seals.seal(LEAD, TEXT, "lead", "L-1", "phones")
                seals.blind("lead", "phones", TEXT)

        found = over(ours, partial(bare_seal, AESGCM(bytes(32))))
    store.close()
    return found


def open_again(bench: Bench) -> float:
    store = opened(bench)
    aes, nonce = AESGCM(bytes(32)), bytes(12)
    with store.begin() as uow:
        seals = uow._seals  # noqa: SLF001
        seals.prepare([LEAD])
        sealed = seals.seal(LEAD, TEXT, "lead", "L-1", "phones")

        def ours() -> None:
            for _ in range(FIELDS):
                seals.open(sealed, "lead", "L-1", "phones")

        found = over(ours, partial(bare_open, aes, (nonce, aes.encrypt(nonce, TEXT.encode(), PLACE))))
    store.close()
    return found


def against_clear(work: Callable[[SqlStore, int], None], bench: Bench) -> float:
    """How many times the computing time of the same store without encryption."""
    clear = SqlStore(bench.sqlite_url())
    stores, ratios = (opened(bench), clear), []
    for store in stores:
        work(store, -1)
    for number in range(ROUNDS):
        times = []
        for store in stores:
            start = process_time_ns()
            work(store, number)
            times.append(process_time_ns() - start)
        ratios.append(times[0] / times[1])
    for store in stores:
        store.close()
    return statistics.median(ratios)


def save_leads(store: SqlStore, number: int) -> None:
    leads = [a_lead(id=f"L-{number}-{place}", title="Head of purchasing") for place in range(100)]
    store.run(lambda uow: uow.save(*map(created, leads)))


def read_leads(store: SqlStore, number: int) -> None:
    if number < 0:
        save_leads(store, 0)
    with store.begin(read_only=True) as uow:
        assert len(uow.leads.find(F.source == "fair")) == 100


LINES = [
    Line("a field by bare AES-GCM, to compare with", "µs", None, floor),
    Line("a field sealed, with a blind index", OVER, at_most(15), seal_and_index),
    Line("a field opened", OVER, at_most(15), open_again),
    Line(
        "100 leads saved, all personal fields encrypted", "times in the clear", None, partial(against_clear, save_leads)
    ),
    Line(
        "100 leads read, all personal fields encrypted", "times in the clear", None, partial(against_clear, read_leads)
    ),
]
