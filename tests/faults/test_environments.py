"""What is decided does not depend on the machine's time zone, locale or hash seed, nor on the kind of store."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crmkit.testing.postgres import fresh_schema

DECIDER = Path(__file__).with_name("decider.py")
ENVIRONMENTS = {
    "UTC": {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"},
    "Shanghai": {"TZ": "Asia/Shanghai", "LC_ALL": "zh_CN.UTF-8", "PYTHONHASHSEED": "1"},
    "Lord Howe": {"TZ": "Australia/Lord_Howe", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "42"},
    "New York": {"TZ": "America/New_York", "LC_ALL": "de_DE.ISO-8859-1", "PYTHONHASHSEED": "4294967295"},
    "Casablanca": {"TZ": "Africa/Casablanca", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}
"""The last one has a hash seed at random; ``make environments`` runs the whole suite under each."""


@pytest.fixture(scope="module")
def expected() -> str:
    return digest("memory", ENVIRONMENTS["UTC"])


@pytest.mark.parametrize(
    ("where", "environment"),
    [
        *(("memory", name) for name in ENVIRONMENTS if name != "UTC"),
        ("sqlite", "Lord Howe"),
        ("postgres", "Casablanca"),
        *(
            pytest.param(where, name, marks=pytest.mark.stress)
            for where in ("sqlite", "postgres")
            for name in ENVIRONMENTS
        ),
    ],
)
def test_fault_45_every_service_decides_alike_in_every_environment(where, environment, expected, tmp_path, request):
    addresses = {
        "memory": lambda: "memory",
        "sqlite": lambda: f"sqlite:///{tmp_path / 'crm.db'}",
        "postgres": lambda: fresh_schema(request.getfixturevalue("postgres_server").url),
    }
    assert digest(addresses[where](), ENVIRONMENTS[environment]) == expected


def test_fault_45_the_log_says_enough_to_see_a_difference(expected):
    lines, _ = expected.split()
    assert int(lines) > 300


def test_fault_44_decisions_do_not_rest_on_asserts(expected):
    assert digest("memory", ENVIRONMENTS["UTC"], "-O") == expected


def digest(where: str, environment: dict[str, str], *options: str) -> str:
    told = {name: value for name, value in os.environ.items() if not name.startswith("LC_")} | environment
    ran = subprocess.run(
        [sys.executable, *options, DECIDER, where], env=told, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()
