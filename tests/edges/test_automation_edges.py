"""EDGE_CASES 40 and attacks 8, 15, 25: rules that start each other, write what they may not, or say what they should not."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.crm import Crm
from crmkit.domain.change import changed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.errors import InvalidInput
from crmkit.ports.performers import HostSide
from crmkit.rules.actions import AssignTo, CreateTask, HostAction, Notify, OpenRequest, ReturnToPool, SetField, fill
from crmkit.rules.automation import SYSTEM, AutomationRule, OnEvent, OnTurningTrue
from crmkit.testing import NOW, FixedClock, a_collaboration, a_lead, a_member, a_pool
from crmkit.testing.history import History, Told

LEAD = Ref(entity="lead", id="L-1")


@pytest.fixture(params=["memory", "sqlite"])
def crm(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield with_people(store)
    store.close()


def with_people(store):
    crm = Crm(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Told())
    crm.add(a_member(id="M-1"), a_member(id="M-2"), a_pool(id="PO", holds="lead"))
    return crm


def rule(id, trigger, *actions, **fields):
    return AutomationRule(id=id, trigger=trigger, actions=actions, **{"run_as": SYSTEM, **fields})


def states(crm):
    return sorted((run.policy, run.state.value, run.reason) for run in crm.automation.runs(limit=1_000))


def on(*changed):
    return OnEvent(changed=changed)


# --- EDGE_CASES 40 --------------------------------------------------------------------------------


def test_40_a_rule_that_starts_itself_stops_with_a_named_reason(crm):
    """EDGE_CASES 40, attack 25."""
    crm.adopt(rule("self", OnEvent(types=("lead.captured", "lead.changed")), SetField(name="region", value="East")))
    crm.save(a_lead().capture())
    crm.automation.run()

    assert states(crm) == [("self", "done", ""), ("self", "stopped", "automation.loop")]


def test_40_two_rules_that_start_each_other_stop_with_a_named_reason(crm):
    """EDGE_CASES 40, attack 25: each has run once, and the third run never began."""
    crm.adopt(
        rule("a", on("region"), SetField(name="industry", copy_of="region")),
        rule("b", on("industry"), SetField(name="region", copy_of="description")),
    )
    crm.save(a_lead(region="", industry="", description="x").capture())
    crm.automation.run()
    crm.ctx.store.run(lambda uow: uow.save(changed(uow.leads.get("L-1"), now=NOW, region="East")))
    crm.automation.run()

    last = [run for run in crm.automation.runs() if run.depth == 2]
    assert {run.reason for run in last} == {"automation.loop"}
    assert {state for _, state, _ in states(crm)} == {"done", "stopped"}
    assert crm.automation.run().actions == 0


def test_40_a_chain_over_ever_new_records_ends(crm):
    """EDGE_CASES 40, attack 25: every task plans another one, so no record comes twice."""
    crm.adopt(rule("more", OnEvent(types=("task.planned",)), CreateTask(title="and another one"), entity="task"))
    crm.adopt(rule("first", OnEvent(types=("lead.captured",)), CreateTask(title="one")))
    crm.save(a_lead().capture())

    # a task may be about a task only where a rule plans it
    crm.automation.run()
    assert Counter(run.state.value for run in crm.automation.runs()) == {"done": 5, "stopped": 1}
    assert [run.reason for run in crm.automation.runs() if run.depth == 5] == ["automation.deep"]


def test_40_a_chain_that_branches_ends(crm):
    """EDGE_CASES 40, attack 25: each of three tasks plans three more."""
    three = [CreateTask(title=str(number)) for number in range(3)]
    crm.adopt(
        rule("more", OnEvent(types=("task.planned",)), *three, entity="task", most_in_chain=20),
        rule("first", OnEvent(types=("lead.captured",)), *three),
    )
    crm.save(a_lead().capture())
    crm.automation.run()

    reasons = Counter(run.reason for run in crm.automation.runs(limit=1_000))
    assert 18 <= reasons[""] <= 22
    assert reasons["automation.many"] > 0
    assert crm.automation.run().actions == 0


def test_40_an_import_of_ten_thousand_with_five_rules(sqlite_url):
    """EDGE_CASES 40: what was imported has its runs, each once; budgets spread them, and nothing is lost."""
    crm = with_people(SqlStore(sqlite_url))
    begun = time.monotonic()
    fields = {"imports": True, "most_starts": 450}
    crm.adopt(
        *(
            rule(f"r{number}", OnEvent(types=("lead.captured",)), SetField(name="region", value=str(number)),
                 when=f"score == {number}", **fields)
            for number in range(4)
        ),
        rule("r4", on("region"), SetField(name="industry", value="IT"), when="score == 3", **fields),
    )  # fmt: skip
    door = crm.acting_as("eva", source="import")
    for start in range(0, 10_000, 500):
        door.save(*(lead(number).capture() for number in range(start, start + 500)))
    turns = 0
    while crm.automation.run(limit=10_000).delayed or turns == 0:
        crm.ctx.clock.advance(minutes=1, seconds=1)
        turns += 1

    with crm.begin(read_only=True) as uow:
        assert uow.automation_runs.count(F.state == "done") == uow.automation_runs.count() == 3_000
        assert uow.leads.count((F.industry == "IT") & (F.region == "3")) == 500
    assert time.monotonic() - begun < 60
    crm.close()


def lead(number):
    return a_lead(id=f"L-{number}", phones=(), name=None, score=number % 20, region="")


def test_40_the_same_record_twice_in_one_save(crm):
    """EDGE_CASES 40: the second change finds the rule under way."""
    crm.adopt(rule("once", on("score"), CreateTask(title="x"), lane="single"))
    first = a_lead(score=1).capture()
    second = changed(first.after, now=NOW, score=2)
    crm.save(first, second, changed(second.after, now=NOW, score=3))
    crm.automation.run()

    found = [("once", "done", "")] + 2 * [("once", "stopped", "automation.single")]
    assert states(crm) == found


# --- attack 8 -------------------------------------------------------------------------------------

WRITES = (
    SetField(name="region", value="mine"),
    AssignTo(member_id="M-2"),
    ReturnToPool(),
    CreateTask(title="x"),
    OpenRequest(process="x"),
    HostAction(name="export"),
)


@pytest.mark.parametrize("action", WRITES, ids=lambda action: action.kind)
def test_attack_8_a_rule_cannot_do_what_its_member_cannot(crm, action):
    """Attack 8: the rule of a member who has no way to the record writes nothing to it."""
    crm.ctx = evolve(crm.ctx, host=HostSide(performers={"export": lambda call: pytest.fail("exported")}))
    crm.adopt(rule("mine", OnEvent(types=("lead.captured",)), action, run_as="M-2"))
    crm.save(a_lead(owner_id="M-1").capture())
    before = History.of(crm.ctx.store).rows[LEAD]

    assert crm.automation.run().stopped == 1
    assert states(crm) == [("mine", "stopped", "automation.not_allowed")]
    assert History.of(crm.ctx.store).rows[LEAD] == before


def test_attack_8_who_may_read_may_be_told_and_no_more(crm):
    """Attack 8: nobody reads by a text what they may not read."""
    tell = rule("tell", OnEvent(types=("lead.captured",)), Notify(text="{description}", members=("M-2",)), run_as="M-2")
    crm.adopt(tell)
    crm.add(a_collaboration(id="CO", record_entity="lead", record_id="L-2", member_id="M-2"))
    crm.save(*(a_lead(id=f"L-{n}", phones=(), owner_id="M-1", description="secret").capture() for n in (1, 2)))
    crm.automation.run()

    assert sorted((run.subject_id, run.state.value) for run in crm.automation.runs()) == [
        ("L-1", "stopped"),
        ("L-2", "done"),
    ]


def test_attack_8_the_rule_of_somebody_who_left_stops(crm):
    """Attack 8: rights end when somebody leaves, also for what has started."""
    crm.adopt(rule("mine", OnEvent(types=("lead.captured",)), SetField(name="region", value="x"), run_as="M-1"))
    crm.save(a_lead(owner_id="M-1").capture())
    crm.ctx.store.run(lambda uow: uow.save(changed(uow.members.get("M-1"), now=NOW, status="left")))
    crm.automation.run()

    assert states(crm) == [("mine", "stopped", "automation.owner_left")]


def test_attack_8_what_the_system_does_not_grant_no_rule_does(crm):
    """Attack 8: rights of the member and grants of the system, both."""
    crm.ctx = evolve(crm.ctx, host=HostSide(granted=frozenset({"notify"})))
    crm.adopt(rule("mine", OnEvent(types=("lead.captured",)), SetField(name="region", value="x"), run_as="M-1"))
    crm.save(a_lead(owner_id="M-1").capture())
    crm.automation.run()

    assert states(crm) == [("mine", "stopped", "automation.not_granted")]


# --- attack 15 ------------------------------------------------------------------------------------

INSIDE = (
    *(
        "__class__",
        "name.__class__",
        "id.__class__.__mro__",
        "__init__.__globals__",
        "custom.__class__",
        "_x",
        "name._x",
    ),
    *("id!r", "id!s", "id:>999999999", "id:{id}", "id[0]", "custom[a]", "0", "0.name", "", " ", "id ", " id", "id()"),
    *(
        "id.upper()",
        "assign('M-1')",
        "id|upper",
        "id|attr('x')",
        "lipsum",
        "cycler",
        "config.items",
        "self.x()",
        "a*10**9",
    ),
    *("7*7", "range(10**9)", "id\n", "id;x", "a.b.c.d.e", "é", "ｉｄ", "id\u200b", "x" * 200, "record.id", "request"),
    *("id.__len__", "version.real", "created_at.year", "name.parse", "owner_id.x", "%s", "$id", "#id", "id}{", "{id"),
)
AROUND = (
    "{{7*7}}",
    "{% for x in y %}{% endfor %}",
    "${7*7}",
    "#{7*7}",
    "<%= 7 %>{",
    "}{",
    "{",
    "}",
    "{{",
    "}}",
    "{{id}}",
)
PAYLOADS = tuple(f"{{{payload}}}" for payload in INSIDE) + AROUND


@pytest.mark.parametrize("text", PAYLOADS)
def test_attack_15_a_text_is_no_program(text):
    """Attack 15: whatever is no field of the record is refused when the rule is made, in every text of every action."""
    for action in (
        lambda: Notify(text=text),
        lambda: CreateTask(title=text),
        lambda: OpenRequest(process="x", title=text),
    ):
        with pytest.raises(InvalidInput):
            rule("x", OnTurningTrue(), action())


def test_attack_15_there_are_sixty_of_them():
    """Attack 15: and none stands twice."""
    assert len(set(PAYLOADS)) >= 60


def test_attack_15_what_a_field_holds_is_never_a_text_again():
    """Attack 15: a customer who calls himself a template is shown as he is."""
    for payload in PAYLOADS:
        assert fill("{description}!", a_lead(description=payload), "lead", ()) == f"{payload or '–'}!"


def test_attack_25_a_host_that_acts_for_a_rule_stands_in_its_chain(crm):
    """Attack 25: what the host saves for an action is known to come from it."""

    def ring(call):
        own = evolve(crm.ctx, acting=call.acting)
        own.store.run(lambda uow: uow.save(changed(uow.leads.get("L-1"), now=NOW, score=7)), own.acting)

    crm.ctx = evolve(crm.ctx, host=HostSide(performers={"ring": ring}))
    crm.adopt(rule("ring", OnEvent(types=("lead.captured", "lead.changed")), HostAction(name="ring")))
    crm.save(a_lead().capture())
    crm.automation.run()

    assert states(crm) == [("ring", "done", ""), ("ring", "stopped", "automation.loop")]


def test_a_rule_that_raises_stops_nobody(crm):
    """Fault 26: a trigger of the host that raises is told, and the save stays."""
    crm = Crm(store=MemoryStore(), clock=FixedClock(), notifier=Told())
    crm.adopt(rule("broken", Broken(), Notify(text="x", members=("M-1",)), run_as="M-1"))
    crm.save(a_lead().capture())

    assert states(crm) == [("broken", "stopped", "automation.raised")]
    with crm.begin(read_only=True) as uow:
        assert uow.leads.count() == 1


class Broken:
    kind = "broken"

    def fits(self, happened, holds):
        raise ValueError


def test_fault_24_a_run_stays_on_the_version_of_its_rule(crm):
    """Fault 24: a rule that is edited while it runs changes what starts, and not what has started."""
    first = rule("r", OnEvent(types=("lead.captured",)), SetField(name="region", value="one"))
    crm.adopt(first)
    crm.save(a_lead().capture())
    crm.adopt(evolve(first, version=2, actions=(SetField(name="region", value="two"),)))
    crm.save(a_lead(id="L-2", phones=()).capture())
    crm.automation.run()

    with crm.begin(read_only=True) as uow:
        assert [uow.leads.get(id).region for id in ("L-1", "L-2")] == ["one", "two"]
        assert uow.trail.of(LEAD)[-1].acting.source == "rule r v1"


def test_faults_11_and_12_a_clock_that_jumps_loses_no_run(crm):
    """Faults 11 and 12: by a clock that is behind a run waits; no action is done twice, and none is lost."""
    crm.adopt(rule("r", OnEvent(types=("lead.captured",)), CreateTask(title="x"), CreateTask(title="y")))
    crm.save(a_lead().capture())
    for minutes in (-10, 20, -10, 10):
        crm.ctx.clock.set(crm.ctx.clock.now() + timedelta(minutes=minutes))
        crm.automation.run()

    with crm.begin(read_only=True) as uow:
        assert sorted(task.title for task in uow.tasks.find()) == ["x", "y"]
