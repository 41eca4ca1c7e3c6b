"""Chinese names in Latin letters, as their owners write them abroad.

Surnames are often read otherwise than the same character elsewhere: 单 is Shan, 曾 is Zeng, 万俟 is Moqi.

>>> sorted(readings("单雄信")), sorted(readings("李偉明")), sorted(readings("尉迟恭"))
(['shan xiongxin'], ['li weiming'], ['yuchi gong'])
>>> readings("李伟明") & readings("Wei-Ming Li") == readings("李伟明") & readings("Li Wei Ming") == {"li weiming"}
True
"""

from functools import cache
from itertools import product

from crmkit.domain.values.chinese.readings import reading
from crmkit.domain.values.chinese.script import simplified

__all__ = ["COMPOUND_SURNAMES", "is_han", "readings", "spelt", "surname_in"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMPOUND_SURNAMES = _words(
    """
    欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容
    仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐
    段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 南荣 第五 即墨 达奚 褚师 纳兰 完颜 叶赫 耶律
    """
)
"""Surnames of two characters: 百家姓 and those in use since, in simplified characters."""

# Source: 现代汉语词典 (seventh edition), entries marked 姓; 区 and 朴 also as their owners abroad write them
_SURNAMES = dict(
    pair.split(":")
    for pair in [
        "万俟:moqi",
        "长孙:zhangsun",
        "尉迟:yuchi",
        "澹台:tantai",
        "亓官:qiguan",
        "单于:chanyu",
        "令狐:linghu",
        "鲜于:xianyu",
        "夏侯:xiahou",
        "呼延:huyan",
        "赫连:helian",
        "独孤:dugu",
        "乐正:yuezheng",
        "宰父:zaifu",
        "夹谷:jiagu",
        "拓跋:tuoba",
        "长:chang",
        "单:shan",
        "曾:zeng",
        "解:xie",
        "查:zha",
        "仇:qiu",
        "区:ou",
        "任:ren",
        "盖:ge",
        "朴:piao",
        "翟:zhai",
        "缪:miao",
        "燕:yan",
        "宁:ning",
        "乐:yue",
        "尉:wei",
        "万:wan",
        "华:hua",
        "种:chong",
        "折:she",
        "秘:bi",
        "繁:po",
        "冼:xian",
        "召:shao",
        "谌:chen",
        "乜:nie",
        "黑:he",
        "员:yun",
        "贠:yun",
        "逄:pang",
        "隗:wei",
        "郗:xi",
        "郇:xun",
        "晁:chao",
        "应:ying",
        "覃:qin",
        "洗:xian",
        "纪:ji",
        "句:gou",
        "牟:mu",
        "费:fei",
        "哈:ha",
        "那:na",
        "过:guo",
        "葛:ge",
        "钻:zuan",
        "车:che",
        "石:shi",
        "沈:shen",
        "曲:qu",
        "祭:zhai",
        "能:nai",
        "么:yao",
        "卜:bu",
        "柏:bai",
        "薄:bo",
        "贾:jia",
        "瞿:qu",
        "臧:zang",
        "幺:yao",
        "於:yu",
        "于:yu",
        "相:xiang",
        "撒:sa",
        "洪:hong",
        "台:tai",
        "重:chong",
        "降:jiang",
        "阚:kan",
        "谷:gu",
        "佟:tong",
        "宓:mi",
        "娄:lou",
        "都:du",
        "适:kuo",
        "筰:zuo",
    ]
)
_SURNAMES_OTHERWISE = {
    "朴": ("park", "pak"), "区": ("au",), "乐": ("le",), "解": ("jie",), "盖": ("gai",), "覃": ("tan",), "隗": ("kui",),
    "尉": ("yu",), "种": ("zhong",), "牟": ("mou",), "叶": ("yip",), "台": ("dai",),
}  # fmt: skip
_GIVEN_OTHERWISE = {
    "长": ("chang",), "乐": ("yue",), "朝": ("zhao",), "茜": ("xi",), "行": ("hang",), "重": ("chong",), "觉": ("jiao",),
    "盛": ("cheng",), "晟": ("sheng",), "娜": ("nuo",), "柏": ("bo",), "曾": ("zeng",), "炅": ("gui",), "禅": ("shan",),
    "传": ("zhuan",), "单": ("shan",), "折": ("she",), "奇": ("ji",), "呈": (), "夏": (), "珏": ("yu",), "尧": (), "车": ("ju",),
}  # fmt: skip
_LONGEST = 4
"""Characters of a Chinese name: a surname of one or two and a given name of one or two."""
_MOST = 16
"""Readings of one name that are looked at."""


def is_han(text: str) -> bool:
    """Whether ``text`` is nothing but common Han characters."""
    return bool(text) and min(text) >= "\u4e00" and max(text) <= "\u9fff"


def surname_in(name: str) -> str:
    """The surname that a Chinese name without blanks begins with.

    >>> surname_in("诸葛亮"), surname_in("諸葛亮"), surname_in("张三")
    ('诸葛', '諸葛', '张')
    """
    return name[:2] if simplified(name[:2]) in COMPOUND_SURNAMES else name[:1]


def readings(name: str) -> frozenset[str]:
    """The ways to read ``name``: family name, blank, given name in one word; nothing when it cannot be Chinese.

    ``name`` is a key (``person_name_key``) or written plainly. A name in Latin letters may be read in
    either order; whether it is Chinese at all is not known before it is compared with one that is.
    """
    name = name.strip()
    if is_han(name):
        return _of_han(simplified(name)) if len(name) <= _LONGEST else frozenset()
    return _of_latin(name.lower().replace("-", "").replace("'", "")) if name.isascii() else frozenset()


def spelt(name: str) -> str:
    """The usual one of the ``readings`` of a Chinese name; nothing when it is none, or has unknown characters.

    >>> spelt("李伟明"), spelt("单雄信"), spelt("Li Wei"), spelt("李")
    ('li weiming', 'shan xiongxin', '', '')
    """
    if not is_han(name) or not 2 <= len(name) <= _LONGEST:
        return ""
    name = simplified(name)
    family = surname_in(name)
    given = [reading(each) for each in name[len(family) :]]
    first = _surname(family)
    return f"{first} {''.join(given)}" if first and given and all(given) else ""


def _of_han(name: str) -> frozenset[str]:
    family = surname_in(name)
    given = [(reading(each), *_GIVEN_OTHERWISE.get(each, ())) for each in name[len(family) :]]
    families = (_surname(family), *_SURNAMES_OTHERWISE.get(family, ()))
    if not given or not all(families) or not all(first for first, *_ in given):
        return frozenset()
    wholes = product(families, *given)
    return frozenset(f"{first} {''.join(rest)}" for (first, *rest), _ in zip(wholes, range(_MOST), strict=False))


@cache
def _surname(family: str) -> str:
    known = _SURNAMES.get(family)
    if known:
        return known
    parts = [reading(each) for each in family]
    return "".join(parts) if all(parts) else ""


def _of_latin(name: str) -> frozenset[str]:
    words = [
        word.replace("lv", "lu").replace("nv", "nu").replace("lyu", "lu").replace("nyu", "nu") for word in name.split()
    ]
    if not 2 <= len(words) <= _LONGEST or not all(map(str.isalpha, words)):
        return frozenset()
    first, last = words[0], words[-1]
    found = {f"{first} {''.join(words[1:])}", f"{last} {''.join(words[:-1])}"}
    if len(words) > 2:
        # a surname of two syllables that was written apart
        found |= {f"{first}{words[1]} {''.join(words[2:])}", f"{words[-2]}{last} {''.join(words[:-2])}"}
    return frozenset(found)
