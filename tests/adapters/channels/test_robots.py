"""Robots say what happened, ping nobody, keep their key to themselves, and fit into what the vendor takes."""

import copy
import json
import logging
import pickle
import traceback
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.channels import HttpDoor, Message, content_of, cut, harmless, saying
from crmkit.domain.reasons import Catalogue
from crmkit.domain.texts import TEXTS
from crmkit.domain.values import Secret
from crmkit.errors import DeliveryDeferred, DeliveryFailed, InvalidInput
from crmkit.testing.channels import FakeFeishu, FakeWeCom

from .conftest import LOOPBACK, a_notice, paced, plainly, robot_of

CANARIES = ("CANARY", "canary")
NASTY = [
    "<@all>",
    "@all",
    "@所有人",
    "@13800138000",
    "@+8613800138000",
    "<@zhangsan>",
    '<at user_id="all">everyone</at>',
    '<at user_id="ou_1"></at>',
    "[x](javascript:alert(1))",
    "[x](https://evil.example)",
    "<font color='warning'>x</font>",
    '<a href="https://evil.example">x</a>',
    "`code` <@all>",
    "&lt;@all&gt;<@all>",
    "\u202e<@all>",
    "<\u200b@all>",
    "<@all\n>",
    "＜@all＞@all",
]


def send(server, text, **options):
    robot = robot_of(server, **options)
    robot.deliver(robot.written([a_notice(data={"text": text, "link": "https://crm.example/leads/1"})]))


def test_a_robot_says_what_happened_in_the_words_of_the_catalogue(server):
    say = saying(Catalogue.of(TEXTS), language="zh", link=lambda notice: f"https://crm.example/{notice.record.id}")
    robot = robot_of(server, say=say)
    robot.deliver(robot.written([a_notice()]))

    assert server.received == ["lead:L-1 已分配给您（assigned）。\nhttps://crm.example/L-1"]
    assert robot.written([a_notice(recipients=())]) is None


@pytest.mark.parametrize("text", NASTY)
def test_attack_18_a_lead_of_such_a_name_pings_nobody_and_links_nowhere(server, text):
    send(server, f"{text} is yours now.")

    assert (len(server.received), server.pinged, server.links) == (1, [], [])
    assert server.received[0].endswith("\nhttps://crm.example/leads/1")


def test_the_fake_servers_do_see_pings_and_links(server):
    robot = robot_of(server)
    raw = "<@all> @13800138000 <at user_id='all'> [x](y)"
    robot.deliver(raw)

    assert server.pinged
    assert server.links


@given(st.text(max_size=400))
def test_attack_18_nothing_of_any_text_is_left_that_chats_read(text):
    assert not set(harmless(text)) & set("@<>[]`\x00\x1b\u202e\u200b")


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(min_value=3, max_value=400)
)
def test_a_text_is_cut_between_characters(text, most):
    short = cut(text, most)

    assert len(short.encode()) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@pytest.mark.parametrize("letter", ["a", "é", "张", "😀", '"', "\n", "\\"])
def test_the_longest_text_fits_and_keeps_its_link(server, letter):
    send(server, letter * 30_000)

    assert server.broken == {}
    assert server.received[0].endswith("…\nhttps://crm.example/leads/1")


def test_several_notices_stand_on_a_line_each_and_the_rest_is_counted(server):
    robot = robot_of(server)
    notices = [a_notice(n, data={"text": f"{n} <@all>\n{'张' * 60}"}) for n in range(400)]
    robot.deliver(robot.written(notices))
    [text] = server.received

    assert text.startswith("400 条消息：\n• 0 ＜＠all＞ 张")
    head, _, more = text.rpartition("\n…+")
    assert int(more) + head.count("• ") == 400
    assert server.pinged == []


def test_a_digest_speaks_english_too():
    assert content_of([Message(text="a", link="https://c.example/1"), Message(text="b")], most=99) == (
        "2 messages:\n• a https://c.example/1\n• b"
    )


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://x.example/)[y](z", "https://x.example/<@all>", "//x", "ftp://x"]
)
def test_a_link_that_is_none_is_refused(link):
    with pytest.raises(InvalidInput, match="plain"):
        Message(text="x", link=link)


def test_a_wrong_signature_is_refused_by_the_vendor_and_named_by_its_code(clock):
    with FakeFeishu(clock=clock) as server, pytest.raises(DeliveryFailed) as failed:
        send(server, "x", secret=Secret("another"))

    assert (failed.value.params["status"], failed.value.params["errcode"]) == (200, 19021)


def test_an_answer_other_than_success_is_a_failure(server):
    server.down = True
    with pytest.raises(DeliveryFailed):
        send(server, "x")
    server.down, server.mute = False, True
    with pytest.raises(DeliveryFailed, match="broke off"):
        send(server, "x")


def test_fault_17_too_many_messages_are_put_off_and_not_failed(server):
    robot = robot_of(server)
    with pytest.raises(DeliveryDeferred) as deferred:
        many(robot)

    assert deferred.value.params["retry_after"] in {60.0, 600.0}


def many(robot):
    for _ in range(101):
        robot.deliver("x")


def test_feishu_rests_about_full_and_half_hours(clock):
    with FakeFeishu(clock=clock) as server:
        robot, waits = robot_of(server), {}
        clock.set(clock.now().replace(minute=29, second=0))
        for _ in range(300):
            waits[clock.now().strftime("%M:%S")] = robot.quiet()
            clock.advance(timedelta(seconds=1))

    resting = [at for at, wait in waits.items() if wait]
    assert (resting[0], resting[-1], waits["29:50"]) == ("29:50", "30:59", 70.0)


def test_attack_21_the_key_of_a_robot_is_in_no_log_error_repr_or_pickle(server, caplog):
    """The URL of a robot is its key: whatever goes wrong, nobody reads it."""
    caplog.set_level(logging.DEBUG)
    robot = robot_of(server)
    channel = paced(robot, server.clock)
    told = [repr(robot), str(robot), repr(channel), repr(copy.copy(robot)), repr(server.url)]
    for trouble in ("down", "mute"):
        server.down, server.mute = trouble == "down", trouble == "mute"
        told += failures(lambda: robot.deliver("x"))
    server.down = server.mute = False
    told += failures(
        lambda: robot_of(server, url=Secret(server.url.reveal().replace("127.0.0.1", "10.0.0.7"))).deliver("x")
    )
    told += failures(lambda: robot_of(server, url=Secret(f"{server.url.reveal()}\r\nX: CANARY")).deliver("x"))
    told += failures(lambda: robot_of(server, door=HttpDoor()).deliver("x"))
    told += failures(lambda: pickle.dumps(robot))
    told += failures(lambda: many(robot))

    assert len(told) >= 10
    assert not [text for text in [*told, caplog.text] if any(canary in text for canary in CANARIES)]


def failures(work):
    """Everything that an error of ``work`` says, its traceback and what hangs on it."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is
        hanging = [repr(error), str(error), repr(getattr(error, "params", "")), *map(repr, error.args)]
        chain = [repr(link) for link in (error.__cause__, error.__context__) if link]
        lines = [line for line in traceback.format_exception(error) if "tests/" not in line]
        try:
            hanging.append(repr(pickle.dumps(error)))
        except Exception as unpicklable:  # noqa: BLE001
            hanging.append(repr(unpicklable))
        return ["".join([*hanging, *chain, *lines])]
    raise AssertionError("it did not fail")


def test_attack_22_what_a_message_says_is_in_no_log_or_error(server, caplog):
    caplog.set_level(logging.DEBUG)
    server.down = True
    told = failures(lambda: send(server, "call 13800138000, li.wei@yunshan.example"))

    assert not [text for text in [*told, caplog.text] if "13800138000" in text or "yunshan" in text]


def test_wecom_needs_its_key_and_counts_bytes(clock):
    with FakeWeCom(clock=clock) as server:
        robot = robot_of(server)
        with pytest.raises(DeliveryFailed):
            robot.deliver("张" * 1_000)
        stranger = robot_of(server, url=Secret(server.url.reveal().replace("KEY", "OTHER")))
        with pytest.raises(DeliveryFailed):
            stranger.deliver("x")

    assert server.broken == {45002: 1, 93000: 1}


def test_messages_are_json_in_utf_8(server):
    send(server, '张"三\\')

    assert json.loads(server.asked[0].body)
    assert server.asked[0].headers["content-type"] == "application/json; charset=utf-8"
    assert LOOPBACK.loopback
    assert plainly(a_notice(recipients=())) is None
