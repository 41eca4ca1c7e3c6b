from core import reads, writes, conditions, transitions, imports
from core.databases import DATABASES
LINES = [line for database in DATABASES for line in [*reads.lines(database), *writes.lines(database)]]
LINES += conditions.LINES + transitions.LINES + imports.LINES
