"""Phones, e-mail addresses and handles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.model import revise
from crmkit.domain.values.contact_points import Email, Handle, Phone, PhoneKind
from crmkit.domain.values.keys import email_key, handle_key, phone_key
from crmkit.errors import InvalidInput

law = settings(deadline=None, max_examples=300)
mobiles = st.integers(13_000_000_000, 19_999_999_999).map(str)


@pytest.mark.parametrize(
    "raw",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 138-0013-8000",
        "+8613800138000",
        "8613800138000",
        "008613800138000",
        "0086 138 0013 8000",
        "(+86)13800138000",
        "８６１３８００１３８０００",
        "＋８６ １３８ ００１３ ８０００",
        "138.0013.8000",
        "138\u00a00013\u00a08000",
        "\u202d13800138000\u202c",
        "13800138000.0",
        "13800138000（张先生）",
        "电话：13800138000",
        "tel:+86-138-0013-8000",
    ],
)
def test_every_way_to_write_a_chinese_mobile_is_one_key(raw):
    phone = Phone.parse(raw)
    assert (phone.e164, phone.kind, phone.invalid, phone.raw) == ("+8613800138000", PhoneKind.MOBILE, False, raw)
    assert phone_key(phone) == "+8613800138000"


@pytest.mark.parametrize(
    "raw",
    [
        "010-12345678 转 801",
        "010-12345678转801",
        "010-12345678 ext. 801",
        "010-12345678 Ext801",
        "010-12345678分机801",
        "010-12345678 分机号：801",
        "010-12345678 x801",
        "010-12345678#801",
        "(010)12345678-801",
        "010-12345678-801",
        "010-12345678（转801）",
        "+86 10 1234 5678;ext=801",
        "０１０－１２３４５６７８ 轉 ８０１",
    ],
)
def test_an_extension_is_kept_apart(raw):
    phone = Phone.parse(raw)
    assert (phone.e164, phone.extension, phone.raw) == ("+861012345678", "801", raw)
    assert phone_key(phone) == phone_key(Phone.parse("010-12345678"))


def test_a_mobile_may_have_an_extension_too():
    phone = Phone.parse("13800138000 转 12")
    assert (phone.e164, phone.extension, phone.kind) == ("+8613800138000", "12", PhoneKind.MOBILE)


def test_an_extension_that_only_the_library_knows_is_kept_too():
    phone = Phone.parse("+44 20 7946 0958 доб. 12")
    assert (phone.e164, phone.extension) == ("+442079460958", "12")


@pytest.mark.parametrize(
    ("raw", "region", "e164", "kind"),
    [
        ("010-12345678", "CN", "+861012345678", PhoneKind.LANDLINE),
        ("0571 8888 8888", "CN", "+8657188888888", PhoneKind.LANDLINE),
        ("4008208820", "CN", "+864008208820", PhoneKind.OTHER),
        ("8008208820", "CN", "+868008208820", PhoneKind.TOLL_FREE),
        ("+852 9123 4567", "CN", "+85291234567", PhoneKind.MOBILE),
        ("+1 415-555-2671", "CN", "+14155552671", PhoneKind.OTHER),
        ("(415) 555-2671", "US", "+14155552671", PhoneKind.OTHER),
        ("1-800-FLOWERS", "US", "+18003569377", PhoneKind.TOLL_FREE),
        ("+86 138 0013 8000", "US", "+8613800138000", PhoneKind.MOBILE),
        ("+39 02 3661 8300", "CN", "+390236618300", PhoneKind.LANDLINE),
    ],
)
def test_numbers_of_the_world_become_e164(raw, region, e164, kind):
    phone = Phone.parse(raw, region)
    assert (phone.e164, phone.kind, phone.invalid) == (e164, kind, False)


@pytest.mark.parametrize(
    "raw",
    [
        "1380013800",
        "12345",
        "95588",
        "1.38E+10",
        "abc",
        "-",
        " ",
        "+",
        "+86",
        "13800138000/13900139000",
        "13800138000 13900139000",
        "13800138000 转",
        "1-800-FLOWERS",
        "1" * 400,
        "转" * 400,
    ],
)
def test_what_is_no_number_is_kept_flagged_and_never_a_key(raw):
    phone = Phone.parse(raw)
    assert (phone.raw, phone.e164, phone.invalid) == (raw, None, True)
    assert phone_key(phone) is None


def test_a_chinese_mobile_without_its_country_is_none_abroad():
    assert Phone.parse("13800138000", "US").invalid
    assert Phone.parse("8613800138000", "US").invalid


@pytest.mark.parametrize("region", ["China", "cn", "", "ZZ", None])
def test_an_unknown_region_is_refused(region):
    with pytest.raises(InvalidInput, match="region"):
        Phone.parse("010-12345678", region)


@pytest.mark.parametrize("parse", [Phone.parse, Email.parse, lambda raw: Handle.parse(raw, "wechat")])
@pytest.mark.parametrize("raw", ["", "x" * 501, "1" * 100_000, "a\0b", "\ud800", None, 13800138000])
def test_what_is_no_text_of_sensible_length_is_refused(parse, raw):
    with pytest.raises(InvalidInput, match=r"\.raw"):
        parse(raw)


def test_a_number_out_of_service_is_no_key():
    phone = revise(Phone.parse("13800138000"), invalid=True)
    assert phone.e164 == "+8613800138000"
    assert phone_key(phone) is None


@pytest.mark.parametrize(
    ("cls", "fields", "field"),
    [
        (Phone, {"raw": "12345"}, r"Phone\.e164"),
        (Email, {"raw": "nobody"}, r"Email\.address"),
        (Handle, {"raw": "@", "network": "wechat"}, r"Handle\.value"),
    ],
)
def test_a_usable_contact_point_must_have_a_value(cls, fields, field):
    with pytest.raises(InvalidInput, match=field):
        cls(**fields)
    assert cls(**fields, invalid=True).invalid


def test_flags_are_kept():
    phone = revise(Phone.parse("13800138000"), primary=True, verified=True, opted_out=True, kind=PhoneKind.FAX)
    assert (phone.primary, phone.verified, phone.opted_out, phone.kind) == (True, True, True, "fax")


@law
@given(mobiles)
def test_the_cheap_way_agrees_with_phonenumbers(digits):
    import phonenumbers

    number = phonenumbers.parse(digits, "CN")
    if phonenumbers.is_valid_number(number):
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert Phone.parse(digits).e164 == e164


@law
@given(
    mobiles,
    st.sampled_from(["", "+86", "0086", "86", "+86 ", "(+86)"]),
    st.sampled_from(["", " ", "-", "\u3000", ".", "\u200b"]),
    st.booleans(),
)
def test_prefixes_separators_and_width_do_not_change_the_key(digits, prefix, gap, wide):
    written = prefix + gap.join((digits[:3], digits[3:7], digits[7:]))
    if wide:
        written = written.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert phone_key(Phone.parse(written)) == f"+86{digits}"


@law
@given(st.text(min_size=1, max_size=80))
def test_any_text_is_kept_by_every_contact_point(raw):
    if "\0" in raw:
        return
    for point in (Phone.parse(raw), Email.parse(raw), Handle.parse(raw, "x")):
        assert point.raw == raw
    phone = Phone.parse(raw)
    assert phone.invalid or Phone.parse(phone.e164).e164 == phone.e164
    email = Email.parse(raw)
    assert email.invalid or Email.parse(email.address).address == email.address


@pytest.mark.parametrize(
    ("raw", "address", "key"),
    [
        ("A.B@EXAMPLE.com", "A.B@example.com", "a.b@example.com"),
        (" a@b.com\n", "a@b.com", "a@b.com"),
        ("ａ＠ｂ．ｃｏｍ", "a@b.com", "a@b.com"),
        ("bob\u200b@example.org", "bob@example.org", "bob@example.org"),
        ("a@b.com.", "a@b.com", "a@b.com"),
        ("o'brien+x@mail.example.ie", "o'brien+x@mail.example.ie", "o'brien+x@mail.example.ie"),
        ("张三@例子。中国", "张三@例子.中国", "张三@xn--fsqu00a.xn--fiqs8s"),
        ("li@Bücher.example", "li@bücher.example", "li@xn--bcher-kva.example"),
        ("li@xn--bcher-kva.example", "li@xn--bcher-kva.example", "li@xn--bcher-kva.example"),
        ("a" * 64 + "@x.com", "a" * 64 + "@x.com", "a" * 64 + "@x.com"),
    ],
)
def test_addresses_keep_the_local_part_and_fold_the_domain(raw, address, key):
    email = Email.parse(raw)
    assert (email.raw, email.address, email.invalid) == (raw, address, False)
    assert email_key(email) == key
    assert f"{email.local}@{email.domain}" == address


@pytest.mark.parametrize(
    "raw",
    [
        "nobody",
        "@",
        "@x.com",
        "a@",
        "a@x",
        "a@.com",
        "a..b@x.com",
        ".a@x.com",
        "a.@x.com",
        "a@-x.com",
        "a@x-.com",
        "a@x..com",
        "a@1.2.3.4",
        "a@[1.2.3.4]",
        '"a b"@x.com',
        "a b@x.com",
        "a@b@c.com",
        "Li <a@b.com>",
        "a@b.com;c@d.com",
        "a@b_c.com",
        "a@☃.com",
        "a" * 65 + "@x.com",
        "张" * 22 + "@x.com",
        "a@" + "b" * 64 + ".com",
        "a@" + ("b" * 60 + ".") * 4 + "com.example",
        "a@" + "例" * 64 + ".com",
    ],
)
def test_odd_addresses_are_kept_flagged_and_never_a_key(raw):
    email = Email.parse(raw)
    assert (email.raw, email.address, email.invalid) == (raw, None, True)
    assert (email.local, email.domain, email.mixed_script, email_key(email)) == ("", "", False, None)


@pytest.mark.parametrize(
    ("raw", "mixed"),
    [
        ("user@exаmple.com", True),  # a Cyrillic а
        ("user@xn--exmple-4nf.com", True),  # the same in Punycode
        ("usеr@example.com", True),  # a Cyrillic е
        ("user@аррӏе.com", True),  # all Cyrillic before a Latin ending
        ("user@example.com", False),
        ("иван@пример.рф", False),
        ("张三@example.中国", False),
        ("li@münchen.de", False),
        ("a@xn--.com", False),
    ],
)
def test_mixed_scripts_are_flagged(raw, mixed):
    assert Email.parse(raw).mixed_script is mixed


def test_an_address_that_looks_alike_has_another_key():
    assert email_key(Email.parse("user@exаmple.com")) != email_key(Email.parse("user@example.com"))


def test_a_bouncing_address_is_no_key():
    assert email_key(revise(Email.parse("a@b.com"), invalid=True)) is None


@pytest.mark.parametrize(
    ("raw", "network", "value"),
    [
        ("li_wei88", "WeChat", "li_wei88"),
        ("@LiWei", "x", "LiWei"),
        ("https://www.linkedin.com/in/li-wei/?trk=1", "linkedin", "li-wei"),
        ("https://x.com/@LiWei#top", "x", "LiWei"),
        ("微信号 １２３", "wechat", "微信号 123"),
    ],
)
def test_handles_are_read_from_names_and_profile_pages(raw, network, value):
    handle = Handle.parse(raw, network)
    assert (handle.network, handle.value, handle.raw) == (network.lower(), value, raw)
    assert handle_key(handle) == f"{network.lower()}:{value.casefold()}"


@pytest.mark.parametrize("raw", ["@", "https://", "\u200b", " "])
def test_an_empty_handle_is_kept_flagged_and_never_a_key(raw):
    handle = Handle.parse(raw, "wechat")
    assert (handle.raw, handle.value, handle.invalid) == (raw, None, True)
    assert handle_key(handle) is None


@pytest.mark.parametrize("network", ["", None, "\u200b", "x" * 101])
def test_a_handle_needs_a_network(network):
    with pytest.raises(InvalidInput, match=r"Handle\.network"):
        Handle.parse("li", network)
