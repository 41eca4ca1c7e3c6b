"""The strict codec: for policies, events, answers and whatever comes from outside.

Unknown keys are refused, every field passes its own check, and an error names the path to what is wrong.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn

from crmkit.adapters.codec.scalars import LOADS, PLAINS, is_scalar_union, load_tagged, plain_tagged
from crmkit.domain.change import Record
from crmkit.domain.checks import optional_of, plain_of
from crmkit.errors import CrmError, InvalidInput, Problem
from crmkit.rules.policy import Policy
from crmkit.rules.rulebook import RuleBook

__all__ = ["Codec"]

T = TypeVar("T")
MOST_JSON = 4_194_304
"""Characters that a JSON document may have."""


class Codec:
    """Models of one rule book to plain JSON terms and back.

    >>> from crmkit.domain.ids import Ref
    >>> codec = Codec()
    >>> codec.plain(Ref(entity="lead", id="L-1"))
    {'entity': 'lead', 'id': 'L-1'}
    >>> codec.load(Ref, {"entity": "lead", "id": "L-1", "admin": True})
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: Ref.admin: is not a field. Remove it.
    """

    def __init__(self, book: RuleBook | None = None) -> None:
        self._book = book
        self._converter = cattrs.Converter(forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
        self._register()

    @property
    def book(self) -> RuleBook:
        """The rule book that parts are decoded through."""
        if self._book is None:
            self._book = RuleBook.standard()
        return self._book

    def plain(self, value: Any) -> Any:
        """``value`` (a model, or containers of models) as dicts, lists and JSON scalars."""
        return self._converter.unstructure(value)

    def load(self, cls: type[T], plain: Any) -> T:
        """The ``cls`` that ``plain`` describes.

        Raises:
            InvalidInput: lists what does not fit, each with its path.
            UnknownKind: a rule part that the rule book does not know.
        """
        try:
            return self._converter.structure(plain, cls)
        except cattrs.BaseValidationError as error:
            raise _typed(error, cls.__name__) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidInput("does not fit.", field=cls.__name__, hint=type(error).__name__) from error

    def dumps(self, value: Any) -> str:
        """``value`` as JSON text."""
        return json.dumps(self.plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def loads(self, cls: type[T], text: str) -> T:
        """The ``cls`` that the JSON ``text`` describes; duplicate keys and deep nesting are refused.

        Raises:
            InvalidInput: as ``load``, or ``text`` is not JSON.
        """
        if len(text) > MOST_JSON:
            raise InvalidInput("is too long.", field=cls.__name__, hint=f"At most {MOST_JSON} characters.")
        try:
            plain = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant)
        except (json.JSONDecodeError, RecursionError, ValueError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput("is not JSON.", field=cls.__name__, hint="Check the syntax.") from error
        return self.load(cls, plain)

    def dump_policy(self, policy: Policy) -> str:
        """``policy`` as JSON text with its ``kind``."""
        return json.dumps({"kind": policy.kind, **self.plain(policy)}, ensure_ascii=False)

    def load_policy(self, text: str) -> Policy:
        """The policy that the JSON ``text`` with its ``kind`` describes."""
        plain = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant)
        kind = plain.pop("kind", "")
        return cast(Policy, self.load(self.book.part(kind), plain))

    def _register(self) -> None:
        converter = self._converter
        for cls, to_plain in PLAINS.items():
            converter.register_unstructure_hook(cls, to_plain)
        for cls, load in LOADS.items():
            converter.register_structure_hook(cls, _ignoring_class(load))
        converter.register_structure_hook_func(_is_checked_scalar, lambda value, _cls: value)
        converter.register_structure_hook_func(_is_tuple, self._load_tuple)
        converter.register_unstructure_hook_func(is_scalar_union, plain_tagged)
        converter.register_structure_hook_func(is_scalar_union, lambda value, _cls: load_tagged(value))
        converter.register_unstructure_hook_func(_is_part, self._plain_part)
        converter.register_structure_hook_func(_is_part, lambda value, _cls: self._load_part(value))
        converter.register_unstructure_hook_func(_is_record_union, self._plain_record)
        converter.register_structure_hook_func(_is_record_union, self._load_record)
        converter.register_unstructure_hook_factory(_is_kinded, self._kinded)

    def _load_tuple(self, plain: Any, annotation: Any) -> Any:
        """Only a list is read as a sequence: a text would be taken apart into letters."""
        if not isinstance(plain, list | tuple):
            raise InvalidInput("must be a list.", field="value", hint="Write it in brackets.")
        first, *rest = get_args(annotation)
        each = [first] * len(plain) if rest == [...] else [first, *rest]
        if len(each) != len(plain):
            raise InvalidInput(f"must have {len(each)} items.", field="value", hint="Check the list.")
        return tuple(self._converter.structure(item, of) for item, of in zip(plain, each, strict=True))

    def _kinded(self, cls: type) -> Any:
        """A part says its kind wherever it stands."""
        fields: Any = make_dict_unstructure_fn(cls, self._converter)
        if issubclass(cls, Policy):
            return fields
        kind = cls.kind  # type: ignore[attr-defined]
        return lambda value: {"kind": kind, **fields(value)}

    def _plain_part(self, part: Any) -> Any:
        return self._converter.unstructure(part, type(part))

    def _load_part(self, plain: Any) -> Any:
        if not isinstance(plain, Mapping):
            raise InvalidInput("must be an object with a kind.", field="part", hint='Write {"kind": …}.')
        fields = dict(plain)
        cls = self.book.part(fields.pop("kind", ""))
        return self._converter.structure(fields, cls)

    def _plain_record(self, record: Record | None) -> Any:
        if record is None:
            return None
        return {"entity": record.entity, **self._converter.unstructure(record, type(record))}

    def _load_record(self, plain: Any, union: Any) -> Any:
        union, optional = optional_of(union)
        if plain is None and optional:
            return None
        fields = dict(plain)
        entity = fields.pop("entity", "")
        for cls in get_args(union):
            if cls.entity == entity:
                return self._converter.structure(fields, cls)
        raise InvalidInput(f"{entity!r} is not an entity here.", field="entity")


def _ignoring_class(load: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda value, _cls: load(value)


def _is_checked_scalar(annotation: Any) -> bool:
    """Scalars are not coerced (``"1"`` is no ``1``): the model's own check refuses what does not fit."""
    return plain_of(annotation) in (str, int, float, bool)


def _is_tuple(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _is_part(annotation: Any) -> bool:
    """A rule part behind its Protocol: decoded by ``kind`` through the rule book."""
    return getattr(annotation, "_is_protocol", False) and "kind" in getattr(annotation, "__annotations__", {})


def _is_kinded(annotation: Any) -> bool:
    return attrs.has(annotation) and isinstance(getattr(annotation, "kind", None), str)


def _is_record_union(annotation: Any) -> bool:
    arms = get_args(optional_of(annotation)[0])
    return len(arms) > 1 and all(isinstance(arm, type) and issubclass(arm, Record) for arm in arms)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidInput("a key stands twice.", field="JSON", hint="Keep one.")
    return found


def _no_constant(name: str) -> Any:
    raise InvalidInput(f"{name} is not a number.", field="JSON", hint="Give a finite number.")


def _typed(error: BaseException, path: str) -> CrmError:
    problems = tuple(_problems(error, path))
    for _, cause in _leaves(error, path):
        if isinstance(cause, CrmError) and not isinstance(cause, InvalidInput):
            return cause
        if isinstance(cause, InvalidInput) and type(cause) is not InvalidInput:
            return cause
    return InvalidInput(problems=problems)


def _problems(error: BaseException, path: str) -> list[Problem]:
    found: list[Problem] = []
    for where, cause in _leaves(error, path):
        if isinstance(cause, InvalidInput):
            found.extend(cause.problems)
        elif isinstance(cause, cattrs.ForbiddenExtraKeysError):
            found.extend(
                Problem(f"{where}.{key}", "field.unknown", "is not a field.", "Remove it.")
                for key in sorted(cause.extra_fields)
            )
        elif isinstance(cause, KeyError):
            # the path ends with the missing name already: cattrs notes which field it was looking for
            found.append(Problem(where, "field.required", "is required.", "Give a value."))
        else:
            found.append(Problem(where, "field.invalid", "does not fit.", str(type(cause).__name__)))
    return found


def _leaves(error: BaseException, path: str) -> list[tuple[str, BaseException]]:
    if not isinstance(error, cattrs.BaseValidationError):
        return [(path, error)]
    found: list[tuple[str, BaseException]] = []
    for child in error.exceptions:
        notes = [note for note in getattr(child, "__notes__", []) if hasattr(note, "name") or hasattr(note, "index")]
        step = "".join(f".{note.name}" if hasattr(note, "name") else f"[{note.index}]" for note in notes)
        found.extend(_leaves(child, path + step))
    return found
