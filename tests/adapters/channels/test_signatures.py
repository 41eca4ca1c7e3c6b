"""Attack 20: signatures equal those of the vendors, and nothing that was changed or replayed passes."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook as TheirWebhook

from crmkit.adapters.channels import SeenIds, dingtalk_sign, feishu_sign, sign_webhook, verify_webhook
from crmkit.domain.values import Secret
from crmkit.errors import InvalidInput, NotAllowed

SECRET = Secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
OTHER = Secret("whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=")
AT = datetime.fromtimestamp(1_700_000_000, UTC)
BODY = '{"type":"lead.assigned","name":"张三"}'.encode()
VECTOR = "v1,kKhBqlJRoenzR4ykQriTw5mqNdLxY9mbLzpZZmm976U="
HEADERS = {"webhook-id": "msg_crmkit1", "webhook-timestamp": "1700000000", "webhook-signature": VECTOR}


def verified(body=BODY, secrets=(SECRET,), now=AT, **changes):
    headers = {**HEADERS, **{f"webhook-{name}": value for name, value in changes.items()}}
    return verify_webhook(secrets, headers, body, now=now)


def test_attack_20_the_vectors_are_met():
    assert sign_webhook(SECRET, id="msg_crmkit1", at=AT, body=BODY) == VECTOR
    assert dingtalk_sign(Secret("SECcrmkit0000"), milliseconds=1_700_000_000_000) == (
        "lzWP/8XLg3HHHDlNNJS3i8GcKYyyro0yYO6c3J9xMrg="
    )
    assert feishu_sign(Secret("crmkit-feishu"), seconds=1_700_000_000) == "S83FvItJS2ElEOo+SZa/K4jlKvwyCS5X4KNVOpqrl0o="
    assert verified() == "msg_crmkit1"


@pytest.mark.parametrize("body", [b"", b"{}", BODY, "😀".encode() * 100])
@pytest.mark.parametrize("id", ["msg_1", "0190c1a2-7b3c-7def-8123-456789abcdef"])
def test_attack_20_the_package_standardwebhooks_signs_and_verifies_the_same(id, body):
    now = datetime.now(UTC)
    theirs = TheirWebhook(SECRET.reveal())
    ours = sign_webhook(SECRET, id=id, at=now, body=body)
    stamp = str(int(now.timestamp()))
    headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": ours}

    assert theirs.sign(id, now, body.decode()) == ours
    theirs.verify(body, headers, json_parse=False)
    assert verify_webhook([SECRET], headers, body, now=now) == id


@pytest.mark.parametrize("part", ["body", "id", "timestamp", "signature"])
def test_attack_20_no_byte_may_be_another(part):
    """Each byte of each part by every other visible one, and each left out."""
    whole = BODY if part == "body" else HEADERS[f"webhook-{part}"].encode()
    for place in range(len(whole)):
        mutants = {whole[:place] + bytes([other]) + whole[place + 1 :] for other in range(33, 127)}
        for mutant in (mutants | {whole[:place] + whole[place + 1 :]}) - {whole}:
            changed = mutant if part == "body" else mutant.decode()
            with pytest.raises(NotAllowed):
                verified(**{part: changed})


@pytest.mark.parametrize(
    "signature",
    ["", "v1,", "v1", VECTOR[3:], f"v2,{VECTOR[3:]}", f"v1a,{VECTOR[3:]}", f"V1,{VECTOR[3:]}", "none", f"{VECTOR},x"],
)
def test_attack_20_a_signature_that_is_stripped_or_of_another_scheme_is_refused(signature):
    with pytest.raises(NotAllowed):
        verified(signature=signature)


@pytest.mark.parametrize("signature", [f"v1,AAAA {VECTOR}", f"{VECTOR} v1a,AAAA", f"v9,x {VECTOR} v1,張三"])
def test_one_good_signature_among_others_is_enough(signature):
    assert verified(signature=signature) == "msg_crmkit1"


@pytest.mark.parametrize(("seconds", "passes"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_attack_20_what_is_older_or_newer_than_five_minutes_is_refused(seconds, passes):
    now = AT + timedelta(seconds=seconds)
    if passes:
        assert verified(now=now)
    else:
        with pytest.raises(NotAllowed, match="timestamp"):
            verified(now=now)


@pytest.mark.parametrize(
    "timestamp", ["", "01700000000", "1.7e9", "1700000000.0", "-1700000000", "١٧٠٠٠٠٠٠٠٠", "9" * 40]
)
def test_attack_20_a_timestamp_is_whole_seconds_in_ascii(timestamp):
    with pytest.raises(NotAllowed, match="headers"):
        verified(timestamp=timestamp)


def test_attack_20_a_replay_is_known_by_its_id():
    seen = SeenIds(most=2)

    assert [seen.add(id) for id in ("a", "b", "a", "c", "a")] == [True, True, False, True, True]


def test_while_secrets_change_over_both_are_good():
    assert verified(secrets=(OTHER, SECRET)) == "msg_crmkit1"
    with pytest.raises(NotAllowed):
        verified(secrets=(OTHER,))
    with pytest.raises(NotAllowed):
        verified(secrets=())


@pytest.mark.parametrize("id", ["", "a.b", "a b", "a\nb", "é", "x" * 257])
def test_an_id_that_could_be_read_in_two_ways_is_not_signed(id):
    with pytest.raises(InvalidInput):
        sign_webhook(SECRET, id=id, at=AT, body=b"")


def test_a_secret_that_is_none_is_told_without_telling_it():
    with pytest.raises(InvalidInput) as told:
        sign_webhook(Secret("whsec_not base64!"), id="m", at=AT, body=b"")

    assert "base64!" not in str(told.value)
