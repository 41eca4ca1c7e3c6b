"""Attacks that no single area owns: pictures, patterns, plug-ins, names of files, and what time or errors give away."""

import ast
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import process_time
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa

from crmkit.adapters.charts import cluster_svg, fairness_svg, waterfall_svg
from crmkit.adapters.files import write_rows
from crmkit.adapters.files.formulas import neutralise
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.crm import Crm
from crmkit.domain.checks import MOST_ITEMS
from crmkit.domain.conditions import F
from crmkit.domain.stewardship.match_review import EvidenceStep
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.domain.values.normal import normal_address, normal_email
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.access import AccessPolicy, Grant, RoleGrants
from crmkit.rules.fairness import Share, fairness
from crmkit.rules.routing import ProcessDefinition, Route, State, ToTeam, Transition
from crmkit.testing import NOW, a_lead, a_member, an_account

SOURCE = Path(__file__).parents[2] / "src" / "crmkit"
DAY = timedelta(days=1)
MARKUP = (
    "<script>alert(1)</script>",
    "</text></svg><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "<![CDATA[<script>]]>",
    "<!--",
    "&lt;script&gt;&#60;b&#62;",
    "<foreignObject><body onload=alert(1)>",
    '<a xlink:href="javascript:alert(1)">x</a>',
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "javascript:alert(1)",
    "\u202e<b>",
)


# --- 17: what is drawn ----------------------------------------------------------------------------


def pictures(text):
    """A picture of each kind that shows what somebody typed."""
    yield waterfall_svg([EvidenceStep(field=text, level=text, evidence=1.0)], title=text)
    yield cluster_svg([text, "B"], [(text, "B", 0.9)], title=text)
    yield fairness_svg(
        fairness([Share(member_id="M-1", name=text, available=5, count=2)], since=NOW, until=NOW + DAY), title=text
    )


def shape(svg):
    """Every element with the names of its attributes, in order."""
    return [(element.tag, sorted(element.attrib)) for element in ET.fromstring(svg).iter()]


@pytest.mark.parametrize("text", MARKUP)
def test_attack_17_markup_in_a_name_is_text_in_every_picture(text):
    for hostile, harmless in zip(pictures(text), pictures("x" * len(text)), strict=True):
        assert shape(hostile) == shape(harmless)


def test_attack_17_a_diagram_has_no_tag_of_a_states_name():
    states = (
        State(name="a", label="<img src=x onerror=alert(1)>", routes=(Route(to=ToTeam(team_id="T-1")),)),
        State(name="b", final=True),
    )
    steps = (Transition(name="</script>", from_state="a", to_state="b"),)
    process = ProcessDefinition(id="p", initial="a", states=states, transitions=steps)
    assert not re.search(r"<[a-z/]", process.mermaid())


def test_attack_17_nothing_shows_itself_as_html():
    assert not [
        path
        for path in SOURCE.rglob("*.py")
        if re.search(r"_repr_(html|svg|latex)_|mark_safe|Markup\(", path.read_text())
    ]


# --- 23: patterns ---------------------------------------------------------------------------------


FUNCTIONS = {"re.compile", "re.match", "re.fullmatch", "re.search", "re.sub", "re.split", "re.findall", "re.finditer"}
FLAGS = {"re.ASCII": re.ASCII, "re.IGNORECASE": re.IGNORECASE, "re.VERBOSE": re.VERBOSE}


def patterns() -> Iterator[tuple[str, str, int]]:
    """Every pattern that is written out in the source, with where it stands."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in FUNCTIONS:
                text, *more = node.args
                if isinstance(text, ast.Constant):
                    given = " ".join(map(ast.unparse, more)).split(" | ")
                    flags = sum(FLAGS[each] for each in given if each in FLAGS)
                    yield f"{path.relative_to(SOURCE)}:{node.lineno}", text.value, flags


PATTERNS = list(patterns())
REPEATED = ("a", "1", " ", "-", ".", "a-", "a.", "1 ", "0x", "@a", "'", "=", "\u3000", "中", "P1D", "{{", "\\", "%")
SHORT, LONG = 5_000, 50_000
KEPT_SHORT = {
    "[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:": normal_email,
    r"[^\s<>,;:\"()]+@": normal_email,
    "[0-9]+|[a-z]+|号楼": normal_address,
    "([0-9]+)(?:st|nd": normal_address,
    "'*[=+": neutralise,
}
"""Patterns that a long text would hold up, and who keeps long texts from them or asks only at the beginning."""


def test_attack_23_there_are_patterns_to_try():
    assert len(PATTERNS) > 50


@pytest.mark.parametrize(("place", "text", "flags"), PATTERNS, ids=[place for place, _, _ in PATTERNS])
def test_attack_23_ten_times_the_text_takes_no_pattern_fifty_times_as_long(place, text, flags):
    """A pattern that goes back over what it read takes a hundred times as long, or never ends."""
    pattern = re.compile(text, flags)
    keeper = [keeper for start, keeper in KEPT_SHORT.items() if text.startswith(start)]
    for find in keeper or (pattern.match, pattern.fullmatch, pattern.search):
        for piece in REPEATED:
            for end in ("", "!", "\n\0"):
                short, long = (piece * (length // len(piece)) + end for length in (SHORT, LONG))
                first = spent(find, short)
                assert first < 1 / 4, (place, piece, end)  # seconds, where a thousandth is usual
                # what is too short to be measured counts as a thousandth
                assert spent(find, long) <= 50 * max(first, 1e-3), (place, piece, end)


def spent(find, text) -> float:
    begun = process_time()
    find(text)
    return process_time() - begun


# --- 39: plug-ins ---------------------------------------------------------------------------------


def test_attack_39_nothing_is_loaded_that_the_host_did_not_name():
    """No entry points, no search for modules: rules and adapters are passed in by whoever wants them."""
    words = re.compile(r"entry_points\(|importlib\.metadata|pkg_resources|pkgutil|iter_modules|find_spec")
    assert not [path for path in SOURCE.rglob("*.py") if "testing" not in path.parts and words.search(path.read_text())]
    program = "import sys; before = set(sys.modules); import crmkit, crmkit.crm; print('importlib.metadata' in set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


# --- 42: names of files ---------------------------------------------------------------------------

NAMES = (
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "CON",
    "/dev/null",
    "a\u202egpj.exe",
    "C:\\x",
    "nul.txt",
    "~/.ssh/id_rsa",
)


@pytest.mark.parametrize("name", NAMES)
def test_attack_42_a_name_like_a_path_is_a_name(name, tmp_path, monkeypatch):
    """Nothing is stored under a name that somebody typed: files are written where the host says, and nowhere else."""
    monkeypatch.chdir(tmp_path)
    store = SqlStore(f"sqlite:///{tmp_path / 'crm.db'}")
    crm = Crm(store=store)
    crm.add(
        a_lead(id="L-1", name=PersonName(raw=name, family=name), title=name), an_account(name=CompanyName(legal=name))
    )
    with crm.begin(read_only=True) as uow:
        assert uow.leads.get("L-1").title == name
    write_rows(tmp_path / "out.csv", ["title"], [{"title": name}])
    store.close()
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"crm.db", "out.csv"}


# --- 43: what gives a record away -----------------------------------------------------------------


def test_attack_43_a_record_of_others_costs_the_same_statements_as_none(tmp_path):
    heard = []

    class Cursor(sqlite3.Cursor):
        def execute(self, statement, *args):
            heard.append(statement)
            return super().execute(statement, *args)

    class Connection(sqlite3.Connection):
        def cursor(self, factory=Cursor):
            return super().cursor(factory)

    engine = engine_for(f"sqlite:///{tmp_path / 'crm.db'}")
    sa.event.listen(engine, "do_connect", lambda _d, _r, _a, parameters: parameters.update(factory=Connection))
    crm = Crm(store=SqlStore(engine))
    grants = AccessPolicy(roles=[RoleGrants(role="sales", grants=[Grant(verbs=["read", "edit"], scope="own")])])
    crm.add(
        a_member(id="wei", role_ids=("sales",)),
        a_member(id="eva", role_ids=("sales",)),
        a_lead(id="L-theirs", owner_id="eva"),
    )
    with crm.begin() as uow:
        uow.policies.put(grants)
        uow.commit()

    def statements(id):
        with crm.acting_as("wei").begin(read_only=True) as uow:
            heard.clear()
            with pytest.raises(NotFound):
                uow.leads.get(id)
            assert uow.leads.find(F.id == id) == []
            return list(heard)

    assert statements("L-theirs") == statements("L-nowhere")
    engine.dispose()


# --- fault 41: short texts ------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["memory", "sqlite", "postgres"])
def test_fault_41_one_to_four_characters_are_found_wherever_they_stand(database, request):
    store = {
        "memory": lambda: MemoryStore(),
        "sqlite": lambda: SqlStore(request.getfixturevalue("sqlite_url")),
        "postgres": lambda: SqlStore(request.getfixturevalue("postgres_schema")),
    }[database]()
    crm = Crm(store=store)
    names = ("上海云杉科技有限公司", "北京云山科技", "云", "Yunshan", "上海大众", "100%_云\\山")
    crm.add(*(a_lead(id=f"L-{place}", title=name) for place, name in enumerate(names)))
    with crm.begin(read_only=True) as uow:
        for name in names:
            for length in range(1, 5):
                for start in range(len(name) - length + 1):
                    part = name[start : start + length]
                    found = {lead.title for lead in uow.leads.find(F.title.contains(part))}
                    assert found == {each for each in names if part in each}
    store.close()


# --- fault 29: sizes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "most"), [("title", 500), ("description", 1_000_000), ("id", 200), ("source", 500), ("external_id", 500)]
)
def test_fault_29_a_text_of_the_limit_is_taken_and_one_more_is_not(field, most):
    assert len(getattr(a_lead(**{field: "云" * most}), field)) == most
    with pytest.raises(InvalidInput, match=f"Lead.{field}: has {most + 1:,} characters|Lead.{field}: .*{most}"):
        a_lead(**{field: "云" * (most + 1)})


def test_fault_29_so_are_lists_and_the_hosts_own_fields():
    assert len(a_lead(tags=[f"t{number}" for number in range(MOST_ITEMS)]).tags) == MOST_ITEMS
    with pytest.raises(InvalidInput, match="tags: has 10001 items"):
        a_lead(tags=[f"t{number}" for number in range(MOST_ITEMS + 1)])
    with pytest.raises(InvalidInput, match="custom"):
        a_lead(custom={f"x{number}": "y" for number in range(MOST_ITEMS + 1)})
