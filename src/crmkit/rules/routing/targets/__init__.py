"""Whom a route leads to: a member, a team, a role, the requester, whom a policy chooses, or who stands above the requester."""

from crmkit.rules.routing.targets.target import Offer, Target
from crmkit.rules.routing.targets.to_chosen import ToChosen
from crmkit.rules.routing.targets.to_manager import ToManager
from crmkit.rules.routing.targets.to_member import ToMember
from crmkit.rules.routing.targets.to_requester import ToRequester
from crmkit.rules.routing.targets.to_role import ToRole
from crmkit.rules.routing.targets.to_team import ToTeam
from crmkit.rules.routing.targets.to_team_leader import ToTeamLeader

__all__ = ["Offer", "Target", "ToChosen", "ToManager", "ToMember", "ToRequester", "ToRole", "ToTeam", "ToTeamLeader"]
