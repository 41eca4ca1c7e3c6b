"""Addresses and the distance between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.values.address import Address
from crmkit.errors import InvalidInput

BEIJING = Address(city="北京市", latitude=39.9042, longitude=116.4074)
SHANGHAI = Address(city="上海市", latitude=31.2304, longitude=121.4737)
NASHVILLE = Address(city="Nashville", latitude=36.12, longitude=-86.67)
LOS_ANGELES = Address(city="Los Angeles", latitude=33.94, longitude=-118.40)
places = st.builds(Address, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    # the second is the example of Rosetta Code, which takes 6372.8 km for the radius
    [(BEIJING, SHANGHAI, 1067), (NASHVILLE, LOS_ANGELES, 2887.26 * 6371.0088 / 6372.8), (BEIJING, BEIJING, 0)],
)
def test_distance_is_that_of_the_great_circle(one, other, kilometres):
    assert one.distance_km(other) == pytest.approx(kilometres, abs=1)


def test_opposite_points_are_half_the_globe_apart():
    north, south = Address(latitude=90, longitude=0), Address(latitude=-90, longitude=0)
    assert north.distance_km(south) == pytest.approx(20015, abs=1)


@given(places, places)
def test_distance_is_symmetric_and_bounded(one, other):
    there = one.distance_km(other)
    assert there == pytest.approx(other.distance_km(one), abs=1e-6)
    assert 0 <= there <= 20_016


def test_without_coordinates_there_is_no_distance():
    assert BEIJING.distance_km(Address(raw="somewhere")) is None
    assert Address().distance_km(BEIJING) is None


@pytest.mark.parametrize(
    "coordinates",
    [
        {"latitude": 90.1, "longitude": 0},
        {"latitude": 0, "longitude": -180.5},
        {"latitude": 10.0},
        {"longitude": 10.0},
        {"latitude": float("nan"), "longitude": 0},
        {"latitude": "30", "longitude": 0},
    ],
)
def test_a_place_that_is_not_on_the_globe_is_refused(coordinates):
    with pytest.raises(InvalidInput, match="Address"):
        Address(**coordinates)


def test_the_raw_text_is_kept():
    written = "浙江省杭州市西湖区\u3000文三路 90号"
    assert Address(raw=written, region_code="330106").raw == written
