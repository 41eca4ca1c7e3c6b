"""The conditions of a process: about its request, read and compiled once."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from crmkit.domain.conditions import BoundCondition, FieldCatalogue, bind, compile_test, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.stewardship.request import Request

__all__ = ["about_request", "bound_to_request", "fields_of_requests"]


@lru_cache(maxsize=4_096)
def about_request(text: str, custom: tuple[CustomField, ...] = ()) -> Callable[[object, datetime], bool]:
    """The test that ``text`` asks of a request.

    Raises:
        InvalidCondition: it cannot be read, or asks what a request does not have.
    """
    return compile_test(bound_to_request(text, custom))


@lru_cache(maxsize=4_096)
def bound_to_request(text: str, custom: tuple[CustomField, ...] = ()) -> BoundCondition:
    """``text`` as a condition on requests.

    Raises:
        InvalidCondition: it cannot be read, or asks what a request does not have.
    """
    return bind(parse(text), fields_of_requests(custom))


@lru_cache(maxsize=256)
def fields_of_requests(custom: tuple[CustomField, ...]) -> FieldCatalogue:
    """What a condition on requests may speak of."""
    return FieldCatalogue.of(Request, custom=[field for field in custom if field.entity == Request.entity])
