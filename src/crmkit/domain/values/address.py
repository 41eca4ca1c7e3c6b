"""Postal addresses with an optional place on the map."""

from math import asin, cos, radians, sin, sqrt
from typing import Annotated

from crmkit.domain.checks import Text
from crmkit.domain.model import Line, model
from crmkit.errors import InvalidInput

__all__ = ["Address"]

_EARTH_RADIUS_KM = 6371.0088  # mean radius R1 of the WGS 84 ellipsoid (IUGG; Moritz, Geodetic Reference System 1980)
_RANGES = {"latitude": 90.0, "longitude": 180.0}


@model
class Address:
    """Where somebody is, as far as it is known; ``raw`` keeps what was written.

    Args:
        country: as written, better an ISO 3166-1 alpha-2 code ("CN", "DE").
        region_code: the official code of the smallest known division, in China six digits of GB/T 2260 ("330106").
        latitude: degrees, north positive; with ``longitude`` or not at all.
        longitude: degrees, east positive. Distances assume one datum: do not mix WGS 84 with GCJ-02.

    Raises:
        InvalidInput: a coordinate out of range, or one without the other.

    >>> hangzhou = Address(country="CN", city="杭州市", latitude=30.25, longitude=120.17)
    >>> shanghai = Address(country="CN", city="上海市", latitude=31.23, longitude=121.47)
    >>> round(hangzhou.distance_km(shanghai))
    165
    """

    country: Line = ""
    province: Line = ""
    city: Line = ""
    district: Line = ""
    street: Line = ""
    postcode: Annotated[str, Text(most=20)] = ""
    region_code: Annotated[str, Text(most=20)] = ""
    latitude: float | None = None
    longitude: float | None = None
    raw: Annotated[str, Text(most=2000)] = ""

    def check(self) -> None:
        """Refuse a place that is not on the globe."""
        if (self.latitude is None) != (self.longitude is None):
            hint = "Give both latitude and longitude, or neither."
            raise InvalidInput("comes without the other coordinate.", field="Address.latitude", hint=hint)
        for name, most in _RANGES.items():
            degrees = getattr(self, name)
            if degrees is not None and abs(degrees) > most:
                hint = "Check that latitude and longitude are not swapped."
                raise InvalidInput(f"must lie from {-most:g} to {most:g}.", field=f"Address.{name}", hint=hint)

    def distance_km(self, other: "Address") -> float | None:
        """Kilometres on the great circle, or nothing while one of the two has no place on the map.

        Haversine formula (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984); the
        sphere is off by at most 0.6 % from the ellipsoid.
        """
        if self.latitude is None or self.longitude is None or other.latitude is None or other.longitude is None:
            return None
        south, north = radians(self.latitude), radians(other.latitude)
        half_up, half_right = (north - south) / 2, radians(other.longitude - self.longitude) / 2
        haversine = sin(half_up) ** 2 + cos(south) * cos(north) * sin(half_right) ** 2
        return 2 * _EARTH_RADIUS_KM * asin(min(1.0, sqrt(haversine)))
