"""A program whose processes claim customers, or lock those of their member, over and over, and say what they got.

Run as: claimer.py URL claim CLAIMS ACCOUNTS RETURNS MEMBER...
        claimer.py URL lock TIMES ACCOUNTS RETURNS MEMBER...

There is a process for each MEMBER. It makes CLAIMS claims on the accounts in an order of its own, and gives
back every so-manieth that it won, if RETURNS is not 0; or it locks them, and takes every so-manieth lock off
again. What each won, lost and was refused is printed.
"""

import json
import random
import sys
from functools import partial
from itertools import cycle, islice

from crowd import in_a_crowd

from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.domain.ids import Ref
from crmkit.errors import AlreadyClaimed, NotAllowed
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.evidence import lock, unlock
from crmkit.services.pools import claim, give_back


def claimer(url, work, claims, accounts, returns, seed, member_id):
    store = SqlStore(url, create=False)
    ctx = Context(store=store, clock=SystemClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    with store.begin(read_only=True) as uow:
        uow.members.get(member_id)
    return partial(WORK[work], ctx, member_id, random.Random(seed), claims, accounts, returns)


def claimed(ctx, member_id, chance, claims, accounts, returns):
    won, lost, refused, returned = [], 0, {}, 0
    for number in islice(cycle(chance.sample(range(accounts), accounts)), claims):
        ref = Ref(entity="account", id=f"A-{number:04d}")
        try:
            decision = claim(ctx, ref, member_id)
        except AlreadyClaimed:
            lost += 1
            continue
        if decision.granted:
            won.append(ref.id)
            if returns and len(won) % returns == 0:
                returned += gave_back(ctx, ref, member_id)
        else:
            for reason in decision.reasons:
                refused[reason.code] = refused.get(reason.code, 0) + 1
    return {"won": won, "lost": lost, "refused": refused, "returned": returned}


def locked(ctx, member_id, chance, times, accounts, returns):
    won, refused, returned = [], {}, 0
    for number in islice(cycle(chance.sample(range(accounts), accounts)), times):
        ref = Ref(entity="account", id=f"A-{number:04d}")
        decision = lock(ctx, ref, member_id, days=5)
        if decision.granted:
            won.append(ref.id)
            if returns and len(won) % returns == 0:
                returned += taken_off(ctx, ref, member_id)
        else:
            for reason in decision.reasons:
                refused[reason.code] = refused.get(reason.code, 0) + 1
    return {"won": won, "lost": 0, "refused": refused, "returned": returned}


def taken_off(ctx, ref, member_id):
    try:
        unlock(ctx, ref, member_id)
    except NotAllowed:
        return 0
    return 1


WORK = {"claim": claimed, "lock": locked}


def gave_back(ctx, ref, member_id):
    try:
        give_back(ctx, ref, member_id)
    except NotAllowed:
        return 0
    return 1


def main(url, work, claims, accounts, returns, *members):
    numbers = map(int, (claims, accounts, returns))
    prepare = partial(claimer, url, work, *numbers)
    print(json.dumps(in_a_crowd([partial(prepare, seed, member) for seed, member in enumerate(members)])))


if __name__ == "__main__":
    main(*sys.argv[1:])
