"""Each service, with a fault at each of its calls: nothing half-written, and a repeat ends in the same state."""

import importlib
import inspect
import pkgutil
from datetime import timedelta
from itertools import count

import pytest
from attrs import evolve

from crmkit import services
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import changed
from crmkit.domain.ids import Ref
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.inbound import InboundEvent
from crmkit.domain.stewardship.match_review import MatchReview
from crmkit.errors import CrmError, OutcomeUnknown, StorageBusy, StorageFailed
from crmkit.rules.actions import Notify
from crmkit.rules.approval import discount_application, sealed, values_of
from crmkit.rules.automation import SYSTEM, AutomationRule, OnTurningTrue
from crmkit.rules.lifetime import Purchase, learn
from crmkit.rules.prediction import PredictionModel
from crmkit.rules.reclaim import ReclaimPolicy
from crmkit.rules.routing.simulation import Fixed
from crmkit.rules.segments import Orders
from crmkit.services.access import export, may, why
from crmkit.services.approval_desk import (
    approval_holds,
    approvals_waiting_for,
    explain_approval,
    preview_approval,
    save_edit,
)
from crmkit.services.approval_sweep import sweep_approvals
from crmkit.services.approvals import (
    add_sign,
    decide_approval,
    delegate_approval,
    resubmit_for_approval,
    send_back_approval,
    submit_for_approval,
    withdraw_approval,
)
from crmkit.services.assign import assign, assign_lead, assign_to, assign_waiting
from crmkit.services.audit_chain import seal_trail, verify_trail
from crmkit.services.automation_desk import (
    automation_runs,
    discard_run,
    explain_automation,
    replay_run,
    trigger_rule,
)
from crmkit.services.automation_dry_run import dry_run_automation
from crmkit.services.back_test import back_test
from crmkit.services.behaviour import behaviour_of
from crmkit.services.capture import capture_lead, capture_many
from crmkit.services.check_policies import check_policies
from crmkit.services.churn import CHURN, churn_of, train_churn
from crmkit.services.consents import (
    Saying,
    confirm_consent,
    consents_of,
    give_consent,
    is_restricted,
    lift_restriction,
    object_to,
    restrict,
    unsubscribe,
    withdraw_consent,
)
from crmkit.services.context import Context
from crmkit.services.convert import convert_lead
from crmkit.services.deals import deal_outlook, pipeline_report
from crmkit.services.deduplicate import deduplicate, table_of
from crmkit.services.disqualify import disqualify_lead, disqualify_lessons, nurture_lead, recycle_due
from crmkit.services.dry_run import compare, dry_run
from crmkit.services.duplicates import find_duplicates
from crmkit.services.erasures import (
    approve_erasure,
    execute_erasure,
    plan_erasure,
    replay_erasures,
    withdraw_erasure,
)
from crmkit.services.evidence import attest, lock, plan_leave, progressed, recount, unlock, withdraw
from crmkit.services.existence import check_existence
from crmkit.services.extensions import ask_extension, settle_extension
from crmkit.services.fairness import fairness_report
from crmkit.services.filing import (
    approve_filing,
    extend_filing,
    file_prospect,
    link_filing,
    refuse_filing,
    withdraw_filing,
)
from crmkit.services.filing_desk import FilingForm
from crmkit.services.filing_disputes import arbitrate_filing, dispute_filing, sweep_filings
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.services.hand_over import hand_over
from crmkit.services.importance import grade_customers
from crmkit.services.inbound import receive
from crmkit.services.integrity import findings
from crmkit.services.keys import destroy_keys, rotate_keys
from crmkit.services.lead_form import LeadForm
from crmkit.services.legal_holds import place_hold, release_hold
from crmkit.services.lifetime import churn_risks, learn_lifetime
from crmkit.services.merge import merge, plan_merge
from crmkit.services.missed import missed_purchases, tell_missed
from crmkit.services.nearby import accounts_near
from crmkit.services.offer import ScoredPair, offer
from crmkit.services.outbound import OutreachForm, check_outreach, send_outreach
from crmkit.services.placement import place_customers
from crmkit.services.pool_desk import browse, place
from crmkit.services.pools import Batch, claim, claim_many, give_back
from crmkit.services.predict import (
    foretell,
    lead_drift,
    predict_lead,
    predict_leads,
    train_leads,
    what_would_predict,
)
from crmkit.services.read_log import note_read, read_log
from crmkit.services.reclaim import explain, preview, remedies, sweep
from crmkit.services.recommend import learn_recommendations, recommend
from crmkit.services.rectifying import rectify
from crmkit.services.rekey import rekey
from crmkit.services.relay import discard, relay, replay
from crmkit.services.residency import check_abroad, send_abroad, sent_abroad
from crmkit.services.retention import sweep_retention
from crmkit.services.review import decide_match, labelled_pairs, labels, waiting
from crmkit.services.rollout import pause, resume
from crmkit.services.score import rescore_due, score_all, score_lead, what_would_make
from crmkit.services.segments import (
    add_to_segment,
    members_of,
    migration_between,
    refresh_segments,
    remove_from_segment,
    segment_history,
    segments_of,
    sizes,
)
from crmkit.services.sharing import share, unshare, who_may
from crmkit.services.sla import explain_sla, sla_event, sweep_sla
from crmkit.services.subject_export import export_subject
from crmkit.services.suppressing import lift_suppression
from crmkit.services.transfer import plan_transfer, transfer, transfer_chunk
from crmkit.services.transfer_desk import Receiver
from crmkit.services.undo_transfer import undo_transfer
from crmkit.services.unmerge import plan_unmerge, unmerge
from crmkit.services.waiting import waiting as queue
from crmkit.services.work_list import work_list
from crmkit.services.workflow import (
    RequestForm,
    advance,
    migrate_requests,
    open_request,
    pass_on_request,
    plan_migration,
    request_history,
    requests_of,
    sweep_requests,
    update_request,
)
from crmkit.services.workflow.simulate import simulate_process
from crmkit.testing import NOW, FixedClock, FixedIds, a_request, an_erasure
from crmkit.testing.faults import ANSWER_LOST, KINDS, PERSISTENT, TRANSIENT, Plan, disturbed, every_fault
from crmkit.testing.history import History

KEY = "command-1"
NEW = LeadForm(name="王芳", phones=["139 0013 9000"], company="宁波远洋", source="fair")
KNOWN = LeadForm(name="李伟", phones=["138 0013 8000"], emails=["li@yunshan.example"], source="web")


def ref(entity, number):
    return Ref(entity=entity, id=f"{entity[0].upper()}-{number}")


PROSPECT = FilingForm(
    member_id="M-1", prospect=LeadForm(company="Fjordland AS", phones=["+47 22 12 34 56"]), evidence="Met at the fair"
)


TRANSFER = "seed-000006"
TWO_DESKS, BRANCH = "seed-000011", "seed-000012"
WAITS, RETURNED = "seed-000009", "seed-000010"
"""An approval of R-21 that waits for M-2, and one of R-22 that is back with M-1."""
REVIEW = MatchReview.id_of("lead", "L-3", "L-4")
PAIRS = [ScoredPair(one_id="L-4", other_id=other, probability=0.8) for other in ("L-3", "L-5", "L-9")]


class Pairs:
    """A batch engine that takes every record for the first one."""

    def dedupe(self, table, fields, *, labels):
        rows = range(len(next(iter(table.values()))))
        self.clusters = [0 for _ in rows]
        self.found = [0 for _ in rows[1:]], list(rows[1:]), [0.7 for _ in rows[1:]]
        return self

    def pairs(self):
        return self.found


DAY = timedelta(days=1)
ORDER = Evidence(kind="order", source="O-7", since=NOW)
HEARS = AutomationRule(id="hears", trigger=OnTurningTrue(), actions=(Notify(text="{id}"),), run_as=SYSTEM)
AWAY = Leave(begins=NOW + DAY, ends=NOW + 9 * DAY)
REGULAR = [Purchase(customer_id="A-6", on=NOW.date() - days * DAY) for days in range(45, 145, 20)]
OUTLOOK = learn(REGULAR, as_of=NOW.date())


def seal_of(percent):
    """Of a request of that percentage, as the policy seals it."""
    policy = discount_application()
    request = a_request(process="discount", percent=percent)
    return sealed(values_of(request, policy.relevant))


def with_time(ctx):
    """A day later: who has not answered is reminded."""
    return evolve(ctx, clock=FixedClock(NOW + DAY))


def a_season_later(ctx):
    """What nobody worked on is old by then."""
    return evolve(ctx, clock=FixedClock(NOW + 90 * DAY))


EDIT = changed(a_request(id="R-21", process="discount", percent=8), now=NOW, title="40 pumps")
RECEIPT = an_erasure(
    id="ER-9", subjects=(Ref(entity="lead", id="L-2"),), hashes=("2" * 64,), state="executed", executed_at=NOW
)
MESSAGE = OutreachForm(subject=ref("lead", 2), purpose="survey", channel="sms", text="How was it?")
QUICK = {state: Fixed(time=DAY) for state in ("leader_review", "director_review", "returned")}
ORDERS = {f"A-{n}": Orders(last_at=NOW - n * DAY, count=9 - n, amount=100 * n) for n in range(1, 5)}

CALLED = InboundEvent(source="https://shop.example", id="7", type="call.missed", subject="lead:3", sequence=1)


def noted(uow, event, now):
    """What the host makes of an event of another system."""
    uow.save(changed(uow.leads.get("L-3"), now=now, score=7, title=event.type))


KEYED = {
    "capture somebody new": lambda ctx: capture_lead(ctx, NEW, idempotency_key=KEY),
    "ask whether somebody is known": lambda ctx: check_existence(ctx, KNOWN, member_id="M-1", idempotency_key=KEY),
    "capture somebody known": lambda ctx: capture_lead(ctx, KNOWN, idempotency_key=KEY),
    "merge leads": lambda ctx: merge(ctx, ref("lead", 1), ref("lead", 2), idempotency_key=KEY),
    "merge accounts": lambda ctx: merge(ctx, ref("account", 1), ref("account", 2), idempotency_key=KEY),
    "merge contacts": lambda ctx: merge(ctx, ref("contact", 1), ref("contact", 2), idempotency_key=KEY),
    "undo a merge": lambda ctx: unmerge(ctx, ref("account", 21), idempotency_key=KEY),
    "undo what was no duplicate": lambda ctx: unmerge(
        ctx, ref("account", 21), not_duplicates=True, by="M-1", idempotency_key=KEY
    ),
    "decide a pair": lambda ctx: decide_match(ctx, REVIEW, "same", by="M-1", idempotency_key=KEY),
    "note a read": lambda ctx: note_read(ctx, [ref("lead", 1)], fields=["phones"], purpose="call", idempotency_key=KEY),
    "destroy keys": lambda ctx: destroy_keys(ctx, ref("lead", 1), idempotency_key=KEY),
    "assign": lambda ctx: assign_lead(ctx, "L-3", idempotency_key=KEY),
    "assign what has an owner": lambda ctx: assign(ctx, ref("lead", 1), idempotency_key=KEY),
    "assign to": lambda ctx: assign_to(ctx, ref("account", 1), "M-2", idempotency_key=KEY),
    "transfer": lambda ctx: transfer(ctx, [ref("account", n) for n in (2, 1, 99)], "M-3", idempotency_key=KEY),
    "transfer into a pool": lambda ctx: transfer_chunk(
        ctx, [ref("account", 1)], Receiver(pool_id="PO-1", stand_in="M-2"), key=KEY
    ),
    "undo a transfer": lambda ctx: undo_transfer(ctx, TRANSFER, idempotency_key=KEY),
    "share": lambda ctx: share(ctx, ref("account", 1), Ref(entity="team", id="TE-1"), idempotency_key=KEY),
    "share on other terms": lambda ctx: share(ctx, ref("account", 2), ref("member", 1), idempotency_key=KEY),
    "unshare": lambda ctx: unshare(ctx, ref("account", 2), ref("member", 1), idempotency_key=KEY),
    "file a prospect": lambda ctx: file_prospect(ctx, PROSPECT, idempotency_key=KEY),
    "file in vain": lambda ctx: file_prospect(
        ctx, FilingForm(member_id="M-1", record=ref("account", 2), evidence="x"), idempotency_key=KEY
    ),
    "approve a filing": lambda ctx: approve_filing(ctx, "FI-1", by="M-2", idempotency_key=KEY),
    "refuse a filing": lambda ctx: refuse_filing(ctx, "FI-1", by="M-2", reason="no", idempotency_key=KEY),
    "extend a filing": lambda ctx: extend_filing(ctx, "FI-2", by="M-1", reason="tender", idempotency_key=KEY),
    "link a filing": lambda ctx: link_filing(ctx, "FI-2", ref("account", 1), by="M-1", idempotency_key=KEY),
    "withdraw a filing": lambda ctx: withdraw_filing(ctx, "FI-2", by="M-1", idempotency_key=KEY),
    "dispute a filing": lambda ctx: dispute_filing(ctx, "FI-2", by="M-3", grounds="ours", idempotency_key=KEY),
    "arbitrate a filing": lambda ctx: arbitrate_filing(
        ctx, "FI-3", by="M-3", decided_for="M-2", why="the contract runs", idempotency_key=KEY
    ),
    "claim": lambda ctx: claim(ctx, ref("account", 10), "M-1", idempotency_key=KEY),
    "claim in vain": lambda ctx: claim(ctx, ref("account", 1), "M-1", idempotency_key=KEY),
    "claim some": lambda ctx: claim_many(
        ctx, [ref("account", n) for n in (10, 1, 11, 99)], "M-1", batch=Batch.PARTIAL, idempotency_key=KEY
    ),
    "claim all or nothing": lambda ctx: claim_many(
        ctx, [ref("account", n) for n in (10, 11)], "M-1", batch=Batch.ALL_OR_NOTHING, idempotency_key=KEY
    ),
    "give back": lambda ctx: give_back(ctx, ref("account", 1), "M-1", reason="no budget", idempotency_key=KEY),
    "follow up": lambda ctx: log_interaction(
        ctx, FollowUpForm(subject=ref("account", 5), kind="call", member_id="M-1"), idempotency_key=KEY
    ),
    "follow up with a contact": lambda ctx: log_interaction(
        ctx, FollowUpForm(subject=ref("contact", 1), kind="call", member_id="M-1"), idempotency_key=KEY
    ),
    "score": lambda ctx: score_lead(ctx, "L-1", idempotency_key=KEY),
    "convert": lambda ctx: convert_lead(ctx, "L-1", idempotency_key=KEY),
    "open a request": lambda ctx: open_request(
        ctx,
        RequestForm(process="discount-approval", subject=ref("lead", 1), requested_by="M-1", percent=30),
        idempotency_key=KEY,
    ),
    "tell a clock what happened": lambda ctx: sla_event(
        ctx, Ref(entity="request", id="R-7"), "approve", idempotency_key=KEY
    ),
    "advance a request": lambda ctx: advance(ctx, "seed-000001", "approve", by="M-2", idempotency_key=KEY),
    "open branches": lambda ctx: open_request(
        ctx, RequestForm(process="two-desks", subject=ref("lead", 1), requested_by="M-1"), idempotency_key=KEY
    ),
    "end a branch": lambda ctx: advance(ctx, BRANCH, "refuse", by="M-2", idempotency_key=KEY),
    "fill in a request": lambda ctx: update_request(ctx, TWO_DESKS, {"percent": 3}, idempotency_key=KEY),
    "pass on a request": lambda ctx: pass_on_request(ctx, "seed-000001", to="M-3", by="M-2", idempotency_key=KEY),
    "submit for approval": lambda ctx: submit_for_approval(ctx, ref("request", 20), by="M-1", idempotency_key=KEY),
    "submit anew": lambda ctx: submit_for_approval(ctx, ref("request", 22), by="M-1", idempotency_key=KEY),
    "approve": lambda ctx: decide_approval(ctx, WAITS, "approve", by="M-2", seen=seal_of(8), idempotency_key=KEY),
    "send back": lambda ctx: send_back_approval(ctx, WAITS, by="M-2", idempotency_key=KEY),
    "add a sign": lambda ctx: add_sign(ctx, WAITS, ["M-3"], by="M-2", idempotency_key=KEY),
    "delegate": lambda ctx: delegate_approval(ctx, WAITS, "M-3", by="M-2", idempotency_key=KEY),
    "withdraw an approval": lambda ctx: withdraw_approval(ctx, WAITS, by="M-1", idempotency_key=KEY),
    "submit what was returned": lambda ctx: resubmit_for_approval(ctx, RETURNED, by="M-1", idempotency_key=KEY),
    "save an edit": lambda ctx: save_edit(ctx, EDIT, idempotency_key=KEY),
    "attest": lambda ctx: attest(ctx, ref("account", 1), ORDER, idempotency_key=KEY),
    "withdraw": lambda ctx: withdraw(ctx, ref("account", 6), "contract", "K-1", idempotency_key=KEY),
    "get further": lambda ctx: progressed(ctx, ref("account", 6), idempotency_key=KEY),
    "lock": lambda ctx: lock(ctx, ref("account", 1), "M-1", days=9, idempotency_key=KEY),
    "lock in vain": lambda ctx: lock(ctx, ref("account", 2), "M-1", days=99, idempotency_key=KEY),
    "unlock": lambda ctx: unlock(ctx, ref("account", 6), "M-1", idempotency_key=KEY),
    "ask for more time": lambda ctx: ask_extension(
        ctx, ref("account", 5), "M-1", days=7, why="Board meets soon", idempotency_key=KEY
    ),
    "ask in vain": lambda ctx: ask_extension(
        ctx, ref("account", 5), "M-1", days=70, why="Board meets late", idempotency_key=KEY
    ),
    "grant more time": lambda ctx: settle_extension(ctx, "EX-1", "grant", by="M-2", idempotency_key=KEY),
    "refuse more time": lambda ctx: settle_extension(ctx, "EX-1", "refuse", by="M-2", idempotency_key=KEY),
    "pause": lambda ctx: pause(ctx, why="Spring Festival", idempotency_key=KEY),
    "resume": lambda ctx: resume(ctx, entity="lead", idempotency_key=KEY),
    "disqualify": lambda ctx: disqualify_lead(ctx, "L-1", "no budget", recycle_at=NOW + 9 * DAY, idempotency_key=KEY),
    "nurture": lambda ctx: nurture_lead(ctx, "L-1", next_at=NOW + DAY, idempotency_key=KEY),
    "foretell": lambda ctx: foretell(ctx, "L-1", 0.9, by="M-1", idempotency_key=KEY),
    "place": lambda ctx: place(ctx, ref("account", 30), "PO-1", "M-2", idempotency_key=KEY),
    "put on a list": lambda ctx: add_to_segment(ctx, "guests", ["A-2", "A-1"], by="M-1", idempotency_key=KEY),
    "start a rule": lambda ctx: trigger_rule(ctx, "greet", ref("lead", 3), idempotency_key=KEY),
    "replay a run": lambda ctx: replay_run(ctx, "AR-3", idempotency_key=KEY),
    "discard a run": lambda ctx: discard_run(ctx, "AR-4", idempotency_key=KEY),
    "plan an erasure": lambda ctx: plan_erasure(ctx, ref("lead", 2), idempotency_key=KEY).erasure,
    "approve an erasure": lambda ctx: approve_erasure(ctx, "ER-1", by="M-2", idempotency_key=KEY),
    "withdraw an erasure": lambda ctx: withdraw_erasure(ctx, "ER-1", idempotency_key=KEY),
    "execute an erasure": lambda ctx: execute_erasure(ctx, "ER-2", idempotency_key=KEY),
    "place a hold": lambda ctx: place_hold(ctx, ref("lead", 2), reason="case 9", idempotency_key=KEY),
    "release a hold": lambda ctx: release_hold(ctx, "LH-1", by="M-2", idempotency_key=KEY),
    "give consent": lambda ctx: give_consent(ctx, ref("lead", 2), Saying(purpose="marketing"), idempotency_key=KEY),
    "confirm consent": lambda ctx: confirm_consent(
        ctx, ref("account", 1), Saying(purpose="survey"), idempotency_key=KEY
    ),
    "withdraw consent": lambda ctx: withdraw_consent(ctx, ref("lead", 2), idempotency_key=KEY),
    "object": lambda ctx: object_to(ctx, ref("lead", 2), idempotency_key=KEY),
    "restrict": lambda ctx: restrict(ctx, ref("lead", 2), idempotency_key=KEY),
    "lift a restriction": lambda ctx: lift_restriction(ctx, ref("lead", 2), idempotency_key=KEY),
    "unsubscribe": lambda ctx: unsubscribe(ctx, "li@yunshan.example", idempotency_key=KEY),
    "send a message": lambda ctx: send_outreach(ctx, MESSAGE, idempotency_key=KEY),
    "export a subject": lambda ctx: export_subject(ctx, ref("lead", 2), idempotency_key=KEY),
    "send abroad": lambda ctx: send_abroad(ctx, ref("lead", 2), sink="desk", region="DE", idempotency_key=KEY),
    "rectify": lambda ctx: rectify(ctx, ref("lead", 2), {"title": "采购总监"}, idempotency_key=KEY),
    "lift a suppression": lambda ctx: lift_suppression(ctx, "ER-1", by="M-2", idempotency_key=KEY),
    "take off a list": lambda ctx: remove_from_segment(ctx, "guests", ["A-1"], idempotency_key=KEY),
}
"""Commands: the repeat brings the idempotency key again, and gets the same answer."""

RUNS = {
    "capture many": lambda ctx: (
        capture_many(
            ctx,
            [NEW, KNOWN, {"name": "x", "custom": {"no": 1}}, NEW, {"name": "赵敏"}],
            batch_size=2,
            idempotency_key=KEY,
        ).counts
    ),
    "seal the trail": lambda ctx: seal_trail(ctx, batch=100) and None,
    "rotate keys": rotate_keys,
    "assign waiting": assign_waiting,
    "hand over": lambda ctx: hand_over(ctx, "M-1", successor="M-2"),
    "hand over to pools": lambda ctx: hand_over(ctx, "M-2", into_pools=True),
    "sweep filings": sweep_filings,
    "sweep": lambda ctx: sweep(ctx, batch=2),
    "rescore due": rescore_due,
    "recycle due": recycle_due,
    "train": lambda ctx: train_leads(ctx, idempotency_key=KEY),
    "score all": lambda ctx: score_all(ctx, chunk=2),
    "rekey": lambda ctx: rekey(ctx, chunk=20, force=True),
    "offer pairs": lambda ctx: offer(ctx, "lead", PAIRS, crowds={"phone:+8613800138000": 50}),
    "deduplicate": lambda ctx: deduplicate(ctx, Pairs(), "account"),
    "refresh segments": lambda ctx: refresh_segments(ctx, chunk=4),
    "place customers": lambda ctx: place_customers(ctx, orders=ORDERS, chunk=2),
    "grade customers": lambda ctx: grade_customers(ctx, amounts={"A-1": 900, "A-2": 90}, plan_care=True, chunk=2),
    "sweep requests": sweep_requests,
    "migrate requests": lambda ctx: migrate_requests(ctx, "enquiry", {"new": "open"}),
    "sweep clocks": lambda ctx: sweep_sla(ctx, batch=1),
    "sweep approvals": lambda ctx: sweep_approvals(with_time(ctx), batch=1),
    "plan a leave": lambda ctx: plan_leave(ctx, "M-1", AWAY),
    "recount": lambda ctx: recount(ctx, "M-1"),
    "tell who missed a purchase": tell_missed,
    "train churn": lambda ctx: train_churn(ctx, idempotency_key=KEY),
    "hear of an event": lambda ctx: receive(ctx, CALLED, noted),
    "sweep retention": lambda ctx: sweep_retention(a_season_later(ctx)),
    "replay erasures": lambda ctx: replay_erasures(ctx, [RECEIPT]),
}
"""Runs over many records: what was done before the fault stays, and the repeat does the rest."""

LOOKS = {
    "see who may": lambda ctx: who_may(ctx, ref("account", 2)),
    "see how one may": lambda ctx: who_may(ctx, ref("account", 2), member_id="M-1"),
    "plan a transfer": lambda ctx: plan_transfer(ctx, [ref("account", 2)], "M-3"),
    "prove the trail": verify_trail,
    "see who read": lambda ctx: read_log(ctx, ref("lead", 1)),
    "find duplicates": lambda ctx: find_duplicates(ctx, KNOWN),
    "plan a merge": lambda ctx: plan_merge(ctx, ref("account", 1), ref("account", 2)),
    "plan to undo a merge": lambda ctx: plan_unmerge(ctx, ref("account", 21)),
    "preview": lambda ctx: preview(ctx, NOW + timedelta(days=30)),
    "dry run": lambda ctx: dry_run(ctx, days=3),
    "compare": lambda ctx: compare(ctx, None, ReclaimPolicy(id="account", protect_days=9), days=3),
    "back test": lambda ctx: back_test(ctx, ReclaimPolicy(id="account"), NOW - 30 * DAY, NOW),
    "explain": lambda ctx: explain(ctx, ref("account", 3)),
    "see what would make an A": lambda ctx: what_would_make(ctx, "L-1", "A1"),
    "predict": lambda ctx: predict_lead(ctx, "L-1"),
    "predict many": lambda ctx: predict_leads(ctx, ["L-1", "L-9"]),
    "see what would make it likely": lambda ctx: what_would_predict(ctx, "L-1", "A"),
    "drift": lead_drift,
    "work list": lambda ctx: work_list(ctx, "M-1"),
    "lessons": disqualify_lessons,
    "outlook of a deal": lambda ctx: deal_outlook(ctx, "O-1"),
    "report on a pipeline": lambda ctx: pipeline_report(ctx, "P-1"),
    "remedies": lambda ctx: remedies(ctx, ref("account", 5)),
    "see what waits": waiting,
    "see who waits for an owner": queue,
    "fairness": lambda ctx: fairness_report(ctx, NOW - 30 * DAY, NOW + DAY),
    "simulate a process": lambda ctx: simulate_process(ctx, "discount-approval", NOW - DAY, NOW + DAY, times=QUICK),
    "findings": lambda ctx: findings(ctx, NOW - 30 * DAY, NOW + DAY),
    "check policies": lambda ctx: check_policies(ctx, ReclaimPolicy(id="account", version=2, protect_days=9)),
    "see the doubtful": lambda ctx: waiting(ctx, doubtful_first=True),
    "labels": lambda ctx: labels(ctx, "lead", {}),
    "labelled pairs": lambda ctx: labelled_pairs(ctx, "lead"),
    "table": lambda ctx: table_of(ctx, "lead"),
    "churn of one": lambda ctx: churn_of(ctx, "A-6"),
    "learn lifetime": learn_lifetime,
    "churn risks": lambda ctx: churn_risks(ctx, OUTLOOK, least_risk=0),
    "see who missed a purchase": missed_purchases,
    "learn recommendations": learn_recommendations,
    "recommend": lambda ctx: recommend(ctx, "A-6"),
    "see who is in a segment": lambda ctx: members_of(ctx, "guests"),
    "see the segments of one": lambda ctx: segments_of(ctx, ref("account", 1)),
    "see the segments that one was in": lambda ctx: segment_history(ctx, ref("account", 21)),
    "see how large segments are": lambda ctx: sizes(ctx, "segment:guests"),
    "see who moved": lambda ctx: migration_between(ctx, "segment:guests", NOW - DAY, NOW),
    "see how one behaves": lambda ctx: behaviour_of(ctx, ref("account", 5)),
    "see the history of a request": lambda ctx: request_history(ctx, TWO_DESKS),
    "see the requests of one": lambda ctx: requests_of(ctx, ref("account", 1)),
    "plan a migration": lambda ctx: plan_migration(ctx, "enquiry", {"new": "open"}),
    "explain clocks": lambda ctx: explain_sla(ctx, Ref(entity="request", id="R-7")),
    "preview an approval": lambda ctx: preview_approval(ctx, ref("request", 20), by="M-1"),
    "explain an approval": lambda ctx: explain_approval(ctx, WAITS),
    "see what waits for one": lambda ctx: approvals_waiting_for(ctx, "M-2"),
    "see whether it was approved": lambda ctx: approval_holds(ctx, ref("request", 21)),
    "see runs": automation_runs,
    "explain rules": lambda ctx: explain_automation(ctx, ref("lead", 3)),
    "dry run of a rule": lambda ctx: dry_run_automation(ctx, HEARS, NOW - DAY, NOW + DAY),
    "ask whether data may go abroad": lambda ctx: check_abroad(ctx, ref("lead", 2), sink="desk", region="DE"),
    "see who went abroad": sent_abroad,
    "see what was consented to": lambda ctx: consents_of(ctx, ref("lead", 2)),
    "see whether use is restricted": lambda ctx: is_restricted(ctx, ref("lead", 2)),
    "see whether a message may go": lambda ctx: check_outreach(ctx, MESSAGE),
    "accounts near": lambda ctx: accounts_near(ctx, latitude=30, longitude=120, km=50),
    "ask whether one may": lambda ctx: may(ctx, "read", ref("account", 2)),
    "ask why": lambda ctx: why(ctx, "M-1", "read", ref("account", 2)),
}
"""Questions write nothing."""

ANSWERS_AGAIN = {**KEYED, **LOOKS, **{name: RUNS[name] for name in ("capture many", "train", "train churn")}}
SERVICES = {**KEYED, **RUNS, **LOOKS}

UNTRIED = {"dead_letters", "subject_of", "rearrange", "admitted", "program_of", "sweep_times", "run_automation"}
"""One call of the outbox, and nothing else; a part of ``file_prospect``; one of ``refresh_segments``; three of ``run_automation``,
which takes leases and so has tests of its own."""

on_each_kind_of_fault = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
on_quick_stores = pytest.mark.parametrize("world", ["memory", "sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("world", ["postgres"], indirect=True)


def test_no_service_is_left_out():
    """Whatever is exported by a service module and takes a context is tried here."""
    modules = [
        importlib.import_module(module.name) for module in pkgutil.iter_modules(services.__path__, "crmkit.services.")
    ]
    exported = (getattr(module, name) for module in modules for name in module.__all__)
    known = {thing for thing in exported if takes_a_context(thing)}
    tried = {thing for thing in globals().values() if inspect.isfunction(thing)}

    assert {service.__name__ for service in known - tried} == UNTRIED


def takes_a_context(thing):
    return inspect.isfunction(thing) and next(iter(inspect.signature(thing).parameters), "") == "ctx"


def try_every_call(service, world, kind):
    trials = every_fault(SERVICES[service], world, kind=kind, same_answer=service in ANSWERS_AGAIN, also=adopted)

    assert trials or (kind is ANSWER_LOST and service in LOOKS)
    for trial in trials:
        # nobody is left to believe that it was done, or that it was not
        assert isinstance(trial.error, SEEN[kind.name]), trial
    if service in KEYED and kind is TRANSIENT:
        assert all(trial.error is None for trial in trials)


def adopted(ctx):
    """The versions of the policies that pauses and trainings add to."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        paused = [uow.policies.versions(ReclaimPolicy, id) for id in ("account", "lead")]
        return [*paused, *(uow.policies.versions(PredictionModel, id) for id in (CHURN, "lead"))]


SEEN = {
    TRANSIENT.name: StorageBusy | None,  # mended by trying again, or seen where nothing was begun yet
    PERSISTENT.name: StorageFailed,
    ANSWER_LOST.name: OutcomeUnknown,
}


HEAVY = {"plan an erasure", "execute an erasure", "replay erasures", "export a subject", "sweep retention", "rectify"}
"""A hundred calls and more each: on SQLite they are tried in long runs, and for any statement in ``test_statements``."""


@on_each_kind_of_fault
@pytest.mark.parametrize(
    ("service", "world"),
    [
        pytest.param(service, store, marks=pytest.mark.stress if service in HEAVY and store == "sqlite" else ())
        for service in SERVICES
        for store in ("memory", "sqlite")
    ],
    indirect=["world"],
)
def test_a_fault_at_any_call_leaves_nothing_half_done(service, world, kind):
    try_every_call(service, world, kind)


@pytest.mark.stress
@on_each_kind_of_fault
@pytest.mark.parametrize("service", SERVICES)
@on_postgres
def test_on_postgres_too(service, world, kind):
    try_every_call(service, world, kind)


# --- looking into a pool --------------------------------------------------------------------------


def look(ctx):
    return browse(ctx, "PO-3", "M-1", limit=2)


@on_quick_stores
def test_a_look_into_a_pool_shows_nothing_that_is_not_logged(world):
    for at in count(1):
        ctx, plan = world(), Plan(PERSISTENT, at=at)
        try:
            look(disturbed(ctx, plan))
        except StorageFailed:
            assert views(ctx) == []
        else:
            assert (plan.struck, len(views(ctx))) == (0, 1)
            break
        assert look(ctx).left == 1
    assert at > 5


@on_quick_stores
def test_a_look_whose_answer_was_lost_is_logged_and_costs_its_records_once(world):
    """It has no key, so the repeat stands in the log too; what was seen before is free."""
    ctx = world()
    with pytest.raises(OutcomeUnknown):
        look(disturbed(ctx, Plan(ANSWER_LOST, at=1)))
    assert (look(ctx).left, len(views(ctx))) == (1, 2)
    assert views(ctx)[0].data == views(ctx)[1].data


def views(ctx):
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return uow.trail.of(Ref(entity="member", id="M-1"), type="pool.viewed")


# --- taking records out ---------------------------------------------------------------------------


def taken(ctx):
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return uow.trail.of(Ref(entity="member", id="M-1"), type="records.exported")


@on_quick_stores
def test_nothing_is_taken_out_that_is_not_written_down(world):
    for at in count(1):
        ctx, plan = world(), Plan(PERSISTENT, at=at)
        try:
            export(disturbed(ctx, plan), "account", ["id"], by="M-1")
        except StorageFailed:
            assert taken(ctx) == []
        else:
            assert (plan.struck, len(taken(ctx))) == (0, 1)
            break
    assert at > 3


# --- other tenants --------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("world", ["memory", "sqlite", "postgres"], indirect=True)
def test_another_tenant_is_answered_as_if_nothing_were_there(service, world):
    """With the very ids of records that are there, of people, accounts, requests and all."""
    ctx = world()
    before = History.of(ctx.store).in_words()
    stranger = evolve(ctx, acting=Acting(tenant="other"))
    nowhere = Context(
        store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=ctx.book, acting=stranger.acting
    )

    assert answer_of(SERVICES[service], stranger) == answer_of(SERVICES[service], nowhere)
    assert History.of(ctx.store).in_words() == before


def answer_of(use_case, ctx):
    try:
        return repr(use_case(ctx))
    except CrmError as error:
        return repr((type(error), error.args, error.hint))


# --- the outbox -----------------------------------------------------------------------------------


def told(ctx):
    return sorted({(str(notice.record), notice.version, notice.type) for notice in ctx.notifier.notices})


def in_order(ctx):
    assert History.of(ctx.store).breaches_of(ctx.notifier.notices, all_told=False) == []


@on_each_kind_of_fault
@on_quick_stores
def test_a_relay_that_meets_a_fault_loses_no_notice(world, kind):
    def meanwhile(ctx):
        ctx.clock.advance(days=1)  # leases and pauses pass

    trials = every_fault(
        relay, world, kind=kind, invariants=[in_order], meanwhile=meanwhile, same_answer=False, also=told
    )

    assert {"outbox.claim", "notifier.send", "outbox.delivered"} <= {trial.call for trial in trials}


def dead(ctx):
    return [letter.notice.id for letter in ctx.store.outbox.dead_letters()]


@on_each_kind_of_fault
@pytest.mark.parametrize("settle", [replay, discard])
@on_quick_stores
def test_dead_letters_are_replayed_and_discarded_whole(settle, world, kind):
    def with_dead_letters():
        ctx = world()
        for notice in ctx.store.outbox.claim(limit=3, now=NOW, until=NOW + timedelta(minutes=5)):
            ctx.store.outbox.failed(notice, error="gone", now=NOW, retry_at=None)
        return ctx

    trials = every_fault(lambda ctx: settle(ctx, dead(ctx)), with_dead_letters, kind=kind, same_answer=False, also=dead)

    assert f"outbox.{settle.__name__}" in {trial.call for trial in trials}
