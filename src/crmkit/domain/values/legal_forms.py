"""Legal forms of companies, as they end or begin a name, already folded: lower case, no accents, no full stops.

Sources: the national company acts as collected in ISO 20275 (Entity Legal Forms), and names in use.
"""

__all__ = ["LESSER_FORMS", "without_eastern_forms", "without_legal_forms"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SHORT = _words(
    """
    ab aps ad ag aktiebolag aktiengesellschaft aktieselskab ans as asa berhad bhd bv bvba cjsc co company corp
    corporation cv doo dooel ead eireli eood epe eurl fzc fzco fze fzllc gbr gmbh group hf hb ehf inc incorporated
    jsc kda kft kg kgaa kk koop ks ky lda llc lllp llp lp ltd ltda limitada limited ltee mbh nv nyrt oao ohg ojsc ood
    ooo ou oy oyj pao pjsc plc pllc pte pty pvt sa saoc saog sapi sarl sas sasu sca scarl scpa scrl scs sdn se sl sll
    slne slu sgps sia snc spa spj spol spzoo srl srls sro sti tbk ug uab ulc vof wll zao zrt
    proprietary incorporation osakeyhtio osuuskunta anpartsselskab handelsbolag kommanditbolag kommanditgesellschaft
    unternehmergesellschaft haftungsbeschrankt spk kd jdoo vos bhf ivs ghmbh egmbh ggmbh sccl sicav scop sarlu sasl
    ооо оао зао пао ао нао тов тзов прат пат оод еоод ад еад αε επε ικε οε εε בעמ ذمم جمم จำกัด มหาชน
    """
)
_LONG = (
    "akciova spolecnost",
    "anonim sirketi",
    "besloten vennootschap",
    "cong ty co phan",
    "de cv",
    "gesellschaft mit beschrankter haftung",
    "godo kaisha",
    "joint stock company",
    "kabushiki kaisha",
    "korlatolt felelossegu tarsasag",
    "limited sirketi",
    "limited liability company",
    "limited liability partnership",
    "private limited",
    "sendirian berhad",
    "spolecnost s rucenim omezenym",
    "spolka akcyjna",
    "spolka z ograniczona odpowiedzialnoscia",
    "naamloze vennootschap",
    "public limited company",
    "s de rl",
    "sociedad anonima",
    "sociedad limitada",
    "sociedade anonima",
    "societa per azioni",
    "societe a responsabilite limitee",
    "societe anonyme",
    "societe par actions simplifiee",
    "sp z oo",
    "sp zoo",
    "yugen kaisha",
)
_JOINTS = _words("and et och og und ve y")
"""Words that join a form to the name, as in Smith & Co; left over once the form is gone."""
_LONG_LEADING = (
    "cong ty co phan",
    "cong ty tnhh",
    "акционерное общество",
    "общество с ограниченной ответственностью",
    "открытое акционерное общество",
    "публичное акционерное общество",
)
_LEADING = _words("the ooo oao zao pao jsc ojsc cjsc pjsc ооо оао зао пао ао нао ип тов тзов прат пат pt บริษัท شركة")

_EASTERN_ENDS = _words(
    """
    股份有限公司 有限责任公司 有限公司 股份公司 集团公司 总公司 公司 集团 特殊普通合伙 有限合伙 普通合伙 合伙企业 个人独资企业
    个体工商户 株式会社 有限会社 合同会社 合资会社 合名会社 주식회사 유한회사 유한책임회사
    """
)
_EASTERN_STARTS = _words("株式会社 有限会社 合同会社 合资会社 合名会社 주식회사 유한회사")
LESSER_FORMS = (
    "经营部",
    "工作室",
    "服务部",
    "经销部",
    "门市部",
    "批发部",
    "合作社",
    "商行",
    "商店",
    "商贸行",
    "工厂",
    "厂",
    "店",
    "行",
)
"""What small businesses are, longest first: part of the key, since 云杉厂 and 云杉店 may be two, but evidence of its own."""
_END_SIZES = sorted({len(form) for form in _EASTERN_ENDS}, reverse=True)
_START_SIZE = 4
_BRANCHES = ("分公司", "支公司", "子公司")
"""These end in 公司 and say that the company is another one."""


def without_legal_forms(name: str) -> str:
    """``name`` (folded, words apart by one blank) without the legal forms around it; never empty.

    >>> without_legal_forms("acme trading co ltd"), without_legal_forms("muller gmbh and co kg")
    ('acme trading', 'muller')
    >>> without_legal_forms("华为技术有限公司"), without_legal_forms("有限公司"), without_legal_forms("co")
    ('华为技术', '有限公司', 'co')
    """
    if name.isascii():
        words, count = name.split(), 0
        while len(words) != count:
            count = len(words)
            _drop(words)
        return " ".join(words)
    while True:
        words = without_eastern_forms(name).split()
        _drop(words)
        bare = " ".join(words)
        if bare == name:
            return name
        name = bare


def without_eastern_forms(name: str) -> str:
    """``name`` without Chinese, Japanese and Korean legal forms around it; never empty."""
    if name.isascii() or name in _EASTERN_ENDS:
        return name
    for size in _END_SIZES:
        if name[-size:] in _EASTERN_ENDS and len(name) > size and not name.endswith(_BRANCHES):
            return without_eastern_forms(name[:-size])
    if name[:_START_SIZE] in _EASTERN_STARTS and len(name) > _START_SIZE:
        return without_eastern_forms(name[_START_SIZE:])
    return name


def _drop(words: list[str]) -> None:
    """Take the forms off both ends of ``words``, but never the last word."""
    while len(words) > 1 and words[0] in _LEADING:
        del words[0]
    for form in _LONG_BY_FIRST.get(words[0], ()):
        if words[: len(form)] == form and len(words) > len(form):
            del words[: len(form)]
    count = _words_of_form(words)
    while 0 < count < len(words):
        del words[-count:]
        if len(words) > 1 and words[-1] in _JOINTS:
            del words[-1]
        count = _words_of_form(words)


def _words_of_form(words: list[str]) -> int:
    """How many words at the end are a legal form."""
    for form in _LONG_BY_LAST.get(words[-1], ()):
        if words[-len(form) :] == form:
            return len(form)
    return 1 if words[-1] in _SHORT else 0


_LONG_BY_FIRST: dict[str, list[list[str]]] = {}
for _form in _LONG_LEADING:
    _LONG_BY_FIRST.setdefault(_form.partition(" ")[0], []).append(_form.split())
_LONG_BY_LAST: dict[str, list[list[str]]] = {}
for _form in _LONG:
    _LONG_BY_LAST.setdefault(_form.rpartition(" ")[2], []).append(_form.split())
