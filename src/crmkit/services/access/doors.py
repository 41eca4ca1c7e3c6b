"""What every use case asks of whoever goes through it: one table.

Services see all records, because caps, quotas and duplicates are facts that a member need not see. So each
stands behind a door, which says the verb, the records it is about and whose name is given. A use case
without a door is shut. What a door gives out is in ``showing``.

=================  =================================================================================
``on``             the verb with each record that an argument names; to others it is as if not there
``some``           the verb with some record of the entity at least, for what makes or lists records
``whole``          the verb with every record, and every field seen: reports, duplicates, drifts
``SYSTEM``         ``administer`` of everything: sweeps, trainings, migrations, notices
=================  =================================================================================
"""

from collections.abc import Mapping

from attrs import frozen

from crmkit.rules.access import Verb

__all__ = ["DOORS", "Door"]

EVERYTHING = "policy"
"""Not an entity: only a grant that names none gives it."""


@frozen(kw_only=True)
class Door:
    """What is asked at one use case.

    Args:
        verbs: all of them are needed.
        named: arguments that name records, each with its entity (empty where the argument is a ``Ref``).
        some: entities of which some record is needed.
        whole: entities of which every record and every field is needed.
        me: arguments that name who does it: the actor, unless they administer everything.
        fields: every field of the named or listed entities must be seen, for the answer speaks of any.
        drops: records out of reach are left out of the answer.
        change: the argument is a change, which is checked as a save.
    """

    verbs: tuple[Verb, ...]
    named: tuple[tuple[str, str], ...] = ()
    some: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    me: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    drops: bool = False
    change: str = ""


def on(
    verb: Verb,
    arg: str,
    entity: str = "",
    *more: tuple[str, str],
    me: str = "",
    some: str = "",
    all_fields: bool = False,
    read: bool = False,
    drops: bool = False,
) -> Door:
    return Door(
        verbs=(Verb.READ, verb) if read else (verb,),
        named=((arg, entity), *more),
        some=(some,) if some else (),
        me=(me,) if me else (),
        fields=() if all_fields else None,
        drops=drops,
    )


def some(verb: Verb, entity: str, *, me: str = "", all_fields: bool = False, drops: bool = False) -> Door:
    fields = (entity,) if all_fields else None
    return Door(verbs=(verb,), some=(entity,), me=(me,) if me else (), fields=fields, drops=drops)


def whole(verb: Verb, *entities: str) -> Door:
    return Door(verbs=(verb,), whole=entities, fields=entities)


READ, EDIT, CREATE, ASSIGN, CLAIM, MERGE = Verb.READ, Verb.EDIT, Verb.CREATE, Verb.ASSIGN, Verb.CLAIM, Verb.MERGE
ADMINISTER, MASS = Verb.ADMINISTER, Verb.MASS_UPDATE
PARTIES = ("lead", "account", "contact")
SYSTEM = Door(verbs=(ADMINISTER,), some=(EVERYTHING,))
REPORT = whole(READ, *PARTIES, "opportunity", "interaction", "task", "member")
TWINS = whole(MERGE, *PARTIES)
LEAD, ACCOUNT, FILING, REQUEST = ("lead_id", "lead"), ("account_id", "account"), "filing", "request"

_BOTH: Mapping[str, Door] = {
    "find_duplicates": whole(READ, *PARTIES),
    "plan_merge": on(MERGE, "one", "", ("other", ""), read=True, all_fields=True),
    "merge": on(MERGE, "one", "", ("other", ""), read=True, all_fields=True),
    "plan_unmerge": TWINS,
    "unmerge": TWINS,
    "assign_to": on(ASSIGN, "ref"),
    "plan_transfer": on(ASSIGN, "refs"),
    "transfer": on(ASSIGN, "refs"),
    "undo_transfer": whole(ASSIGN, "lead", "account"),
    "share": on(ASSIGN, "ref", me="by"),
    "unshare": on(ASSIGN, "ref"),
    "who_may": on(READ, "ref"),
    "log_interaction": on(EDIT, "form.subject", me="form.member_id"),
    "behaviour": on(READ, "ref", all_fields=True),
}
_LEADS: Mapping[str, Door] = {
    "capture": some(CREATE, "lead", drops=True),
    "capture_many": whole(MASS, "lead"),
    "score": on(EDIT, *LEAD, all_fields=True),
    "score_all": SYSTEM,
    "what_would_make": on(READ, *LEAD, all_fields=True),
    "rescore_due": SYSTEM,
    "train": SYSTEM,
    "predict": on(READ, *LEAD, all_fields=True),
    "predict_many": on(READ, "lead_ids", "lead", all_fields=True),
    "what_would_predict": on(READ, *LEAD, all_fields=True),
    "foretell": on(EDIT, *LEAD, me="by"),
    "disqualify": on(EDIT, *LEAD),
    "nurture": on(EDIT, *LEAD),
    "recycle_due": SYSTEM,
    "work_list": some(READ, "lead", me="member_id", all_fields=True),
    "assign": on(ASSIGN, *LEAD),
    "assign_waiting": SYSTEM,
    "waiting": whole(READ, "lead", "account"),
    "convert": on(EDIT, *LEAD, ACCOUNT, ("contact_id", "contact")),
}
_CUSTOMERS: Mapping[str, Door] = {
    "check_existence": some(READ, "account", me="member_id"),
    "assign": on(ASSIGN, "ref"),
    "near": some(READ, "account", all_fields=True, drops=True),
    "grade": SYSTEM,
    "rekey": SYSTEM,
    "train_churn": SYSTEM,
    "churn_of": on(READ, *ACCOUNT, all_fields=True),
    "tell_missed": SYSTEM,
    "recommend": on(READ, *ACCOUNT, all_fields=True),
}
_POOLS: Mapping[str, Door] = {
    "claim": on(CLAIM, "ref", me="member_id"),
    "claim_many": on(CLAIM, "refs", me="member_id"),
    "give_back": on(EDIT, "ref", me="member_id"),
    # who may look into a pool, and at which fields, the pool says; fields hidden here stay hidden
    "browse": Door(verbs=(CLAIM,), me=("member_id",)),
    "place": on(ASSIGN, "ref", me="by"),
    "sweep": SYSTEM,
    "preview": SYSTEM,
    "explain": on(READ, "ref", all_fields=True),
    "remedies": on(READ, "ref", all_fields=True),
    # these keep a record from being reclaimed
    "attest": on(ADMINISTER, "ref"),
    "withdraw": on(ADMINISTER, "ref"),
    "progressed": on(ADMINISTER, "ref"),
    "lock": on(EDIT, "ref", me="member_id"),
    "unlock": on(EDIT, "ref", me="member_id"),
    "plan_leave": on(EDIT, "member_id", "member"),
    "recount": on(ADMINISTER, "member_id", "member"),
    "ask_extension": on(EDIT, "ref", me="member_id"),
    "settle_extension": on(EDIT, "extension_id", "extension", me="by"),
    "pause": SYSTEM,
    "resume": SYSTEM,
}
_FILINGS: Mapping[str, Door] = {
    "file": some(CREATE, FILING, me="form.member_id"),
    "approve": on(ADMINISTER, "filing_id", FILING, me="by"),
    "refuse": on(ADMINISTER, "filing_id", FILING, me="by"),
    "extend": on(EDIT, "filing_id", FILING, me="by"),
    "link": on(EDIT, "filing_id", FILING, ("ref", ""), me="by"),
    "withdraw": on(EDIT, "filing_id", FILING, me="by"),
    "dispute": on(READ, "filing_id", FILING, me="by", some=FILING),
    "arbitrate": on(ADMINISTER, "filing_id", FILING, me="by"),
    "sweep": SYSTEM,
}
_SEGMENTS: Mapping[str, Door] = {
    "refresh": SYSTEM,
    "add": whole(MASS, *PARTIES),
    "remove": whole(MASS, *PARTIES),
    "members": whole(READ, *PARTIES),
    "of": on(READ, "ref", all_fields=True),
    "history": on(READ, "ref", all_fields=True),
    "place_customers": SYSTEM,
    "sizes": whole(READ, *PARTIES),
    "migration": whole(READ, *PARTIES),
}
_INSIGHT: Mapping[str, Door] = {
    "check_policies": SYSTEM,
    "dry_run": REPORT,
    "compare": REPORT,
    "back_test": REPORT,
    "fairness_report": REPORT,
    "findings": REPORT,
    "learn_lifetime": REPORT,
    "churn_risks": REPORT,
    "missed_purchases": REPORT,
    "learn_recommendations": REPORT,
    "lead_drift": REPORT,
    "disqualify_lessons": REPORT,
    "deal_outlook": on(READ, "opportunity_id", "opportunity", all_fields=True),
    "pipeline_report": REPORT,
}
_REVIEWS = dict.fromkeys(("deduplicate", "offer", "waiting", "decide", "labels", "labelled_pairs", "table"), TWINS)
_REQUESTS: Mapping[str, Door] = {
    "open": on(READ, "form.subject", me="form.requested_by"),
    "advance": on(EDIT, "request_id", REQUEST, me="by", all_fields=True),
    "update": on(EDIT, "request_id", REQUEST, all_fields=True),
    "pass_on": on(EDIT, "request_id", REQUEST, me="by"),
    "sweep": SYSTEM,
    "history": on(READ, "request_id", REQUEST, all_fields=True),
    "of": on(READ, "ref", drops=True),
    "simulate": REPORT,
    "plan_migration": SYSTEM,
    "migrate": SYSTEM,
    "sla_event": on(EDIT, "ref"),
    "explain_sla": on(READ, "ref", all_fields=True),
    "sweep_sla": SYSTEM,
}
# whoever is asked for a vote decides on what they are shown; whether they are asked, the approval says
_ASKED = some(EDIT, "approval", me="by")
_APPROVALS: Mapping[str, Door] = {
    "submit": on(EDIT, "ref", me="by", all_fields=True),
    "resubmit": on(EDIT, "approval_id", "approval", me="by"),
    "decide": _ASKED,
    "send_back": _ASKED,
    "add_sign": _ASKED,
    "delegate": _ASKED,
    "withdraw": on(EDIT, "approval_id", "approval", me="by"),
    "preview": on(READ, "ref", me="by", all_fields=True),
    "explain": on(READ, "approval_id", "approval"),
    "waiting_for": some(EDIT, "approval", me="member_id"),
    "holds": on(READ, "ref", all_fields=True),
    "save_edit": Door(verbs=(EDIT,), change="change"),
    "sweep": SYSTEM,
}
_AUTOMATION = dict.fromkeys(("run", "runs", "explain", "replay", "discard", "dry_run"), SYSTEM)
_NOTICES = dict.fromkeys(("relay", "dead_letters", "replay", "discard"), SYSTEM)
_PRIVACY = dict.fromkeys(
    (
        *("export", "plan_erasure", "approve", "withdraw", "execute", "replay", "place_hold", "release_hold", "lift"),
        *("rectify", "sweep_retention", "send_abroad", "check_abroad", "sent_abroad"),
    ),
    SYSTEM,
)
_CONSENTS: Mapping[str, Door] = {
    **dict.fromkeys(("give", "confirm", "withdraw", "object", "restrict", "lift"), on(EDIT, "subject")),
    "unsubscribe": SYSTEM,
    "of": on(READ, "subject", all_fields=True),
    "is_restricted": on(READ, "subject"),
}
_OUTREACH = dict.fromkeys(("send", "check"), on(EDIT, "form.subject", all_fields=True))
_OWN: Mapping[str, Door] = {
    # these ask for themselves
    "why": Door(verbs=()),
    "may": Door(verbs=()),
    "export": Door(verbs=()),
}

DOORS: Mapping[str, Door] = {
    f"{group}.{use}": door
    for group, doors in {
        "leads": {**_BOTH, **_LEADS},
        "customers": {**_BOTH, **_CUSTOMERS},
        "members": {"hand_over": SYSTEM},
        "pools": _POOLS,
        "filings": _FILINGS,
        "segments": _SEGMENTS,
        "insight": _INSIGHT,
        "reviews": _REVIEWS,
        "requests": _REQUESTS,
        "approvals": _APPROVALS,
        "automation": {**_AUTOMATION, "trigger": on(ADMINISTER, "ref")},
        "notices": _NOTICES,
        "audit": dict.fromkeys(("seal", "verify", "note_read", "read_log"), SYSTEM),
        "keys": dict.fromkeys(("rotate", "destroy"), SYSTEM),
        "privacy": _PRIVACY,
        "consents": _CONSENTS,
        "outreach": _OUTREACH,
        "access": _OWN,
    }.items()
    for use, door in doors.items()
}
"""Every use case of ``Crm`` as ``group.name``, with its door."""
