"""What a channel says: a text and a link, made harmless and cut to size.

Names come from customers, and chats read signs in them: ``<@all>`` would ping a whole company, ``[x](javascript:…)``
would become a link. Such signs are replaced by their full-width twins, which look alike and do nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from crmkit.domain.model import Line, Note, model
from crmkit.domain.reasons import Catalogue
from crmkit.domain.stewardship.audit import Notice
from crmkit.errors import InvalidInput

__all__ = ["Message", "Say", "content_of", "cut", "harmless", "saying"]

_LINK = re.compile(r"https?://[A-Za-z0-9.\-_~:/?#&=%+,;]{1,490}")
_TWINS: Final = str.maketrans("@<>[]`", "＠＜＞［］｀")
_KEPT: Final = "\n\t"
MORE: Final = "…"
MOST: Final = 100_000
"""Bytes of what a notice says, before a channel cuts it further."""


@model
class Message:
    """A text that people may have written, and a link of the host's own that is never cut."""

    text: Note
    link: Line = ""

    def check(self) -> None:
        """The link is one, and nothing in it means something to a chat."""
        if self.link and not _LINK.fullmatch(self.link):
            raise InvalidInput(
                "is no plain http(s) URL.", field="Message.link", hint="Percent-encode what is not a letter or a digit."
            )


Say: TypeAlias = Callable[[Notice], Message | None]
"""What a channel says of a notice; ``None`` when the notice does not concern it."""


def saying(texts: Catalogue, *, language: str = "en", link: Callable[[Notice], str] | None = None) -> Say:
    """Says every notice that somebody is to be told, in the words of ``texts``, with a ``link`` if one is given."""

    def say(notice: Notice) -> Message | None:
        if not notice.recipients:
            return None
        text = cut(harmless(texts.say(notice.reason, language)), MOST)
        return Message(text=text, link="" if link is None else link(notice))

    return say


def harmless(text: str) -> str:
    """``text`` in which no chat finds a mention, a tag or a link of its own making.

    >>> print(harmless("<@all> [x](javascript:1) @13800138000"))
    ＜＠all＞ ［x］(javascript:1) ＠13800138000
    """
    seen = (sign for sign in text if sign in _KEPT or unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    return "".join(seen).translate(_TWINS)


def cut(text: str, most: int) -> str:
    """``text`` of ``most`` bytes of UTF-8 or fewer, cut between characters and marked when something is missing.

    >>> cut("张三李四", 9), len(cut("张三李四", 9).encode())
    ('张三…', 9)
    """
    raw = text.encode()
    if len(raw) <= most:
        return text
    return raw[: most - len(MORE.encode())].decode(errors="ignore") + MORE


def content_of(messages: Sequence[Message], *, most: int, language: str = "en") -> str:
    """One text of ``most`` bytes or fewer: the message with its link, or a line for each of several and how many more."""
    if len(messages) == 1:
        [message] = messages
        end = f"\n{message.link}" if message.link else ""
        return cut(harmless(message.text), most - len(end.encode())) + end
    count = len(messages)
    lines = [f"{count} 条消息：" if language.startswith("zh") else f"{count} messages:"]
    left = most - len(lines[0].encode()) - 16  # room for "…+N"
    for told, message in enumerate(messages):
        line = "• " + cut(" ".join(harmless(message.text).split()), 240)
        line += f" {message.link}" if message.link else ""
        left -= len(line.encode()) + 1
        if left < 0:
            lines.append(f"{MORE}+{count - told}")
            break
        lines.append(line)
    return "\n".join(lines)
