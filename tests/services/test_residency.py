"""Residency: who counts, once a year and whatever record they are asked by, and what is needed from how many on."""

from datetime import UTC, datetime

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.crm import Crm
from crmkit.domain.ids import Ref
from crmkit.domain.values.address import Address
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.residency import ResidencyPolicy, Threshold
from crmkit.testing import FixedClock, a_lead
from crmkit.testing.contracts.threads import side_by_side

CONTRACT = Threshold(instrument="contract", people=3, sensitive=1)
ASSESSMENT = Threshold(instrument="assessment", people=9, sensitive=4)
TERMS = {"id": "law", "home": ("CN",), "thresholds": (CONTRACT, ASSESSMENT)}
LAW = ResidencyPolicy(**TERMS, free=("HK",), zone="Asia/Shanghai")


def a_crm(store=None, law=LAW, at=None):
    crm = Crm(store=store or MemoryStore(), clock=FixedClock(at) if at else FixedClock(), suppression_key=b"k" * 32)
    crm.adopt(law)
    crm.add(*(a_lead(id=f"L-{number}", phones=(), emails=()) for number in range(12)))
    return crm


def sent(crm, number, region="DE", **options):
    decision = crm.privacy.send_abroad(Ref(entity="lead", id=f"L-{number}"), sink="desk", region=region, **options)
    return decision.outcome.value, decision.instrument


def test_a_person_counts_once_and_the_third_needs_a_contract():
    crm = a_crm()
    assert [sent(crm, number) for number in (1, 1, 2)] == [("allowed", "")] * 3
    assert sent(crm, 3) == ("refused", "contract")
    # who was counted may go again
    assert sent(crm, 2) == ("allowed", "")
    counted = crm.privacy.sent_abroad()
    assert (counted.year, counted.people, counted.sensitive) == (2026, 2, 0)


def test_with_a_contract_in_place_more_may_go_until_the_assessment():
    crm = a_crm(law=ResidencyPolicy(**TERMS, instruments=("contract",)))
    assert [sent(crm, number)[0] for number in range(9)] == ["allowed"] * 8 + ["refused"]
    assert sent(crm, 10) == ("refused", "assessment")


def test_sensitive_data_is_counted_apart():
    crm = a_crm()
    assert sent(crm, 1, sensitive=True) == ("refused", "contract")
    crm.adopt(ResidencyPolicy(**TERMS, version=2, instruments=("assessment",)))
    assert sent(crm, 1, sensitive=True) == ("allowed", "contract")
    assert sent(crm, 1) == ("allowed", "contract")
    counted = crm.privacy.sent_abroad()
    assert (counted.people, counted.sensitive) == (1, 1)


def test_what_crosses_no_border_that_counts_is_not_counted():
    crm = a_crm()
    crm.add(a_lead(id="L-20", address=Address(country="DE"), phones=(), emails=()))
    assert [sent(crm, 1, "CN"), sent(crm, 1, "HK"), sent(crm, 20, "US")] == [("home", "")] * 3
    assert crm.privacy.sent_abroad().people == 0


def test_the_year_is_that_of_the_policys_clock():
    crm = a_crm(at=datetime(2026, 12, 31, 17, tzinfo=UTC))
    assert sent(crm, 1) == ("allowed", "")
    assert crm.privacy.sent_abroad().year == 2027
    assert crm.privacy.sent_abroad(year=2026).people == 0


def test_a_look_counts_nobody_and_says_what_comes_next():
    crm = a_crm()
    decision = crm.privacy.check_abroad(Ref(entity="lead", id="L-1"), sink="desk", region="DE")
    assert [reason.code for reason in decision.reasons] == ["residency.counted", "residency.next"]
    assert crm.privacy.sent_abroad().people == 0


def test_a_merged_record_is_the_same_person():
    crm = a_crm()
    crm.leads.merge(Ref(entity="lead", id="L-1"), Ref(entity="lead", id="L-2"))
    assert [sent(crm, 1), sent(crm, 2)] == [("allowed", "")] * 2
    assert crm.privacy.sent_abroad().people == 1


def test_eight_at_once_pass_no_threshold(sqlite_url):
    store = SqlStore(sqlite_url)
    crm = a_crm(store)
    outcomes = side_by_side(8, lambda number: sent(crm, number)[0])
    assert sorted(outcomes) == ["allowed"] * 2 + ["refused"] * 6
    store.close()


def test_terms_that_cannot_be_are_refused():
    for thresholds in ((ASSESSMENT, CONTRACT), (CONTRACT, CONTRACT)):
        with pytest.raises(InvalidInput, match="must grow"):
            ResidencyPolicy(id="x", thresholds=thresholds)
    with pytest.raises(InvalidInput, match="has a promise"):
        ResidencyPolicy(id="x", thresholds=(CONTRACT,), instruments=("a promise",))
    with pytest.raises(InvalidInput, match="must be 1 or more"):
        Threshold(instrument="x", people=0, sensitive=1)
    with pytest.raises(NotFound):
        sent(a_crm(), 99)
