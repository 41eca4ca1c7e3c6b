"""A host application on SQLite: an enquiry form with a table of its own, saved together with the lead it makes.

``python examples/sqlite_host.py shop.db``
"""

import sys

import sqlalchemy as sa

from crmkit import Acting, Crm, LeadForm
from crmkit.adapters.sql import SqlStore
from crmkit.services.capture import Captured

enquiries = sa.Table(
    "enquiries",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("lead_id", sa.Text, nullable=False),
)


def submit(engine: sa.Engine, store: SqlStore, form: LeadForm) -> Captured:
    """The enquiry and the lead it is about are both there, or neither is."""
    with engine.begin() as connection:
        crm = Crm(store=store.joined(connection), acting=Acting(actor="website", source="form"))
        captured = crm.leads.capture(form)
        connection.execute(enquiries.insert().values(text=form.description, lead_id=captured.lead_id))
    return captured


def main(path: str) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    enquiries.metadata.create_all(engine)
    with Crm(store=(store := SqlStore(engine))) as crm:
        wants = ["40 pumps by June", "and 40 motors, please"]
        for text in wants:
            captured = submit(engine, store, LeadForm(name="王芳", phones=["139 5714 2288"], description=text))
            print(f"{text!r}: {captured.outcome}")
        with crm.begin(read_only=True) as uow, engine.connect() as connection:
            asked = connection.execute(sa.select(sa.func.count()).select_from(enquiries)).scalar()
            print(f"{asked} enquiries of {uow.leads.count()} lead")
        print(f"{crm.notices.relay().delivered} notices told")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "shop.db")
