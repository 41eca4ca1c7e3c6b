r"""CSV and TSV files as people and old systems make them: read in flat memory, nothing dropped silently.

>>> import io
>>> file = io.BytesIO("姓名;电话\n王芳;138 0013 8000\n李强\n".encode("gb18030"))
>>> reader = read_rows(file)
>>> reader.encoding, reader.delimiter, reader.headings
('gb18030', ';', ('姓名', '电话'))
>>> [dict(row.values) for row in reader]
[{'姓名': '王芳', '电话': '138 0013 8000'}, {'姓名': '李强', '电话': ''}]
>>> reader.problems
(RowProblem(number=3, code='missing_cells', message='has 1 of 2 cells', skipped=False),)
"""

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Self

from crmkit.adapters.files.decoding import Fault, Source, open_source
from crmkit.adapters.files.formulas import restore
from crmkit.adapters.files.headings import named, refuse_controls, tidy
from crmkit.adapters.files.records import Record, Records
from crmkit.adapters.files.rows import STANDARD_LIMITS, SURPLUS, Limits, Row, RowProblem
from crmkit.adapters.files.writing import write_rows
from crmkit.errors import InvalidInput

__all__ = ["ENCODINGS", "RowReader", "read_rows", "write_rows"]

ENCODINGS = ("utf-8", "gb18030")
"""What is tried when a file has no byte-order mark. GB18030 includes GBK and GB2312."""


def read_rows(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    encodings: Sequence[str] = ENCODINGS,
    delimiter: str = "",
    skip_rows: int = 0,
    written_here: bool = False,
    limits: Limits = STANDARD_LIMITS,
    on_problem: Callable[[RowProblem], None] | None = None,
) -> "RowReader":
    """Open ``source`` and read its headings; the rows come as the reader is iterated.

    Args:
        source: a path, or a stream opened in binary mode (which stays open and is the caller's to close).
        encodings: tried in this order when there is no byte-order mark; one alone is taken as it is.
        delimiter: what separates cells; found from the first lines when empty.
        skip_rows: rows above the headings, for example a title; they are reported.
        written_here: the file comes from ``write_rows``: cells lose the apostrophes that neutralise
            formulas, and a row that repeats the headings is a row like any other.
        limits: how much is accepted.
        on_problem: called with each problem as it is met, also with those beyond ``limits.problems``.

    Raises:
        InvalidInput: no such file, no headings, control characters in a heading, too many columns.
        StorageFailed: the file cannot be read.

    Ordering:
        Rows come in the order of the file, their numbers rise; reading the same file again gives the
        same numbers, so an import may go on after the last row it kept.
    """
    if len(delimiter) > 1 or delimiter in {'"', "\r", "\n"}:
        hint = "Give one character such as a comma, or nothing."
        raise InvalidInput("cannot separate cells.", field="delimiter", hint=hint)
    opened = open_source(source, encodings=encodings, limits=limits)
    try:
        return RowReader(
            opened,
            Records(opened.lines(), delimiter=delimiter, skip_rows=skip_rows, limits=limits),
            skip_rows=skip_rows,
            written_here=written_here,
            limits=limits,
            on_problem=on_problem,
        )
    except BaseException:
        opened.close()
        raise


class RowReader:
    """Iterates over the rows of a file once; made by ``read_rows``.

    A context manager: leaving it early closes the file, reading to the end does so by itself.

    Problem codes. The row was skipped: ``bad_bytes``, ``nul_character``, ``row_too_long``,
    ``cell_too_long``, ``too_many_cells``, ``unclosed_quote``, ``repeated_headings``,
    ``above_headings``. The row was handed over all the same: ``missing_cells`` (they read as ``""``),
    ``surplus_cells`` (kept under ``SURPLUS``), ``stray_quote``, ``rows_in_cell``. About the headings
    themselves: ``unnamed_columns``, ``repeated_columns``, ``formula_headings``.
    """

    headings: tuple[str, ...]
    """The names of the columns, each unique."""
    blank_rows: int
    """Blank lines passed so far."""

    def __init__(
        self,
        source: Source,
        records: Records,
        *,
        skip_rows: int,
        written_here: bool,
        limits: Limits,
        on_problem: Callable[[RowProblem], None] | None,
    ) -> None:
        self._source = source
        self._records = records
        self._written_here = written_here
        self._limits = limits
        self._on_problem = on_problem
        self._problems: list[RowProblem] = []
        self._counts: Counter[str] = Counter()
        self._number = 0
        self.blank_rows = 0
        self._first_cells = self._find_headings(skip_rows)
        self.headings = self._named(self._first_cells)
        if not written_here:
            self._records.columns = len(self.headings)
        self._rows = self._read()

    @property
    def encoding(self) -> str:
        """The encoding the file was found to have."""
        return self._source.encoding

    @property
    def delimiter(self) -> str:
        """What separates its cells."""
        return self._records.delimiter

    @property
    def problems(self) -> tuple[RowProblem, ...]:
        """The problems met so far, the first ``Limits.problems`` of them."""
        return tuple(self._problems)

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each problem code was met so far, also beyond ``Limits.problems``."""
        return MappingProxyType(self._counts)

    @property
    def progress(self) -> float:
        """The share of the file that has been taken in, from 0 to 1."""
        total = self._source.bytes_total
        return self._source.bytes_read / total if total else 1.0

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        return next(self._rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and close the file, unless the caller opened it."""
        self._rows.close()
        self._source.close()

    def _find_headings(self, skip_rows: int) -> list[str]:
        for cells, fault, raw in self._records:
            self._number += 1
            if self._number <= skip_rows:
                self._report("above_headings", "stands above the headings", raw=raw)
            elif fault and fault.skipped:
                hint = "Save the file as UTF-8, with its headings in the first row; or pass encodings=."
                raise InvalidInput(f"cannot be read: row {self._number} {fault.message}.", field="headings", hint=hint)
            elif cells:
                if fault:
                    self._report(fault.code, fault.message)
                return _restored((cells, fault, raw))[0] if self._written_here else cells
            else:
                self.blank_rows += 1
        hint = "Give a file whose first row names the columns."
        raise InvalidInput("are missing: the file has no rows.", field="headings", hint=hint)

    def _named(self, cells: list[str]) -> tuple[str, ...]:
        if len(cells) > self._limits.columns:
            hint = "Leave out the columns you do not need, or pass limits=."
            message = f"has {len(cells)} columns, at most {self._limits.columns} fit."
            raise InvalidInput(message, field="file", hint=hint)
        if max(map(len, cells)) > self._limits.cell:
            raise InvalidInput("are too long.", field="headings", hint="Check that the first row has the headings.")
        tidied = [tidy(cell) for cell in cells]
        refuse_controls(tidied)
        names = named(tidied)
        if "" in tidied:
            self._report("unnamed_columns", "has a column without a heading")
        if len({*filter(None, tidied)}) < len([*filter(None, tidied)]):
            self._report("repeated_columns", "has the same heading more than once")
        if not self._written_here and any(name.startswith(("=", "+", "-", "@")) for name in names):
            self._report("formula_headings", "has a heading that looks like a formula")
        return names

    def _read(self) -> Generator[Row, None, None]:
        headings, columns = self.headings, len(self.headings)
        longest, last = self._limits.cell, self._first_cells[-1]
        records: Iterable[Record] = map(_restored, self._records) if self._written_here else self._records
        for cells, fault, raw in records:
            self._number += 1
            if self._number > self._limits.rows:
                self._source.close()
                hint = "Split the file, or pass limits=."
                raise InvalidInput(f"has more than {self._limits.rows} rows.", field="file", hint=hint)
            if fault and not self._usable(fault, raw):
                continue
            if len(raw) > longest and cells and max(map(len, cells)) > longest:
                self._report("cell_too_long", f"has a cell of more than {longest} characters", raw=raw)
            elif cells and cells[-1] == last and self._repeats(cells):
                self._report("repeated_headings", "repeats the headings", raw=raw)
            elif len(cells) == columns:
                yield Row(number=self._number, values=dict(zip(headings, cells, strict=True)))
            elif not cells:
                self.blank_rows += 1
            elif (row := self._ragged(cells, raw)) is not None:
                yield row
        self._source.close()

    def _usable(self, fault: Fault, raw: str) -> bool:
        self._report(fault.code, fault.message, raw=raw if fault.skipped else None)
        return not fault.skipped

    def _repeats(self, cells: list[str]) -> bool:
        """Whether files were put one after the other with their headings: a single column proves nothing."""
        if self._written_here or len(cells) == 1:
            return False
        return [tidy(cell) for cell in cells] == [tidy(cell) for cell in self._first_cells]

    def _ragged(self, cells: list[str], raw: str) -> Row | None:
        """The row made to fit its headings, or nothing when it is too wide to be one."""
        columns = len(self.headings)
        if len(cells) > columns + self._limits.columns:
            self._report("too_many_cells", f"has {len(cells)} cells", raw=raw)
            return None
        missing, surplus = columns - len(cells), cells[columns:]
        values = dict(zip(self.headings, cells + [""] * missing, strict=False))
        if missing > 0:
            self._report("missing_cells", f"has {len(cells)} of {columns} cells")
        elif any(surplus):
            values[SURPLUS] = self.delimiter.join(surplus)
            self._report("surplus_cells", f"has {len(cells)} cells under {columns} headings")
        return Row(number=self._number, values=values)

    def _report(self, code: str, message: str, *, raw: str | None = None) -> None:
        """Note a problem of the present row; with ``raw`` the row is skipped."""
        self._counts[code] += 1
        if self._on_problem is None and len(self._problems) >= self._limits.problems:
            return
        text = "" if raw is None else str(raw)[: self._limits.raw].rstrip("\r\n")
        problem = RowProblem(number=self._number, code=code, message=message, skipped=raw is not None, raw=text)
        if len(self._problems) < self._limits.problems:
            self._problems.append(problem)
        if self._on_problem is not None:
            self._on_problem(problem)


def _restored(record: Record) -> Record:
    cells, fault, raw = record
    return [restore(cell) for cell in cells], fault, raw
