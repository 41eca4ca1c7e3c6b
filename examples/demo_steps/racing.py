"""Two reps reach for one customer at the same instant; one gets it, the other is told so."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from crmkit.domain.conditions import F
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.parties.account import Account
from crmkit.errors import AlreadyClaimed
from crmkit.rules.reclaim import ClaimDecision
from demo_stage.scene import Scene
from demo_stage.screen import Cell, many
from demo_steps.company import DOMESTIC

__all__ = ["race"]

RACES = 20
LATELY = 25
"""Days; fewer than the 30 for which nobody may claim what was theirs."""
SHOWN = 5


def race(scene: Scene) -> str:
    """Each of the raced customers has one new owner; refusals of claims name every reason."""
    customers = _claimable(scene)
    outcomes: Counter[str] = Counter()
    lines: list[tuple[Cell, ...]] = []
    for number, customer in enumerate(customers):
        reps = _rivals(scene, customer, number)
        answers = _at_once(scene, customer, reps)
        scene.raced.append(customer.id)
        line = [str(customer.name)]
        for rep, answer in zip(reps, answers, strict=True):
            won = isinstance(answer, ClaimDecision) and answer.granted
            outcomes["won" if won else type(answer).__name__] += 1
            line += [
                rep.name,
                scene.crm.say(answer.reasons) if isinstance(answer, ClaimDecision) else f"AlreadyClaimed: {answer}",
            ]
        if number < SHOWN:
            lines.append(tuple(line))
    scene.screen.table("Two threads, one customer", ("customer", "one rep", "answer", "the other", "answer"), lines)
    scene.said["races won"] = outcomes["won"]
    scene.said["races lost"] = outcomes["AlreadyClaimed"]
    _refuse(scene)
    return f"{many(len(customers), 'race')}: {many(outcomes['won'], 'winner')}, {outcomes['AlreadyClaimed']} × AlreadyClaimed"


def _claimable(scene: Scene) -> Sequence[Account]:
    """Customers that have lain in the pool for longer than a day: what fell in today is frozen."""
    with scene.crm.begin(read_only=True) as uow:
        lying = (F.pool_id == DOMESTIC) & ~F.pool_since.within(days=2)
        return uow.accounts.find(lying, order=["pool_since"], limit=RACES, now=scene.now)


def _rivals(scene: Scene, customer: Account, number: int) -> list[Member]:
    """Two reps who may claim it: whoever had it lately may not."""
    with scene.crm.begin(read_only=True) as uow:
        before = {entry.from_owner_id for entry in uow.ownership.find(F.record_id == customer.id)}
    reps = [member for key, member in scene.members.items() if key == member.id and member.team_id]
    able = [rep for rep in reps if rep.status is MemberStatus.ACTIVE and rep.capacity is None and rep.id not in before]
    return [able[number % len(able)], able[(number + 1) % len(able)]]


def _at_once(scene: Scene, customer: Account, reps: Sequence[Member]) -> list[ClaimDecision | AlreadyClaimed]:
    """What each is told; both claim after the barrier has fallen."""
    barrier = Barrier(len(reps))

    def claim(rep: Member) -> ClaimDecision | AlreadyClaimed:
        crm = scene.crm.acting_as(rep.id)
        barrier.wait()
        try:
            return crm.pools.claim(customer.ref, rep.id)
        except AlreadyClaimed as error:
            return error

    with ThreadPoolExecutor(len(reps)) as threads:
        return list(threads.map(claim, reps))


def _refuse(scene: Scene) -> None:
    """Who may not claim is told every reason, not the first: the owner of lately, somebody who is not there."""
    with scene.crm.begin(read_only=True) as uow:
        lately = (F.pool_id == DOMESTIC) & F.pool_since.within(days=LATELY)
        lying = uow.accounts.find(lately, order=["-pool_since"], limit=1, now=scene.now)
        about = F.record_id.in_([account.id for account in lying])
        lost = uow.ownership.find(about & (F.cause == "reclaimed"), order=["-at"], limit=1)
    away = next(member.id for member in scene.members.values() if member.status is not MemberStatus.ACTIVE)
    for customer in lying:
        lines = []
        for member_id in dict.fromkeys([*(entry.from_owner_id or away for entry in lost), away]):
            decision = scene.crm.pools.claim(customer.ref, member_id)
            lines.append((scene.name_of(member_id), decision.outcome.value, scene.why(decision.reasons)))
        scene.screen.table(f"Who else wants {customer.name}", ("who", "answer", "why"), lines)
