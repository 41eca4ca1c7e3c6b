"""Processes to begin with."""

from crmkit.rules.routing.ready.contract import contract_approval, contract_review
from crmkit.rules.routing.ready.discount import discount_approval
from crmkit.rules.routing.ready.enquiry import after_sale_enquiry
from crmkit.rules.routing.ready.lead_follow_up import lead_follow_up
from crmkit.rules.routing.ready.quote import quote_approval
from crmkit.rules.routing.ready.work_order import work_order_dispatch

__all__ = [
    "after_sale_enquiry",
    "contract_approval",
    "contract_review",
    "discount_approval",
    "lead_follow_up",
    "quote_approval",
    "work_order_dispatch",
]
