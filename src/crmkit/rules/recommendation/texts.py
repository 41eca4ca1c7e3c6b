"""Why something is recommended: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "recommend.bought": ("By the {items} items bought so far.", "依据已购买的 {items} 种商品。"),
    "recommend.newcomer": (
        "Nothing was bought yet: by what others buy these days.",
        "尚无购买记录，依据近期热销商品推荐。",
    ),
    "recommend.rhythm": (
        "{item}: bought {times} times, about every {days} days.",
        "{item}：已购买 {times} 次，约每 {days} 天购买一次。",
    ),
    "recommend.again": ("{item}: bought before.", "{item}：以前购买过。"),
    "recommend.together": ("{item}: bought together with {owned}.", "{item}：常与 {owned} 一起购买。"),
    "recommend.step_up": ("{item}: the step up from {owned}.", "{item}：{owned} 的升级款。"),
    "recommend.segment": ("{item}: popular among {segment}.", "{item}：在 {segment} 客户中热销。"),
    "recommend.popular": ("{item}: popular these days.", "{item}：近期热销。"),
    "recommend.nothing": ("There is nothing that may be offered.", "没有可推荐的商品。"),
    "recommend.opted_out": (
        "The customer does not want to be profiled: nothing is recommended.",
        "客户已拒绝画像分析，不作推荐。",
    ),
}
