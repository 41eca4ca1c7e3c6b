"""The fast codec for what the store itself wrote: trusted, so no field is checked again.

Absent fields take their defaults, so that a row written by an older crmkit reads well.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, StrEnum
from operator import attrgetter
from types import NoneType
from typing import Any, cast, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn

from crmkit.adapters.codec.plain import plain_model
from crmkit.adapters.codec.scalars import LOADS, PLAINS, is_scalar_union, load_tagged, plain_tagged
from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict, optional_of, plain_of
from crmkit.domain.model import annotations_of

__all__ = ["StoredCodec", "dumps", "loads", "scan"]

scan: Callable[[str, int], tuple[Any, int]] = cast(Any, json.JSONDecoder()).scan_once
"""``scan(text, 0)[0]`` is the JSON value in a text that ``dumps`` wrote.

It does not look for spaces around, which makes it twice as fast as ``json.loads`` on short texts.
"""

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
# the encoder's own methods build this C object anew for every value
_make_encoder: Any = getattr(json.encoder, "c_make_encoder", None)
_chunks: Any = _make_encoder and _make_encoder(
    None, _encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, False
)


def dumps(plain: Any) -> str:
    """JSON terms as compact text.

    >>> dumps({"name": "张三", "tags": ["vip"]})
    '{"name":"张三","tags":["vip"]}'
    """
    if _chunks is None or isinstance(plain, str):
        return _encoder.encode(plain)
    return "".join(_chunks(plain, 0))


def loads(text: str) -> Any:
    """The JSON value in a text that ``dumps`` wrote."""
    return scan(text, 0)[0]


Load = Callable[[Any], Any]


class StoredCodec:
    """Values nested in a record, and whole records for the journal, to compact JSON terms and back."""

    def __init__(self) -> None:
        self._whole = _converter(compact=False)
        self._compact = _converter(compact=True)
        self._loads: dict[Any, Load | None] = {}
        self._plains: dict[tuple[Any, bool], Load] = {}

    def plainer(self, annotation: Any) -> Load | None:
        """The function that turns values of ``annotation`` into JSON terms; ``None`` when they already are.

        It is not to be called with ``None``.

        Items of a tuple leave out what is at its default. A model that stands alone is written whole,
        because conditions may ask its fields, and a field left out would look missing.
        """
        inner = optional_of(annotation)[0]
        plain = plain_of(inner)
        if plain in (str, int, float, bool):
            return None
        if isinstance(plain, type) and issubclass(plain, Enum):
            return attrgetter("_value_")
        return self._plain(inner, compact=not attrs.has(plain))

    def _plain(self, annotation: Any, *, compact: bool) -> Load:
        """The same for the inside of a value, where ``None`` may be as well."""
        known = self._plains.get((annotation, compact))
        if known is None:
            known = self._plains[annotation, compact] = self._make_plain(annotation, compact=compact)
        return known

    def _make_plain(self, annotation: Any, *, compact: bool) -> Load:
        plain, args = plain_of(annotation), get_args(annotation)
        items = get_origin(annotation) is tuple and len(args) == 2 and args[1] is ...
        if items and attrs.has(item := plain_of(args[0])) and not holds_itself(item):
            each = self._plain(item, compact=compact)
            return lambda values: [each(value) for value in values]
        if isinstance(plain, type) and attrs.has(plain) and not holds_itself(plain):
            fields = {name: self._plain_field(each, compact=compact) for name, each in annotations_of(plain).items()}
            return plain_model(plain, fields, compact=compact)
        return (self._compact if compact else self._whole).get_unstructure_hook(annotation)

    def _plain_field(self, annotation: Any, *, compact: bool) -> Load | None:
        inner = optional_of(annotation)[0]
        plain = plain_of(inner)
        if plain in (str, int, float, bool):
            return None
        if isinstance(plain, type) and issubclass(plain, Enum):
            return attrgetter("_value_")
        return self._plain(inner, compact=compact)

    def loader(self, annotation: Any) -> Load | None:
        """The function that loads values of ``annotation``; ``None`` when JSON terms are the values."""
        if annotation not in self._loads:
            # a placeholder first, for a model that holds itself
            self._loads[annotation] = None
            self._loads[annotation] = self._make_loader(annotation)
        return self._loads[annotation]

    def load(self, plain: Any, annotation: Any) -> Any:
        """The value of ``annotation`` that ``plain`` was written from."""
        load = self.loader(annotation)
        return plain if load is None else load(plain)

    def _make_loader(self, annotation: Any) -> Load | None:
        inner, optional = optional_of(annotation)
        if is_scalar_union(annotation):
            return load_tagged
        plain = plain_of(inner)
        if optional:
            load = self.loader(inner)
            return None if load is None else lambda value: None if value is None else load(value)
        if plain in (str, int, float, bool, Any):
            return None
        if plain in LOADS:
            return LOADS[plain]
        return self._load_class(plain) if isinstance(plain, type) else self._load_generic(plain)

    def _load_class(self, cls: type) -> Load:
        if issubclass(cls, Enum):
            members = {member.value: member for member in cls}
            return members.__getitem__
        if attrs.has(cls):
            return self._load_model(cls)
        return cls

    def _load_generic(self, annotation: Any) -> Load:
        args = get_args(annotation)
        if all(isinstance(arg, type) and issubclass(arg, Record) for arg in args if arg is not NoneType):
            by_entity = {arg.entity: self.loader(arg) for arg in args}

            def load_record(value: Mapping[str, Any]) -> Any:
                fields = {**value}
                return by_entity[fields.pop("entity")](fields)  # type: ignore[misc]

            return load_record
        if len(args) == 2 and args[1] is ...:
            if attrs.has(args[0]) and not issubclass(args[0], Record):
                return self._load_models(args[0])
            load = self.loader(args[0])
            return tuple if load is None else lambda value: tuple([load(item) for item in value])
        if len(args) == 2 and args[0] is str:
            each = self.loader(args[1])
            if each is None:
                return FrozenDict
            return lambda value: FrozenDict({key: each(item) for key, item in value.items()})
        loads = [self.loader(arg) for arg in args]
        return lambda value: tuple(
            item if load is None else load(item) for load, item in zip(loads, value, strict=True)
        )

    def _load_model(self, cls: type) -> Load:
        load_all = self._load_models(cls)
        return lambda plain: load_all((plain,))[0]

    def _load_models(self, cls: type) -> Callable[[Iterable[Mapping[str, Any]]], tuple[Any, ...]]:
        """A loader of many, because a call for each costs as much as the work."""
        defaults = {field.name: _default(field) for field in attrs.fields(cls)}
        special = [
            (name, load) for name, annotation in annotations_of(cls).items() if (load := self.loader(annotation))
        ]
        new, fill = object.__new__, object.__setattr__

        def load_all(plains: Iterable[Mapping[str, Any]]) -> tuple[Any, ...]:
            found = []
            for plain in plains:
                state = {**defaults, **plain}
                for name, load in special:
                    value = plain.get(name)
                    if value is not None:
                        state[name] = load(value)
                made: Any = new(cls)
                fill(made, "__dict__", state)
                found.append(made)
            return tuple(found)

        return load_all


def holds_itself(cls: type) -> bool:
    """Whether values of ``cls`` may lie within one of ``cls``; those stay with cattrs."""
    pending, seen = [cls], set[Any]()
    while pending:
        for annotation in annotations_of(pending.pop()).values():
            for part in _classes_in(annotation):
                if part is cls:
                    return True
                if part not in seen:
                    seen.add(part)
                    pending.append(part)
    return False


def _classes_in(annotation: Any) -> Iterator[type]:
    plain = plain_of(annotation)
    if isinstance(plain, type) and attrs.has(plain):
        yield plain
    for part in get_args(annotation):
        yield from _classes_in(part)


def _converter(*, compact: bool) -> cattrs.Converter:
    converter = cattrs.Converter(unstruct_collection_overrides={tuple: list})
    for cls, to_plain in PLAINS.items():
        converter.register_unstructure_hook(cls, to_plain)
    converter.register_unstructure_hook_func(is_scalar_union, plain_tagged)
    # cattrs lets members that are texts pass, and a store that keeps terms without writing them would keep the members
    converter.register_unstructure_hook(StrEnum, attrgetter("_value_"))

    def of_model(cls: type) -> Any:
        fields: Any = make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=compact)
        if issubclass(cls, Record):
            return lambda value: {"entity": cls.entity, **fields(value)}
        return fields

    converter.register_unstructure_hook_factory(attrs.has, of_model)
    return converter


def _default(field: "attrs.Attribute[Any]") -> Any:
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return field.default.factory()  # type: ignore[union-attr]
    return None if field.default is attrs.NOTHING else field.default
