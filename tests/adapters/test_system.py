"""The machine's clock and ids, and trying again after a passing fault."""

import threading
import time
import uuid
from datetime import UTC

import pytest

from crmkit.adapters.retrying import Retry
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.errors import InvalidInput, StaleVersion, StorageBusy


def test_the_clock_is_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_ids_are_uuids_of_version_7_in_order_and_never_twice() -> None:
    ids = Uuid7()
    found = [ids.new() for _ in range(10_000)]
    assert found == sorted(set(found))
    parsed = uuid.UUID(found[0])
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)


def test_ids_stay_in_order_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = Uuid7()
    before = ids.new()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    after = [ids.new() for _ in range(10_000)]
    assert [before, *after] == sorted([before, *after])


def test_threads_never_get_the_same_id() -> None:
    ids, found = Uuid7(), []
    threads = [threading.Thread(target=lambda: found.extend(ids.new() for _ in range(2_000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 16_000


def retry(slept: list[float]) -> Retry:
    return Retry(random=lambda: 1.0, sleep=slept.append, tries=4)


@pytest.mark.parametrize("fault", [StorageBusy("busy"), StaleVersion("stale")])
def test_a_passing_fault_is_tried_again_with_growing_pauses(fault: Exception) -> None:
    slept: list[float] = []
    answers = iter([fault, fault, None])

    def work() -> str:
        answer = next(answers)
        if answer is not None:
            raise answer
        return "done"

    assert retry(slept).call(work) == "done"
    assert slept == [0.02, 0.04]


def test_the_last_fault_is_raised_and_other_errors_at_once() -> None:
    slept: list[float] = []

    def busy() -> None:
        raise StorageBusy("busy")

    def wrong() -> None:
        raise InvalidInput("wrong")

    with pytest.raises(StorageBusy):
        retry(slept).call(busy)
    assert slept == [0.02, 0.04, 0.08]
    with pytest.raises(InvalidInput):
        retry(slept).call(wrong)
    assert len(slept) == 3
