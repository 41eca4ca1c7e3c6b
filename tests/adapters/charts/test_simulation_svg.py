"""The picture of a simulation: a bar a crew, as long as the wait, the bottleneck in another colour."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from crmkit.adapters.charts import simulation_svg
from crmkit.adapters.charts.drawing import AGAINST, FOR
from crmkit.errors import InvalidInput
from crmkit.rules.routing.simulation import CrewLoad, SimulationReport, Spread

SVG = "{http://www.w3.org/2000/svg}"


def a_report(**waits):
    crews = tuple(
        CrewLoad(
            crew=name,
            size=2,
            wait=Spread(count=3, mean=timedelta(hours=hours), p50=timedelta(0), p90=timedelta(0)),
            utilisation=0.5,
        )
        for name, hours in waits.items()
    )
    nothing = Spread(count=0, mean=timedelta(0), p50=timedelta(0), p90=timedelta(0))
    return SimulationReport(states=(), crews=crews, through=nothing, succeeded=0, failed=0, running=0)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", {"1.5 h, 50% busy", "3.0 h, 50% busy"}), ("zh", {"1.5 小时，忙碌 50%", "3.0 小时，忙碌 50%"})],
)
def test_each_crew_has_its_wait_and_how_busy_it_is(language, said):
    root = ET.fromstring(simulation_svg(a_report(desk=1.5, 客服=3.0), title="<b>", language=language))
    texts = {element.text for element in root.iter(f"{SVG}text")}
    assert said | {"desk (2)", "客服 (2)", "<b>"} <= texts


def test_the_bottleneck_has_another_colour():
    root = ET.fromstring(simulation_svg(a_report(desk=1.5, experts=3.0, nobody=0.0)))
    bars = [each for each in root.iter() if each.get("aria-roledescription") == "bar"]
    assert [bar.get("fill") for bar in bars] == [FOR, AGAINST, FOR]


def test_a_single_crew_without_waits_is_drawn():
    assert "desk (2)" in simulation_svg(a_report(desk=0.0))


def test_without_crews_there_is_nothing_to_draw():
    with pytest.raises(InvalidInput, match="crews"):
        simulation_svg(a_report())
