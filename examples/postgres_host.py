"""A host application on Postgres: four members in four threads race for the customers of one public pool.

``python examples/postgres_host.py postgresql+psycopg://user@host/database``
"""

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from crmkit import Crm
from crmkit.domain.organization.limits import Limit, Span
from crmkit.domain.organization.member import Member
from crmkit.domain.parties.account import Account
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values.names import CompanyName
from crmkit.errors import AlreadyClaimed
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy

MEMBERS = ("na", "wei", "jie", "min")
CUSTOMERS = 12


def set_up(crm: Crm) -> None:
    """Twelve neglected customers lie in the pool; nobody may claim more than four a day."""
    now = datetime.now(UTC)
    made = {"created_at": now, "updated_at": now}
    crm.add(
        Pool(id="east", name="East", **made),
        *(Member(id=name, name=name.title(), **made) for name in MEMBERS),
        *(
            Account(id=f"A-{number}", name=CompanyName(legal=f"客户{number}"), pool_id="east", pool_since=now, **made)
            for number in range(CUSTOMERS)
        ),
    )
    crm.adopt(ReclaimPolicy(protect_days=30, warn_days=(7, 1)), ClaimPolicy(quotas=(Limit(most=4, per=Span.DAY),)))


def race(crm: Crm, member_id: str) -> Counter[str]:
    """Try for every customer, and count what comes of it."""
    with crm.begin(read_only=True) as uow:
        wanted = [account.ref for account in uow.accounts.find()]
    results: Counter[str] = Counter()
    for ref in wanted:
        try:
            decision = crm.acting_as(member_id).pools.claim(ref, member_id)
        except AlreadyClaimed:
            results["too late"] += 1
        else:
            results[decision.outcome.value] += 1
    return results


def main(url: str) -> None:
    with Crm.open(url) as crm:
        set_up(crm)
        with ThreadPoolExecutor(len(MEMBERS)) as threads:
            for member_id, results in zip(MEMBERS, threads.map(lambda each: race(crm, each), MEMBERS), strict=True):
                print(f"{member_id:>4}: {dict(results)}")
        with crm.begin(read_only=True) as uow:
            print("owners:", dict(sorted(uow.accounts.count_by("owner_id").items())))
        forecast = crm.pools.preview(datetime.now(UTC) + timedelta(days=31))
        print(f"without a follow-up {len(forecast.records)} of them fall back within a month")


if __name__ == "__main__":
    main(sys.argv[1])
