"""The conditions of a process: about its request, read and compiled once."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from crmkit.domain.conditions import FieldCatalogue, bind, compile_test, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.stewardship.request import Request

__all__ = ["about_request"]


@lru_cache(maxsize=4_096)
def about_request(text: str, custom: tuple[CustomField, ...] = ()) -> Callable[[object, datetime], bool]:
    """The test that ``text`` asks of a request.

    Raises:
        InvalidCondition: it cannot be read, or asks what a request does not have.
    """
    return compile_test(bind(parse(text), _fields(custom)))


@lru_cache(maxsize=256)
def _fields(custom: tuple[CustomField, ...]) -> FieldCatalogue:
    return FieldCatalogue.of(Request, custom=[field for field in custom if field.entity == Request.entity])
