"""The channels that come with crmkit."""

import io
import logging
import threading
from unicodedata import category

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.notifiers import ConsoleNotifier, Inbox, LogNotifier, one_line
from crmkit.domain.ids import Ref
from crmkit.domain.reasons import Catalogue
from crmkit.domain.stewardship.audit import Notice
from crmkit.domain.texts import TEXTS
from crmkit.testing import NOW

CATALOGUE = Catalogue.of(TEXTS)


def a_notice(**changes):
    assigned = {"type": "ownership.assigned", "data": {"cause": "assigned"}, "recipients": ("M-1",)}
    about = {"tenant": "main", "record": Ref(entity="lead", id="L-1"), "version": 2, "at": NOW}
    return Notice(**{"id": "E-1", **about, **assigned, **changes})


def printed(*notices, **options):
    out = io.StringIO()
    console = ConsoleNotifier(texts=CATALOGUE, out=out, **options)
    for notice in notices:
        console.send(notice)
    return out.getvalue()


class TestConsole:
    @pytest.mark.parametrize(
        ("language", "text"), [("en", "lead:L-1 is yours now (assigned)."), ("zh", "lead:L-1 已分配给您（assigned）。")]
    )
    def test_speaks_english_and_chinese(self, language, text):
        assert printed(a_notice(), language=language) == f"2026-01-31 08:00 → M-1: {text} [E-1]\n"

    def test_is_silent_about_what_nobody_is_to_be_told_unless_asked(self):
        assert printed(a_notice(recipients=())) == ""
        assert "→ –:" in printed(a_notice(recipients=()), everything=True)

    def test_prints_to_standard_output_as_it_is_when_told(self, capsys):
        ConsoleNotifier(texts=CATALOGUE).send(a_notice())
        assert "M-1" in capsys.readouterr().out

    def test_writes_what_the_terminal_cannot_show_as_code_points(self):
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
        ConsoleNotifier(texts=CATALOGUE, language="zh", out=out).send(a_notice())
        assert b"\\u5df2" in raw.getvalue()

    @pytest.mark.parametrize(
        "hostile",
        [
            "\x1b[2J\x1b[31mgone",
            "two\nlines\r\n",
            "\x07bell",
            "\u202eright to left",
            "\u2066isolate\u2069",
            "a\u2028b",
            "\x9b31m",
            "\ue000",
        ],
    )
    def test_shows_control_characters_instead_of_obeying_them(self, hostile):
        line = printed(a_notice(type="ownership.unassigned", data={"reason": hostile}))
        assert line.count("\n") == 1
        assert "\\" in line

    @given(st.text(max_size=50))
    def test_what_is_printed_is_one_visible_line(self, text):
        assert not any(category(character).startswith("C") for character in one_line(text))
        assert len(one_line(text).splitlines()) <= 1

    @given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=50))
    def test_ordinary_text_is_printed_as_it_is(self, text):
        assert one_line(text) == text


class TestInbox:
    def test_a_repeated_notice_stands_there_once(self):
        inbox = Inbox()
        for attempt in (1, 2, 3):
            inbox.send(a_notice(attempt=attempt))
        assert len(inbox.of("M-1")) == 1

    def test_a_repeated_notice_stays_read(self):
        inbox = Inbox()
        inbox.send(a_notice())
        assert inbox.mark_read("M-1", ["E-1", "E-1", "E-9"]) == 1
        inbox.send(a_notice(attempt=2))
        assert inbox.of("M-1", unread=True) == []
        assert inbox.mark_read("M-1", ["E-1"]) == 0

    def test_every_recipient_has_an_inbox_in_every_tenant(self):
        inbox = Inbox()
        inbox.send(a_notice(recipients=("M-1", "M-2")))
        inbox.send(a_notice(id="E-2", tenant="other", recipients=("M-1",)))
        inbox.send(a_notice(id="E-3", recipients=()))
        assert [[item.notice.id for item in inbox.of(member)] for member in ("M-1", "M-2", "M-3")] == [
            ["E-1"],
            ["E-1"],
            [],
        ]
        assert [item.notice.id for item in inbox.of("M-1", tenant="other")] == ["E-2"]

    def test_the_newest_come_first_and_the_oldest_make_room(self):
        inbox = Inbox(most=2)
        for number in (1, 2, 3):
            inbox.send(a_notice(id=f"E-{number}"))
        assert [item.notice.id for item in inbox.of("M-1")] == ["E-3", "E-2"]

    def test_threads_that_tell_the_same_tell_it_once(self):
        inbox, start = Inbox(), threading.Barrier(4)

        def tell():
            start.wait()
            for number in range(200):
                inbox.send(a_notice(id=f"E-{number}"))

        threads = [threading.Thread(target=tell) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(inbox.of("M-1")) == 200


class TestLog:
    def test_says_that_something_was_told_but_not_what(self, caplog):
        secret = a_notice(type="ownership.unassigned", data={"reason": "13800138000"})
        with caplog.at_level(logging.INFO, logger="crmkit.notices"):
            LogNotifier().send(attrs.evolve(secret, attempt=2))
        assert caplog.messages == ["E-1 ownership.unassigned lead:L-1 told=M-1 attempt=2"]
