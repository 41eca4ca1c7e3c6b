"""No text becomes code, no object comes out of a pickle, no statement is put together from pieces of text."""

import ast
from collections.abc import Iterator

import pytest

CODE_FROM_TEXT = {"exec", "eval", "compile", "__import__"}
MAY_GENERATE_CODE = {"domain/codegen.py"}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml"}
TAKES_A_STATEMENT = {"execute", "executemany", "executescript", "exec_driver_sql", "text", "copy"}


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def generated_code(tree: ast.AST) -> list[int]:
    """Lines that mention a builtin which turns text into code, called or passed on; `re.compile` is another thing."""
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in CODE_FROM_TEXT]


def unsafe_imports(tree: ast.AST) -> list[int]:
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                wanted = {alias.name for alias in names}
            case ast.ImportFrom(module=module):
                wanted = {module or ""}
            case _:
                continue
        if {name.partition(".")[0] for name in wanted} & UNSAFE_MODULES:
            found.append(node.lineno)
    return found


def pieced_together(node: ast.AST) -> bool:
    """Whether the value of ``node`` is text with something put into it."""
    match node:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.FormattedValue) for value in values)
        case ast.BinOp(op=ast.Mod() | ast.Add()):
            return True
        case ast.Call(func=ast.Attribute(attr="format" | "join" | "replace" | "encode", value=inner), args=args):
            return pieced_together(inner) or bool(args)
    return False


def pieced_statements(tree: ast.AST) -> list[int]:
    return [
        call.lineno
        for call in calls(tree)
        if called_name(call) in TAKES_A_STATEMENT and call.args and pieced_together(call.args[0])
    ]


def test_only_codegen_turns_anything_into_code(modules):
    found = {name: lines for name, tree in modules.items() if (lines := generated_code(tree))}

    assert set(found) <= MAY_GENERATE_CODE, found


def test_nothing_unpickles(modules):
    found = {name: lines for name, tree in modules.items() if (lines := unsafe_imports(tree))}

    assert not found


def test_no_statement_is_put_together_from_text(modules):
    adapters = {name: tree for name, tree in modules.items() if name.startswith(("adapters/", "crm/"))}
    found = {name: lines for name, tree in adapters.items() if (lines := pieced_statements(tree))}

    assert not found


@pytest.mark.parametrize(
    "source",
    [
        'cursor.execute(f"DELETE FROM {table}")',
        'cursor.execute("DELETE FROM " + table)',
        'cursor.executemany("DELETE FROM %s" % table, rows)',
        'connection.execute(text("DELETE FROM {}".format(table)))',
        'connection.exec_driver_sql(", ".join(parts))',
    ],
)
def test_a_planted_statement_is_found(source):
    assert pieced_statements(ast.parse(source))


@pytest.mark.parametrize("source", ["eval('1')", "map(eval, texts)", "exec(code)", "compile(text, '', 'exec')"])
def test_planted_code_from_text_is_found(source):
    assert generated_code(ast.parse(source))


@pytest.mark.parametrize("source", ["import pickle", "from pickle import loads", "import yaml", "import dill as json"])
def test_a_planted_pickle_is_found(source):
    assert unsafe_imports(ast.parse(source))


@pytest.mark.parametrize("source", ["re.compile('a')", "cursor.execute('SELECT 1')", "cursor.execute(statement, row)"])
def test_innocent_calls_pass(source):
    tree = ast.parse(source)

    assert (generated_code(tree), unsafe_imports(tree), pieced_statements(tree)) == ([], [], [])


OPENS_SOCKETS = {
    "socket",
    "http.client",
    "urllib.request",
    "ftplib",
    "smtplib",
    "requests",
    "httpx",
    "urllib3",
    "aiohttp",
}
DOORS_TO_THE_NETWORK = {"adapters/channels/http_door.py", "adapters/channels/smtp.py"}


def network_imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module, *(f"{module}.{alias.name}" for alias in names)}
    return {name for name in found if name in OPENS_SOCKETS or name.partition(".")[0] in OPENS_SOCKETS}


def test_attack_19_only_the_guarded_doors_open_connections(modules):
    found = {name: imports for name, tree in modules.items() if (imports := network_imports(tree))}

    assert set(found) <= DOORS_TO_THE_NETWORK, found


@pytest.mark.parametrize(
    "source", ["import socket", "from http import client", "import urllib.request", "from urllib import request"]
)
def test_a_planted_connection_is_found(source):
    assert network_imports(ast.parse(source))


def test_reading_urls_is_no_connection():
    assert not network_imports(ast.parse("from urllib.parse import urlsplit\nfrom http import HTTPStatus"))
