"""``MergePolicy``: whose value of a field stays when two records become one.

>>> policy = MergePolicy(fields={"title": "recent", "industry": "trusted"}, trusted=("crm", "fair"))
>>> policy.fields["title"]
<Survivorship.RECENT: 'recent'>
>>> MergePolicy(fields={"phones": "recent"})
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: MergePolicy.fields: 'phones' is not settled by a policy. Name another field.
"""

from collections.abc import Mapping
from typing import ClassVar

from crmkit.domain.checks import FrozenDict
from crmkit.domain.model import Code, Line, annotations_of, model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.survivorship import SETTLED_BY_US, UNITED, Survivorship
from crmkit.rules.policy import Policy

__all__ = ["MergePolicy"]

_PARTIES: tuple[type, ...] = (Lead, Contact, Account)
_FIELDS = frozenset(name for cls in _PARTIES for name in annotations_of(cls))
_MAY_BE_SETTLED = _FIELDS - SETTLED_BY_US - set(UNITED) - {"campaign", "external_id"}


@model
class MergePolicy(Policy):
    """How single fields are settled; without a word the survivor's value stays and its blanks are filled.

    Args:
        fields: field -> how it is settled; ``source`` takes the campaign and the id at the source with it.
        trusted: sources, the most trusted first; one that is not named is trusted least.

    What is united (numbers, tags, notes, fields of the host) and what we decided ourselves (stage, owner,
    score, times) is the same under every policy: so no number is lost, and no opt-out is overruled.
    """

    kind: ClassVar[str] = "merge"

    fields: Mapping[Code, Survivorship] = FrozenDict()
    trusted: tuple[Line, ...] = ()

    def check(self) -> None:
        """Every field is one that a policy may settle."""
        for name in self.fields:
            if name not in _MAY_BE_SETTLED:
                raise InvalidInput(
                    f"{name!r} is not settled by a policy.", field="MergePolicy.fields", hint="Name another field."
                )
