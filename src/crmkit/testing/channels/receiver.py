"""A receiver of webhooks on loopback that looks at signatures and acts on each id once."""

from crmkit.adapters.channels import SeenIds, verify_webhook
from crmkit.domain.values.secret import Secret
from crmkit.errors import NotAllowed
from crmkit.ports.clock import Clock
from crmkit.testing.channels.server import Asked, LoopbackServer, Reply

__all__ = ["FakeReceiver"]


class FakeReceiver(LoopbackServer):
    """Answers 401 to what is not signed, and ``reply`` to the rest; ``acted`` has each message once."""

    path = "/hooks/CANARY-HOOK"
    secret = Secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")

    def __init__(self, *, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.reply = Reply(204, b"")
        self.ids: list[str] = []
        self.acted: list[bytes] = []
        self._seen = SeenIds()

    def answer(self, asked: Asked) -> Reply:
        """What a careful receiver answers."""
        try:
            id = verify_webhook([self.secret], asked.headers, asked.body, now=self.clock.now())
        except NotAllowed:
            return Reply(401)
        self.ids.append(id)
        if 200 <= self.reply.status < 300 and self._seen.add(id):
            self.acted.append(asked.body)
        return self.reply
