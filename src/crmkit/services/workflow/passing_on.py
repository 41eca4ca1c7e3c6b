"""Handing a request over to another member or team, in the same state."""

from datetime import datetime

from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, RequestId, TeamId
from crmkit.domain.model import model
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context
from crmkit.services.workflow.family import Family

__all__ = ["PassedOn", "pass_on_request"]


@model
class PassedOn:
    """Who has the request now."""

    request_id: RequestId
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None


def pass_on_request(
    ctx: Context,
    request_id: RequestId,
    *,
    to: MemberId | None = None,
    team: TeamId | None = None,
    by: MemberId | None = None,
    comment: str = "",
    idempotency_key: str | None = None,
) -> PassedOn:
    """The member ``to`` has the request, or it lies in the queue of ``team``; state and deadlines stay.

    ``by`` is who hands it over: whoever has it, a member of the team that has it, a superior or the leader of
    whoever has it; ``None`` is the system. Its history keeps who had it until when.

    Raises:
        InvalidInput: not exactly one of ``to`` and ``team`` is given.
        NotAllowed: it is closed, ``by`` may not, or nobody could act on it there.
        NotFound: no such request, member or team.
    """
    if (to is None) == (team is None):
        raise InvalidInput("needs a member or a team.", field="to", hint="Give exactly one of to and team.")

    def work(uow: UnitOfWork, now: datetime) -> PassedOn:
        request = Family(ctx, uow, now=now).locked(request_id)
        if request.closed_at is not None:
            raise NotAllowed("The request is closed.", hint="Open another one.", id=request.id)
        if by is not None and not _may(uow, request, uow.members.get(by)):
            raise NotAllowed(f"{by} cannot hand it over.", hint="Ask who has it, or their superior.", id=request.id)
        told = _takers(uow, request, to, team)
        change = request.hand_over(assignee_id=to, team_id=team, by=by, comment=comment, recipients=told, now=now)
        uow.save(change)
        return PassedOn(request_id=request.id, assignee_id=to, team_id=team)

    return ctx.command(work, PassedOn, idempotency_key=idempotency_key)


def _may(uow: UnitOfWork, request: Request, by: Member) -> bool:
    """Whoever has it, and who stands above: but nobody takes a request of their own into their hands."""
    if by.status is MemberStatus.LEFT:
        return False
    if request.assignee_id is None:
        teams = uow.teams.get_many([request.team_id] if request.team_id is not None else [])
        leaders = {team.leader_id for team in teams.values()}
        return by.id in leaders or (by.team_id is not None and by.team_id == request.team_id)
    if by.id == request.assignee_id:
        return True
    holder = uow.members.get_many([request.assignee_id]).get(request.assignee_id)
    if holder is None:
        return True
    teams = uow.teams.get_many([holder.team_id] if holder.team_id is not None else [])
    return by.id == holder.manager_id or by.id in {team.leader_id for team in teams.values()}


def _takers(uow: UnitOfWork, request: Request, to: MemberId | None, team: TeamId | None) -> tuple[MemberId, ...]:
    """Who is told, being able to act on it."""
    if to is not None:
        member = uow.members.get(to, locking="wait")
        if member.status is not MemberStatus.ACTIVE:
            raise NotAllowed(f"{member.ref} is {member.status.value}.", hint="Choose an active member.", id=to)
        if to == request.requested_by:
            raise NotAllowed(f"{to} asked for it.", hint="Nobody decides on a request of their own.", id=request.id)
        return (to,)
    uow.teams.get(str(team))
    there = uow.members.find((F.team_id == team) & (F.status == MemberStatus.ACTIVE))
    takers = tuple(sorted(member.id for member in there if member.id != request.requested_by))
    if not takers:
        raise NotAllowed(f"Nobody is there in {team}.", hint="Choose another team.", id=request.id)
    return takers
