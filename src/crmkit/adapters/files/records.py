"""From lines to records: cells, quotes and what is wrong with them.

The rules are those of RFC 4180. What they leave open is settled so that one wrong quote costs one
row and never the rest of the file:

- a quote opens a cell only where the cell begins; elsewhere it is a character like any other;
- a quote inside a quoted cell that is followed by neither a delimiter nor the end of the line is
  taken as text, when the cell is closed on the same line (reported as ``stray_quote``);
- a quoted cell that is not closed by the end of the file, by ``Limits.row``, or before such a stray
  quote on a later line makes its first line a row that cannot be used (``unclosed_quote``); reading
  goes on with the line after it.

The ``csv`` module is not used: its field size limit belongs to the whole process, and it cannot go
back after a quote that was never closed.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from crmkit.adapters.files.decoding import TOO_LONG, Damaged, Fault
from crmkit.adapters.files.rows import Limits

__all__ = ["DELIMITERS", "Records", "sniff"]

DELIMITERS = (",", ";", "\t", "|")
"""What may separate cells, in the order in which a tie is settled."""

Record = tuple[list[str], Fault | None, str]
"""The cells (none for a blank line), what is wrong if anything, and the text as it stands in the file."""

_QUOTED = re.compile('"[^"]*"')
_DIRECTIVE = re.compile("\ufeff?sep=([,;\t|])\r?\n?")


class _Unclosed(Exception):
    """The quoted cell that is being read never ends."""


class Records:
    """Iterates over the records of a file.

    ``columns``, set once the headings are known, asks to suspect rows that a quoted cell has swallowed.
    """

    def __init__(self, lines: Iterable[str], *, delimiter: str = "", skip_rows: int = 0, limits: Limits) -> None:
        self.columns = 0
        self._lines = iter(lines)
        self._back: deque[str] = deque()
        self._limits = limits
        self.delimiter = delimiter or self._sniffed(skip_rows)

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        line = self._take()
        if line is None:
            raise StopIteration
        fault = line.fault if isinstance(line, Damaged) else None
        if fault and fault.code == TOO_LONG:
            return [], fault, line
        if '"' in line:
            return self._quoted(line)
        text = line.rstrip("\r\n")
        if not text.strip(" "):
            return [], fault, line
        return text.split(self.delimiter), fault, line

    def _take(self) -> str | None:
        return self._back.popleft() if self._back else next(self._lines, None)

    def _sniffed(self, skip_rows: int) -> str:
        """The delimiter of the first lines, which stay to be read; a ``sep=`` line is Excel's and goes."""
        first = self._take() or ""
        directive = _DIRECTIVE.fullmatch(first)
        if directive:
            return directive[1]
        size = len(first)
        sample = [first] if first else []
        while size < 65_536 and len(sample) < 50 and (line := self._take()) is not None:
            sample.append(line)
            size += len(line)
        self._back.extend(sample)
        return sniff("".join(sample[skip_rows:])[:65_536])

    def _quoted(self, first: str) -> Record:
        cells = _all_quoted(first, self.delimiter)
        if cells:
            return cells, first.fault if isinstance(first, Damaged) else None, first
        scan = _Scan(first, self)
        try:
            cells = scan.cells()
        except _Unclosed:
            self._back.extendleft(reversed(scan.lines[1:]))
            return [], Fault("unclosed_quote", "a quoted cell is never closed"), first
        return cells, scan.fault or self._swallowed(scan.lines), "".join(scan.lines)

    def _swallowed(self, lines: list[str]) -> Fault | None:
        """Suspicion when lines inside a quoted cell look like rows of their own."""
        if len(lines) > 2 and self.columns > 3:
            inner = (line.count(self.delimiter) + 1 for line in lines[1:-1])
            if self.columns in inner:
                return Fault("rows_in_cell", "a quoted cell spans lines that look like rows", skipped=False)
        return None

    def more(self, size: int) -> str:
        """The next line of a record that has ``size`` characters so far."""
        line = self._take()
        if line is None:
            raise _Unclosed
        if size + len(line) > self._limits.row:
            self._back.appendleft(line)
            raise _Unclosed
        return line


class _Scan:
    """One record with quotes, read cell by cell, over as many lines as it takes."""

    def __init__(self, first: str, records: Records) -> None:
        self.lines: list[str] = []
        self.fault: Fault | None = None
        self._records = records
        self._delimiter = records.delimiter
        self._size = 0
        self._enter(first)

    def _enter(self, line: str) -> None:
        self.lines.append(line)
        self._line = line
        self._end = len(line.rstrip("\r\n"))
        self._at = 0
        self._size += len(line)
        if isinstance(line, Damaged):
            self.fault = line.fault

    def cells(self) -> list[str]:
        """All cells of the record; raises ``_Unclosed``."""
        cells = []
        while True:
            quoted = self._line.startswith('"', self._at)
            cells.append(self._quoted_cell() if quoted else self._plain_cell())
            if self._at >= self._end:
                return cells
            self._at += len(self._delimiter)

    def _plain_cell(self) -> str:
        begin = self._at
        end = self._line.find(self._delimiter, begin, self._end)
        self._at = self._end if end < 0 else end
        return self._line[begin : self._at]

    def _quoted_cell(self) -> str:
        parts: list[str] = []
        begin = search = self._at + 1
        stray = False
        while True:
            quote = self._line.find('"', search, self._end)
            if quote < 0:
                if stray:
                    raise _Unclosed
                parts.append(self._line[begin:])
                self._enter(self._records.more(self._size))
                begin = search = 0
                continue
            after = quote + 1
            if after < self._end and self._line[after] == '"':
                search = after + 1
            elif after == self._end or self._line.startswith(self._delimiter, after):
                parts.append(self._line[begin:quote])
                self._at = after
                if stray and self.fault is None:
                    self.fault = Fault("stray_quote", "a quote inside a quoted cell is not doubled", skipped=False)
                return "".join(parts).replace('""', '"')
            elif parts:
                raise _Unclosed
            else:
                stray, search = True, after


def _all_quoted(line: str, delimiter: str) -> list[str]:
    """The cells of a line of which each is quoted and none has a quote in it; else nothing."""
    text = line.rstrip("\r\n")
    if len(text) > 1 and text[0] == text[-1] == '"':
        cells = text[1:-1].split(f'"{delimiter}"')
        if text.count('"') == 2 * len(cells):
            return cells
    return []


def sniff(sample: str) -> str:
    r"""The delimiter that cuts most lines of ``sample`` like its first; a comma when none does.

    >>> sniff("name;amount\nAnn;1,5\nBo;2,5\n")
    ';'
    """
    lines = [line for line in re.split(r"[\r\n]+", _QUOTED.sub("", sample)) if line.strip(" ")]
    best, best_score = DELIMITERS[0], (0, 0)
    for delimiter in DELIMITERS:
        counts = Counter(line.count(delimiter) for line in lines)
        first = lines[0].count(delimiter) if lines else 0
        score = (counts[first], first) if first else (0, 0)
        if score > best_score:
            best, best_score = delimiter, score
    return best
