"""The lines owed on recommendation: none is forgotten, and each stands beside plain popularity."""

import pytest

OWED = {
    "Online Retail, new items: walk, no dependencies": ">= 0.44",
    "Online Retail, new items: EASE, numpy": ">= 0.5",
    "Online Retail, next purchase: walk, no dependencies": ">= 0.82",
}
BESIDE = {"Online Retail, new items: popular", "Online Retail, next purchase: popular"}


@pytest.fixture
def goals(benchmark_module):
    return {line.name: line.goal and str(line.goal) for line in benchmark_module("scoring").LINES}


def test_every_owed_line_is_there_with_its_goal(goals):
    assert OWED.items() <= goals.items()


def test_popularity_is_measured_beside_and_settings_on_earlier_days(goals):
    assert goals.keys() >= BESIDE
    assert {f"{name}, thirty days earlier" for name in OWED} <= goals.keys()
