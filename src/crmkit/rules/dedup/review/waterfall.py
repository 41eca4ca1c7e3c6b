"""The steps of a pair's score as sentences in English and Chinese.

>>> from crmkit.domain.reasons import Catalogue
>>> from crmkit.rules.dedup.review.texts import TEXTS
>>> texts = Catalogue.of(TEXTS)
>>> for field, level in [("born", "one digit"), ("name", "85% of the words"), ("prior", "any two records")]:
...     reason = step_reason(field, level)
...     print(texts.say(reason), "|", texts.say(reason, "zh"))
born: one digit differs | born：差一位数字
name: 85% of the words | name：85% 的词相同
any two records | 任意两条记录
"""

from crmkit.domain.reasons import Reason
from crmkit.rules.dedup.review.texts import TEXTS

__all__ = ["step_reason"]

_WORDS = "% of the words"


def step_reason(field: str, level: str) -> Reason:
    """What one step of a waterfall says; a level without a text of its own is named as it is."""
    if level.endswith(_WORDS):
        return Reason.of("step.words", field=field, percent=level.removesuffix(_WORDS))
    code = f"step.{level.replace(' ', '_').replace(',', '')}"
    if code not in TEXTS:
        return Reason.of("step.level", field=field, level=level)
    return Reason(code=code, params={"field": field} if "{field}" in TEXTS[code][0] else {})
