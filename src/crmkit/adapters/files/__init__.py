"""Files that people exchange: tables read tolerantly, written safely."""

from crmkit.adapters.files.csv import ENCODINGS, RowReader, read_rows, write_rows
from crmkit.adapters.files.rows import STANDARD_LIMITS, SURPLUS, Limits, Row, RowProblem

__all__ = [
    "ENCODINGS",
    "STANDARD_LIMITS",
    "SURPLUS",
    "Limits",
    "Row",
    "RowProblem",
    "RowReader",
    "read_rows",
    "write_rows",
]
