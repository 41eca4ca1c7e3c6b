"""What a member must have to be given a record, and for how long that is insisted on."""

from datetime import datetime, timedelta
from enum import StrEnum

from crmkit.domain.model import Code, Line, model
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.ownership import Owned
from crmkit.errors import InvalidInput

__all__ = ["Ability", "Need"]


class Ability(StrEnum):
    """Where a member's words stand."""

    SKILLS = "skills"
    LANGUAGES = "languages"
    REGIONS = "regions"


@model
class Need:
    """A word that the member must have: always ``word``, or the one that the record has in ``field``.

    A record without a value in ``field`` needs nothing. After ``relax_hours`` from when the record was
    created the need is dropped, for a late answer in another language is better than none.

    >>> Need(ability="languages", word="de", relax_hours=4).word
    'de'
    >>> Need(ability="regions", field="region").field
    'region'
    >>> Need(ability="skills")
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: Need.word: needs word or field, and not both. Give one of the two.
    """

    ability: Ability
    word: Code | None = None
    field: Line = ""
    relax_hours: int | None = None

    def check(self) -> None:
        """It says which word, and relaxes after some hours if at all."""
        if (self.word is None) == (not self.field):
            raise InvalidInput("needs word or field, and not both.", field="Need.word", hint="Give one of the two.")
        if self.relax_hours is not None and self.relax_hours < 0:
            raise InvalidInput("must not be negative.", field="Need.relax_hours", hint="None never relaxes it.")

    def of(self, record: Owned, *, now: datetime) -> str | None:
        """The word that ``record`` needs at ``now``; ``None`` when nothing is needed any more, or at all."""
        if self.relax_hours is not None and now >= record.created_at + timedelta(hours=self.relax_hours):
            return None
        found = self.word or getattr(record, self.field, None)
        return str(found) if found else None

    def met_by(self, member: Member, word: str) -> bool:
        """Whether the member has it."""
        return word in getattr(member, self.ability)
