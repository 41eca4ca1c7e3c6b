"""The fast codec for what the store itself wrote: trusted, so no field is checked again.

Absent fields take their defaults, so that a row written by an older crmkit reads well.
"""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType
from typing import Any, get_args

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn

from crmkit.adapters.codec.scalars import LOADS, PLAINS, is_scalar_union, load_tagged, plain_tagged
from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict, optional_of, plain_of
from crmkit.domain.model import annotations_of

__all__ = ["StoredCodec"]

Load = Callable[[Any], Any]


class StoredCodec:
    """Values nested in a record, and whole records for the journal, to compact JSON terms and back."""

    def __init__(self) -> None:
        self._converter = cattrs.Converter(unstruct_collection_overrides={tuple: list})
        for cls, to_plain in PLAINS.items():
            self._converter.register_unstructure_hook(cls, to_plain)
        self._converter.register_unstructure_hook_func(is_scalar_union, plain_tagged)
        self._converter.register_unstructure_hook_factory(attrs.has, self._compact)
        self._loads: dict[Any, Load | None] = {}

    def _compact(self, cls: type) -> Any:
        fields = make_dict_unstructure_fn(cls, self._converter, _cattrs_omit_if_default=True)
        if issubclass(cls, Record):
            return lambda value: {"entity": cls.entity, **fields(value)}
        return fields

    def plain(self, value: Any, annotation: Any) -> Any:
        """``value`` of a field annotated ``annotation`` in JSON terms, fields at their default left out."""
        return self._converter.unstructure(value, unstructure_as=annotation)

    def plainer(self, annotation: Any) -> Load | None:
        """The function that turns values of ``annotation`` into JSON terms; ``None`` when they already are."""
        if plain_of(annotation) in (str, int, float, bool):
            return None
        hook = self._converter.get_unstructure_hook(optional_of(annotation)[0])
        return lambda value: None if value is None else hook(value)

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

    def dumps(self, plain: Any) -> str:
        """JSON terms as text."""
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))

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
            return lambda value: by_entity[value["entity"]](value)  # type: ignore[misc]
        if len(args) == 2 and args[1] is ...:
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
        defaults = {field.name: _default(field) for field in attrs.fields(cls)}
        special = {
            name: load for name, annotation in annotations_of(cls).items() if (load := self.loader(annotation))
        }
        new = object.__new__

        def load(plain: Mapping[str, Any]) -> Any:
            made = new(cls)
            state = made.__dict__
            state.update(defaults)
            for name, value in plain.items():
                if name in defaults:
                    of_field = special.get(name)
                    state[name] = value if of_field is None or value is None else of_field(value)
            return made

        return load


def _default(field: "attrs.Attribute[Any]") -> Any:
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return field.default.factory()  # type: ignore[union-attr]
    return None if field.default is attrs.NOTHING else field.default
