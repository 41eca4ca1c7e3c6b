"""``Crm`` binds ports to use cases and holds no logic."""

import inspect
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

import crmkit
from crmkit import Acting, Crm, F, RuleBook
from crmkit.adapters.memory import MemoryStore
from crmkit.crm import Group, Use
from crmkit.domain.organization.member import Team
from crmkit.domain.reasons import Reason
from crmkit.errors import Duplicate, InvalidInput
from crmkit.rules.scoring import ScorePolicy, lead_scoring
from crmkit.services.capture import capture_lead
from crmkit.services.lead_form import LeadForm

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def a_team() -> Team:
    return Team(id="T-1", name="East", created_at=NOW, updated_at=NOW)  # type: ignore[arg-type]


def test_a_crm_opens_a_file_and_finds_what_was_saved_when_it_is_opened_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with Crm.open(url) as crm:
        lead_id = crm.leads.capture(LeadForm(name="张三", phones=["13800138000"])).lead_id
    with Crm.open(url, create=False) as crm, crm.begin(read_only=True) as uow:
        assert [lead.id for lead in uow.leads.find(F.name.family == "张")] == [lead_id]


def test_changes_carry_the_name_of_whoever_acts() -> None:
    crm = Crm(store=MemoryStore())
    crm.acting_as("M-1", on_behalf_of="M-2", source="api", reason="spring cleaning").add(a_team())
    with crm.begin() as uow:
        entries = uow.trail.of(a_team().ref)
    assert [entry.acting for entry in entries] == [
        Acting(actor="M-1", on_behalf_of="M-2", source="api", reason="spring cleaning")
    ]


def test_tenants_see_only_their_own() -> None:
    crm = Crm(store=MemoryStore())
    crm.acting_as("M-1", tenant="east").add(a_team())
    with crm.begin() as uow:
        assert uow.teams.count() == 0
    east = crm.acting_as("M-2", tenant="east").acting_as("M-3")
    with pytest.raises(Duplicate):
        east.add(a_team())


def test_policies_are_adopted_and_reasons_said() -> None:
    crm = Crm(store=MemoryStore(), book=RuleBook.standard().with_texts({"hello": ("Hello.", "你好。")}))
    crm.adopt(attrs.evolve(lead_scoring(), version=7))
    with crm.begin() as uow:
        policy = uow.policies.in_force(ScorePolicy, NOW)
    assert policy is not None
    assert policy.version == 7
    assert crm.say([Reason.of("hello")], "zh") == "你好。"


def test_a_use_case_keeps_its_signature_and_its_text() -> None:
    crm = Crm(store=MemoryStore())
    assert crm.leads.capture.__doc__ == capture_lead.__doc__
    assert "form" in inspect.signature(crm.leads.capture).parameters
    assert "ctx" not in inspect.signature(crm.leads.capture).parameters
    for group in (crm.leads, crm.customers, crm.pools, crm.insight, crm.requests, crm.notices):
        assert isinstance(group, Group)
        uses = [use for use in vars(type(group)).values() if isinstance(use, Use)]
        assert all(use.__doc__ for use in uses)


def test_a_database_in_memory_and_other_databases_are_refused_with_the_mend() -> None:
    for url, mend in {
        "sqlite://": "MemoryStore",
        "mysql://x/y": "Use SQLite or Postgres",
        "nonsense": "sqlite:///",
    }.items():
        with pytest.raises(InvalidInput, match=mend):
            Crm.open(url)


def test_names_of_the_package_are_found_when_they_are_needed() -> None:
    assert set(crmkit.__all__) <= set(dir(crmkit))
    with pytest.raises(AttributeError):
        crmkit.nothing
