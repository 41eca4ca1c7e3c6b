"""What ``import crmkit`` costs beside ``import attrs``: each in fresh interpreters, which take turns."""

import statistics
import subprocess
import sys

from harness import Bench, Line, at_most

__all__ = ["LINES"]

PROGRAM = """
from time import process_time
started = process_time()
import {module}
taken = process_time() - started
assert {module}.__file__, "there is no {module}/__init__.py"
print(taken)
"""
ROUNDS = 25


def seconds(module: str) -> float:
    """How long a fresh interpreter takes to import ``module``; starting it up is not counted."""
    program = PROGRAM.format(module=module)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise ImportError(told.stderr.strip().rpartition("\n")[2])
    return float(told.stdout)


def _import(_: Bench) -> float:
    for module in ("crmkit", "attrs"):
        seconds(module)  # writes the bytecode
    return statistics.median([seconds("crmkit") / seconds("attrs") for _ in range(ROUNDS)])


LINES = [Line("import crmkit, beside import attrs", "× import attrs", at_most(4), _import)]
