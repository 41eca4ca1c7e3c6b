"""Templates that people type: what they can say, and that they can do nothing."""

import builtins
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crmkit.adapters.page_templates import MOST_ITEMS, MOST_TEXT, PageTemplate
from crmkit.errors import InvalidInput, MissingExtra
from crmkit.testing import a_lead

ESCAPES = (
    "{{ ''.__class__ }}",
    "{{ name.__class__.__mro__ }}",
    "{{ name['__class__'] }}",
    "{{ name|attr('__class__') }}",
    "{{ ().__class__.__bases__[0].__subclasses__() }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner.__init__ }}",
    "{{ namespace.__init__ }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ lipsum() }}",
    "{{ config }}",
    "{{ config.items() }}",
    "{{ request }}",
    "{{ url_for.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ range(10) }}",
    "{{ dict(a=1) }}",
    "{{ name.upper() }}",
    "{{ name.format(1) }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ '%s' % name }}",
    "{{ 'a' * 1000000000 }}",
    "{{ a*10**9 }}",
    "{{ 10**9 }}",
    "{{ 7*7 }}",
    "{{ 7+7 }}",
    "{{ 1//0 }}",
    "{{ -1 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ [1, 2] }}",
    "{{ {'a': 1} }}",
    "{{ (1, 2) }}",
    "{{ name[1:2] }}",
    "{{ name|upper }}",
    "{{ name|safe }}",
    "{{ name|replace('a', 'b') }}",
    "{{ items|map(attribute='__class__') }}",
    "{{ items|selectattr('x') }}",
    "{{ items|join }}",
    "{{ name|format }}",
    "{{ name|pprint }}",
    "{{ name|tojson }}",
    "{{ name is string }}",
    "{{ name is defined }}",
    "{% set x = 1 %}",
    "{% set x %}a{% endset %}",
    "{% import 'os' as os %}",
    "{% from 'x' import y %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'x' %}",
    "{% macro m() %}{% endmacro %}",
    "{% call m() %}{% endcall %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% do items.append(1) %}",
    "{% with x = 1 %}{% endwith %}",
    "{% autoescape false %}{% endautoescape %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{% for a in range(10**9) %}{% endfor %}",
    "{% for a in items recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in items %}{% for b in items %}{% for c in items %}x{% endfor %}{% endfor %}{% endfor %}",
    "{{ _private }}",
    "{{ name._private }}",
    "{% for _x in items %}{% endfor %}",
    "{{ name",
    "{% if %}",
    "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
    "{{ " + "not " * 3000 + "name }}",
    "{{ " + "9" * 6000 + " }}",
)
ODD = ("{{ name.upper }}", "{{ items.append }}", "{{ missing }}", "{{ items[99] }}", "{{ items.title }}", "{{ items }}")


@pytest.mark.parametrize("text", ESCAPES, ids=lambda text: text[:40])
def test_attack_15_what_leads_out_of_a_template_is_refused_before_it_is_filled(text):
    values = {"name": "Li Na", "items": [{"title": "Pump"}], "a": "x"}
    with pytest.raises(InvalidInput):
        PageTemplate(text).fill(values)


def test_attack_15_there_are_more_than_sixty():
    assert len(set(ESCAPES)) >= 60


@pytest.mark.parametrize("text", ODD)
def test_what_is_not_there_is_an_error_and_never_a_method(text):
    with pytest.raises(InvalidInput, match="not there"):
        PageTemplate(text).fill({"name": "Li Na", "items": [{"title": "Pump"}]})


def test_a_record_is_no_value():
    with pytest.raises(InvalidInput, match=r"values\.lead: is no plain data: Lead"):
        PageTemplate("{{ lead.name }}").fill({"lead": a_lead()})


def test_what_can_be_said():
    text = (
        "{% if amount > 1000 and not closed %}big{% elif amount == 5 %}five{% else %}small{% endif %}"
        "{% for line in lines %} {{ line.title if line.title != 'x' else '?' }}{{ line.on }}{% endfor %}"
        " {{ at }} {{ lines[0].title }}"
    )
    values = {
        "amount": Decimal(2000),
        "closed": False,
        "lines": ({"title": "Pump", "on": date(2026, 3, 2)}, {"title": "x", "on": None}),
        "at": datetime(2026, 3, 2, 8, tzinfo=UTC),
    }
    assert PageTemplate(text).fill(values) == "big Pump2026-03-02 ?None 2026-03-02 08:00 Pump"


def test_what_a_value_holds_is_no_template_and_no_markup():
    hostile = "{{ 7*7 }}<script>"
    assert PageTemplate("{{ name }}").fill({"name": hostile}) == hostile
    assert PageTemplate("<b>{{ name }}</b>", html=True).fill({"name": hostile}) == "<b>{{ 7*7 }}&lt;script&gt;</b>"


def test_keys_named_like_methods_are_values():
    assert PageTemplate("{{ order.items }}").fill({"order": {"items": 3}}) == "3"


def test_sizes_have_limits():
    PageTemplate("x" * MOST_TEXT)
    with pytest.raises(InvalidInput, match="may have 20000"):
        PageTemplate("x" * (MOST_TEXT + 1))
    with pytest.raises(InvalidInput, match="1000 items"):
        PageTemplate("").fill({"items": list(range(MOST_ITEMS + 1))})
    bomb = PageTemplate("{% for a in items %}{% for b in items %}{{ a }}{% endfor %}{% endfor %}")
    with pytest.raises(InvalidInput, match="more than 200000"):
        bomb.fill({"items": ["x" * 1000] * MOST_ITEMS})
    deep = "x"
    for _ in range(6):
        deep = [deep]
    with pytest.raises(InvalidInput, match="5 deep"):
        PageTemplate("").fill({"deep": deep})
    with pytest.raises(InvalidInput, match="no text"):
        PageTemplate("").fill({"by": {1: "x"}})


def test_without_jinja_the_extra_is_named(monkeypatch):
    found = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("jinja2"):
            raise ImportError(name)
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match="templates"):
        PageTemplate("x")
