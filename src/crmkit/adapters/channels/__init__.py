"""Channels to the world outside: guarded, signed, within the limits of those who take the messages."""

from crmkit.adapters.channels.http_door import Answer, HttpDoor
from crmkit.adapters.channels.message import Message, content_of, cut, harmless, saying
from crmkit.adapters.channels.pacing import Budget, Channel, Health, Paced
from crmkit.adapters.channels.robots import DingTalkRobot, FeishuRobot, WeComRobot, dingtalk_sign, feishu_sign
from crmkit.adapters.channels.webhook_signing import SeenIds, sign_webhook, verify_webhook
from crmkit.adapters.channels.webhooks import Webhook, WebhookMessage, cloud_event, thin_event

__all__ = [
    "Answer",
    "Budget",
    "Channel",
    "DingTalkRobot",
    "FeishuRobot",
    "Health",
    "HttpDoor",
    "Message",
    "Paced",
    "SeenIds",
    "WeComRobot",
    "Webhook",
    "WebhookMessage",
    "cloud_event",
    "content_of",
    "cut",
    "dingtalk_sign",
    "feishu_sign",
    "harmless",
    "saying",
    "sign_webhook",
    "thin_event",
    "verify_webhook",
]
