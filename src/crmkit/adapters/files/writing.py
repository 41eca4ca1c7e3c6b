"""Rows written so that a spreadsheet shows them and runs nothing."""

import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from crmkit.adapters.files.decoding import check_encodings
from crmkit.adapters.files.formulas import neutralise
from crmkit.adapters.files.headings import named, refuse_controls, tidy
from crmkit.adapters.files.records import DELIMITERS
from crmkit.errors import InvalidInput, StorageFailed

__all__ = ["write_rows"]

# whatever a reader might take for structure is quoted, also delimiters that are not used here
_QUOTE = re.compile('[,;\t|"\r\n]|^ | $|^$').search


def write_rows(
    target: str | os.PathLike[str] | BinaryIO,
    headings: Sequence[str],
    rows: Iterable[Mapping[str, str]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
) -> int:
    r"""``target`` holds the headings and rows; returns how many rows.

    Cells that a spreadsheet would run as formulas get an apostrophe in front; ``read_rows(...,
    written_here=True)`` takes it away again, so that what is read equals what was written. A file
    at a path is replaced in one step, when the last row is written.

    Args:
        target: a path, or a stream opened in binary mode (which stays open).
        headings: unique and without white space around them.
        rows: cells by heading; a heading that a row does not have stands for ``""``.
        delimiter: one of ``, ; TAB |``.
        encoding: with its byte-order mark (the standard) Excel shows Chinese text right.

    Raises:
        InvalidInput: a heading or key does not fit, a cell is not text, has a NUL character, or cannot
            be written in ``encoding``; a file at a path stays as it was.
        StorageFailed: the file cannot be written.

    >>> out = io.BytesIO()
    >>> write_rows(out, ["name", "note"], [{"name": "王芳", "note": "=1+1"}], encoding="utf-8")
    1
    >>> print(out.getvalue().decode().replace("\r", ""), end="")
    name,note
    王芳,'=1+1
    """
    names = _checked_headings(headings)
    if delimiter not in DELIMITERS:
        hint = "Use a comma, a semicolon, a TAB or a bar."
        raise InvalidInput("cannot separate cells.", field="delimiter", hint=hint)
    check_encodings([encoding])
    with _opened(target, encoding) as file:
        _write_line(file, names, number=1, delimiter=delimiter)
        number = 1
        for number, row in enumerate(rows, start=2):
            _write_line(file, _cells(row, names, number), number=number, delimiter=delimiter)
    return number - 1


def _checked_headings(headings: Sequence[str]) -> tuple[str, ...]:
    refuse_controls(headings)
    tidied = tuple(tidy(heading) for heading in headings)
    if not tidied or tidied != tuple(headings) or named(tidied) != tidied:
        hint = "Give unique names without white space around them."
        raise InvalidInput("cannot be told apart when read again.", field="headings", hint=hint)
    return tidied


def _cells(row: Mapping[str, str], names: tuple[str, ...], number: int) -> list[str]:
    cells = [row.get(name, "") for name in names]
    if not row.keys() <= set(names):
        hint = "Add it to the headings, or leave it out of the row."
        raise InvalidInput("has a cell without a heading.", field=f"row {number}", hint=hint)
    for name, cell in zip(names, cells, strict=True):
        if type(cell) is not str or "\0" in cell:
            hint = "Pass text without NUL characters."
            raise InvalidInput("cannot be written.", field=f"row {number}, {name}", hint=hint)
    return cells


def _write_line(file: TextIO, cells: Sequence[str], *, number: int, delimiter: str) -> None:
    safe = [neutralise(cell) for cell in cells]
    quoted = ['"' + cell.replace('"', '""') + '"' if _QUOTE(cell) else cell for cell in safe]
    # an empty cell needs its quotes only where the line would be blank without them
    plain = ["" if cell == '""' and len(cells) > 1 else cell for cell in quoted]
    try:
        file.write(delimiter.join(plain) + "\r\n")
    except UnicodeEncodeError as exc:
        hint = "Write UTF-8, and decode the source without surrogates."
        raise InvalidInput(f"cannot be written as {exc.encoding}.", field=f"row {number}", hint=hint) from exc


@contextmanager
def _opened(target: str | os.PathLike[str] | BinaryIO, encoding: str) -> Iterator[TextIO]:
    if not isinstance(target, str | os.PathLike):
        stream = io.TextIOWrapper(target, encoding=encoding, newline="")
        try:
            yield stream
        finally:
            stream.detach()  # which flushes
        return
    path = Path(target)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding=encoding, newline="") as file:
            yield file
        part.replace(path)
    except OSError as exc:
        raise StorageFailed("The file cannot be written.", hint="Check the directory and the disk.") from exc
    finally:
        part.unlink(missing_ok=True)
