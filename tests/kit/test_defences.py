"""Tests that bite: with its defence taken out of the source, the named test of a row fails.

Each line takes one defence out of a copy of the source and runs one test against the copy. The full table runs with
``make stress``; every run makes sure that the table still fits the source, and tries a few lines.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Defence(NamedTuple):
    """What stands in ``file`` and what is left without it, and who must notice."""

    row: str
    file: str
    stands: str
    left: str
    test: str


ACCESS, CHANNELS = "tests/edges/test_access_attacks.py", "tests/adapters/channels"
DEFENCES = (
    Defence(
        "attack 1",
        "adapters/sql/conditions.py",
        "return sa.bindparam(name, type_=sql_type(kind))",
        "return sa.bindparam(name, type_=sql_type(kind), literal_execute=True)",
        "tests/kit/test_hostile_texts.py::test_hostile_values_of_conditions_are_values",
    ),
    Defence(
        "attack 3",
        "adapters/sql/conditions.py",
        'return find(place.value, self.bind(_value, ColumnKind.TEXT)) > sa.literal_column("0")',
        'return place.value.like("%" + self.bind(_value, ColumnKind.TEXT) + "%")',
        "tests/kit/test_hostile_texts.py::test_hostile_values_of_conditions_are_values",
    ),
    Defence(
        "attack 5",
        "services/access/reading.py",
        "(F.id == id) & self._scope",
        "F.id == id",
        f"{ACCESS}::test_reading_a_record_of_others_says_what_a_missing_one_says",
    ),
    Defence(
        "attack 7",
        "services/access/writing.py",
        '"lead": _OWNED | {"score", "grade", "score_due_at"},',
        '"lead": _OWNED | {"grade", "score_due_at"},',
        f"{ACCESS}::test_every_attribute_of_a_lead_sent_in_a_save_is_either_for_members_or_refused",
    ),
    Defence(
        "attack 9",
        "services/access/rights.py",
        "if sights.get(name, Sight.WRITE) not in _SEEN:",
        "if False:",
        f"{ACCESS}::test_a_binary_search_learns_nothing_of_a_hidden_field",
    ),
    Defence(
        "attack 12",
        "adapters/files/formulas.py",
        r"[=+\-@\t\r\n＝＋－＠]",
        r"[=+\-@]",
        "tests/adapters/files/test_csv.py::test_a_cell_that_a_spreadsheet_would_run_is_neutralised",
    ),
    Defence(
        "attack 15",
        "adapters/page_templates.py",
        '*("Compare", "Operand", "And", "Or", "Not"),',
        '*("Compare", "Operand", "And", "Or", "Not", "Call", "Filter", "Mul", "Pow"),',
        "tests/adapters/test_page_templates.py::test_attack_15_what_leads_out_of_a_template_is_refused_before_it_is_filled",
    ),
    Defence(
        "attack 18",
        "adapters/channels/message.py",
        '"".join(seen).translate(_TWINS)',
        '"".join(seen)',
        f"{CHANNELS}/test_robots.py::test_attack_18_a_lead_of_such_a_name_pings_nobody_and_links_nowhere",
    ),
    Defence(
        "attack 19",
        "adapters/channels/http_door.py",
        "check(address, loopback=self.loopback)",
        "pass",
        f"{CHANNELS}/test_http_door.py::test_attack_19_a_public_name_with_an_inner_address_is_refused",
    ),
    Defence(
        "attack 19, embedded addresses",
        "adapters/channels/addresses.py",
        '"2002::/16", ',
        "",
        f"{CHANNELS}/test_http_door.py::test_attack_19_a_hostile_host_is_refused_before_anything_is_resolved_or_called",
    ),
    Defence(
        "attack 20",
        "adapters/channels/webhook_signing.py",
        "if abs(now.timestamp() - seconds) > tolerance.total_seconds():",
        "if False:",
        f"{CHANNELS}/test_signatures.py::test_attack_20_what_is_older_or_newer_than_five_minutes_is_refused",
    ),
    Defence(
        "attack 21",
        "domain/values/secret.py",
        'return f"Secret({MASKED!r})"',
        'return f"Secret({self.reveal()!r})"',
        "tests/domain/values/test_secret.py::test_no_way_to_show_it_shows_it",
    ),
    Defence(
        "attack 24",
        "domain/conditions/nodes.py",
        "if len(given) > MAX_LIST:",
        "if False:",
        "tests/edges/test_ownership_attacks.py",
    ),
    Defence(
        "attack 25",
        "rules/automation/decide.py",
        "if link in chain.links or again:",
        "if False:",
        "tests/edges/test_automation_edges.py",
    ),
    Defence(
        "attack 26",
        "domain/checks.py",
        "if value.adjusted() >= MOST_DIGITS or -int(value.as_tuple().exponent) > MOST_DIGITS:",
        "if False:",
        "tests/domain/test_model.py",
    ),
    Defence(
        "attack 33",
        "rules/reclaim/claim.py",
        "until = facts.let_go_at + timedelta(days=policy.cooldown_days)",
        "until = facts.let_go_at",
        "tests/edges/test_pool_edges.py",
    ),
    Defence(
        "attack 34, fault 5",
        "adapters/sql/database.py",
        "if connection.run_many(writer.statement, rows) != len(rows):",
        "if connection.run_many(writer.statement, rows) < 0:",
        "tests/kit/test_contracts_sqlite.py",
    ),
    Defence(
        "attack 36",
        "services/suppressing.py",
        "        self._refuse(changes)\n",
        "",
        "tests/edges/test_privacy_edges.py::test_who_was_erased_is_refused_at_every_door_with_the_reason",
    ),
    Defence(
        "attack 37",
        "rules/outreach/decide.py",
        "if stands.voice in _NO:",
        "if False:",
        "tests/edges/test_consent_edges.py::test_attack_37_no_other_address_channel_record_or_purpose_is_a_way_round_a_no",
    ),
    Defence(
        "fault 3",
        "services/inbound.py",
        "if uow.commands.recall(seen, Received) is not None:",
        "if False:",
        "tests/edges/test_unknown_and_inbound.py",
    ),
    Defence(
        "fault 7",
        "adapters/retrying.py",
        "except (StorageBusy, StaleVersion):",
        "except ZeroDivisionError:",
        "tests/faults/test_every_service.py::test_a_fault_at_any_call_leaves_nothing_half_done[claim-memory-transient]",
    ),
    Defence(
        "fault 10",
        "adapters/sql/outbox.py",
        'table.c.attempts == sa.bindparam("attempt", type_=sa.BigInteger)',
        'table.c.attempts >= sa.bindparam("attempt", type_=sa.BigInteger) - 1',
        "tests/faults/test_workers.py",
    ),
)
QUICK = {"attack 12", "attack 21", "attack 37"}


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.row)
def test_the_table_fits_the_source(defence):
    assert (ROOT / "src" / "crmkit" / defence.file).read_text(encoding="utf-8").count(defence.stands) == 1
    file, _, name = defence.test.partition("::")
    assert f"def {name.partition('[')[0]}" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "defence",
    [
        pytest.param(defence, marks=() if defence.row in QUICK else pytest.mark.stress, id=defence.row)
        for defence in DEFENCES
    ],
)
def test_without_its_defence_the_test_of_a_row_fails(defence, tmp_path):
    copied = shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    file = copied / "crmkit" / defence.file
    file.write_text(file.read_text(encoding="utf-8").replace(defence.stands, defence.left), encoding="utf-8")

    assert failed(defence.test, copied), f"{defence.test} does not notice that its defence is gone"


def failed(test: str, source: Path) -> bool:
    """Whether the test ran with that source and failed."""
    options = ("--no-cov", "--quiet", "--exitfirst", "-p", "no:cacheprovider", "-p", "no:xdist")
    environment = os.environ | {"PYTHONPATH": str(source)}
    command = [sys.executable, "-m", "pytest", *options, test]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stdout[-2_000:] + ran.stderr[-2_000:]
    return ran.returncode == 1
