"""``benchmarks/run.py`` on areas made for the purpose: what it prints, what it writes, how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "benchmarks" / "run.py"

WELL = 'Line("fast enough", "× raw driver", at_most(2), lambda _: 1.2345)'
ONLY_TOLD = 'Line("only told", "× faster", None, lambda _: 0.1)'
MISSED = 'Line("too slow", "× raw driver", at_most(2), lambda _: 2.5)'
NO_PEER = 'Line("without its peer", "× faster", at_least(5), lambda _: __import__("a_peer_that_is_not_there"))'


@pytest.fixture
def run(tmp_path):
    def with_area(*lines, arguments=("toy",)):
        area = tmp_path / "toy" / "__init__.py"
        area.parent.mkdir()
        area.write_text(
            f"from harness import Line, at_least, at_most\nLINES = [{', '.join(lines)}]\n", encoding="utf-8"
        )
        command = [sys.executable, RUN, "--home", tmp_path, *arguments]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)

    return with_area


def results(directory):
    return json.loads((directory / "results" / "toy.json").read_text(encoding="utf-8"))


def test_every_line_is_written_with_its_goal(run, tmp_path):
    run(WELL, ONLY_TOLD, MISSED)

    assert results(tmp_path) == [
        {"name": "fast enough", "value": 1.23, "unit": "× raw driver", "goal": "<= 2", "ok": True},
        {"name": "only told", "value": 0.1, "unit": "× faster", "goal": None, "ok": True},
        {"name": "too slow", "value": 2.5, "unit": "× raw driver", "goal": "<= 2", "ok": False},
    ]


def test_a_missed_goal_ends_the_run_with_status_1(run):
    assert run(WELL, MISSED).returncode == 1


def test_goals_that_are_met_end_it_with_status_0(run):
    assert run(WELL, ONLY_TOLD).returncode == 0


def test_a_missing_peer_fails_its_line_and_hides_no_other(run, tmp_path):
    ended = run(NO_PEER, WELL)

    assert [(line["name"], line["value"], line["ok"]) for line in results(tmp_path)] == [
        ("without its peer", None, False),
        ("fast enough", 1.23, True),
    ]
    assert ended.returncode == 1
    assert "a_peer_that_is_not_there" in ended.stdout


def test_the_table_shows_name_value_unit_goal_and_verdict(run):
    rows = [line.split() for line in run(WELL, MISSED).stdout.splitlines()]

    assert ["fast", "enough", "1.23", "×", "raw", "driver", "<=", "2", "yes"] in rows
    assert ["too", "slow", "2.5", "×", "raw", "driver", "<=", "2", "NO"] in rows


def test_all_areas_are_measured_when_none_is_named(run, tmp_path):
    run(WELL, arguments=())

    assert [line["name"] for line in results(tmp_path)] == ["fast enough"]


def test_a_selection_of_lines_leaves_the_results_alone(run, tmp_path):
    ended = run(WELL, MISSED, arguments=("toy", "--only", "fast"))

    assert ended.returncode == 0
    assert not (tmp_path / "results").exists()


def test_an_unknown_area_is_refused_with_those_there_are(run):
    ended = run(WELL, arguments=("tyo",))

    assert ended.returncode == 2
    assert "choose from: all, toy" in ended.stderr
