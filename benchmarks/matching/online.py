"""The check before a record is saved, against a million stored ones: its lines are still to be written.

Owed are the time of a check beside a bare probe by one exact key, on SQLite and Postgres (at most 20×), and how many
of the records that belong to a corrupted, newly arriving lead are among its candidates (at least .95);
``metrics.candidate_recall`` and ``people.own_people`` are there for it.
"""

from harness import Line

__all__ = ["LINES"]

LINES: list[Line] = []
