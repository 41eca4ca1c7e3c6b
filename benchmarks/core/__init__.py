from core import reads, writes
from core.databases import DATABASES
LINES = [line for database in DATABASES for line in [*reads.lines(database), *writes.lines(database)]]
