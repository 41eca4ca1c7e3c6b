"""Names of people and companies: the parts where they can be told, the raw text always.

>>> name = PersonName.parse("诸葛孔明")
>>> name.family, name.given, str(name)
('诸葛', '孔明', '诸葛孔明')
>>> name = PersonName.parse("Dr. John Q. Smith, Jr.")
>>> name.title, name.given, name.middle, name.family, name.suffix
('Dr.', 'John', 'Q.', 'Smith', 'Jr.')
>>> PersonName.parse("Smith, John") == PersonName(raw="Smith, John", family="Smith", given="John")
True
"""

import re
from enum import StrEnum
from typing import NamedTuple

from crmkit.domain.checks import check_for
from crmkit.domain.model import Key, Line, model
from crmkit.domain.values.chinese.pinyin import surname_in
from crmkit.domain.values.plain_text import EASTERN, at_first_use, has_eastern, plain
from crmkit.errors import InvalidInput

__all__ = ["SUFFIXES", "TITLES", "CompanyName", "NameOrder", "PersonName", "without_eastern_title"]

_check_raw = check_for(Key)


class NameOrder(StrEnum):
    """In which order the full name reads."""

    FAMILY_FIRST = "family_first"
    GIVEN_FIRST = "given_first"


@model
class PersonName:
    """A person's name.

    Args:
        raw: the whole name as written; may be empty when the parts were given apart.
        family: surname, with its particle ("van der Berg").
        given: first name; also the whole name where it cannot be split safely.
        middle: what stands between them.
        title: "Dr.", "先生", "总".
        suffix: "Jr.", "PhD".
        order: in which order the full name reads.

    Raises:
        InvalidInput: neither a family nor a given name.
    """

    raw: Line = ""
    family: Line = ""
    given: Line = ""
    middle: Line = ""
    title: Line = ""
    suffix: Line = ""
    order: NameOrder = NameOrder.GIVEN_FIRST

    def check(self) -> None:
        """Refuse a name without parts."""
        if not self.family and not self.given:
            raise InvalidInput("is empty.", field="PersonName.given", hint="Give a family name or a given name.")

    @classmethod
    def parse(cls, raw: str, *, order: NameOrder | None = None) -> "PersonName":
        """The name in ``raw``: Chinese, Korean and Japanese family first, others given first unless told by ``order``.

        "Smith, John" is family first in any case, "约翰·史密斯" given first. Notes in brackets are left out
        of the parts. A name that mixes scripts is not split.

        Raises:
            InvalidInput: ``raw`` is blank or longer than 500 characters.

        >>> PersonName.parse("王女士").title, PersonName.parse("Nguyen Van An", order=NameOrder.FAMILY_FIRST).family
        ('女士', 'Nguyen')
        """
        text = plain(_check_raw("PersonName.raw", raw))
        bare = (" ".join(_ASIDE.sub(" ", text).split()) or text) if "(" in text else text
        if not has_eastern(bare):
            parts = _western(bare, order)
        elif _eastern_name().fullmatch(bare):
            parts = _eastern(bare, order)
        else:
            parts = _Parts(given=bare)
        if not parts.family and not parts.given:
            parts = _Parts(given=text)
        return cls(raw=raw, **parts._asdict())

    @property
    def full(self) -> str:
        """Family, given and middle name in their order, without title."""
        if self.order is NameOrder.FAMILY_FIRST:
            gap = "" if has_eastern(self.family + self.given) else " "
            return gap.join(part for part in (self.family, self.given, self.middle) if part)
        gap = "·" if has_eastern(self.given) else " "
        return gap.join(part for part in (self.given, self.middle, self.family) if part)

    def __str__(self) -> str:
        return self.full


@model
class CompanyName:
    """A company's name: ``legal`` as written, ``short`` as people say it.

    >>> str(CompanyName(legal="杭州云杉贸易有限公司", short="云杉"))
    '杭州云杉贸易有限公司'
    """

    legal: Key
    short: Line = ""

    def check(self) -> None:
        """Refuse a blank name."""
        if not self.legal.strip():
            raise InvalidInput("is blank.", field="CompanyName.legal", hint="Give the company's name.")

    def __str__(self) -> str:
        return self.legal


class _Parts(NamedTuple):
    family: str = ""
    given: str = ""
    middle: str = ""
    title: str = ""
    suffix: str = ""
    order: NameOrder = NameOrder.GIVEN_FIRST


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ASIDE = re.compile(r"\([^()]*\)")
_dots = at_first_use("[·・‧•⋅]")
_eastern_name = at_first_use(f"[{EASTERN}·・‧•⋅ ]+")
_han_start = at_first_use("[\u3400-\u9fff]+(?=[\u3041-\u30ff])")
_kana = at_first_use("[\u3041-\u30fa]")
_MOST_EASTERN = 6  # characters; what is longer is hardly one person

# Korean surnames of two characters; the Chinese ones are in chinese.pinyin
_COMPOUND_KOREAN = _words("남궁 황보 제갈 사공 선우 서문 독고 동방")
_EASTERN_TITLES = tuple(
    sorted(
        _words(
            """
            先生 女士 小姐 太太 老师 教授 博士 医生 律师 经理 总经理 副总经理 董事长 主任 总监 主管 校长 院长 局长 处长 科长 部长 厂长
            老板 师傅 同学 經理 總經理 董事長 老師 總監 醫生 律師 님 주임 과장 부장 대리 사장 様 さん
            """
        ),
        key=lambda title: (-len(title), title),
    )
)
_SHORT_TITLES = ("总", "總", "董", "工")
TITLES = _words(
    "mr mrs ms miss mx mister dr prof professor sir madam dame lord herr frau mme mlle sr sra srta dott ing rev hon"
)
"""Forms of address before a name, folded."""
SUFFIXES = _words("jr sr ii iii iv phd md mba cpa esq dds")
"""What is added after a name, folded."""
_PARTICLES = _words("van von vom zu zur de del della der den da das di dos du la le al el bin ibn bint ter ten af av")


def _eastern(text: str, order: NameOrder | None) -> _Parts:
    """A name in Han characters, hangul or kana."""
    text, title = without_eastern_title(text)
    given, *middle = [part.strip() for part in _dots().split(text)]
    if middle:
        return _Parts(family=middle[-1], given=given, middle="·".join(middle[:-1]), title=title)
    first, _, rest = text.partition(" ")
    if rest:
        given, family = (first, rest) if order is NameOrder.GIVEN_FIRST else (rest, first)
        given, family = given.replace(" ", ""), family.replace(" ", "")
    else:
        family = _family_in(text)
        given = text[len(family) :]
    return _Parts(family=family, given=given, title=title, order=NameOrder.FAMILY_FIRST)


def without_eastern_title(text: str) -> tuple[str, str]:
    """The name and the form of address after it; a name is never nothing but a title.

    >>> without_eastern_title("王芳女士"), without_eastern_title("陈总"), without_eastern_title("先生")
    (('王芳', '女士'), ('陈', '总'), ('先生', ''))
    """
    if text.endswith(_EASTERN_TITLES) and text not in _EASTERN_TITLES:
        title = next(title for title in _EASTERN_TITLES if text.endswith(title))
        return text.removesuffix(title).rstrip(), title
    if text.endswith(_SHORT_TITLES) and (len(text) == 2 or len(surname_in(text)) == len(text) - 1):
        return text[:-1], text[-1]
    return text, ""


def _family_in(text: str) -> str:
    """The surname at the start of a name without blanks; nothing when it cannot be told."""
    if _kana().search(text):
        start = _han_start().match(text)
        return start[0] if start else ""
    if len(text) > _MOST_EASTERN:
        return ""
    return text[:2] if text[:2] in _COMPOUND_KOREAN else surname_in(text)


def _western(text: str, order: NameOrder | None) -> _Parts:
    """A name with blanks between its parts."""
    head, _, tail = text.partition(",")
    title, front = _split_titles(head.split())
    back_title, back = _split_titles(tail.replace(",", " ").split())
    title = f"{title} {back_title}".strip()
    back, suffix = _split_suffixes(back)
    reads = order or NameOrder.GIVEN_FIRST
    if back:
        return _Parts(" ".join(front), back[0], " ".join(back[1:]), title, suffix, reads)
    front, front_suffix = _split_suffixes(front)
    suffix = f"{front_suffix} {suffix}".strip()
    if len(front) < 2:
        name = " ".join(front)
        return _Parts(family=name, title=title, suffix=suffix) if title else _Parts(given=name, suffix=suffix)
    if reads is NameOrder.FAMILY_FIRST:
        return _Parts(front[0], " ".join(front[1:]), "", title, suffix, reads)
    start = _family_start(front)
    return _Parts(" ".join(front[start:]), front[0], " ".join(front[1:start]), title, suffix, reads)


def _family_start(words: list[str]) -> int:
    """Where the family name starts: at its first particle, else at the last word."""
    inner = range(1, len(words) - 1)
    return next((place for place in inner if words[place].casefold() in _PARTICLES), len(words) - 1)


def _split_titles(words: list[str]) -> tuple[str, list[str]]:
    count = 0
    while count < len(words) - 1 and words[count].casefold().rstrip(".") in TITLES:
        count += 1
    return " ".join(words[:count]), words[count:]


def _split_suffixes(words: list[str]) -> tuple[list[str], str]:
    count = len(words)
    while count and words[count - 1].casefold().replace(".", "") in SUFFIXES:
        count -= 1
    return words[:count], " ".join(words[count:])
