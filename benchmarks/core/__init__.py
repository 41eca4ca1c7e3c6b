"""The core: stores against raw drivers, conditions and transitions against peers, and what the import costs."""

from core import conditions, imports, reads, sweep, transitions, writes
from core.databases import DATABASES

LINES = [
    *[
        line
        for database in DATABASES
        for line in (*reads.lines(database), *writes.lines(database), *sweep.lines(database))
    ],
    *conditions.LINES,
    *transitions.LINES,
    *imports.LINES,
]
