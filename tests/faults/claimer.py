"""A process that claims customers, over and over, and says what it got.

Run as: claimer.py URL MEMBER SEED CLAIMS ACCOUNTS [RETURNS]

It says "ready", waits for a line, makes CLAIMS claims for MEMBER on the accounts in an order of its own, and
prints what it won, by id. With RETURNS it gives back every so-manieth that it won, and goes on.
"""

import json
import random
import sys
from itertools import cycle, islice

from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.domain.ids import Ref
from crmkit.errors import AlreadyClaimed, NotAllowed
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.pools import claim, give_back


def main(url, member_id, seed, claims, accounts, returns="0"):
    store = SqlStore(url, create=False)
    ctx = Context(store=store, clock=SystemClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    with store.begin(read_only=True) as uow:
        uow.members.get(member_id)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(claimed(ctx, member_id, random.Random(int(seed)), int(claims), int(accounts), int(returns))))


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


def gave_back(ctx, ref, member_id):
    try:
        give_back(ctx, ref, member_id)
    except NotAllowed:
        return 0
    return 1


if __name__ == "__main__":
    main(*sys.argv[1:])
