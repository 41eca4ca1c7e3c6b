"""Domains and what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.values.domains import ascii_domain, domain_of, is_free_mail, is_role_mailbox, readable_domain


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("example.com", "example.com"),
        (" EXAMPLE.com. ", "example.com"),
        ("www.example.com", "example.com"),
        ("http://user:pw@www.example.com:8080/a?b#c", "example.com"),
        ("https://shop.example.co.uk#x", "shop.example.co.uk"),
        ("li@example.com", "example.com"),
        ("ｗｗｗ．ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
        ("例子。中国", "xn--fsqu00a.xn--fiqs8s"),
        ("https://bücher.example/ä", "xn--bcher-kva.example"),
        ("www.com", "www.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_the_domain_is_found_in_what_people_write(text, domain):
    assert domain_of(text) == domain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "n/a",
        "localhost",
        "10.0.0.1",
        "http://[::1]/",
        "a b.com",
        "-a.com",
        "a_b.com",
        "☃.com",
        "a..com",
        "x" * 3000,
        "例" * 64 + ".cn",
    ],
)
def test_what_is_no_domain_is_none(text):
    assert domain_of(text) is None


def test_a_domain_beyond_253_characters_is_none():
    assert ascii_domain(".".join(["a" * 49] * 5)) == ".".join(["a" * 49] * 5)
    assert ascii_domain(".".join(["a" * 50] * 5)) is None
    assert ascii_domain("é." * 100 + "com") is None


@pytest.mark.parametrize("label", ["xn--", "xn--é", "xn--99999999999"])
def test_broken_punycode_stays_as_it_is(label):
    assert readable_domain(f"{label}.com").endswith(".com")


def test_es_zet_is_not_folded_away():
    assert ascii_domain("straße.de") != ascii_domain("strasse.de")


@pytest.mark.parametrize(
    "domain", ["gmail.com", "QQ.com", "163.com", "yahoo.co.jp", "hotmail.fr", "gmial.com", "vip.sina.com"]
)
def test_free_mail_is_recognised(domain):
    assert is_free_mail(domain)


@pytest.mark.parametrize(
    "domain", ["example.com", "live.shop.example.com", "outlook-partner.com", "qq.example.com", ""]
)
def test_company_domains_are_no_free_mail(domain):
    assert not is_free_mail(domain)


@pytest.mark.parametrize("local", ["info", "SALES", "sales01", "kefu", "no-reply", "info+fair", "service_2"])
def test_role_mailboxes_are_recognised(local):
    assert is_role_mailbox(local)


@pytest.mark.parametrize("local", ["li.wei", "informer", "13800138000", "", "salesman"])
def test_mailboxes_of_people_are_no_roles(local):
    assert not is_role_mailbox(local)


@given(st.text(max_size=100))
def test_a_domain_is_its_own_domain(text):
    domain = domain_of(text)
    if domain is not None:
        assert domain.isascii()
        assert ascii_domain(domain) == domain
        assert ascii_domain(readable_domain(domain)) == domain or "xn--" in text.lower()
