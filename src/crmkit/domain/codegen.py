"""Functions built from ``ast`` nodes: the only module of crmkit that calls ``compile`` and ``exec``.

What a caller passes is syntax, never text: no value is ever printed into source. Values enter as
``constants`` and live in the namespace of the built function, which holds nothing else: not even
the built-in names, so that generated code can reach only what it was handed.

>>> import ast
>>> limit = ast.Compare(ast.Name("n", ast.Load()), [ast.GtE()], [ast.Name("least", ast.Load())])
>>> enough = build("enough", ("n",), [ast.Return(limit)], {"least": 60})
>>> enough(59), enough(60)
(False, True)
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

__all__ = ["build"]

# a field that Python 3.12 asks for and 3.11 does not know
_TYPE_PARAMS: dict[str, Any] = {"type_params": []} if "type_params" in ast.FunctionDef._fields else {}


def build(
    name: str,
    args: Sequence[str],
    body: Sequence[ast.stmt],
    constants: Mapping[str, object],
    *,
    keywords: Sequence[str] = (),
    defaults: Mapping[str, object] | None = None,
) -> Callable[..., Any]:
    """A function ``name(*args, *, **keywords)`` that runs ``body`` with ``constants`` as its only globals.

    Args:
        name: what the function is called in tracebacks.
        args: names of its positional parameters, in order.
        body: its statements; locations are filled in here. The nodes belong to the function
            afterwards: do not use them in a second tree.
        constants: every name that the body reads and does not assign, with its value.
        keywords: names of its keyword-only parameters, in order.
        defaults: the values of those of them that may be left out.

    Raises:
        ValueError: a name is no identifier, or is both a parameter and a constant.
    """
    names = [name, *args, *keywords, *constants]
    wrong = [each for each in names if not each.isidentifier()]
    if wrong or len(set(names)) < len(names):
        raise ValueError(f"names of generated code must be distinct identifiers: {wrong or names}")
    parameters = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(each) for each in args],
        kwonlyargs=[ast.arg(each) for each in keywords],
        kw_defaults=[None] * len(keywords),
        defaults=[],
    )
    function = ast.FunctionDef(name=name, args=parameters, body=list(body), decorator_list=[], **_TYPE_PARAMS)
    module = ast.fix_missing_locations(ast.Module(body=[function], type_ignores=[]))
    namespace: dict[str, Any] = {**constants, "__builtins__": {}, "__name__": __name__}
    exec(compile(module, f"<crmkit {name}>", "exec", dont_inherit=True), namespace)  # noqa: S102 - the one door
    built: Any = namespace[name]
    built.__kwdefaults__ = dict(defaults or {}) or None
    return cast(Callable[..., Any], built)
