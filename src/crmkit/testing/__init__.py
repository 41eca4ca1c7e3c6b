"""What a host tests with: a fixed clock and ids, builders of records, and the suites that prove an adapter.

=================================  ==============================================================
``crmkit.testing``                 ``FixedClock``, ``FixedIds`` and a builder for every entity
``crmkit.testing.contracts``       the contract of each port as a class of checks (pytest)
``crmkit.testing.stateful``        any store against the memory store, step by step (hypothesis)
``crmkit.testing.differential``    any store's conditions against the generated Python
``crmkit.testing.strategies``      random records of every entity
``crmkit.testing.conditions``      random conditions
``crmkit.testing.hostile``         texts that attack whatever takes text for code
``crmkit.testing.sabotage``        adapters that break one promise each: proof that a suite sees it
``crmkit.testing.postgres``        a throw-away Postgres server
=================================  ==============================================================

pytest and hypothesis are loaded by the modules that need them, not by this one.
"""

from crmkit.testing.builders import (
    a_calendar,
    a_collaboration,
    a_consent,
    a_contact,
    a_crossing,
    a_filing,
    a_filing_mark,
    a_lead,
    a_legal_hold,
    a_match_review,
    a_member,
    a_merge,
    a_message,
    a_pipeline,
    a_pool,
    a_record,
    a_request,
    a_role,
    a_segment,
    a_segment_membership,
    a_suppression,
    a_task,
    a_team,
    a_territory,
    a_transfer,
    a_turn,
    an_account,
    an_approval,
    an_automation_run,
    an_erasure,
    an_extension,
    an_interaction,
    an_opportunity,
    an_ownership_entry,
    an_sla_clock,
)
from crmkit.testing.clock import NOW, FixedClock, FixedIds

__all__ = [
    "NOW",
    "FixedClock",
    "FixedIds",
    "a_calendar",
    "a_collaboration",
    "a_consent",
    "a_contact",
    "a_crossing",
    "a_filing",
    "a_filing_mark",
    "a_lead",
    "a_legal_hold",
    "a_match_review",
    "a_member",
    "a_merge",
    "a_message",
    "a_pipeline",
    "a_pool",
    "a_record",
    "a_request",
    "a_role",
    "a_segment",
    "a_segment_membership",
    "a_suppression",
    "a_task",
    "a_team",
    "a_territory",
    "a_transfer",
    "a_turn",
    "an_account",
    "an_approval",
    "an_automation_run",
    "an_erasure",
    "an_extension",
    "an_interaction",
    "an_opportunity",
    "an_ownership_entry",
    "an_sla_clock",
]
