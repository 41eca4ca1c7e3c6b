"""The main job on realistic input: a trading company of half a year ago moves to crmkit, and everything is explained.

``python examples/demo.py [--leads 20000] [--customers 3000] [--seed 1] [--db URL] [--keep]``, or ``make demo``.

The steps stand in ``demo_steps``. Exit status: 0 when every invariant held, 1 when one did not, 2 when the
demo could not begin.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp
from typing import cast
from uuid import uuid4

from attrs import frozen

try:
    import rich  # noqa: F401 - asked for here, so that the message can say how to mend it
except ModuleNotFoundError:
    sys.exit("The demo prints with rich. Install it with: pip install 'crmkit[demo]', or run: make demo")

from sqlalchemy.engine import make_url

from crmkit import Crm
from crmkit.adapters.sql import SqlStore
from crmkit.domain.values import start_of_day
from crmkit.errors import CrmError, StorageFailed
from crmkit.ports import Store
from crmkit.testing import FixedClock
from demo_stage.channel import Channel
from demo_stage.reading import ZONE
from demo_stage.scene import Scene, ShortIds
from demo_stage.screen import Screen
from demo_steps.approving import approve_discounts
from demo_steps.assigning import assign_waiting
from demo_steps.checking import check_invariants
from demo_steps.company import set_up
from demo_steps.customers import import_customers, merge_customers
from demo_steps.history import log_follow_ups
from demo_steps.keeping import let_time_pass
from demo_steps.leads import import_leads
from demo_steps.racing import race
from demo_steps.scoring import score_leads
from demo_steps.telling import relay_notices
from demo_steps.working import work_on_requests
from trading_company import generate

__all__ = ["STEPS", "Options", "main", "open_scene", "play"]


@frozen(kw_only=True)
class Options:
    """What may be chosen on the command line."""

    leads: int = 20_000
    customers: int = 3_000
    seed: int = 1
    db: str = ""
    keep: bool = False


@frozen
class Step:
    """One step: its heading, what it is about, and the function that does it and sums it up in a line."""

    title: str
    about: str
    run: Callable[[Scene], str]


STEPS = (
    Step("People and rules", "Members, teams and public pools; every rule is a policy, kept as data.", set_up),
    Step("Customers come in", "A CSV file with a byte-order mark, owners by account or by name.", import_customers),
    Step(
        "Duplicates among customers",
        "Found by keys, judged by the match policy, merged with a journal.",
        merge_customers,
    ),
    Step("Leads come in", "Four systems: GB18030, a byte-order mark, UTF-16 with tabs, semicolons.", import_leads),
    Step(
        "Half a year of follow-ups", "Brought in set-wise; the owners' own ones prolong the protection.", log_follow_ups
    ),
    Step("What leads are worth", "Who they are and what they do; every point has its reason.", score_leads),
    Step(
        "Who gets them",
        "Sticky to known customers, then the entries of the policy; half days get half.",
        assign_waiting,
    ),
    Step("Two months pass", "Every morning a sweep: owners are warned, what they neglect falls back.", let_time_pass),
    Step("Two reps, one customer", "Real threads, one instant; the database decides who wins.", race),
    Step("Discounts", "Up to 10 % the team leader decides, above that the sales director too.", approve_discounts),
    Step("Other processes", "Quotes, contracts, enquiries, work orders and leads: one of each.", work_on_requests),
    Step("Notices", "From the outbox to the inboxes; now and then the channel refuses.", relay_notices),
    Step("What must hold", "Counted in the database and in the inboxes.", check_invariants),
)


def open_scene(options: Options, screen: Screen, folder: Path) -> Scene:
    """The CRM is open, the files are written; it is the morning after the last day that they tell of.

    Raises:
        StorageFailed: the database cannot be reached, or holds notices of somebody else.
    """
    clock, channel, tenant = FixedClock(), Channel(), f"demo-{uuid4().hex[:8]}"
    url = options.db or f"sqlite:///{folder / 'crm.db'}"
    # Crm.open(url) would do; here records get ids that people can read, and events keep their UUIDs
    crm = Crm(store=cast(Store, SqlStore(url)), clock=clock, ids=ShortIds(), notifier=channel)
    if crm.ctx.store.outbox.backlog():
        crm.close()
        hint = "Give the demo a database of its own."
        raise StorageFailed("Notices of somebody else wait in this database.", hint=hint)
    screen.say(
        f"A trading company moves to crmkit, on {make_url(url).get_backend_name()} as tenant {tenant}.", style="bold"
    )
    with screen.step("Messy files", "Four systems and half a year of work; the same seed gives the same bytes."):
        summary = generate(folder, seed=options.seed, leads=options.leads, customers=options.customers)
        screen.table("Written", ("file", "rows"), list(summary.rows.items()))
    clock.set(start_of_day(summary.last_day.date() + timedelta(days=1), zone=ZONE) + timedelta(hours=9))
    return Scene(
        crm=crm.acting_as("demo", tenant=tenant),
        tenant=tenant,
        channel=channel,
        clock=clock,
        screen=screen,
        summary=summary,
        chance=Random(options.seed),
    )


def play(scene: Scene) -> None:
    """All steps have been done and summed up; ``scene.broken`` names the invariants that did not hold."""
    screen = scene.screen
    facts = [f"{sum(scene.summary.rows.values()):,} rows in {len(scene.summary.rows)} files"]
    for step in STEPS:
        with screen.step(step.title, step.about):
            facts.append(step.run(scene))
    screen.sum_up(facts)


def main(arguments: Sequence[str] | None = None, *, screen: Screen | None = None) -> int:
    """The exit status: 0 when every invariant held, 1 when one did not, 2 when there was no way to go on."""
    options, screen = _options(arguments), screen or Screen.standard()
    folder = Path(mkdtemp(prefix="crmkit-demo-"))
    with ExitStack() as after:
        after.callback(_tidy_up, options, screen, folder)
        try:
            scene = open_scene(options, screen, folder)
            after.callback(scene.crm.close)
            play(scene)
        except CrmError as error:
            screen.say(f"The demo cannot go on. {error}", style="bold red")
            return 2
        for name in scene.broken:
            screen.say(f"BROKEN: {name}", style="bold red")
        return 1 if scene.broken else 0


def _tidy_up(options: Options, screen: Screen, folder: Path) -> None:
    if options.keep:
        screen.say(f"Kept: {folder}")
    else:
        rmtree(folder, ignore_errors=True)


def _options(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(description="A trading company that does not exist moves to crmkit.")
    usual = Options()
    parser.add_argument("--leads", type=_at_least(200), default=usual.leads)
    parser.add_argument("--customers", type=_at_least(60), default=usual.customers)
    parser.add_argument("--seed", type=int, default=usual.seed, help="the same seed gives the same files")
    parser.add_argument(
        "--db", default="", metavar="URL", help="sqlite:///… or postgresql+psycopg://… (a temporary SQLite file)"
    )
    parser.add_argument("--keep", action="store_true", help="leave the files and the database behind")
    return Options(**vars(parser.parse_args(arguments)))


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"at least {least}, so that there is something to see")
        return int(text)

    return number


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
