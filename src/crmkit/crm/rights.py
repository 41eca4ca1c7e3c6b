"""The groups of use cases about the people whose data is held: their rights, their consent, what is sent to them."""

from crmkit.crm.groups import Group, Use
from crmkit.services import (
    consents,
    erasures,
    legal_holds,
    outbound,
    rectifying,
    residency,
    retention,
    subject_export,
    suppressing,
)

__all__ = ["Consents", "Outreach", "Privacy"]


class Privacy(Group):
    """Rights of the people whose data is held: copies of it, erasures, holds, and who is kept out since."""

    export = Use(subject_export.export_subject)
    rectify = Use(rectifying.rectify)
    plan_erasure = Use(erasures.plan_erasure)
    approve = Use(erasures.approve_erasure)
    withdraw = Use(erasures.withdraw_erasure)
    execute, replay = Use(erasures.execute_erasure), Use(erasures.replay_erasures)
    place_hold = Use(legal_holds.place_hold)
    release_hold = Use(legal_holds.release_hold)
    lift = Use(suppressing.lift_suppression)
    sweep_retention = Use(retention.sweep_retention)
    send_abroad, check_abroad = Use(residency.send_abroad), Use(residency.check_abroad)
    sent_abroad = Use(residency.sent_abroad)


class Consents(Group):
    """What people said to being written to and processed."""

    give = Use(consents.give_consent)
    confirm = Use(consents.confirm_consent)
    withdraw = Use(consents.withdraw_consent)
    object = Use(consents.object_to)
    restrict = Use(consents.restrict)
    lift = Use(consents.lift_restriction)
    unsubscribe = Use(consents.unsubscribe)
    of = Use(consents.consents_of)
    is_restricted = Use(consents.is_restricted)


class Outreach(Group):
    """Messages to customers, through one gate."""

    send = Use(outbound.send_outreach)
    check = Use(outbound.check_outreach)
