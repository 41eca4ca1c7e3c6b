"""What members of a pool see of a record before they claim it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.money import Money
from crmkit.rules.reclaim import masked, shown
from crmkit.testing import a_lead, a_pool, an_account


def lead(**changes):
    phones = (Phone(raw="138 0013 8000", e164="+8613800138000"), Phone(raw="ext 5", invalid=True))
    emails, handles = (
        (Email(raw="li@x.cn", address="li@x.cn"), Email(raw="?", invalid=True)),
        (Handle(network="wechat", raw="liwei88", value="liwei88"),),
    )
    return a_lead(phones=phones, emails=emails, handles=handles, **changes)


def test_phones_and_addresses_are_masked_unless_the_pool_says_otherwise():
    view = shown(lead(), a_pool(holds="lead"))
    assert view.fields["phones"] == "+86********000, e***5"
    assert view.fields["emails"] == "l*****n, ?"
    assert view.fields["handles"] == "l*****8"
    assert "id" not in view.fields


def test_only_the_visible_fields_are_shown_in_their_order_and_blanks_are_left_out():
    pool = a_pool(
        holds="lead", visible_fields=("source", "phones", "company", "custom.tier", "nothing"), masked_fields=()
    )
    view = shown(lead(source="fair", custom={"tier": "gold"}), pool)
    assert list(view.fields) == [name for name in ("source", "phones", "company", "custom.tier") if name in view.fields]
    assert view.fields["phones"] == "+8613800138000, ext 5"
    assert view.fields["custom.tier"] == "gold"


def test_who_may_see_everything_sees_it():
    assert shown(lead(), a_pool(holds="lead"), whole=True).fields["phones"].startswith("+8613800138000")


def test_values_of_every_kind_become_texts():
    record = an_account(
        address=Address(city="Hangzhou", street="1 Lake Rd"),
        tags=("a", "b"),
        employees=12,
        custom={"x": Decimal("1.5"), "m": Money.of("3", "EUR")},
    )
    pool = a_pool(visible_fields=("name", "address", "tags", "employees", "standing", "custom.x", "created_at"))
    fields = shown(record, pool).fields
    assert (fields["tags"], fields["employees"], fields["standing"], fields["custom.x"]) == (
        "a, b",
        "12",
        "potential",
        "1.5",
    )
    assert "Hangzhou" in fields["address"]


@given(st.text(min_size=1, max_size=40))
def test_at_most_half_is_left_to_read(text):
    hidden = masked(text)
    assert len(hidden) == len(text)
    kept = sum(one == other and one != "*" for one, other in zip(text, hidden, strict=True))
    assert kept <= max(1, len(text) // 4) + len(text) // 4
