"""Who is near a place: accounts around a point, owned ones and those that lie in a pool."""

from collections.abc import Sequence
from decimal import Decimal
from math import cos, radians

from attrs import frozen

from crmkit.domain.conditions import Condition, F
from crmkit.domain.parties.account import Account
from crmkit.domain.values.address import Address
from crmkit.errors import InvalidInput
from crmkit.services.context import Context

__all__ = ["Near", "accounts_near"]

KM_PER_DEGREE = 111.0
"""A little less than a degree of latitude anywhere, so that the box around the circle is never too small."""


@frozen(kw_only=True)
class Near:
    """An account and how far away it is, in kilometres on the great circle."""

    account: Account
    km: float


def accounts_near(
    ctx: Context, *, latitude: float, longitude: float, km: float, pooled: bool | None = None, limit: int = 100
) -> Sequence[Near]:
    """The accounts at most ``km`` away, nearest first: all of them, or those in a pool, or those that are not.

    The store selects by a box of latitudes and longitudes, the circle is then exact to within 0.6 %.

    Raises:
        InvalidInput: the place is not on the globe, or ``km`` is not above zero and at most 1,000.
    """
    if not 0 < km <= 1_000:
        raise InvalidInput("must be above 0 and at most 1,000.", field="km", hint="Give kilometres.")
    centre = Address(latitude=latitude, longitude=longitude)
    inside = _box(latitude, longitude, km)
    if pooled is not None:
        inside &= ~F.pool_id.missing() if pooled else F.pool_id.missing()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        found = uow.accounts.find(inside)
    near = [
        Near(account=account, km=away)
        for account in found
        if account.address is not None and (away := account.address.distance_km(centre)) is not None and away <= km
    ]
    return sorted(near, key=lambda each: (each.km, each.account.id))[:limit]


def _box(latitude: float, longitude: float, km: float) -> Condition:
    """The degrees that a circle may touch; near a pole every longitude, over the date line two stretches."""
    high = km / KM_PER_DEGREE
    rows = (F.address.latitude >= _written(latitude - high)) & (F.address.latitude <= _written(latitude + high))
    nearest_pole = min(90.0, max(abs(latitude - high), abs(latitude + high)))
    shrunk = cos(radians(nearest_pole))
    if high >= 180 * shrunk:
        return rows
    wide = high / shrunk
    west, east = longitude - wide, longitude + wide
    after_west = F.address.longitude >= _written(west if west >= -180 else west + 360)
    before_east = F.address.longitude <= _written(east if east <= 180 else east - 360)
    split = west < -180 or east > 180
    return rows & ((after_west | before_east) if split else (after_west & before_east))


def _written(angle: float) -> Decimal:
    return Decimal(f"{angle:.9f}")
