"""Writing down what people said to being written to and processed, and asking the ledger where they stand."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crmkit.domain.conditions import F
from crmkit.domain.ids import ConsentId, Ref
from crmkit.domain.model import Code, model
from crmkit.domain.stewardship.consent import Act, Consent, Standing, Voice, standing
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.errors import InvalidInput, NotAllowed, StaleVersion
from crmkit.ports.store import UnitOfWork
from crmkit.services.circle import Circle, address_key, circle_of, match_keys
from crmkit.services.context import Context
from crmkit.services.suppressing import hashes_of

__all__ = [
    "Consents",
    "Said",
    "Saying",
    "confirm_consent",
    "consents_of",
    "give_consent",
    "held_circle",
    "is_restricted",
    "lift_restriction",
    "lines_of",
    "object_to",
    "restrict",
    "standing_in",
    "unsubscribe",
    "withdraw_consent",
]

MOST_WHOMS = 500
"""Whoms that one condition lists."""


@model
class Saying:
    """What somebody said, or is said about them; see ``Consent`` for the fields.

    No ``purpose`` and no ``channel`` mean every one; a yes names its purpose. ``at`` is now where it is not given.
    """

    purpose: str = ""
    channel: str = ""
    regime: Code = "gdpr"
    basis: Code = "consent"
    source: Code = "unknown"
    wording: Code = "unknown"
    at: datetime | None = None
    expires_at: datetime | None = None


EVERYTHING = Saying()


@model
class Said:
    """What was written: how many lines share the id ``said``."""

    said: str
    act: Act
    lines: int


@model
class Consents:
    """Where somebody stood at ``at``, with every line of the ledger that says so, the oldest first."""

    subject: Ref
    at: datetime
    lines: tuple[Consent, ...]
    gone: tuple[tuple[str, datetime], ...] = ()
    refs: tuple[Ref, ...] = ()

    def on(self, purpose: str, channel: str = "") -> Standing:
        """Where they stood on that purpose and channel."""
        return standing(
            self.lines,
            purpose,
            channel,
            own=str(self.subject),
            gone=dict(self.gone),
            yes_of=[str(ref) for ref in self.refs],
            now=self.at,
        )


def give_consent(ctx: Context, subject: Ref, saying: Saying, *, idempotency_key: str | None = None) -> Said:
    """The person has said yes to a purpose, by one channel or by every one.

    A no that was said before, also of a record that was merged away since, is answered by it.

    Raises:
        InvalidInput: there is no purpose, ``at`` lies ahead, or ``subject`` is no lead, contact or account.
        NotFound: there is no such record.
    """
    _named(saying)
    return _say(ctx, subject, Act.GIVEN, saying, idempotency_key)


def confirm_consent(ctx: Context, subject: Ref, saying: Saying, *, idempotency_key: str | None = None) -> Said:
    """The yes was confirmed from the address itself: the second half of a double opt-in.

    Raises:
        NotAllowed: no yes stands that could be confirmed.
        NotFound: there is no such record.
    """
    _named(saying)
    return _say(ctx, subject, Act.CONFIRMED, saying, idempotency_key)


def withdraw_consent(
    ctx: Context, subject: Ref, saying: Saying = EVERYTHING, *, idempotency_key: str | None = None
) -> Said:
    """The yes holds no longer, at any address of the person; of every purpose and channel where none is named.

    Raises:
        NotFound: there is no such record.
    """
    return _say(ctx, subject, Act.WITHDRAWN, saying, idempotency_key)


def object_to(ctx: Context, subject: Ref, saying: Saying = EVERYTHING, *, idempotency_key: str | None = None) -> Said:
    """The person objects: no more of it, whatever the lawful basis was, until they say yes themselves.

    Raises:
        NotFound: there is no such record.
    """
    return _say(ctx, subject, Act.OBJECTED, saying, idempotency_key)


def restrict(ctx: Context, subject: Ref, saying: Saying = EVERYTHING, *, idempotency_key: str | None = None) -> Said:
    """The data is kept and not used for the purpose (for nothing, where none is named) until that is lifted.

    Raises:
        NotFound: there is no such record.
    """
    return _say(ctx, subject, Act.RESTRICTED, saying, idempotency_key)


def lift_restriction(
    ctx: Context, subject: Ref, saying: Saying = EVERYTHING, *, idempotency_key: str | None = None
) -> Said:
    """The data may be used again, as far as the person has agreed; tell them before (GDPR Article 18(3)).

    Raises:
        NotFound: there is no such record.
    """
    return _say(ctx, subject, Act.LIFTED, saying, idempotency_key)


def unsubscribe(
    ctx: Context,
    address: str,
    saying: Saying = EVERYTHING,
    *,
    reaches: str = "email",
    idempotency_key: str | None = None,
) -> Said:
    """Nothing goes to whoever has ``address``, on whichever record it stands now or will: the link in a message.

    It is written for every record that has the address at this moment, too, whatever becomes of the address.
    ``reaches`` is ``"email"``, ``"phone"`` or the network of a handle. The address itself is not kept.

    Raises:
        InvalidInput: ``address`` is none.
    """
    kinds: dict[str, Any] = {"email": Email, "phone": Phone}
    parsed = kinds[reaches].parse(address) if reaches in kinds else Handle.parse(address, network=reaches)
    key = address_key(parsed)
    if key is None:
        raise InvalidInput("is no address.", field="address", hint="Give the address that the message went to.")

    def work(uow: UnitOfWork, now: datetime) -> Said:
        hashes = hashes_of(ctx.suppression_key, uow.acting.tenant, [key]).values()
        have = {str(ref) for refs in uow.keys.find(match_keys(parsed)).values() for ref in refs}
        whoms = (*hashes, *sorted(have))
        uow.lock(*(f"consent:{whom}" for whom in whoms))
        return _written(ctx, uow, whoms, Act.WITHDRAWN, saying, now)

    return ctx.command(work, Said, idempotency_key=idempotency_key)


def consents_of(ctx: Context, subject: Ref, *, at: datetime | None = None) -> Consents:
    """Where the person stands, or stood at ``at``: by the addresses they have today, and the merges there were then.

    Raises:
        InvalidInput: ``subject`` is no lead, contact or account.
        NotFound: there is no such record.
    """
    moment = at or ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        circle = circle_of(uow, ctx.suppression_key, subject, at=moment)
        lines = tuple(each for each in lines_of(uow, circle) if each.at <= moment)
        return Consents(
            subject=circle.record.ref, at=moment, lines=lines, gone=tuple(sorted(circle.gone.items())), refs=circle.refs
        )


def is_restricted(ctx: Context, subject: Ref, *, purpose: str = "") -> bool:
    """Whether the person's data is not to be used for ``purpose``: ask before you score, call or give them to somebody.

    Raises:
        NotFound: there is no such record.
    """
    return consents_of(ctx, subject).on(purpose).restricted


def held_circle(uow: UnitOfWork, secret: bytes, subject: Ref, now: datetime) -> Circle:
    """The circle of ``subject``, whose word nobody else writes or acts on until the unit of work ends.

    Raises:
        StaleVersion: it changed while this waited; run again.
    """
    before = circle_of(uow, secret, subject, at=now)
    uow.lock(*before.locks)
    circle = circle_of(uow, secret, subject, at=now)
    if circle.whoms != before.whoms:
        raise StaleVersion("The person's records changed meanwhile.", hint="Read them again.")
    return circle


def lines_of(uow: UnitOfWork, circle: Circle) -> tuple[Consent, ...]:
    """Every line of the ledger about the circle, the oldest first."""
    whoms, found = circle.whoms, list[Consent]()
    for start in range(0, len(whoms), MOST_WHOMS):
        found += uow.consents.find(F.whom.in_(whoms[start : start + MOST_WHOMS]))
    return tuple(sorted(found, key=lambda line: (line.at, line.id)))


def standing_in(
    lines: Iterable[Consent], circle: Circle, purpose: str, channel: str, *, point: str = "", now: datetime
) -> Standing:
    """Where ``lines`` leave the circle on that purpose and channel, at the address whose hash is ``point``."""
    yes_of = {*map(str, circle.refs), point}
    return standing(lines, purpose, channel, own=circle.own, gone=circle.gone, yes_of=yes_of, now=now)


def _named(saying: Saying) -> None:
    if not saying.purpose:
        raise InvalidInput("must be named.", field="Saying.purpose", hint="A yes is to something; name what.")


def _say(ctx: Context, subject: Ref, act: Act, saying: Saying, idempotency_key: str | None) -> Said:
    def work(uow: UnitOfWork, now: datetime) -> Said:
        circle = held_circle(uow, ctx.suppression_key, subject, now)
        if act is Act.CONFIRMED:
            _confirmable(uow, circle, saying, now)
        return _written(ctx, uow, (circle.own, *circle.points.values()), act, saying, now)

    return ctx.command(work, Said, idempotency_key=idempotency_key)


def _confirmable(uow: UnitOfWork, circle: Circle, saying: Saying, now: datetime) -> None:
    stands = standing_in(lines_of(uow, circle), circle, saying.purpose, saying.channel, now=now)
    if stands.voice not in {Voice.GIVEN, Voice.CONFIRMED}:
        raise NotAllowed("No consent stands that could be confirmed.", hint="Ask for it again.")


def _written(ctx: Context, uow: UnitOfWork, whoms: Iterable[str], act: Act, saying: Saying, now: datetime) -> Said:
    at = saying.at or now
    if at > now:
        raise InvalidInput("lies ahead.", field="Saying.at", hint="Write down what was said when it was said.")
    said = ctx.ids.new()
    lines = [
        Consent(
            id=ConsentId(ctx.ids.new()),
            whom=whom,
            said=said,
            purpose=saying.purpose,
            channel=saying.channel,
            act=act,
            regime=saying.regime,
            basis=saying.basis,
            source=saying.source,
            wording=saying.wording,
            at=at,
            expires_at=saying.expires_at,
            created_at=now,
            updated_at=now,
        )
        for whom in whoms
    ]
    uow.save(*(line.note() for line in lines))
    return Said(said=said, act=act, lines=len(lines))
