"""Approval policies to begin with."""

from datetime import timedelta
from typing import Any

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.ids import CalendarId, MemberId, RoleId
from crmkit.domain.values.money import Money
from crmkit.rules.approval.approvers import RoleHolders, Superior, SuperiorChain
from crmkit.rules.approval.policy import ApprovalPolicy, ApprovalStep, Duplicate, Empty, Lock, Mode, Own, Restart
from crmkit.rules.approval.relevant import RelevantField, Worse

__all__ = ["contract_approval", "discount_application", "quote_approval"]

DAY = timedelta(days=1)
DISCOUNT = CustomField(entity="opportunity", name="discount", kind=FieldKind.INTEGER)
"""Whole per cent that a quote is below the list."""


def quote_approval(
    *,
    free_percent: int = 5,
    director_percent: int = 15,
    large: Money | None = None,
    director_role: str = "sales-director",
    admins: tuple[str, ...] = (),
    calendar_id: str | None = None,
) -> ApprovalPolicy:
    """The quote of a deal: discounts above ``free_percent`` need the superior, those above ``director_percent`` or for
    a deal of at least ``large`` the sales directors too, of whom one is enough.

    The discount stands in the deal's own field ``discount`` (``custom.discount``, whole per cent), the sum in its
    ``amount``. A lower discount or a higher amount than was approved needs nobody again.

    >>> [step.name for step in quote_approval().steps]
    ['superior', 'director']
    """
    large = large or Money.of(500_000, "CNY")
    above = f"custom.discount > {director_percent} or amount >= money('{_number(large)}', '{large.currency}')"
    return ApprovalPolicy(
        id="quote-approval",
        label="Quote approval",
        subject="opportunity",
        when=f"custom.discount > {free_percent} or ({above})",
        steps=(
            _step("superior", (Superior(),), calendar_id=calendar_id),
            _step("director", (RoleHolders(role_id=RoleId(director_role)),), above, Mode.ANY, calendar_id),
        ),
        own=Own.SUPERIOR,
        duplicate=Duplicate.FIRST,
        lock=Lock.VOID,
        relevant=(
            RelevantField(field="custom.discount", worse=Worse.HIGHER),
            RelevantField(field="amount", worse=Worse.LOWER),
        ),
        custom_fields=(DISCOUNT,),
        **_admins(admins),
    )


def discount_application(
    *, director_percent: int = 10, director_role: str = "sales-director", admins: tuple[str, ...] = ()
) -> ApprovalPolicy:
    """A request of the process ``discount``: the superior decides, above ``director_percent`` a sales director too.

    >>> discount_application().steps[1].when
    'percent > 10'
    """
    above = f"percent > {director_percent}"
    return ApprovalPolicy(
        id="discount-application",
        label="Discount application",
        subject="request",
        when="process == 'discount'",
        steps=(
            _step("superior", (Superior(),)),
            _step("director", (RoleHolders(role_id=RoleId(director_role)),), above, Mode.ANY),
        ),
        own=Own.SUPERIOR,
        duplicate=Duplicate.FIRST,
        restart=Restart.SENT_BACK,
        relevant=(
            RelevantField(field="percent", worse=Worse.HIGHER),
            RelevantField(field="amount"),
            RelevantField(field="subject_id"),
        ),
        **_admins(admins),
    )


def contract_approval(
    *,
    large: Money | None = None,
    head_role: str = "sales-director",
    legal_role: str = "legal",
    finance_role: str = "finance",
    admins: tuple[str, ...] = (),
) -> ApprovalPolicy:
    """A request of the process ``contract``: the superiors in turn up to the sales director, then legal and finance;
    of an amount of at least ``large`` all of them agree, of a smaller one a single voice is enough.

    >>> [str(step.mode) for step in contract_approval().steps]
    ['sequential', 'any', 'all']
    """
    large = large or Money.of(1_000_000, "CNY")
    great = f"amount >= money('{_number(large)}', '{large.currency}')"
    offices = (RoleHolders(role_id=RoleId(legal_role)), RoleHolders(role_id=RoleId(finance_role)))
    return ApprovalPolicy(
        id="contract-approval",
        label="Contract approval",
        subject="request",
        when="process == 'contract'",
        order=50,
        steps=(
            _step("line", (SuperiorChain(up_to=RoleId(head_role)),), mode=Mode.SEQUENTIAL),
            _step("office", offices, f"not ({great})", Mode.ANY),
            _step("offices", offices, great),
        ),
        duplicate=Duplicate.CONSECUTIVE,
        relevant=(
            RelevantField(field="amount"),
            RelevantField(field="details"),
            RelevantField(field="subject_id"),
        ),
        **_admins(admins),
    )


def _step(
    name: str,
    approvers: tuple[Superior | RoleHolders | SuperiorChain, ...],
    when: str = "always()",
    mode: Mode = Mode.ALL,
    calendar_id: str | None = None,
) -> ApprovalStep:
    return ApprovalStep(
        name=name,
        approvers=approvers,
        when=when,
        mode=mode,
        remind_after=DAY,
        escalate_after=2 * DAY,
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
    )


def _admins(admins: tuple[str, ...]) -> dict[str, Any]:
    """Administrators are asked where nobody is found; without any, the submission is refused."""
    return {"admins": tuple(map(MemberId, admins)), "empty": Empty.ADMIN if admins else Empty.REFUSE}


def _number(money: Money) -> str:
    return str(money).split()[0]
