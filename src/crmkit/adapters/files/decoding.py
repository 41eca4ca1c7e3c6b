"""From bytes to lines of text: which encoding a file has, and its lines in flat memory.

The order is fixed: a byte-order mark decides; else the first of the given encodings in which the file
decodes. A file with damaged rows fits none of them whole. Then the first encoding wins in which most
lines beyond ASCII decode: Chinese text in GB18030 is hardly ever valid UTF-8 by chance, while UTF-8
often passes for GB18030, so one damaged row must not turn a whole UTF-8 file into nonsense.
"""

import codecs
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from attrs import frozen

from crmkit.adapters.files.rows import Limits
from crmkit.errors import InvalidInput, StorageFailed

__all__ = ["TOO_LONG", "Damaged", "Fault", "Source", "check_encodings", "open_source"]

TOO_LONG = "row_too_long"
"""The code of a line that was cut, so that its quotes say nothing about where its record ends."""

_CHUNK = 1 << 18
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)


@frozen
class Fault:
    """What is wrong with a line or a record, and whether it can be used all the same."""

    code: str
    message: str
    skipped: bool = True


class Damaged(str):
    """A line of text that must not be used as it stands."""

    __slots__ = ("fault",)
    fault: Fault

    @classmethod
    def line(cls, text: str, code: str, message: str) -> "Damaged":
        """The line ``text`` with what is wrong with it."""
        line = cls(text)
        line.fault = Fault(code, message)
        return line


class Source:
    """An open file: its encoding, its lines, and how far they have been read."""

    def __init__(self, stream: BinaryIO, *, start: int, encoding: str, limits: Limits, stack: ExitStack) -> None:
        self.encoding = encoding
        self.bytes_read = start
        self.bytes_total = stream.seek(0, os.SEEK_END)
        stream.seek(start)
        self._stream = stream
        self._limits = limits
        self._stack = stack

    def close(self) -> None:
        """Close what was opened here; a stream that the caller opened stays open."""
        self._stack.close()

    def lines(self) -> Iterator[str]:
        """The lines with their line ends (LF, CR LF or CR), ``Damaged`` where they cannot be used."""
        wide = _is_wide(self.encoding)
        chunks = _as_utf8(self._chunks(), self.encoding) if wide else self._chunks()
        codec = "utf-8" if wide else self.encoding
        most = self._limits.row
        for line in _byte_lines(chunks, 4 * most):
            try:
                text = line.decode(codec)
            except UnicodeDecodeError as bad:
                where = "the line" if wide else f"byte {bad.start + 1} of the line"
                text = Damaged.line(
                    line.decode(codec, "backslashreplace"), "bad_bytes", f"{where} is not {self.encoding}"
                )
            if len(line) > most and len(text.rstrip("\r\n")) > most:
                yield Damaged.line(text, TOO_LONG, f"has more than {most} characters")
            elif "\0" in text and not isinstance(text, Damaged):
                yield Damaged.line(text, "nul_character", "has a NUL character")
            else:
                yield text

    def _chunks(self) -> Iterator[bytes]:
        for chunk in _chunks(self._stream):
            self.bytes_read += len(chunk)
            yield chunk


def open_source(source: str | os.PathLike[str] | BinaryIO, *, encodings: Sequence[str], limits: Limits) -> Source:
    """Open ``source``, find its encoding and stand before its first line.

    A stream that cannot be rewound is copied to a temporary file first.

    Raises:
        InvalidInput: there is no such file, it was opened as text, or an encoding is unknown.
        StorageFailed: the file cannot be read.
    """
    check_encodings(encodings)
    with ExitStack() as stack:
        stream = _opened(source, stack)
        begin = stream.tell()
        mark = _read(stream, 4)
        marked = [(bom, encoding) for bom, encoding in _MARKS if mark.startswith(bom)]
        if marked:
            bom, encoding = marked[0]
            start = begin + len(bom)
        else:
            stream.seek(begin)
            encoding = encodings[0] if len(encodings) == 1 else _best(stream, encodings, limits)
            start = begin
        return Source(stream, start=start, encoding=encoding, limits=limits, stack=stack.pop_all())


def _opened(source: str | os.PathLike[str] | BinaryIO, stack: ExitStack) -> BinaryIO:
    if isinstance(source, str | os.PathLike):
        try:
            return stack.enter_context(Path(source).open("rb"))
        except OSError as exc:
            hint = "Give the path of a file that exists and that you may read."
            raise InvalidInput("cannot be opened.", field="file", hint=hint) from exc
    if not isinstance(_read(source, 0), bytes):
        raise InvalidInput("was opened as text.", field="file", hint='Open it with mode "rb".')
    if source.seekable():
        return source
    copy: BinaryIO = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
    copy.writelines(_chunks(source))
    copy.seek(0)
    return copy


def check_encodings(encodings: Sequence[str]) -> None:
    """Raise ``InvalidInput`` for encodings that Python does not know or that cannot be tried one after the other."""
    for encoding in encodings:
        try:
            "a".encode(encoding)  # empty text would not be looked at
        except LookupError as exc:
            hint = "Use names that Python knows, for example utf-8, gb18030, big5, cp1252."
            raise InvalidInput("there is no such encoding.", field="encodings", hint=hint) from exc
    if not encodings or (len(encodings) > 1 and any(map(_is_wide, encodings))):
        hint = "Give one encoding or several; UTF-16 and UTF-32 stand alone."
        raise InvalidInput("cannot be tried in this order.", field="encodings", hint=hint)


def _is_wide(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def _best(stream: BinaryIO, encodings: Sequence[str], limits: Limits) -> str:
    """The first encoding that fits (see the head of this module), else the one with the fewest bad lines."""
    begin = stream.tell()
    head = _read(stream, 1024)
    if 10 * head.count(0) > len(head):
        # a workbook, a picture, or UTF-16 without its mark: cut at bytes it would read as nonsense
        hint = "Save it as CSV in UTF-8; for UTF-16 without a byte-order mark pass encodings=['utf-16-le']."
        raise InvalidInput("is not text.", field="file", hint=hint)
    bad_lines: dict[str, int] = {}
    for encoding in encodings:
        stream.seek(begin)
        if _decodes(_chunks(stream), encoding):
            return encoding
        stream.seek(begin)
        good, bad = _tally(_byte_lines(_chunks(stream), 4 * limits.row), encoding)
        if good > bad:
            return encoding
        bad_lines[encoding] = bad
    return min(bad_lines, key=bad_lines.__getitem__)


def _decodes(chunks: Iterator[bytes], encoding: str) -> bool:
    decode = codecs.getincrementaldecoder(encoding)().decode
    try:
        for chunk in chunks:
            decode(chunk)
        decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _tally(lines: Iterator[bytes], encoding: str) -> tuple[int, int]:
    """How many lines beyond ASCII decode and how many do not."""
    good = bad = 0
    for line in lines:
        if line.isascii():
            continue
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            bad += 1
        else:
            good += 1
    return good, bad


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := _read(stream, _CHUNK):
        yield chunk


def _read(stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size)
    except OSError as exc:
        raise StorageFailed("The file cannot be read.", hint="Check the disk and try again.") from exc


def _as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The same text as UTF-8, so that lines can be cut at bytes; what is broken stays broken."""
    decode: Callable[..., str] = codecs.getincrementaldecoder(encoding)("surrogatepass").decode
    try:
        for chunk in chunks:
            yield decode(chunk).encode("utf-8", "surrogatepass")
        yield decode(b"", True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        # cut off in the middle of a character: a byte that UTF-8 never has marks the row
        yield b"\xff"


def _byte_lines(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Lines with their ends; of one longer than ``most`` bytes only the first ``most + 1``.

    CR and LF are never part of a longer character in any encoding accepted here.
    """
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).splitlines(keepends=True)
        # the last line may go on in the next chunk; one that ends in CR may have its LF there
        rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        for line in lines:
            yield line if len(line) <= most else line[: most + 1]
        if len(rest) > most + 1:
            # keep what shows that it is too long, and a CR that ends it
            rest = rest[: most + 1] + (b"\r" if rest.endswith(b"\r") else b"")
    if rest:
        yield from (line[: most + 1] for line in rest.splitlines(keepends=True))
