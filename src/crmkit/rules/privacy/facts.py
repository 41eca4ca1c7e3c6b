"""What an erasure looks at: the records that are a person or speak of one, and the holds on them."""

from attrs import frozen

from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.privacy import LegalHold

__all__ = ["ErasureFacts", "FoundRecord"]


@frozen(kw_only=True)
class FoundRecord:
    """A record that is the person or speaks of them; ``running`` when it is an open deal, or has one."""

    ref: Ref
    running: bool = False


@frozen(kw_only=True)
class ErasureFacts:
    """Everything that was found of one person, and every hold on any of their records."""

    records: tuple[FoundRecord, ...] = ()
    holds: tuple[LegalHold, ...] = ()
