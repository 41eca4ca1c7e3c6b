"""The small host applications do what they say, and stay small."""

import asyncio
import importlib.util
import json
import re
from pathlib import Path

import pytest

from crmkit import Crm
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox

EXAMPLES = Path(__file__).parents[2] / "examples"
HOSTS = ("sqlite_host", "postgres_host", "custom_rule", "async_host")


def host(name):
    """The example as a module, loaded from its file as Python does when it is started."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_fits_on_two_screens(name):
    assert len((EXAMPLES / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 80


def test_enquiry_and_lead_are_saved_together(tmp_path, capsys):
    host("sqlite_host").main(str(tmp_path / "shop.db"))

    said = capsys.readouterr().out

    assert "'40 pumps by June': created" in said
    assert "'and 40 motors, please': updated" in said
    assert "2 enquiries of 1 lead" in said


def test_an_enquiry_that_fails_leaves_no_lead(tmp_path):
    module = host("sqlite_host")
    engine = module.sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    store = module.SqlStore(engine)  # and no table of enquiries

    with pytest.raises(module.sa.exc.OperationalError):
        module.submit(engine, store, module.LeadForm(name="王芳"))

    with store.begin() as uow:
        assert uow.leads.count() == 0
    store.close()


def test_every_customer_goes_to_one_of_the_rivals(postgres_schema, capsys):
    host("postgres_host").main(postgres_schema)

    said = capsys.readouterr().out

    owners = dict(re.findall(r"'(\w+)': (\d+)", said.split("owners:")[1]))
    assert sum(map(int, owners.values())) == 12
    assert max(map(int, owners.values())) <= 4
    assert "without a follow-up 12 of them fall back" in said


def test_rules_of_ones_own_decide_and_explain(capsys):
    host("custom_rule").main()

    said = capsys.readouterr().out

    assert "Can be reached in 2 ways: 10 points." in said
    assert "eva 会说 de。" in said
    assert '"kind": "same_language"' in said


def test_a_host_on_asyncio_takes_leads_and_tells_people():
    module = host("async_host")
    inbox = Inbox()
    crm = Crm(store=MemoryStore(), notifier=inbox)

    async def talk(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        forms = [
            {"name": "王芳", "phones": ["13957142288"]},
            {"nam": "王芳"},
            {"name": "王芳", "phones": ["13957142288"]},
        ]
        for form in forms:
            writer.write(json.dumps(form).encode() + b"\n")
        answers = [json.loads(await reader.readline()) for _ in forms]
        writer.close()
        await writer.wait_closed()
        return answers

    async def session():
        until, port = asyncio.Event(), asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(module.serve(crm, port=0, until=until, ready=port.set_result))
        answers = await talk(await port)
        until.set()
        await serving
        return answers

    first, wrong, again = asyncio.run(session())

    assert first["outcome"] == "created"
    assert "Did you mean name?" in wrong["problem"]
    assert (again["lead"], again["outcome"]) == (first["lead"], "known")
