"""A connection that is cut while committing: the outcome is unknown, said so, and can be found out."""

import os
import select
import socket
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from crmkit.adapters.retrying import Retry
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.errors import OutcomeUnknown, StorageBusy, StorageFailed
from crmkit.testing import a_lead

ANSWER = Ref(entity="lead", id="L-1")


class Wire:
    """A socket between client and server that cuts the line when the client says COMMIT."""

    def __init__(self, directory: Path, server: str) -> None:
        self.server = server
        self.cut = ""
        """When to cut: "before" the COMMIT is passed on, or "after" it, in the place of its answer."""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(directory / ".s.PGSQL.5432"))
        self.listener.listen()
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    def accept(self):
        with self.listener:
            while True:
                try:
                    client, _ = self.listener.accept()
                except OSError:
                    return
                self.threads.append(threading.Thread(target=self.pump, args=(client,)))
                self.threads[-1].start()

    def pump(self, client):
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self.server)
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for source in ready:
                    piece = source.recv(65_536)
                    committing = source is client and b"COMMIT" in piece
                    if not piece or (committing and self.cut == "before"):
                        return
                    (server if source is client else client).sendall(piece)
                    if committing and self.cut == "after":
                        server.recv(65_536)  # the answer that the client does not get
                        return

    def close(self):
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(10)


@pytest.fixture
def wire(postgres_schema):
    url = make_url(postgres_schema)
    if not url.query.get("host", "").startswith("/"):
        pytest.skip("the server of this run is not reached by a socket of its own")
    with tempfile.TemporaryDirectory(prefix="w", dir="/tmp") as directory:  # a socket's path must be short
        wire = Wire(Path(directory), f"{url.query['host']}/.s.PGSQL.{url.query.get('port', 5432)}")
        yield wire, url.update_query_dict({"host": directory, "port": "5432"}).render_as_string(hide_password=False)
        wire.close()


@contextmanager
def cut(wire, when):
    wire.cut = when
    yield
    wire.cut = ""


@pytest.fixture
def store(wire):
    store = SqlStore(wire[1], retry=Retry(random=lambda: 0.0, sleep=lambda _: None))
    yield store
    store.close()


def command(uow):
    uow.save(created(a_lead()))
    uow.commands.remember("key", ANSWER)


def commit(store):
    with store.begin() as uow:
        command(uow)
        uow.commit()


def forget(uow):
    for table in ("crm_leads", "crm_keys", "crm_commands"):
        uow._connection.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(("when", "happened"), [("before", False), ("after", True)])
def test_a_cut_at_commit_is_reported_and_the_answer_tells_what_happened(wire, store, when, happened):
    with cut(wire[0], when), pytest.raises(OutcomeUnknown) as failure:
        commit(store)

    assert failure.value.code == "storage.outcome_unknown"
    assert "idempotency key" in failure.value.hint
    with store.begin() as uow:
        assert uow.commands.recall("key", ANSWER.__class__) == (ANSWER if happened else None)
        assert uow.leads.count() == happened


@pytest.mark.parametrize("when", ["before", "after"])
def test_work_of_unknown_outcome_is_not_done_again_by_itself(wire, store, when):
    """``run`` tries passing faults again; this one might have happened."""
    tries = []

    with cut(wire[0], when), pytest.raises(OutcomeUnknown):
        store.run(lambda uow: (tries.append(uow), command(uow)))
    assert len(tries) == 1


def test_a_repeat_after_looking_the_key_up_does_it_once(wire, store):
    for when in ("before", "after"):
        with cut(wire[0], when), pytest.raises(OutcomeUnknown):
            store.run(command)
        if store.run(lambda uow: uow.commands.recall("key", Ref)) is None:
            store.run(command)
        with store.begin() as uow:
            assert (uow.leads.count(), uow.commands.recall("key", Ref)) == (1, ANSWER)
        store.run(forget)


def test_the_outbox_says_the_same(wire, store):
    store.run(command)
    with cut(wire[0], "after"), pytest.raises(OutcomeUnknown):
        store.outbox.discard([])
    assert store.outbox.backlog() == 0


def test_a_line_that_is_cut_before_commit_is_a_passing_fault(wire, store):
    """Nothing can have been written, so the work is simply done again."""
    tries = []

    def work(uow):
        tries.append(uow)
        if len(tries) == 1:
            hang_up(uow)
        command(uow)

    store.run(work)
    assert len(tries) == 2
    with store.begin() as uow:
        assert uow.leads.count() == 1


def hang_up(uow):
    line = socket.socket(fileno=os.dup(uow._connection.driver.fileno()))
    line.shutdown(socket.SHUT_RDWR)
    line.close()


def test_a_server_that_is_gone_is_no_passing_fault(wire, store):
    store._engine.dispose()
    wire[0].close()

    with pytest.raises(StorageFailed) as failure:
        store.run(command)
    assert not isinstance(failure.value, StorageBusy)
