"""Work in several processes that begin at the same moment."""

import json
import os
import sys
import traceback


def in_a_crowd(preparations, *, before=lambda: None):
    """What the works return, each of which is done in a process of its own.

    A preparation gets a process ready and returns the work. When all are ready ``before`` is called, and
    then they begin. The processes are forked, so that none of them has to import anything.
    """
    closed_gate, gate = os.pipe()
    crowd = []
    for prepare in preparations:
        said, say = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(gate)
            os._exit(_do(prepare, closed_gate, say))
        os.close(say)
        crowd.append((process, said))
    ready = [os.read(said, 1) for _, said in crowd]
    before()
    os.close(gate)
    answers = [_all_of(said) for _, said in crowd]
    ends = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process, _ in crowd]
    if set(ready) != {b"!"} or set(ends) != {0}:
        sys.exit(f"not all of a crowd ended well: {ends}")
    return [json.loads(answer) for answer in answers]


def _do(prepare, closed_gate, say):
    try:
        work = prepare()
        os.write(say, b"!")
        os.read(closed_gate, 1)
        with os.fdopen(say, "w") as answer:
            json.dump(work(), answer)
    except BaseException:  # noqa: BLE001 - told by whoever waits for it
        traceback.print_exc()
        return 1
    return 0


def _all_of(said):
    with os.fdopen(said) as answer:
        return answer.read()
