"""What people have said to being written to, called and processed: a ledger of which no line is ever changed.

A line is about one ``whom``: a record (``"lead:L-1"``) or the keyed hash of an address. What is said through a
record is also written for each of its addresses, so that it holds wherever they turn up again. Lines hold no
personal data: ids, codes and hashes only.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, created
from crmkit.domain.ids import ConsentId
from crmkit.domain.model import Code, Key, model

__all__ = ["Act", "Consent", "ConsentNoted", "Standing", "Voice", "standing"]


class Act(StrEnum):
    """What was said."""

    GIVEN = "given"
    CONFIRMED = "confirmed"
    """Given before, and confirmed from the address itself (double opt-in)."""
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    """GDPR Article 21: no more of it, whatever the lawful basis was."""
    RESTRICTED = "restricted"
    """GDPR Article 18: the data is kept and not used."""
    LIFTED = "lifted"
    """The restriction is over."""


class Voice(StrEnum):
    """Where somebody stands on one purpose and channel."""

    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    GIVEN = "given"
    CONFIRMED = "confirmed"
    SILENT = "silent"


_ORDER = tuple(Voice)
_YES = frozenset({Act.GIVEN, Act.CONFIRMED})
_VOICES = frozenset({*_YES, Act.WITHDRAWN, Act.OBJECTED})
_LIMITS = frozenset({Act.RESTRICTED, Act.LIFTED})
_FIRST = tuple(Act)


@model
class ConsentNoted(Event):
    """Somebody has said yes or no to a purpose."""

    type: ClassVar[str] = "consent.noted"

    act: Act
    purpose: str = ""
    channel: str = ""


@model
class Consent(Record):
    """One line of the ledger.

    Args:
        whom: a record as ``"entity:id"``, or the keyed hash of an address.
        said: the id that the lines of one saying share.
        purpose: what it is about; empty for every purpose.
        channel: by which channel; empty for every channel.
        act: what was said.
        regime: the law it was said under.
        basis: the lawful basis that it gives.
        source: the door it came through: a form, a call, a link.
        wording: the version of the text that was shown.
        at: when it was said.
        expires_at: from when a yes is none any more.
    """

    entity: ClassVar[str] = "consent"

    id: ConsentId
    whom: Key
    said: Key
    purpose: str = ""
    channel: str = ""
    act: Act
    regime: Code = "gdpr"
    basis: Code = "consent"
    source: Code = "unknown"
    wording: Code = "unknown"
    at: datetime
    expires_at: datetime | None = None

    def note(self) -> "Change[Consent]":
        """The line is written."""
        return created(self, ConsentNoted(at=self.created_at, act=self.act, purpose=self.purpose, channel=self.channel))

    def covers(self, purpose: str, channel: str) -> bool:
        """Whether it speaks of that purpose and channel; what names none speaks of all."""
        return self.purpose in {"", purpose} and self.channel in {"", channel}


@model
class Standing:
    """Where somebody stands on one purpose and channel, and whether their data may be used at all."""

    voice: Voice = Voice.SILENT
    restricted: bool = False


def standing(
    entries: Iterable[Consent],
    purpose: str,
    channel: str,
    *,
    own: str = "",
    gone: Mapping[str, datetime] | None = None,
    yes_of: Collection[str] | None = None,
    now: datetime,
) -> Standing:
    """Where the lines leave somebody at ``now``: of each whom the last word, and of these the most restrictive.

    ``gone`` are whoms that became one with ``own`` by a merge or a conversion, and when: a yes that ``own`` has
    given since answers for them too. A no counts whoever of them said it, a yes only where ``yes_of`` names the
    whom (everybody's, where it is not given), for people may share a phone. Of two words at the same instant the more restrictive counts.

    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> line = {"purpose": "news", "channel": "email", "said": "1", "at": now, "created_at": now, "updated_at": now}
    >>> yes = Consent(id="1", whom="lead:L-1", act="given", **line)
    >>> no = Consent(id="2", whom="lead:L-2", act="withdrawn", **line)
    >>> str(standing([yes], "news", "email", now=now).voice), str(standing([yes, no], "news", "email", now=now).voice)
    ('given', 'withdrawn')
    >>> str(standing([yes], "news", "sms", now=now).voice)
    'silent'
    """
    lines = [each for each in entries if each.at <= now and each.covers(purpose, channel)]
    merged = gone or {}
    voices = [
        _voice(each, now)
        for each in _last(lines, _VOICES, _YES, own, merged)
        if each.act not in _YES or yes_of is None or each.whom in yes_of
    ]
    limits = _last(lines, _LIMITS, frozenset({Act.LIFTED}), own, merged)
    return Standing(
        voice=min(voices, key=_ORDER.index, default=Voice.SILENT),
        restricted=any(each.act is Act.RESTRICTED for each in limits),
    )


def _last(
    lines: list[Consent], acts: frozenset[Act], opening: frozenset[Act], own: str, gone: Mapping[str, datetime]
) -> list[Consent]:
    """The last of ``acts`` that each whom has said, without those for whom ``own`` has said one of ``opening`` since."""
    said = [each for each in lines if each.act in acts]
    opened = max((each.at for each in said if each.whom == own and each.act in opening), default=None)
    last: dict[str, Consent] = {}
    for each in sorted(said, key=lambda line: (line.at, _strictness(line.act))):
        answered = opened is not None and each.whom in gone and gone[each.whom] < opened
        if not answered:
            last[each.whom] = each
    return list(last.values())


def _strictness(act: Act) -> int:
    return -1 if act is Act.LIFTED else _FIRST.index(act)


def _voice(line: Consent, now: datetime) -> Voice:
    if line.act in _YES and line.expires_at is not None and line.expires_at <= now:
        return Voice.EXPIRED
    return Voice(line.act.value)
