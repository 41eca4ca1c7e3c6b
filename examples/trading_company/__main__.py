"""``python -m examples.trading_company --out DIR [--seed 1] [--leads 20000] [--customers 3000]``."""

import argparse
from pathlib import Path

from . import generate


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the messy files of a trading company that does not exist.")
    parser.add_argument("--out", type=Path, required=True, help="the directory for the files")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same files")
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--customers", type=int, default=3_000)
    options = parser.parse_args()
    summary = generate(options.out, seed=options.seed, leads=options.leads, customers=options.customers)
    for name, rows in summary.rows.items():
        print(f"{rows:>8,}  {options.out / name}")
    print(
        f"{summary.duplicate_leads:,} leads and {summary.duplicate_customers:,} customers stand there twice, "
        f"{summary.leads_of_customers:,} leads work at a customer, {summary.bad_phones:,} phones and "
        f"{summary.bad_emails:,} e-mails are wrong, {summary.blank_names:,} names are missing."
    )


if __name__ == "__main__":
    main()
