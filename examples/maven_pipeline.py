"""Real data through crmkit: ``python examples/maven_pipeline.py DIRECTORY``, the files of Maven's "CRM Sales Opportunities".

85 customers, 7 products, 35 agents and 8,800 opportunities come in with all their blemishes; what is no deal yet
becomes a lead, is scored and assigned; what nobody follows up falls into a public pool, from which agents claim.
Exit status: 0 when every invariant held, 1 when one did not, 2 when the files could not be read.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

try:
    import rich  # noqa: F401 - asked for here, so that the message can say how to mend it
except ModuleNotFoundError:
    sys.exit("The example prints with rich. Install it with: pip install 'crmkit[demo]'")

from crmkit import Crm
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.errors import CrmError
from crmkit.testing import FixedClock
from demo_stage.screen import Screen
from maven_steps.files import Files
from maven_steps.importing import import_customers, import_deals, import_leads, import_people
from maven_steps.sale import CUSTOM, TODAY, Sale
from maven_steps.working import assign_prospects, check, claim_from_pool, score_leads, sweep_leads

__all__ = ["STEPS", "main"]

STEPS: tuple[tuple[str, str, Callable[[Sale], str]], ...] = (
    ("People and rules", "Agents in teams of three regions.", import_people),
    ("Customers", "Owned by the agent who sold them most.", import_customers),
    ("Deals", "Opportunities with an account that somebody was engaged with.", import_deals),
    ("Leads", "Prospects, and whoever was engaged without anybody noting the account.", import_leads),
    ("What leads are worth", "By what they ask for, who they are, and how lately we talked.", score_leads),
    (
        "Who gets the prospects",
        "The owner of a known customer, else who is least busy: large ones stay in their region.",
        assign_prospects,
    ),
    ("A month passes", "Nobody follows up: owners are warned, then leads fall into the pool.", sweep_leads),
    ("From the pool", "Every agent reaches for the twelve best.", claim_from_pool),
    ("What must hold", "Counted in the store and in the inboxes.", check),
)


def main(arguments: Sequence[str] | None = None, *, screen: Screen | None = None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description="Maven's CRM Sales Opportunities through crmkit.")
    parser.add_argument("directory", type=Path, help="where accounts.csv, products.csv … are")
    directory: Path = parser.parse_args(arguments).directory
    screen = screen or Screen.standard()
    facts = []
    try:
        with screen.step("Files", "Read as they are; what is odd is counted and named."):
            files = Files.read(directory)
            files.show(screen)
            facts.append(f"{sum(rows for _, _, rows in files.rows):,} rows in {len(files.rows)} files")
        clock, inbox = FixedClock(TODAY), Inbox(most=1_000_000)
        sale = Sale(Crm(store=MemoryStore(custom=CUSTOM), clock=clock, notifier=inbox), clock, screen, files, inbox)
        for title, about, run in STEPS:
            with screen.step(title, about):
                facts.append(run(sale))
    except CrmError as error:
        screen.say(f"The example cannot go on. {error}", style="bold red")
        return 2
    screen.sum_up(facts)
    return 1 if sale.broken else 0


if __name__ == "__main__":
    sys.exit(main())
