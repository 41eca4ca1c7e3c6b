"""Chinese text for people to read: the one door to OpenCC and pypinyin, opened when it is first needed.

Needs the extra ``zh``. Match keys never go through here: they must not depend on what is installed, so
the core carries its own tables (``domain.values.chinese``), character by character. These functions look
at whole phrases.

>>> simplified("頭髮與發展"), traditional("头发与发展"), pinyin("重庆银行")
('头发与发展', '頭髮與發展', 'chong qing yin hang')
"""

from functools import cache
from typing import TYPE_CHECKING

from crmkit.errors import MissingExtra

if TYPE_CHECKING:
    from opencc import OpenCC

__all__ = ["pinyin", "simplified", "traditional"]


def simplified(text: str) -> str:
    """``text`` in simplified characters.

    Raises:
        MissingExtra: OpenCC is not installed.
    """
    converted: str = _converter("t2s").convert(text)
    return converted


def traditional(text: str) -> str:
    """``text`` in traditional characters.

    Raises:
        MissingExtra: OpenCC is not installed.
    """
    converted: str = _converter("s2t").convert(text)
    return converted


def pinyin(text: str, *, tones: bool = False) -> str:
    """``text`` in pinyin, a blank between the syllables; what is not Chinese stays.

    To sort by, or to write a name in Latin letters. A surname is read as any other word: ask
    ``domain.values.chinese.pinyin`` how names are read.

    Raises:
        MissingExtra: pypinyin is not installed.
    """
    try:
        from pypinyin import Style, lazy_pinyin
    except ImportError as exc:
        raise MissingExtra.named("zh", package="pypinyin") from exc
    return " ".join(lazy_pinyin(text, style=Style.TONE if tones else Style.NORMAL))


@cache
def _converter(config: str) -> "OpenCC":
    try:
        from opencc import OpenCC
    except ImportError as exc:
        raise MissingExtra.named("zh", package="opencc") from exc
    return OpenCC(config)
