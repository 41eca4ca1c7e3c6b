"""Channels to the world outside: guarded, signed, within the limits of those who take the messages."""

from crmkit.adapters.channels.cloud_events import cloud_event, read_cloud_event
from crmkit.adapters.channels.gateways import Gateway, GatewayChannel, Receipt, TextMessage
from crmkit.adapters.channels.http_door import Answer, HttpDoor
from crmkit.adapters.channels.message import Message, content_of, cut, harmless, saying
from crmkit.adapters.channels.pacing import Budget, Channel, Health, Paced
from crmkit.adapters.channels.robots import DingTalkRobot, FeishuRobot, WeComRobot, dingtalk_sign, feishu_sign
from crmkit.adapters.channels.smtp import Mail, MailChannel, MailServer
from crmkit.adapters.channels.webhook_signing import SeenIds, sign_webhook, verify_webhook
from crmkit.adapters.channels.webhooks import Webhook, WebhookMessage, thin_event

__all__ = [
    "Answer",
    "Budget",
    "Channel",
    "DingTalkRobot",
    "FeishuRobot",
    "Gateway",
    "GatewayChannel",
    "Health",
    "HttpDoor",
    "Mail",
    "MailChannel",
    "MailServer",
    "Message",
    "Paced",
    "Receipt",
    "SeenIds",
    "TextMessage",
    "WeComRobot",
    "Webhook",
    "WebhookMessage",
    "cloud_event",
    "content_of",
    "cut",
    "dingtalk_sign",
    "feishu_sign",
    "harmless",
    "read_cloud_event",
    "saying",
    "sign_webhook",
    "thin_event",
    "verify_webhook",
]
