"""Tables as people and old systems write them: nothing crashes, nothing is dropped silently, nothing runs."""

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crmkit.adapters.files import SURPLUS, Limits, read_rows, write_rows
from crmkit.adapters.files.formulas import neutralise, restore
from crmkit.errors import CrmError, InvalidInput, StorageFailed

PEOPLE = "姓名,电话\r\n王芳,13800138000\r\n李强,13900139000\r\n"


def read(data, **options):
    """The cells of each row, and (row number, code) of each problem."""
    reader = read_rows(io.BytesIO(data), **options)
    rows = [list(row.values.values()) for row in reader]
    return rows, [(problem.number, problem.code) for problem in reader.problems]


# --- encodings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-32", "utf-32-le"),
    ],
)
def test_the_encoding_is_found(written, found):
    reader = read_rows(io.BytesIO(PEOPLE.encode(written)))

    assert reader.encoding == found
    assert reader.headings == ("姓名", "电话")
    assert [row.values["姓名"] for row in reader] == ["王芳", "李强"]
    assert reader.problems == ()


@pytest.mark.parametrize(("mark", "codec"), [(b"\xfe\xff", "utf-16-be"), (b"\x84\x31\x95\x33", "gb18030")])
def test_other_byte_order_marks_are_known(mark, codec):
    assert read_rows(io.BytesIO(mark + PEOPLE.encode(codec))).encoding == codec


def test_an_encoding_given_alone_is_taken_as_it_is():
    reader = read_rows(io.BytesIO("名稱,電話\n陳大文,23456789\n".encode("big5")), encodings=["big5"])

    assert [dict(row.values) for row in reader] == [{"名稱": "陳大文", "電話": "23456789"}]


def test_utf_16_without_a_mark_is_read_when_told():
    assert read(PEOPLE.encode("utf-16-be"), encodings=["utf-16-be"])[0][0] == ["王芳", "13800138000"]


def test_utf_16_without_a_mark_is_refused_with_a_hint():
    with pytest.raises(InvalidInput, match=r"file: is not text.*encodings="):
        read_rows(io.BytesIO(PEOPLE.encode("utf-16-le")))


def test_a_nul_in_the_headings_is_refused_with_a_hint():
    with pytest.raises(InvalidInput, match=r"headings.*NUL.*encodings="):
        read_rows(io.BytesIO(b"name,phone\0,city\nAnn,1,Ulm\n"))


def test_damaged_rows_of_a_utf_8_file_do_not_make_it_gb18030():
    lines = ["name,city", *(f"客户{number},杭州" for number in range(2, 102))]
    data = [line.encode() for line in lines]
    for place in (3, 30, 77):
        data[place] = b"\xce\xe4\xba\xba," + data[place]  # bytes of a GB18030 file, pasted in

    reader = read_rows(io.BytesIO(b"\n".join(data)))
    rows = list(reader)

    assert reader.encoding == "utf-8"
    assert len(rows) == 97
    assert [(problem.number, problem.code) for problem in reader.problems] == [
        (4, "bad_bytes"),
        (31, "bad_bytes"),
        (78, "bad_bytes"),
    ]
    assert reader.problems[0].skipped
    assert reader.problems[0].raw == "\\xce人,客户4,杭州"


def test_damaged_rows_of_a_gb18030_file_are_reported_one_by_one():
    data = [f"客户{number},杭州".encode("gb18030") for number in range(50)]
    data[0] = b"name,city"
    data[10] += b"\xff"

    rows, problems = read(b"\n".join(data))

    assert len(rows) == 48
    assert problems == [(11, "bad_bytes")]


def test_utf_16_cut_in_the_middle_of_a_character_costs_the_last_row_only():
    rows, problems = read("a,b\n1,2\n3,4".encode("utf-16") + b"\x41")

    assert rows == [["1", "2"]]
    assert problems == [(3, "bad_bytes")]


def test_a_lone_surrogate_in_utf_16_is_reported():
    data = b"\xff\xfe" + "a,b\n1,2\n".encode("utf-16-le") + b"\x00\xd8" + ",x\n5,6\n".encode("utf-16-le")

    assert read(data) == ([["1", "2"], ["5", "6"]], [(3, "bad_bytes")])


def test_a_bad_byte_inside_a_cell_of_several_lines_costs_that_row():
    data = 'name,note\n王芳,"eins\nzwei '.encode() + b"\xff" + '\ndrei"\n李强,ok\n'.encode()

    assert read(data) == ([["李强", "ok"]], [(2, "bad_bytes")])


@pytest.mark.parametrize("encodings", [["no-such"], [], ["rot13"], ["utf-8", "utf-16"]])
def test_encodings_that_cannot_be_tried_are_refused(encodings):
    with pytest.raises(InvalidInput, match="encodings"):
        read_rows(io.BytesIO(b"a\n"), encodings=encodings)


# --- forty files that are wrong in one way each -----------------------------------------------------

GOLDEN = {
    "line feeds": (b"a,b\n1,2\n", [["1", "2"]], []),
    "carriage returns and line feeds": (b"a,b\r\n1,2\r\n", [["1", "2"]], []),
    "carriage returns": (b"a,b\r1,2\r3,4\r", [["1", "2"], ["3", "4"]], []),
    "mixed line ends": (b"a,b\r\n1,2\n3,4\r5,6", [["1", "2"], ["3", "4"], ["5", "6"]], []),
    "no line end after the last row": (b"a,b\n1,2", [["1", "2"]], []),
    "only headings": (b"a,b\n", [], []),
    "headings without a line end": (b"a,b", [], []),
    "blank lines": (b"\n\na,b\n\n1,2\n   \n\n", [["1", "2"]], []),
    "a row of empty cells": (b"a,b\n,\n", [["", ""]], []),
    "semicolons": (b"a;b\n1,5;2\n", [["1,5", "2"]], []),
    "tabs": (b"a\tb\n1, 2\t3\n", [["1, 2", "3"]], []),
    "bars": (b"a|b\n1|2\n", [["1", "2"]], []),
    "Excel's sep line": (b"sep=;\r\na;b,c\r\n1;2\r\n", [["1", "2"]], []),
    "one column": (b"a\n1\n2\n", [["1"], ["2"]], []),
    "a comma in a heading of a TSV file": (b"Name, full\tPhone\nA, B\t1\nC\t2\n", [["A, B", "1"], ["C", "2"]], []),
    "quoted delimiters": (b'a,b\n"1,2",3\n', [["1,2", "3"]], []),
    "every cell quoted": (b'"a","b"\n"1","2"\n"","x"\n', [["1", "2"], ["", "x"]], []),
    "doubled quotes": (b'a,b\n"say ""hi""",2\n', [['say "hi"', "2"]], []),
    "only quotes": (b'a,b\n"""",""\n', [['"', ""]], []),
    "a line feed in a cell": (b'a,b\n"x\ny",2\n3,4\n', [["x\ny", "2"], ["3", "4"]], []),
    "every line end in a cell": (b'a,b\n"w\r\nx\ry\n\nz",2\n', [["w\r\nx\ry\n\nz", "2"]], []),
    "a quote inside a plain cell": (b'a,b\n5" pipe,2\n6",3\n', [['5" pipe', "2"], ['6"', "3"]], []),
    "quotes that are not doubled": (b'a,b\n"say "hi" now",2\n', [['say "hi" now', "2"]], [(2, "stray_quote")]),
    "text after a closing quote": (b'a,b\n"1"x,2\n3,4\n', [["3", "4"]], [(2, "unclosed_quote")]),
    "a quote never closed": (b'a,b\n1,"2\n3,4\n5,6\n', [["3", "4"], ["5", "6"]], [(2, "unclosed_quote")]),
    "a quote never closed before a quoted cell": (
        b'a,b\n1,"2\n3,"four"\n5,6\n',
        [["3", "four"], ["5", "6"]],
        [(2, "unclosed_quote")],
    ),
    "a quote never closed in the last row": (b'a,b\n1,2\n3,"4', [["1", "2"]], [(3, "unclosed_quote")]),
    "two quotes never closed": (
        b'a,b\n1,"2\n3,"4\n5,6\n',
        [["5", "6"]],
        [(2, "unclosed_quote"), (3, "unclosed_quote")],
    ),
    "rows swallowed by two wrong quotes": (
        b'a,b,c,d\n1,2,3,"4\n1,2,3,4\n1,2,3,4"\n',
        [["1", "2", "3", "4\n1,2,3,4\n1,2,3,4"]],
        [(2, "rows_in_cell")],
    ),
    "too few cells": (b"a,b,c\n1\n", [["1", "", ""]], [(2, "missing_cells")]),
    "too many cells": (b"a,b\n1,2,3,4\n", [["1", "2", "3,4"]], [(2, "surplus_cells")]),
    "delimiters after the last cell": (b"a,b\n1,2,,\n", [["1", "2"]], []),
    "headings in the middle": (b"a,b\n1,2\na,b\n3,4\n", [["1", "2"], ["3", "4"]], [(3, "repeated_headings")]),
    "a second file with its mark": (
        "\ufeffa,b\n1,2\n\ufeffa,b\n3,4\n".encode(),
        [["1", "2"], ["3", "4"]],
        [(3, "repeated_headings")],
    ),
    "NUL in a cell": (b"a,b\n1,2\0\n3,4\n", [["3", "4"]], [(2, "nul_character")]),
    "NUL in a quoted cell": (b'a,b\n"1\0",2\n3,4\n', [["3", "4"]], [(2, "nul_character")]),
    "line separators that are none": (
        "a,b\n1\u2028x,2\x0b\x0c\x85\x1c\n".encode(),
        [["1\u2028x", "2\x0b\x0c\x85\x1c"]],
        [],
    ),
    "bytes that are no text": (b"a,b\n\xff\xfe,1\n3,4\n", [["3", "4"]], [(2, "bad_bytes")]),
    "spaces stay": (b"a,b\n 1 ,\t2\n", [[" 1 ", "\t2"]], []),
    "full-width delimiters separate nothing": ("a,b\n1，2,3\n".encode(), [["1，2", "3"]], []),
    "duplicate headings": (b"a,a,a\n1,2,3\n", [["1", "2", "3"]], [(1, "repeated_columns")]),
    "empty headings": (b"a,,\n1,2,3\n", [["1", "2", "3"]], [(1, "unnamed_columns")]),
    "a wrong quote in a heading": (b'"a "x" y",b\n1,2\n', [["1", "2"]], [(1, "stray_quote")]),
    "a formula for a heading": (b"=1+1,b\n1,2\n", [["1", "2"]], [(1, "formula_headings")]),
    "a bar that is half a character": ("a|b\n亅x|2\n".encode("gb18030"), [["亅x", "2"]], []),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_file_that_is_wrong_in_one_way(name):
    data, rows, problems = GOLDEN[name]

    assert read(data) == (rows, problems)


def test_a_skipped_row_is_reported_with_its_text_and_a_message_without_it():
    reader = read_rows(io.BytesIO(b'name,phone\nSecret,"138\nOther,139\n'))

    assert [row.number for row in reader] == [3]
    (problem,) = reader.problems
    assert (problem.skipped, problem.raw) == (True, 'Secret,"138')
    assert "Secret" not in problem.message + repr(problem)


def test_row_numbers_are_those_of_a_spreadsheet():
    reader = read_rows(io.BytesIO(b'a,b\n"x\ny",2\n\n3,4\n'))

    assert [row.number for row in reader] == [2, 4]
    assert reader.blank_rows == 1


# --- headings ---------------------------------------------------------------------------------------


def test_headings_are_tidied_and_made_unique():
    data = '\ufeff 姓名 ,"电话\n(手机)",姓名,,姓名 (2), E\u200bmail\u3000\n'.encode()

    assert read_rows(io.BytesIO(data)).headings == (
        "姓名",
        "电话 (手机)",
        "姓名 (3)",
        "column 4",
        "姓名 (2)",
        "Email",
    )


@pytest.mark.parametrize("heading", ["a\x07", "a\x1b[31m", "a\u202eb", "a\x7f", "\x00"])
def test_control_characters_in_a_heading_are_refused(heading):
    with pytest.raises(InvalidInput, match="headings"):
        read_rows(io.BytesIO(f"a heading of some length,{heading}\n1,2\n".encode()))


def test_surplus_cells_never_hide_a_column_of_that_name():
    rows, _ = read(f"a,{SURPLUS}\n1,2,3\n".encode())

    assert rows == [["1", "2", "3"]]


def test_rows_above_the_headings_are_passed_over_when_told_and_reported():
    reader = read_rows(io.BytesIO(b"Customers of 2026, all\nname;city\nAnn;Ulm\n"), skip_rows=1)

    assert reader.headings == ("name", "city")
    assert [dict(row.values) for row in reader] == [{"name": "Ann", "city": "Ulm"}]
    assert [(problem.number, problem.code, problem.raw) for problem in reader.problems] == [
        (1, "above_headings", "Customers of 2026, all")
    ]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_a_file_without_headings_is_refused(data):
    with pytest.raises(InvalidInput, match="no rows"):
        read_rows(io.BytesIO(data))


# --- limits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "rows", "problems"), [(10, 2, []), (11, 1, [(2, "cell_too_long")])])
def test_a_cell_may_be_as_long_as_the_limit(size, rows, problems):
    found = read(b"a,b\n" + b"x" * size + b",2\n3,4\n", limits=Limits(cell=10))

    assert (len(found[0]), found[1]) == (rows, problems)


def test_a_cell_may_be_longer_than_the_csv_module_allows():
    before = csv.field_size_limit()
    rows, problems = read(b'a,b\n"' + b"x" * 200_000 + b'",2\n', limits=Limits(cell=300_000))

    assert len(rows[0][0]) == 200_000
    assert problems == []
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_a_line_longer_than_the_limit_costs_one_row(newline):
    long = b"x" * 3_000_000
    rows, problems = read(newline.join([b"a,b", long, b"3,4", b""]), limits=Limits(row=1_000))

    assert (rows, problems) == ([["3", "4"]], [(2, "row_too_long")])


def test_a_quote_never_closed_ends_at_the_limit_and_costs_one_row():
    lines = [f"{number},x" for number in range(1_000)]
    rows, problems = read(('a,b\n1,"2\n' + "\n".join(lines)).encode(), limits=Limits(row=500))

    assert len(rows) == 1_000
    assert problems == [(2, "unclosed_quote")]


def test_too_many_columns_are_refused():
    with pytest.raises(InvalidInput, match="501 columns"):
        read_rows(io.BytesIO(b",".join([b"a"] * 501)))


def test_ten_million_columns_are_refused():
    with pytest.raises(InvalidInput, match="headings"):
        read_rows(io.BytesIO(b"a," * 10_000_000))


def test_a_row_far_too_wide_is_skipped():
    assert read(b"a,b\n" + b"," * 600 + b"\n3,4\n") == ([["3", "4"]], [(2, "too_many_cells")])


def test_reading_stops_when_there_are_too_many_rows():
    reader = read_rows(io.BytesIO(b"a\n" + b"1\n" * 10), limits=Limits(rows=5))

    with pytest.raises(InvalidInput, match="more than 5 rows"):
        list(reader)
    assert reader.blank_rows == 0


def test_problems_beyond_the_limit_are_counted_and_handed_on():
    seen = []
    reader = read_rows(io.BytesIO(b"a,b\n" + b"1\n" * 50), limits=Limits(problems=3), on_problem=seen.append)

    assert len(list(reader)) == 50
    assert len(reader.problems) == 3
    assert len(seen) == 50
    assert reader.counts == {"missing_cells": 50}


def test_a_cell_of_a_hundred_megabytes_fits_no_memory_and_needs_none(tmp_path):
    path = tmp_path / "bomb.csv"
    with path.open("wb") as file:
        file.write(b'a,b\n1,"')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"\n3,4\n')

    tracemalloc.start()
    rows, problems = [], []
    with read_rows(path) as reader:
        rows = [dict(row.values) for row in reader]
        problems = [(problem.number, problem.code, len(problem.raw)) for problem in reader.problems]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows == [{"a": "3", "b": "4"}]
    assert problems == [(2, "row_too_long", 4_000)]
    assert peak < 60_000_000


def test_memory_is_flat_however_long_the_file_is(tmp_path):
    peaks = []
    for count in (2_000, 20_000):
        path = tmp_path / f"{count}.csv"
        path.write_text("姓名,电话,备注\n" + "王芳,13800138000,再联系\n" * count, encoding="utf-8")
        tracemalloc.start()
        assert sum(1 for _ in read_rows(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + 3_000_000


@pytest.mark.stress
def test_a_million_rows_with_damage_in_ten_places(tmp_path):
    path = tmp_path / "million.csv"
    damaged = {number * 99_991 for number in range(1, 11)}
    with path.open("wb") as file:
        file.write("编号,姓名,公司,电话,邮箱,来源,时间,备注\n".encode())
        for number in range(2, 1_000_002):
            bad = b"\xff" if number in damaged else b""
            file.write(
                f"{number},王芳,杭州某某有限公司,13800138000,a@b.example,展会,2026-01-05,".encode() + bad + b"ok\n"
            )

    tracemalloc.start()
    with read_rows(path) as reader:
        read_well = sum(row.values["编号"] == str(row.number) for row in reader)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert read_well == 1_000_000 - 10
    assert {problem.number for problem in reader.problems} == damaged
    assert peak < 20_000_000


# --- sources ----------------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """A stream that can be read once, like a socket."""

    def __init__(self, data):
        super().__init__()
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._data.readinto(buffer)


def test_a_stream_that_cannot_be_rewound_is_read():
    reader = read_rows(io.BufferedReader(Pipe(PEOPLE.encode("gb18030"))))

    assert [row.values["姓名"] for row in reader] == ["王芳", "李强"]


def test_a_stream_is_read_from_where_it_stands_and_stays_open():
    stream = io.BytesIO(b"skipped" + PEOPLE.encode())
    stream.seek(7)

    with read_rows(stream) as reader:
        assert reader.headings == ("姓名", "电话")
    assert not stream.closed


def test_progress_goes_from_nothing_to_all(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 200_000)

    with read_rows(path) as reader:
        next(reader)
        assert 0 < reader.progress < 1
        assert sum(1 for _ in reader) == 199_999
        assert reader.progress == 1


def test_a_reader_left_early_gives_the_file_back(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")

    with read_rows(path) as reader:
        next(reader)
    path.unlink()

    assert list(reader) == []


def test_a_file_that_is_not_there_is_named_as_the_problem(tmp_path):
    with pytest.raises(InvalidInput, match="file: cannot be opened"):
        read_rows(tmp_path / "nowhere.csv")


def test_a_stream_of_text_is_refused():
    with pytest.raises(InvalidInput, match='mode "rb"'):
        read_rows(io.StringIO("a,b\n"))


def test_a_disk_that_fails_is_a_storage_failure():
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if size > 4:
                raise OSError
            return super().read(size)

    with pytest.raises(StorageFailed):
        read_rows(Broken(b"a,b\n"))


@pytest.mark.parametrize("delimiter", [",,", '"', "\n"])
def test_a_delimiter_that_cannot_be_one_is_refused(delimiter):
    with pytest.raises(InvalidInput, match="delimiter"):
        read_rows(io.BytesIO(b"a\n"), delimiter=delimiter)


# --- writing ----------------------------------------------------------------------------------------


def written(headings, rows, **options):
    out = io.BytesIO()
    write_rows(out, headings, rows, **options)
    return out.getvalue()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'=", "''@"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(start):
    text = written(["a"], [{"a": f"{start}x"}]).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline="")))

    assert lines == [["a"], [f"'{start}x"]]


def test_a_heading_that_a_spreadsheet_would_run_is_neutralised_and_comes_back():
    data = written(["=a", "b"], [{"=a": "1"}])

    assert data.startswith(b"\xef\xbb\xbf'=a,b")
    assert read_rows(io.BytesIO(data), written_here=True).headings == ("=a", "b")


@given(st.text())
@example("'")
@example("''=")
def test_restore_undoes_neutralise(text):
    assert restore(neutralise(text)) == text


SPICY = st.text(st.sampled_from(" '\"=+-@\t\r\n,;|＝a1王é\u2028\x85\x0b\ufeff😀"), max_size=12)
PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
CELLS = SPICY | PLAIN
HEADINGS = st.lists(
    st.text(st.sampled_from("abc姓名 =';|,\"(2)"), min_size=1, max_size=6)
    .map(lambda text: " ".join(text.split()))
    .filter(bool),
    min_size=1,
    max_size=5,
    unique=True,
).filter(lambda headings: SURPLUS not in headings)


@st.composite
def tables(draw):
    headings = draw(HEADINGS)
    row = st.fixed_dictionaries(dict.fromkeys(headings, CELLS))
    return headings, draw(st.lists(row | st.just({heading: heading for heading in headings}), max_size=6))


@given(tables(), st.sampled_from(",;\t|"), st.sampled_from(["utf-8-sig", "utf-8", "utf-16"]))
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_what_is_read_is_what_was_written(table, delimiter, encoding):
    headings, rows = table
    data = written(headings, rows, delimiter=delimiter, encoding=encoding)

    reader = read_rows(io.BytesIO(data), written_here=True)

    assert reader.headings == tuple(headings)
    assert [dict(row.values) for row in reader] == rows
    assert reader.problems == ()


@given(tables())
def test_the_csv_module_reads_what_was_written(table):
    headings, rows = table
    text = written(headings, rows).decode("utf-8-sig")

    found = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert found == [
        [neutralise(cell) for cell in line] for line in [headings, *([row[name] for name in headings] for row in rows)]
    ]


@given(st.binary(max_size=300) | SPICY.map(str.encode) | SPICY.map(lambda text: text.encode("utf-16")))
@example(b'"')
@example(b'a,"b\n"c')
def test_any_bytes_are_read_or_refused_and_every_line_is_accounted_for(data):
    try:
        reader = read_rows(io.BytesIO(data), limits=Limits(row=80, cell=40))
        rows = list(reader)
    except CrmError:
        return
    skipped = [problem for problem in reader.problems if problem.skipped]
    numbers = sorted([row.number for row in rows] + [problem.number for problem in skipped])
    last = numbers[-1] if numbers else 1

    assert len(set(numbers)) == len(numbers)
    assert last - 1 <= len(numbers) + reader.blank_rows
    assert all(problem.raw for problem in skipped)


def test_missing_keys_are_empty_cells_and_the_rows_are_counted():
    out = io.BytesIO()

    assert write_rows(out, ["a", "b"], iter([{"b": "2"}, {}]), encoding="utf-8") == 2
    assert out.getvalue() == b"a,b\r\n,2\r\n,\r\n"
    assert not out.closed


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        ([], {}),
        (["a", "a"], {}),
        (["a", ""], {}),
        ([" a"], {}),
        (["a\x07"], {}),
        ([SURPLUS], {}),
        (["a"], {"b": "1"}),
        (["a"], {"a": 1}),
        (["a"], {"a": None}),
        (["a"], {"a": "\0"}),
        (["a"], {"a": "\ud800"}),
    ],
)
def test_what_could_not_be_read_again_is_not_written(headings, row, tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("before")

    with pytest.raises(InvalidInput):
        write_rows(path, headings, [row])
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_characters_that_an_encoding_lacks_name_the_row():
    with pytest.raises(InvalidInput, match="row 3"):
        written(["a"], [{"a": "x"}, {"a": "王"}], encoding="cp1252")


@pytest.mark.parametrize("options", [{"delimiter": "x"}, {"encoding": "no-such"}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(InvalidInput):
        written(["a"], [], **options)


def test_a_directory_that_is_not_there_is_a_storage_failure(tmp_path):
    with pytest.raises(StorageFailed):
        write_rows(tmp_path / "no" / "out.csv", ["a"], [])


def test_a_failing_source_of_rows_leaves_the_old_file(tmp_path):
    path = Path(tmp_path / "out.csv")
    path.write_text("before")

    def rows():
        yield {"a": "1"}
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_rows(path, ["a"], rows())
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
