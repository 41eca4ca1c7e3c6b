"""What records are found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.model import revise
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.identifiers import Identifier
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.rules.dedup import Candidate, KeyKind, keys_of, match_keys, search_keys, traces
from crmkit.rules.dedup.keys import STRONG, is_deceptive, is_trace, kind_of, without
from crmkit.testing import NOW, a_contact, a_lead, a_task, an_account


def lead(*, name="", company="", phones=(), emails=(), handles=(), **fields):
    return a_lead(
        name=PersonName.parse(name) if name else None,
        company=CompanyName(legal=company) if company else None,
        phones=[Phone.parse(raw) for raw in phones],
        emails=[Email.parse(raw) for raw in emails],
        handles=handles,
        **fields,
    )


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "+86 138 0013 8000",
        "0086-138-0013-8000",
        "８６１３８００１３８０００",
        "138-0013-8000",
        "\u200b13800138000",
    ],
)
def test_a_mobile_has_one_key_however_it_is_written(written):
    assert match_keys(lead(phones=[written])) == ("phone:+8613800138000", "end:00138000")


@pytest.mark.parametrize(
    "written",
    [
        "云杉贸易有限公司",
        "云杉贸易股份有限公司",
        "云杉贸易（集团）有限公司".replace("（集团）", ""),
        "云杉贸易",
        " 云杉 贸易有限公司 ",
    ],
)
def test_a_company_has_one_key_whatever_its_legal_form(written):
    assert match_keys(lead(company=written)) == ("lead-company:云杉贸易",)


@pytest.mark.parametrize(
    "written", ["Acme Trading Co., Ltd.", "ACME TRADING", "Ａｃｍｅ Trading GmbH", "Acme Trading, Inc."]
)
def test_so_has_a_company_with_a_latin_name(written):
    assert match_keys(lead(company=written)) == ("lead-company:acme trading",)


def test_an_address_has_one_key_in_any_case():
    assert match_keys(lead(emails=["Li.Wei@QQ.com"])) == match_keys(lead(emails=["li.wei@qq.com"]))


def test_an_address_is_also_found_by_the_mailbox_where_its_mail_ends_up():
    assert match_keys(lead(emails=["J.Smith+fair@gmail.com"])) == (
        "email:j.smith+fair@gmail.com",
        "email:jsmith@gmail.com",
        "local:jsmith",
    )
    assert match_keys(lead(emails=["j.smith@example.com"])) == ("email:j.smith@example.com", "local:jsmith")


@pytest.mark.parametrize("written", ["雲杉貿易有限公司", "云杉貿易股份有限公司", "云杉贸易有限責任公司"])
def test_a_company_has_one_key_in_both_scripts(written):
    assert match_keys(lead(company=written)) == ("lead-company:云杉贸易",)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"phones": ["12345"]}, "not a number"),
        ({"emails": ["nobody at home"]}, "not an address"),
        ({"phones": ["010-12345678"]}, "a switchboard"),
        ({"phones": ["400-810-8888"]}, "a service number"),
        ({"emails": ["info@yunshan.example"]}, "a role mailbox"),
        ({"name": "李伟"}, "a name alone"),
        ({"handles": [Handle.parse("https://", network="x")]}, "not a handle"),
        ({}, "nothing at all"),
    ],
)
def test_what_says_little_by_itself_is_not_a_key(fields, why):
    assert match_keys(lead(**fields)) == (), why


def test_what_says_little_is_found_together_with_the_name():
    keys = match_keys(lead(name="李伟", phones=["010-12345678"], emails=["info@yunshan.example"], company="云杉贸易"))
    assert keys == (
        "lead-company:云杉贸易",
        "name+company:李伟|云杉贸易",
        "name+phone:李伟|+861012345678",
        "name+email:李伟|info@yunshan.example",
        "at:lw|云杉贸易",
    )


def test_a_line_of_ones_own_behind_a_switchboard_is_a_key():
    assert match_keys(lead(phones=["010-12345678 转 801"])) == ("phone:+861012345678;801",)


def test_a_surname_with_a_title_is_no_name_to_compare():
    assert KeyKind.PERSON not in keys_of(lead(name="王女士"))
    assert KeyKind.PERSON in keys_of(lead(name="王芳"))


def test_free_mail_says_nothing_about_the_company():
    assert KeyKind.DOMAIN not in keys_of(lead(emails=["li.wei@qq.com"]))
    assert keys_of(lead(emails=["li.wei@yunshan.example"]))[KeyKind.DOMAIN] == {"yunshan.example"}


def test_an_account_is_found_by_its_name_domain_and_valid_identifiers():
    account = an_account(
        name=CompanyName(legal="云杉贸易有限公司"),
        emails=[Email.parse("sales@yunshan.example")],
        identifiers=[
            Identifier.parse("91110000600037341L", kind="uscc"),
            Identifier.parse("911100006000373410", kind="uscc"),
            Identifier.parse("www.yunshan.cn", kind="domain"),
            Identifier.parse("qq.com", kind="domain"),
        ],
    )
    assert match_keys(account) == (
        "company:云杉贸易",
        "domain:yunshan.cn",
        "domain:yunshan.example",
        "id:uscc:91110000600037341L",
    )


def test_a_switchboard_says_who_a_company_is_though_not_who_a_person_is():
    assert "line:+861012345678" in match_keys(an_account(phones=[Phone.parse("010-12345678")]))
    assert match_keys(lead(phones=["010-12345678"])) == ()


def test_a_lead_looks_for_the_customer_it_may_belong_to():
    new = lead(company="云杉贸易", emails=["li.wei@yunshan.example"])
    account = an_account(name=CompanyName(legal="云杉贸易有限公司"), emails=[Email.parse("sales@yunshan.example")])
    shared = set(search_keys(new)) & set(match_keys(account))
    assert shared == {"company:云杉贸易", "domain:yunshan.example"}
    assert not set(match_keys(new)) & set(match_keys(account))


def test_an_account_looks_for_leads_and_a_contact_for_people_only():
    account = an_account(name=CompanyName(legal="云杉贸易有限公司"))
    assert "lead-company:云杉贸易" in search_keys(account)
    contact = a_contact(handles=[Handle.parse("@li_wei", network="wechat")])
    assert search_keys(contact) == match_keys(contact)
    assert match_keys(contact) == (
        "email:maria.schmidt@yunshan.example",
        "local:mariaschmidt",
        "handle:wechat:li_wei",
    )


def test_the_source_s_own_id_is_a_key_only_with_the_source():
    assert match_keys(lead(source="Fair", external_id="77")) == ("source:fair|77",)
    assert match_keys(lead(source="", external_id="77")) == ()


def test_other_records_have_no_keys():
    assert match_keys(a_task()) == search_keys(a_task()) == ()
    assert not is_deceptive(a_task())


def test_a_very_long_name_makes_a_short_key():
    name = "云" * 400
    (key,) = match_keys(lead(company=name))
    assert len(key) < 100
    assert (key,) == match_keys(lead(company=name + "有限公司"))
    assert (key,) != match_keys(lead(company=name + "山"))


def test_the_kind_of_every_key_is_known():
    keys = match_keys(
        lead(name="李伟", company="云杉", phones=["13800138000", "010-12345678"], emails=["a@yunshan.example"])
    )
    assert [kind_of(key) for key in keys] == [
        KeyKind.COMPANY,
        KeyKind.PHONE,
        KeyKind.PHONE_END,
        KeyKind.EMAIL,
        KeyKind.PERSON,
        KeyKind.PERSON,
        KeyKind.PERSON,
    ]


def test_a_crowded_key_is_taken_out_and_the_rest_stays():
    keys = keys_of(lead(name="李伟", phones=["13800138000", "13900139000"]))
    left = without(keys, ["phone:+8613800138000"])
    assert left[KeyKind.PHONE] == {"+8613900139000"}
    assert left[KeyKind.PERSON] == {"李伟"}


@pytest.mark.parametrize(
    ("record", "deceptive"),
    [
        (lead(name="Аnna Schmidt"), True),  # a Cyrillic А
        (lead(name="Anna Schmidt"), False),
        (lead(company="Googlе Inc."), True),  # a Cyrillic е
        (lead(emails=["anna@exаmple.com"]), True),  # a Cyrillic а
        (lead(company="华为 Technologies"), False),
        (lead(), False),
        (an_account(name=CompanyName(legal="Сisco")), True),
        (a_contact(name=PersonName(family="Schmidt", given="Аnna")), True),
        (a_contact(), False),
    ],
)
def test_names_that_mix_alphabets_are_told(record, deceptive):
    assert is_deceptive(record) is deceptive


texts = st.text(max_size=30)


@given(name=texts, company=texts, phone=texts, email=texts)
def test_keys_are_the_same_each_time_and_never_raise(name, company, phone, email):
    record = a_lead(
        name=PersonName(given=name) if name.strip("\0") and "\0" not in name else None,
        company=CompanyName(legal=company) if company.strip() and "\0" not in company else None,
        phones=[Phone.parse(phone)] if phone and "\0" not in phone else [],
        emails=[Email.parse(email)] if email and "\0" not in email else [],
    )
    keys = match_keys(record)
    assert keys == match_keys(record)
    assert len(set(keys)) == len(keys)
    assert set(keys) <= set(search_keys(record))
    for key in keys:
        kind_of(key)


def test_a_candidate_knows_what_to_look_for():
    record = lead(name="李伟", company="云杉贸易", phones=["13800138000"])
    assert Candidate.of(record, now=NOW).searched == search_keys(record)


@pytest.mark.parametrize(
    ("stored", "arriving"),
    [
        (lead(name="Anna Schmidt", phones=["+49 151 23456789"]), lead(phones=["0151 2345 6789"])),
        (lead(emails=["anna.schmidt@gmx.net"]), lead(name="A. S.", emails=["AnnaSchmidt+crm@web.de"])),
        (lead(name="李伟明", company="杭州云杉贸易有限公司"), lead(name="Weiming Li", company="云杉贸易")),
        (lead(company="杭州云杉贸易有限公司"), lead(company="云杉贸易")),
        (an_account(name=CompanyName(legal="云杉贸易")), lead(company="杭州云杉贸易有限公司")),
        (
            lead(name="Anna Schmidt", address=Address(postcode="EC1A 1BB")),
            lead(name="Schmitt Anna", address=Address(postcode="ec1a1bb")),
        ),
        (
            lead(name="Anna Schmidt", address=Address(street="12 Main Street")),
            a_contact(name=PersonName.parse("A. Schmid"), address=Address(street="No. 12 Main St.")),
        ),
    ],
)
def test_traces_find_the_record_though_nothing_strong_agrees(stored, arriving):
    shared = set(match_keys(stored)) & set(search_keys(arriving))
    assert shared
    assert STRONG.isdisjoint(map(kind_of, shared))


HOME = Address(street="西湖区文三路12号", postcode="310000")


def test_traces_of_a_record_are_bounded():
    many = lead(name="李伟", phones=[f"138001380{n:02}" for n in range(50)], company="杭州云杉", address=HOME)
    assert sum(is_trace(key) for key in match_keys(many)) <= traces.EACH + traces.MOST
    assert {"post:lw|310000", "door:lw|12 文三路", "at:lw|云杉"} < set(match_keys(many))


@pytest.mark.parametrize("crowded", ["end:00138000", "local:liweiming"])
def test_a_crowded_trace_proves_nothing(crowded):
    keys = keys_of(lead(phones=["13800138000"], emails=["li.weiming@qq.com"]))
    kind = kind_of(crowded)
    assert keys[kind]
    assert not without(keys, [crowded])[kind]


@pytest.mark.parametrize("field", ["phones", "emails"])
def test_a_number_or_address_that_is_no_longer_theirs_leaves_no_trace(field):
    point = {"phones": Phone.parse("13800138000"), "emails": Email.parse("li.weiming@qq.com")}[field]
    assert match_keys(revise(lead(), **{field: [revise(point, invalid=True)]})) == ()


@given(name=texts.filter(lambda text: text.strip() and "\0" not in text), street=texts, code=texts)
def test_traces_are_total(name, street, code):
    assert traces.door(street) in ("", traces.door(traces.door(street)))
    assert traces.postcode(code) == traces.postcode(traces.postcode(code))
    person = keys_of(a_lead(name=PersonName(given=name))).get(KeyKind.PERSON, ())
    for key in person:
        assert all(trace.startswith("post:") for trace in traces.of_person(key, postcodes=["1234"]))
