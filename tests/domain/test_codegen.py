import ast

import pytest

from crmkit.domain.codegen import build


def returning(expression: ast.expr) -> list[ast.stmt]:
    return [ast.Return(expression)]


def name(word: str) -> ast.expr:
    return ast.Name(word, ast.Load())


def test_constants_are_objects_not_text():
    thing = object()

    assert build("thing", (), returning(name("c0")), {"c0": thing})() is thing


def test_arguments_come_in_order():
    pair = build("pair", ("a", "b"), returning(ast.Tuple([name("b"), name("a")], ast.Load())), {})

    assert pair(1, 2) == (2, 1)


def test_generated_code_reaches_no_built_in_names():
    reach = build("reach", (), returning(name("open")), {})

    with pytest.raises(NameError):
        reach()


def test_two_functions_share_nothing():
    one, two = (build("f", (), returning(name("c0")), {"c0": number}) for number in (1, 2))

    assert (one(), two()) == (1, 2)


def test_a_function_has_its_name_in_tracebacks():
    fail = build("select_leads", ("n",), returning(ast.BinOp(ast.Constant(1), ast.Div(), name("n"))), {})

    with pytest.raises(ZeroDivisionError) as caught:
        fail(0)
    assert caught.traceback[-1].name == "select_leads"
    assert str(caught.traceback[-1].path).endswith("<crmkit select_leads>")


@pytest.mark.parametrize(
    ("function", "args", "constants"),
    [("f(x)", (), {}), ("f", ("a b",), {}), ("f", (), {"1": 1}), ("f", ("a", "a"), {}), ("f", ("a",), {"a": 1})],
)
def test_names_that_are_none_are_refused(function, args, constants):
    with pytest.raises(ValueError, match="distinct identifiers"):
        build(function, args, [ast.Pass()], constants)
