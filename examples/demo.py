"""The main job on realistic input: a trading company of half a year ago moves to crmkit, and everything is explained.

``python examples/demo.py [--leads 20000] [--customers 3000] [--seed 1] [--db URL] [--keep]``, or ``make demo``.

The steps stand in ``demo_steps``. Exit status: 0 when every invariant held, 1 when one did not, 2 when the
demo could not begin.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp
from uuid import uuid4

from attrs import frozen

try:
    import rich  # noqa: F401 - asked for here, so that the message can say how to mend it
except ModuleNotFoundError:
    sys.exit("The demo prints with rich. Install it with: pip install 'crmkit[demo]', or run: make demo")

from demo_steps.company import set_up
from demo_steps.customers import import_customers, merge_customers
from demo_steps.assigning import assign_waiting
from demo_steps.history import log_follow_ups
from demo_steps.keeping import let_time_pass
from demo_steps.leads import import_leads
from demo_steps.racing import race
from demo_steps.scoring import score_leads
from demo_steps.reading import ZONE
from demo_steps.scene import Scene, ShortIds
from demo_steps.screen import Screen
from trading_company import generate

from crmkit import Crm
from crmkit.domain.values import start_of_day
from crmkit.errors import CrmError
from crmkit.testing import FixedClock

__all__ = ["STEPS", "Options", "main", "run"]


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
    Step("Duplicates among customers", "Found by keys, judged by the match policy, merged with a journal.", merge_customers),
    Step("Leads come in", "Four systems: GB18030, a byte-order mark, UTF-16 with tabs, semicolons.", import_leads),
    Step("Half a year of follow-ups", "Brought in set-wise; the owners' own ones prolong the protection.", log_follow_ups),
    Step("What leads are worth", "Who they are and what they do; every point has its reason.", score_leads),
    Step("Who gets them", "Sticky to known customers, then the entries of the policy; half days get half.", assign_waiting),
    Step("Two months pass", "Every morning a sweep: owners are warned, what they neglect falls back.", let_time_pass),
    Step("Two reps, one customer", "Real threads, one instant; the database decides who wins.", race),
)


def run(options: Options, screen: Screen, folder: Path) -> Scene:
    """The scene after all steps; the database stays open."""
    summary = generate(folder, seed=options.seed, leads=options.leads, customers=options.customers)
    clock = FixedClock(start_of_day(summary.last_day.date() + timedelta(days=1), zone=ZONE) + timedelta(hours=9))
    url = options.db or f"sqlite:///{folder / 'crm.db'}"
    crm = Crm.open(url, clock=clock, ids=ShortIds())
    scene = Scene(crm.acting_as("demo", tenant=f"demo-{uuid4().hex[:8]}"), clock, screen, summary, Random(options.seed))
    facts = []
    for step in STEPS:
        with screen.step(step.title, step.about):
            facts.append(step.run(scene))
    for (title, seconds), fact in zip(screen.seconds, facts, strict=True):
        print(title, round(seconds, 2), fact)
    return scene


def main(arguments: Sequence[str] | None = None) -> int:
    folder = Path(mkdtemp())
    run(Options(), Screen.standard(), folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
