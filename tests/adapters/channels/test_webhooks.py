"""Webhooks: signed, thin, tried again on the same id, and ended when the receiver says so."""

import json

import pytest

from crmkit.adapters.channels import HttpDoor, WebhookMessage, cloud_event, verify_webhook
from crmkit.domain.values import Secret
from crmkit.errors import DeliveryDeferred, DeliveryFailed, InvalidInput, NotAllowed
from crmkit.testing.channels import Reply

from .conftest import a_notice, paced, webhook_of


def test_a_receiver_gets_ids_and_no_personal_data(receiver, clock):
    paced(webhook_of(receiver), clock).send(a_notice(data={"phone": "13800138000"}))

    [body] = receiver.acted
    assert json.loads(body) == {
        "type": "ownership.assigned",
        "timestamp": "2026-01-31T08:00:00+00:00",
        "data": {"record": "lead:L-1", "version": 2, "recipients": ["M-1"]},
    }


def test_fault_2_a_message_that_is_sent_again_has_the_same_id_and_counts_once(receiver, clock):
    channel = paced(webhook_of(receiver), clock)
    channel.send(a_notice())
    clock.advance(hours=5)
    channel.send(a_notice(attempt=2))

    assert receiver.ids == ["E-1", "E-1"]
    assert len(receiver.acted) == 1
    assert len({asked.headers["webhook-signature"] for asked in receiver.asked}) == 2  # a fresh timestamp each


def test_cloud_events_are_complete(receiver, clock):
    channel = webhook_of(receiver, write=cloud_event("https://crm.example", with_data=True))
    paced(channel, clock).send(a_notice())

    event = json.loads(receiver.acted[0])
    assert receiver.asked[0].headers["content-type"].startswith("application/cloudevents+json")
    assert event == {
        "specversion": "1.0",
        "id": "E-1",
        "source": "https://crm.example",
        "type": "crmkit.ownership.assigned",
        "subject": "lead:L-1",
        "time": "2026-01-31T08:00:00Z",
        "sequence": "0000000002",
        "tenant": "main",
        "datacontenttype": "application/json",
        "data": {"recipients": ["M-1"], "cause": "assigned"},
    }


def test_while_secrets_change_over_a_message_has_both_signatures(receiver, clock):
    new = Secret("whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=")
    webhook_of(receiver, secrets=(new, receiver.secret)).deliver(WebhookMessage(id="m", body=b"{}"))
    [asked] = receiver.asked

    for secret in (new, receiver.secret):
        assert verify_webhook([secret], asked.headers, asked.body, now=clock.now()) == "m"


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 401, 404, 500, 503])
def test_only_2xx_is_success(receiver, status):
    receiver.reply = Reply(status, headers={"Location": receiver.url.reveal()})
    with pytest.raises(DeliveryFailed) as failed:
        webhook_of(receiver).deliver(WebhookMessage(id="m", body=b"{}"))

    assert (failed.value.params["status"], failed.value.params["gone"], len(receiver.asked)) == (status, False, 1)


@pytest.mark.parametrize(("status", "kind"), [(429, DeliveryDeferred), (502, DeliveryFailed), (504, DeliveryFailed)])
@pytest.mark.parametrize(("header", "seconds"), [({}, 60.0), ({"Retry-After": "7"}, 7.0)])
def test_an_overloaded_receiver_is_left_alone_for_as_long_as_it_says(receiver, clock, status, kind, header, seconds):
    channel = paced(webhook_of(receiver), clock)
    receiver.reply = Reply(status, headers=header)
    with pytest.raises(kind) as failed:
        channel.send(a_notice())

    assert failed.value.params["retry_after"] == seconds
    assert channel.room(1).messages == 0
    clock.advance(seconds=seconds)
    assert channel.room(1).messages > 0


def test_410_ends_the_channel_until_somebody_mends_it(receiver, clock):
    channel = paced(webhook_of(receiver), clock)
    receiver.reply = Reply(410)
    with pytest.raises(DeliveryFailed):
        channel.send(a_notice())
    clock.advance(days=30)

    assert channel.health().gone
    assert channel.room(1).messages == 0
    with pytest.raises(DeliveryDeferred):
        channel.send(a_notice(2))
    assert len(receiver.asked) == 1
    channel.resume()
    receiver.reply = Reply(200)
    channel.send(a_notice(2))
    assert receiver.ids == ["E-1", "E-2"]


def test_a_webhook_is_looked_at_when_it_is_made(receiver):
    for url in ("https://169.254.169.254/", "http://hooks.example/", "https://localhost/"):
        with pytest.raises(NotAllowed):
            webhook_of(receiver, url=Secret(url), door=HttpDoor())
    with pytest.raises(InvalidInput):
        webhook_of(receiver, secrets=())


def test_a_body_that_is_too_large_is_not_sent(receiver):
    write = lambda notice: WebhookMessage(id=notice.id, body=b"x" * 20_001)
    with pytest.raises(InvalidInput, match="20000 bytes"):
        webhook_of(receiver, write=write).written([a_notice()])
    nothing = webhook_of(receiver, write=lambda notice: None)
    assert nothing.written([a_notice()]) is None


def test_attack_21_neither_url_nor_secret_is_shown(receiver):
    shown = repr(webhook_of(receiver))

    assert "CANARY" not in shown
    assert "whsec" not in shown
