"""Nearby search: the box that the store selects by never cuts the circle."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.crm import Crm
from crmkit.domain.parties.account import Account
from crmkit.domain.values.address import Address
from crmkit.domain.values.names import CompanyName
from crmkit.errors import InvalidInput

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def an_account(id: str, latitude: float | None, longitude: float | None, **more: Any) -> Account:
    address = Address(latitude=latitude, longitude=longitude)
    return Account(
        id=id,
        name=CompanyName(legal=id),
        address=address,
        created_at=NOW,
        updated_at=NOW,
        **more,  # type: ignore[arg-type]
    )


HANGZHOU = an_account("hangzhou", 30.2741, 120.1551)
SHANGHAI = an_account("shanghai", 31.2304, 121.4737, pool_id="east")
NOWHERE = an_account("nowhere", None, None)


def test_accounts_near_a_place_come_nearest_first_on_every_store(database_url: str) -> None:
    for store in (MemoryStore(), SqlStore(database_url)):
        crm = Crm(store=store)
        crm.add(SHANGHAI, HANGZHOU, NOWHERE)
        near = crm.customers.near(latitude=30.25, longitude=120.17, km=200)
        assert [(each.account.id, round(each.km)) for each in near] == [("hangzhou", 3), ("shanghai", 166)]
        assert [each.account.id for each in crm.customers.near(latitude=30.25, longitude=120.17, km=100)] == [
            "hangzhou"
        ]
        store.close()


def test_owned_and_pooled_accounts_can_be_told_apart() -> None:
    crm = Crm(store=MemoryStore())
    crm.add(SHANGHAI, HANGZHOU)
    place = {"latitude": 30.25, "longitude": 120.17, "km": 500}
    assert [each.account.id for each in crm.customers.near(**place, pooled=True)] == ["shanghai"]
    assert [each.account.id for each in crm.customers.near(**place, pooled=False)] == ["hangzhou"]


@pytest.mark.parametrize("km", [0, -1, 1_001])
def test_a_radius_that_makes_no_sense_is_refused(km: float) -> None:
    with pytest.raises(InvalidInput, match="km"):
        Crm(store=MemoryStore()).customers.near(latitude=0, longitude=0, km=km)


LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES, st.floats(0.1, 1_000))
def test_no_account_inside_the_circle_is_left_out(a: float, b: float, c: float, d: float, km: float) -> None:
    crm = Crm(store=MemoryStore())
    crm.add(an_account("somewhere", a, b))
    away = Address(latitude=a, longitude=b).distance_km(Address(latitude=c, longitude=d))
    found = crm.customers.near(latitude=c, longitude=d, km=km)
    assert bool(found) == (away is not None and away <= km)


@given(st.floats(-60, 60), LONGITUDES, st.floats(-9, 9), st.floats(-9, 9), st.floats(100, 1_000))
def test_no_near_account_is_left_out_over_the_date_line(a: float, b: float, up: float, right: float, km: float) -> None:
    crm = Crm(store=MemoryStore())
    longitude = (b + right + 180) % 360 - 180
    crm.add(an_account("somewhere", a, b))
    away = Address(latitude=a, longitude=b).distance_km(Address(latitude=a + up, longitude=longitude))
    found = crm.customers.near(latitude=a + up, longitude=longitude, km=km)
    assert bool(found) == (away is not None and away <= km)
