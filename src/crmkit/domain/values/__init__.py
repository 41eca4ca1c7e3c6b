"""Values: small frozen things that are equal when their parts are, and valid when they exist.

What was written is kept in ``raw``; what it means stands beside it; ``keys`` make it comparable.
"""

from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, EmailKind, Handle, Phone, PhoneKind
from crmkit.domain.values.currencies import CURRENCIES
from crmkit.domain.values.dates import (
    DateOrder,
    add_days,
    add_months,
    add_years,
    in_zone,
    parse_date,
    parse_instant,
    start_of_day,
)
from crmkit.domain.values.identifiers import Identifier, IdentifierKind
from crmkit.domain.values.keys import (
    KEYS_VERSION,
    company_name_key,
    domain_key,
    email_key,
    handle_key,
    identifier_key,
    is_free_mail,
    is_mixed_script,
    is_role_mailbox,
    person_name_key,
    phone_key,
)
from crmkit.domain.values.money import Money, Percent, Rounding
from crmkit.domain.values.names import CompanyName, NameOrder, PersonName
from crmkit.domain.values.period import Period
from crmkit.domain.values.secret import Secret

__all__ = [
    "CURRENCIES",
    "KEYS_VERSION",
    "Address",
    "CompanyName",
    "DateOrder",
    "Email",
    "EmailKind",
    "Handle",
    "Identifier",
    "IdentifierKind",
    "Money",
    "NameOrder",
    "Percent",
    "Period",
    "PersonName",
    "Phone",
    "PhoneKind",
    "Rounding",
    "Secret",
    "add_days",
    "add_months",
    "add_years",
    "company_name_key",
    "domain_key",
    "email_key",
    "handle_key",
    "identifier_key",
    "in_zone",
    "is_free_mail",
    "is_mixed_script",
    "is_role_mailbox",
    "parse_date",
    "parse_instant",
    "person_name_key",
    "phone_key",
    "start_of_day",
]
