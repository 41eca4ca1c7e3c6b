"""A host application on asyncio: enquiries come in over a socket, and sweeps and notices run beside them.

``python examples/async_host.py crm.db`` listens on port 8025; send it lines such as ``{"name": "王芳", "phones": ["13957142288"]}``.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from attrs import frozen

from crmkit import Crm
from crmkit.errors import InvalidInput
from crmkit.services.lead_form import LeadForm


@frozen
class Reception:
    """Answers every line it is sent with what became of the lead."""

    crm: Crm

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            answer = await self.answer(line)
            writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def answer(self, line: bytes) -> dict[str, str]:
        try:
            form = LeadForm.of(json.loads(line))
            # the whole use case in one thread: a unit of work belongs to the thread that began it
            captured = await asyncio.to_thread(self.crm.leads.capture, form)
        except (InvalidInput, ValueError) as error:
            return {"problem": str(error)}
        return {"lead": captured.lead_id or "", "outcome": captured.outcome.value}


async def every(seconds: float, job: Callable[[], object]) -> None:
    """``job`` again and again, until the task is cancelled."""
    while True:
        await asyncio.to_thread(job)
        await asyncio.sleep(seconds)


async def serve(crm: Crm, *, port: int, until: asyncio.Event, ready: Callable[[int], None] = print) -> None:
    """Enquiries are taken and jobs are run until ``until`` is set; ``ready`` hears the port."""
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(Reception(crm).talk, "127.0.0.1", port)
        await stack.enter_async_context(server)
        for job in (lambda: crm.pools.sweep(entity="lead"), crm.leads.rescore_due, crm.notices.relay):
            task = asyncio.create_task(every(5, job))
            stack.push_async_callback(stopped, task)
        ready(server.sockets[0].getsockname()[1])
        await until.wait()


async def stopped(task: asyncio.Task[None]) -> None:
    """The task has ended; a job that runs in its thread ends by itself."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def main(path: str) -> None:
    with Crm.open(f"sqlite:///{path}") as crm, suppress(KeyboardInterrupt):
        asyncio.run(serve(crm, port=8025, until=asyncio.Event()))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "crm.db")
