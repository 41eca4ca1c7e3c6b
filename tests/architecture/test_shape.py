"""One screen, one thought: how large a file may be and what it may be called."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import crmkit

MOST_LINES = 400
DRAWERS = {"utils", "util", "helpers", "helper", "common", "types", "base", "misc", "shared", "core", "manager"}
LAZY = {"sqlalchemy", "cattrs", "pendulum", "phonenumbers", "rapidfuzz", "psycopg", "numpy", "pytest", "hypothesis"}


def packages() -> list[str]:
    """crmkit and every package inside it: what they export is the public interface."""
    found = pkgutil.walk_packages(crmkit.__path__, "crmkit.")
    return ["crmkit", *(module.name for module in found if module.ispkg)]


def test_no_file_is_longer_than_four_hundred_lines(root):
    sizes = {
        path.relative_to(root).as_posix(): len(path.read_bytes().splitlines()) for path in (root / "src").rglob("*.py")
    }
    assert {name: lines for name, lines in sizes.items() if lines > MOST_LINES} == {}


def test_no_module_is_a_drawer(modules):
    drawers = [name for name in modules if DRAWERS & set(name.removesuffix(".py").split("/"))]

    assert not drawers


@pytest.mark.parametrize("package", packages())
def test_every_exported_name_exists_and_is_documented(package):
    module = importlib.import_module(package)
    exported = getattr(module, "__all__", [])
    missing = [name for name in exported if not hasattr(module, name)]
    silent = [
        name for name in exported if callable(thing := getattr(module, name, None)) and not has_words_of_its_own(thing)
    ]

    assert (missing, silent) == ([], [])


def has_words_of_its_own(thing: object) -> bool:
    """A class that says nothing would otherwise borrow its parent's words, or attrs' listing of its fields."""
    if inspect.isclass(thing):
        return bool(thing.__dict__.get("__doc__"))
    return bool(inspect.getdoc(thing))


def test_every_module_says_what_it_is_for(modules):
    silent = [name for name, tree in modules.items() if tree.body and not ast.get_docstring(tree)]

    assert not silent


def test_importing_crmkit_loads_nothing_heavy():
    program = "import sys, crmkit; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert not LAZY & set(loaded)
