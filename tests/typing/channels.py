"""Every channel is one that `Paced` takes, and `Paced` is a notifier that the relay asks for room."""

from crmkit import Crm
from crmkit.adapters.channels import (
    Channel,
    DingTalkRobot,
    FeishuRobot,
    Mail,
    MailChannel,
    MailServer,
    Message,
    Paced,
    Webhook,
    WeComRobot,
    cloud_event,
)
from crmkit.adapters.memory import MemoryStore
from crmkit.domain.stewardship.audit import Notice
from crmkit.domain.values import Secret
from crmkit.ports.notifier import Notifier, PacedNotifier

URL = Secret("https://hooks.example/in")


def say(notice: Notice) -> Message | None:
    return Message(text=notice.type) if notice.recipients else None


def write(notice: Notice) -> Mail | None:
    return Mail(to=("wei@crm.example",), subject=notice.type, text="")


robots: list[Channel[str]] = [
    WeComRobot(url=URL, say=say),
    DingTalkRobot(url=URL, say=say, secret=Secret("SEC0")),
    FeishuRobot(url=URL, say=say),
]
mail = MailChannel(server=MailServer(host="mail.example"), sender="crm@crm.example", write=write)
hook = Webhook(
    url=URL, secrets=(Secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),), write=cloud_event("/crm")
)

notifiers: list[Notifier] = [Paced(channel=mail), Paced(channel=hook), *(Paced(channel=robot) for robot in robots)]
paced: PacedNotifier = Paced(channel=hook, processes=2)
crm = Crm(store=MemoryStore(), notifier=paced)
