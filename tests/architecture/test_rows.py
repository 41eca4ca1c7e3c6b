"""The pages of attacks and faults: every row once, and every test that they name is there."""

import ast
import re

import pytest

ROWS = 45
LINE = re.compile(r"\| (\d+) \|")
NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def rows_of(root, page):
    """The number of each row of the page's table with the tests that its last cell names."""
    for line in (root / "docs" / "explanation" / page).read_text(encoding="utf-8").splitlines():
        if begins := LINE.match(line):
            yield int(begins[1]), NAMED.findall(line.rstrip(" |").rpartition(" | ")[2])


@pytest.mark.parametrize("page", ["threat-model.md", "fault-model.md"])
def test_every_row_stands_once_with_its_tests(root, page):
    rows = list(rows_of(root, page))
    assert [number for number, _ in rows] == list(range(1, ROWS + 1))
    assert [number for number, tests in rows if not tests] == []


@pytest.mark.parametrize("page", ["threat-model.md", "fault-model.md"])
def test_every_test_that_a_row_names_is_there(root, page):
    missing = []
    for number, tests in rows_of(root, page):
        for file, name in tests:
            path = root / file if file.startswith("src/") else root / "tests" / file
            if not path.exists() or (name and name not in functions_of(path)):
                missing.append((number, file, name))
    assert missing == []


def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
