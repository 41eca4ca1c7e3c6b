"""The demo as people run it, only smaller: what it prints is what happened, and a broken invariant makes it fail."""

import doctest
import importlib
import io
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from attrs import frozen
from rich.console import Console

from crmkit import Crm
from crmkit.domain.conditions import F
from crmkit.testing import a_lead

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples"))  # where a person starts the examples from

import demo  # noqa: E402
from demo_stage.channel import Channel  # noqa: E402
from demo_stage.screen import WIDTH, Screen  # noqa: E402
from demo_steps import racing  # noqa: E402

SMALL = ("--leads", "400", "--customers", "100")
SMALLEST = ("--leads", "200", "--customers", "60")


@frozen
class Run:
    """What somebody saw, and how it ended."""

    status: int
    text: str
    url: str = ""

    @property
    def crm(self) -> Crm:
        tenant = re.search(r"as tenant (demo-\w+)", self.text)[1]
        return Crm.open(self.url, create=False).acting_as("test", tenant=tenant)

    def number(self, pattern: str) -> int:
        return int(re.search(pattern.replace("N", r"([\d,]+)"), self.text)[1].replace(",", ""))


def play(*arguments: str, url: str = "") -> Run:
    out = io.StringIO()
    status = demo.main([*arguments, "--db", url], screen=Screen(Console(file=out, width=WIDTH, highlight=False)))
    return Run(status, out.getvalue(), url)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return play(*SMALL, url=f"sqlite:///{tmp_path_factory.mktemp('demo') / 'crm.db'}")


# --- what it shows --------------------------------------------------------------------------------


def test_every_invariant_holds(run):
    assert run.status == 0
    assert "BROKEN" not in run.text
    assert re.search(r"What must hold +(\d+) of \1 hold", run.text)


def test_every_step_is_summed_up_with_its_seconds(run):
    summary = run.text[run.text.index("\nSummary") :]

    for step in demo.STEPS:
        assert re.search(rf"^{re.escape(step.title)} .* \d+\.\d *$", summary, re.MULTILINE), step.title


def test_what_could_not_be_read_is_told(run):
    assert "gb18030" in run.text
    assert "utf-16-le" in run.text
    assert "kept as written, never dialled" in run.text
    assert "waits for assignment" in run.text


def test_people_are_found_again_with_few_mistakes(run):
    right, found = map(int, re.search(r"the same person +precision .* (\d+) of (\d+) pairs", run.text).groups())

    assert found >= 10
    assert right / found > 0.9


def test_certain_merges_are_right(run):
    assert re.search(r"at once +precision +100\.0 %", run.text)


def test_reasons_are_given_in_two_languages(run):
    for english, chinese in (
        ("is yours now", "已分配给您"),
        ("The phone number agrees.", "电话一致。"),
        ("Falls back on", "届满并回收"),
        ("You owned it lately", "您近期曾持有"),
        ("It goes to", "转交"),
    ):
        assert english in run.text
        assert chinese in run.text


def test_a_rep_cannot_approve_an_own_discount(run):
    assert re.search(r"tries to approve +leader_review +approve is for assignee", run.text)


def test_leads_of_a_team_are_dealt_evenly(run):
    spreads = [(int(low), int(high)) for low, high in re.findall(r"(?:got|has now): (\d+) to (\d+)", run.text)]

    assert len(spreads) == 4
    assert all(high - low <= max(3, high // 4) for low, high in spreads)


def test_nothing_moves_where_nobody_watches(run):
    assert "\x1b" not in run.text
    assert "\r" not in run.text


# --- what is in the database ----------------------------------------------------------------------


def test_what_is_printed_stands_in_the_database(run):
    with run.crm as crm, crm.begin(read_only=True) as uow:
        assert uow.leads.count() == run.number(r"rows are N leads")
        assert uow.accounts.count() == 100 - run.number(r"N customers? and \d+ contacts? merged")
        assert uow.ownership.count(F.cause == "reclaimed") == run.number(r"warnings, N customers fell back")
        assert uow.interactions.count() >= run.number(r"N follow-ups with")
        assert crm.ctx.store.outbox.backlog() == 0


def test_each_raced_customer_has_one_new_owner(run):
    with run.crm as crm, crm.begin(read_only=True) as uow:
        claims = uow.ownership.find(F.cause == "claimed")
        owners = {account.id: account.owner_id for account in uow.accounts.find(~F.owner_id.missing())}

    assert len(claims) == run.number(r"N races: ")
    assert max(Counter(entry.record_id for entry in claims).values()) == 1
    assert all(owners[entry.record_id] == entry.to_owner_id for entry in claims)


def test_nothing_has_two_places(run):
    with run.crm as crm, crm.begin(read_only=True) as uow:
        both = ~F.owner_id.missing() & ~F.pool_id.missing()
        assert uow.leads.count(both) == uow.accounts.count(both) == 0


# --- how it fails ---------------------------------------------------------------------------------


def test_a_lost_notice_makes_it_fail(monkeypatch, tmp_path):
    send, lost = Channel.send, []

    def lossy(self, notice):
        if notice.type == "ownership.reclaim_warned" and not lost:
            lost.append(notice.id)
        else:
            send(self, notice)

    monkeypatch.setattr(Channel, "send", lossy)
    run = play(*SMALLEST, url=f"sqlite:///{tmp_path / 'crm.db'}")

    assert run.status == 1
    assert "BROKEN: Told: ownership.reclaim_warned" in run.text


def test_two_winners_make_it_fail(monkeypatch, tmp_path):
    at_once = racing._at_once

    def generous(scene, customer, reps):
        granted = [answer for answer in at_once(scene, customer, reps) if getattr(answer, "granted", False)]
        return granted * 2

    monkeypatch.setattr(racing, "_at_once", generous)
    run = play(*SMALLEST, url=f"sqlite:///{tmp_path / 'crm.db'}")

    assert run.status == 1
    assert "BROKEN: Each race has one winner and one loser" in run.text


def test_a_database_that_is_none_of_ours_is_named():
    run = play(*SMALLEST, url="mysql://nobody@nowhere/crm")

    assert run.status == 2
    assert "Use SQLite or Postgres" in run.text


def test_notices_of_somebody_else_are_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with Crm.open(url) as crm:
        crm.ctx.store.run(lambda uow: uow.save(a_lead().capture()))
    run = play(*SMALLEST, url=url)

    assert run.status == 2
    assert "a database of its own" in run.text
    with Crm.open(url) as crm:
        assert crm.ctx.store.outbox.backlog() == 1


def test_too_few_leads_are_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        demo.main(["--leads", "3"])

    assert caught.value.code == 2
    assert "at least 200" in capsys.readouterr().err


# --- as a command ---------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [False, True])
def test_the_command_leaves_nothing_behind_unless_told(keep, tmp_path):
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), *SMALLEST, *(["--keep"] if keep else [])]
    environment = {"PATH": "", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, cwd=tmp_path, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    kept = {path.name for path in tmp_path.glob("crmkit-demo-*/*")}
    assert kept >= {"crm.db", "customers.csv"} if keep else not kept


def test_a_terminal_that_knows_no_chinese_gets_question_marks(tmp_path):
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), *SMALLEST]
    environment = {"PATH": "", "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment, cwd=tmp_path, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Summary" in done.stdout


def test_postgres_shows_the_same_and_may_be_used_again(postgres_schema):
    first, second = play(*SMALL, url=postgres_schema), play(*SMALLEST, url=postgres_schema)

    assert (first.status, second.status) == (0, 0)
    assert "on postgresql as tenant" in first.text


def test_postgres_and_sqlite_decide_alike(run, postgres_schema):
    other = play(*SMALL, url=postgres_schema)

    for fact in (
        r"rows are N leads",
        r"N follow-ups with",
        r"warnings, N customers fell back",
        r"N leads in \d+ grades",
    ):
        assert other.number(fact) == run.number(fact)


# --- what is printed comes from data --------------------------------------------------------------


@pytest.mark.parametrize("name", ["[red]Evil[/red] Ltd", "[/]", "a\x1b[31mb", "x\u202ey", "[link=http://a.example]b"])
def test_names_are_shown_and_never_obeyed(name):
    out = io.StringIO()
    screen = Screen(Console(file=out, width=WIDTH, force_terminal=True, color_system=None, highlight=False))
    screen.table("Customers", ("name",), [(name,)])
    screen.say(name)

    shown = name.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e")
    assert out.getvalue().count(shown) == 2
    assert not {"\x1b", "\u202e"} & set(out.getvalue())


@pytest.mark.parametrize("name", ["demo_stage.screen", "demo_stage.truth", "demo_steps.approving"])
def test_examples_in_docstrings_run(name):
    tested = doctest.testmod(importlib.import_module(name))

    assert tested.attempted
    assert not tested.failed
