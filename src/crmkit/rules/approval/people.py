"""Who can act, who stands in for somebody who cannot, and who approves a step."""

from collections.abc import Collection, Iterator
from datetime import datetime

from attrs import evolve, frozen

from crmkit.domain.ids import MemberId
from crmkit.domain.model import revise
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.approval import Ask
from crmkit.rules.approval.policy import ApprovalPolicy, ApprovalStep, Own
from crmkit.rules.approval.search import Search

__all__ = ["People"]


@frozen(kw_only=True)
class People:
    """The people around one approval at one instant."""

    policy: ApprovalPolicy
    search: Search
    now: datetime

    def there(self, member_id: str) -> bool:
        """Whether the member can be asked: active, and not away for longer than is waited."""
        member = self.search.members.get(member_id)
        if member is None or member.status is not MemberStatus.ACTIVE:
            return False
        back = member.back_at(self.now)
        return back is None or back <= self.now + self.policy.patience

    def may(self, member_id: str) -> bool:
        """Whether the member can be asked about what the submitter submitted."""
        return self.there(member_id) and (member_id != self.search.submitter_id or self.policy.own is Own.ALLOW)

    def stand_in(self, member_id: str, taken: Collection[str]) -> MemberId | None:
        """Who acts for a member who cannot: the deputy, or else a superior, or else an administrator."""
        for other in self._behind(member_id):
            if other not in taken and self.may(other):
                return other
        return None

    def above(self, member_id: str, taken: Collection[str]) -> MemberId | None:
        """The nearest superior who can be asked and is not yet."""
        return next((id for id in self.search.superiors(member_id) if id not in taken and self.may(id)), None)

    def admin(self, taken: Collection[str] = ()) -> MemberId | None:
        """The first approval administrator who can be asked and is not yet."""
        return next((id for id in self.policy.admins if id not in taken and self.may(id)), None)

    def approvers(self, step: ApprovalStep, chosen: tuple[MemberId, ...]) -> tuple[list[Ask], list[Reason]]:
        """Who is asked in ``step``, each once, and what is to be said of those who are not."""
        asks: dict[str, Ask] = {}
        reasons: list[Reason] = []
        search = evolve(self.search, chosen=chosen)
        for part in step.approvers:
            try:
                found = part.find(search)
            except Exception as error:  # noqa: BLE001 - one bad part must not keep the others from being asked
                reasons.append(Reason.of("approval.failed", part=part.kind, error=type(error).__name__))
                continue
            for member_id in found:
                ask = self._ask(member_id, asks, reasons)
                if ask is not None:
                    asks.setdefault(ask.member_id, ask)
        return [revise(ask, slot=slot) for slot, ask in enumerate(asks.values())], reasons

    def _ask(self, member_id: MemberId, asked: Collection[str], reasons: list[Reason]) -> Ask | None:
        if member_id == self.search.submitter_id and self.policy.own is not Own.ALLOW:
            superior = self.above(member_id, ()) if self.policy.own is Own.SUPERIOR else None
            if superior is None:
                reasons.append(Reason.of("approval.own_skipped", member_id=member_id))
                return None
            reasons.append(Reason.of("approval.own_superior", member_id=member_id, superior_id=superior))
            return Ask(slot=0, member_id=superior)
        if self.there(member_id):
            return Ask(slot=0, member_id=member_id)
        other = self.stand_in(member_id, asked)
        if other is None:
            reasons.append(Reason.of("approval.away", member_id=member_id))
            return None
        reasons.append(Reason.of("approval.replaced", member_id=member_id, by=other))
        return Ask(slot=0, member_id=other, for_id=member_id)

    def _behind(self, member_id: str) -> Iterator[MemberId]:
        seen: set[str] = set()
        deputy = self._deputy(member_id)
        while deputy is not None and deputy not in seen:
            seen.add(deputy)
            yield deputy
            deputy = self._deputy(deputy)
        yield from self.search.superiors(member_id)
        yield from self.policy.admins

    def _deputy(self, member_id: str) -> MemberId | None:
        member: Member | None = self.search.members.get(member_id)
        return None if member is None else member.deputy(self.now)
