"""The groups of use cases that ``Crm`` offers: what is done with leads, customers, members, pools and so on."""

from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from attrs import frozen

from crmkit.services import (
    access,
    approval_desk,
    approval_sweep,
    approvals,
    audit_chain,
    automation,
    automation_desk,
    automation_dry_run,
    behaviour,
    check_policies,
    churn,
    deals,
    duplicates,
    evidence,
    existence,
    extensions,
    fairness,
    follow_up,
    importance,
    integrity,
    keys,
    lifetime,
    missed,
    nearby,
    placement,
    pool_desk,
    pools,
    read_log,
    reclaim,
    recommend,
    rollout,
    segments,
    sharing,
    sla,
    workflow,
)
from crmkit.services import assign as assigning
from crmkit.services import back_test as replaying
from crmkit.services import capture as capturing
from crmkit.services import convert as converting
from crmkit.services import deduplicate as deduplicating
from crmkit.services import disqualify as disqualifying
from crmkit.services import dry_run as foreseeing
from crmkit.services import filing as filings
from crmkit.services import filing_disputes as disputing
from crmkit.services import hand_over as handing_over
from crmkit.services import merge as merging
from crmkit.services import offer as offering
from crmkit.services import predict as predicting
from crmkit.services import rekey as rekeying
from crmkit.services import relay as relaying
from crmkit.services import review as reviewing
from crmkit.services import score as scoring
from crmkit.services import transfer as transferring
from crmkit.services import undo_transfer as undoing
from crmkit.services import unmerge as unmerging
from crmkit.services import waiting as queueing
from crmkit.services import work_list as working
from crmkit.services.context import Context

if TYPE_CHECKING:
    from crmkit.crm import Crm

__all__ = [
    "Access",
    "Approvals",
    "Audit",
    "Automation",
    "Customers",
    "Filings",
    "Group",
    "Insight",
    "Keys",
    "Leads",
    "Members",
    "Notices",
    "Part",
    "Pools",
    "Requests",
    "Reviews",
    "Segments",
    "Use",
]

P = ParamSpec("P")
T = TypeVar("T")
G = TypeVar("G", bound="Group")


@frozen
class Group:
    """Use cases of one kind, bound to their context."""

    ctx: Context


class Use(Generic[P, T]):
    """A use case as a method of a group: the service with its context filled in, behind its door."""

    def __init__(self, service: Callable[Concatenate[Context, P], T]) -> None:
        self.service = service
        self.__doc__ = service.__doc__
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"{owner.__name__.lower()}.{name}"

    @overload
    def __get__(self, group: None, owner: type) -> Self: ...
    @overload
    def __get__(self, group: Group, owner: type) -> Callable[P, T]: ...
    def __get__(self, group: Group | None, owner: type) -> Self | Callable[P, T]:
        if group is None:
            return self
        ctx = group.ctx

        @wraps(partial(self.service, ctx))
        def bound(*args: P.args, **kwargs: P.kwargs) -> T:
            return access.admitted(ctx, self.name, self.service, args, kwargs)

        bound.__doc__ = self.service.__doc__
        return bound


class Part(Generic[G]):
    """A group as an attribute of ``Crm``."""

    def __init__(self, group: type[G]) -> None:
        self.group = group

    @overload
    def __get__(self, crm: None, owner: type) -> Self: ...
    @overload
    def __get__(self, crm: "Crm", owner: type) -> G: ...
    def __get__(self, crm: "Crm | None", owner: type) -> Self | G:
        return self if crm is None else self.group(crm.ctx)


class Leads(Group):
    """Leads: how they come in, what they are worth, who works on them, what becomes of them."""

    capture = Use(capturing.capture_lead)
    capture_many = Use(capturing.capture_many)
    find_duplicates = Use(duplicates.find_duplicates)
    score = Use(scoring.score_lead)
    score_all = Use(scoring.score_all)
    what_would_make = Use(scoring.what_would_make)
    rescore_due = Use(scoring.rescore_due)
    train = Use(predicting.train_leads)
    predict = Use(predicting.predict_lead)
    predict_many = Use(predicting.predict_leads)
    what_would_predict = Use(predicting.what_would_predict)
    foretell = Use(predicting.foretell)
    disqualify = Use(disqualifying.disqualify_lead)
    nurture = Use(disqualifying.nurture_lead)
    recycle_due = Use(disqualifying.recycle_due)
    work_list = Use(working.work_list)
    assign = Use(assigning.assign_lead)
    assign_waiting = Use(assigning.assign_waiting)
    waiting = Use(queueing.waiting)
    convert = Use(converting.convert_lead)
    plan_merge = Use(merging.plan_merge)
    merge = Use(merging.merge)
    plan_unmerge = Use(unmerging.plan_unmerge)
    unmerge = Use(unmerging.unmerge)
    assign_to = Use(assigning.assign_to)
    plan_transfer = Use(transferring.plan_transfer)
    transfer = Use(transferring.transfer)
    undo_transfer = Use(undoing.undo_transfer)
    share = Use(sharing.share)
    unshare = Use(sharing.unshare)
    who_may = Use(sharing.who_may)
    log_interaction = Use(follow_up.log_interaction)
    behaviour = Use(behaviour.behaviour_of)


class Customers(Group):
    """Customers: duplicates and merges, hand-overs, what was said and done, who leaves and what they will buy."""

    find_duplicates = Use(duplicates.find_duplicates)
    check_existence = Use(existence.check_existence)
    plan_merge = Use(merging.plan_merge)
    merge = Use(merging.merge)
    plan_unmerge = Use(unmerging.plan_unmerge)
    unmerge = Use(unmerging.unmerge)
    assign = Use(assigning.assign)
    assign_to = Use(assigning.assign_to)
    plan_transfer = Use(transferring.plan_transfer)
    transfer = Use(transferring.transfer)
    undo_transfer = Use(undoing.undo_transfer)
    share = Use(sharing.share)
    unshare = Use(sharing.unshare)
    who_may = Use(sharing.who_may)
    near = Use(nearby.accounts_near)
    grade = Use(importance.grade_customers)
    behaviour = Use(behaviour.behaviour_of)
    rekey = Use(rekeying.rekey)
    log_interaction = Use(follow_up.log_interaction)
    train_churn = Use(churn.train_churn)
    churn_of = Use(churn.churn_of)
    tell_missed = Use(missed.tell_missed)
    recommend = Use(recommend.recommend)


class Members(Group):
    """The people who sell and serve: what becomes of their work when they leave."""

    hand_over = Use(handing_over.hand_over)


class Pools(Group):
    """Public pools: claiming, giving back, warning and reclaiming."""

    claim = Use(pools.claim)
    claim_many = Use(pools.claim_many)
    give_back = Use(pools.give_back)
    browse = Use(pool_desk.browse)
    place = Use(pool_desk.place)
    sweep = Use(reclaim.sweep)
    preview = Use(reclaim.preview)
    explain = Use(reclaim.explain)
    remedies = Use(reclaim.remedies)
    attest = Use(evidence.attest)
    withdraw = Use(evidence.withdraw)
    progressed = Use(evidence.progressed)
    lock = Use(evidence.lock)
    unlock = Use(evidence.unlock)
    plan_leave = Use(evidence.plan_leave)
    recount = Use(evidence.recount)
    ask_extension = Use(extensions.ask_extension)
    settle_extension = Use(extensions.settle_extension)
    pause = Use(rollout.pause)
    resume = Use(rollout.resume)


class Filings(Group):
    """Prospects that members file for themselves (报备): filing, approving, contesting, ending."""

    file = Use(filings.file_prospect)
    approve = Use(filings.approve_filing)
    refuse = Use(filings.refuse_filing)
    extend = Use(filings.extend_filing)
    link = Use(filings.link_filing)
    withdraw = Use(filings.withdraw_filing)
    dispute = Use(disputing.dispute_filing)
    arbitrate = Use(disputing.arbitrate_filing)
    sweep = Use(disputing.sweep_filings)


class Segments(Group):
    """Sets of customers: who is in them, who was when, and who moved."""

    refresh = Use(segments.refresh_segments)
    add = Use(segments.add_to_segment)
    remove = Use(segments.remove_from_segment)
    members = Use(segments.members_of)
    of = Use(segments.segments_of)
    history = Use(segments.segment_history)
    place_customers = Use(placement.place_customers)
    sizes = Use(segments.sizes)
    migration = Use(segments.migration_between)


class Insight(Group):
    """What rules will do, what they have done, whether that was fair, and what customers will do; nothing here writes."""

    check_policies = Use(check_policies.check_policies)
    dry_run = Use(foreseeing.dry_run)
    compare = Use(foreseeing.compare)
    back_test = Use(replaying.back_test)
    fairness_report = Use(fairness.fairness_report)
    findings = Use(integrity.findings)
    learn_lifetime = Use(lifetime.learn_lifetime)
    churn_risks = Use(lifetime.churn_risks)
    missed_purchases = Use(missed.missed_purchases)
    learn_recommendations = Use(recommend.learn_recommendations)
    lead_drift = Use(predicting.lead_drift)
    disqualify_lessons = Use(disqualifying.disqualify_lessons)
    deal_outlook = Use(deals.deal_outlook)
    pipeline_report = Use(deals.pipeline_report)


class Reviews(Group):
    """Pairs that may be duplicates: they wait for a person, who says whether they are."""

    deduplicate = Use(deduplicating.deduplicate)
    offer = Use(offering.offer)
    waiting = Use(reviewing.waiting)
    decide = Use(reviewing.decide_match)
    labels = Use(reviewing.labels)
    labelled_pairs = Use(reviewing.labelled_pairs)
    table = Use(deduplicating.table_of)


class Requests(Group):
    """Requests on their way through a process, and the clocks of what is owed by when."""

    open = Use(workflow.open_request)
    advance = Use(workflow.advance)
    update = Use(workflow.update_request)
    pass_on = Use(workflow.pass_on_request)
    sweep = Use(workflow.sweep_requests)
    history = Use(workflow.request_history)
    of = Use(workflow.requests_of)
    simulate = Use(workflow.simulate_process)
    plan_migration = Use(workflow.plan_migration)
    migrate = Use(workflow.migrate_requests)
    sla_event = Use(sla.sla_event)
    explain_sla = Use(sla.explain_sla)
    sweep_sla = Use(sla.sweep_sla)


class Approvals(Group):
    """Approvals (审批): submitting records, deciding, sending back, delegating; who is asked, and what still holds."""

    submit = Use(approvals.submit_for_approval)
    resubmit = Use(approvals.resubmit_for_approval)
    decide = Use(approvals.decide_approval)
    send_back = Use(approvals.send_back_approval)
    add_sign = Use(approvals.add_sign)
    delegate = Use(approvals.delegate_approval)
    withdraw = Use(approvals.withdraw_approval)
    preview = Use(approval_desk.preview_approval)
    explain = Use(approval_desk.explain_approval)
    waiting_for = Use(approval_desk.approvals_waiting_for)
    holds = Use(approval_desk.approval_holds)
    save_edit = Use(approval_desk.save_edit)
    sweep = Use(approval_sweep.sweep_approvals)


class Automation(Group):
    """Rules that act by themselves: running what they started, seeing why, mending what failed."""

    run = Use(automation.run_automation)
    trigger = Use(automation_desk.trigger_rule)
    runs = Use(automation_desk.automation_runs)
    explain = Use(automation_desk.explain_automation)
    replay = Use(automation_desk.replay_run)
    discard = Use(automation_desk.discard_run)
    dry_run = Use(automation_dry_run.dry_run_automation)


class Notices(Group):
    """Notices on their way to the channel."""

    relay = Use(relaying.relay)
    dead_letters = Use(relaying.dead_letters)
    replay = Use(relaying.replay)
    discard = Use(relaying.discard)


class Keys(Group):
    """Keys of what is encrypted."""

    rotate = Use(keys.rotate_keys)
    destroy = Use(keys.destroy_keys)


class Audit(Group):
    """The audit trail as evidence."""

    seal = Use(audit_chain.seal_trail)
    verify = Use(audit_chain.verify_trail)
    note_read = Use(read_log.note_read)
    read_log = Use(read_log.read_log)


class Access(Group):
    """Who may do what with which record, and why; and taking records out."""

    why = Use(access.why)
    may = Use(access.may)
    export = Use(access.export)
