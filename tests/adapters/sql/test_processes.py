"""One store, several processes and threads: a server that forks, a unit of work that strays."""

import subprocess
import sys

import pytest

from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.errors import StorageFailed
from crmkit.testing import a_lead, a_task
from crmkit.testing.contracts.threads import in_thread

FORKS_AFTER_CONNECTING = """
import os, sys, traceback
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.testing import NOW, a_lead

store = SqlStore(sys.argv[1])
store.run(lambda uow: uow.save(created(a_lead(score=0))))
with store.begin() as left_open:  # its connection is used again by whoever comes next
    left_open.leads.count()

def add(uow):
    lead = uow.leads.get("L-1", locking="wait")
    uow.save(changed(lead, now=NOW, score=lead.score + 1))

children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        try:
            for _ in range(5):
                store.run(add)
            store.outbox.backlog()
            store.close()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    children.append(child)
for _ in range(5):
    store.run(add)  # the parent goes on meanwhile, over connections of its own
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
with store.begin() as uow:
    print(codes, uow.leads.get("L-1").score)
store.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_store_survives_a_fork_after_it_connected(database_url):
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS_AFTER_CONNECTING, database_url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (run.stdout.strip(), run.stderr) == ("[0, 0, 0, 0] 25", "")


def test_a_unit_of_work_that_is_ended_by_another_thread_writes_nothing(database_url):
    store = SqlStore(database_url)
    block = store.begin()
    block.__enter__().save(created(a_lead()))

    assert isinstance(in_thread(block.__exit__, None, None, None).error(), StorageFailed)
    store.run(lambda uow: uow.save(created(a_task())))  # its connection went back to the pool, and works
    with store.begin() as uow:
        assert (uow.leads.count(), uow.tasks.count()) == (0, 1)
    store.close()
