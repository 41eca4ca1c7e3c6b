"""Internet domains as they are written and as they are compared, and what an e-mail domain says about its owner.

>>> domain_of("https://www.Example.com:8080/shop?q=1")
'example.com'
>>> domain_of("bücher.example"), domain_of("no domain")
('xn--bcher-kva.example', None)
"""

import re
from functools import lru_cache

from crmkit.domain.values.plain_text import SYMBOL, plain

__all__ = ["ROLE_MAILBOXES", "ascii_domain", "domain_of", "is_free_mail", "is_role_mailbox", "readable_domain"]

_MOST_URL = 2_000
_MOST_DOMAIN = 253  # RFC 1035, section 2.3.4, without the root's dot
_MOST_LABEL = 63
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DIGITS = frozenset("0123456789")


@lru_cache(maxsize=16_384)
def ascii_domain(domain: str) -> str | None:
    """``domain`` in lower case with its labels in ASCII (Punycode), or nothing when it is no host name with a dot.

    ß and ς stay what they are, as in IDNA 2008 (Unicode Technical Standard 46, non-transitional).

    >>> ascii_domain("Bücher.Example."), ascii_domain("例子。中国"), ascii_domain("localhost")
    ('xn--bcher-kva.example', 'xn--fsqu00a.xn--fiqs8s', None)
    """
    if len(domain) > _MOST_DOMAIN:
        return None
    text = domain.lower() if domain.isascii() else plain(domain).replace("。", ".").lower()
    labels = [_ascii_label(label) for label in text.removesuffix(".").split(".")]
    result = ".".join(label for label in labels if label)
    if len(labels) < 2 or None in labels or len(result) > _MOST_DOMAIN or _DIGITS.issuperset(labels[-1] or ""):
        return None
    return result


def _ascii_label(label: str) -> str | None:
    if not label.isascii():
        if len(label) > _MOST_LABEL or SYMBOL.search(label.replace("-", "")):
            return None
        label = "xn--" + label.encode("punycode").decode("ascii")
    return label if _LABEL.fullmatch(label) else None


def readable_domain(domain: str) -> str:
    """``domain`` with its Punycode labels in the letters that they stand for.

    >>> readable_domain("xn--bcher-kva.example")
    'bücher.example'
    """
    return ".".join(map(_readable_label, domain.split(".")))


def _readable_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def domain_of(text: str) -> str | None:
    """The domain in a web address or a bare domain, ready to compare; ``www.``, port and path are left out."""
    if len(text) > _MOST_URL:
        return None
    rest = plain(text)
    rest = rest.partition("://")[2] or rest
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":\d{0,5}$", "", host).lower()
    return ascii_domain(host.removeprefix("www.")) or ascii_domain(host)


@lru_cache(maxsize=16_384)
def is_free_mail(domain: str) -> bool:
    """Whether anybody gets a mailbox at ``domain``, so that it says nothing about the employer.

    The commonest misspellings of such domains count too.

    >>> is_free_mail("QQ.com"), is_free_mail("yahoo.co.jp"), is_free_mail("gmial.com"), is_free_mail("example.com")
    (True, True, True, False)
    """
    name = domain.lower()
    return name in _FREE_MAIL or (name.partition(".")[0] in _FREE_EVERYWHERE and name.count(".") <= 2)


def is_role_mailbox(local: str) -> bool:
    """Whether ``local``, what stands before the @, names a function and no person.

    >>> is_role_mailbox("Info"), is_role_mailbox("sales02+fair"), is_role_mailbox("li.wei")
    (True, True, False)
    """
    return local.casefold().partition("+")[0].rstrip("0123456789-_.") in ROLE_MAILBOXES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FREE_EVERYWHERE = _words("gmx hotmail live outlook yahoo yandex")
_FREE_MAIL = _words(
    """
    126.com 139.com 163.com 163.net 188.com 189.cn 21cn.com 263.net aliyun.com foxmail.com hainan.net qq.com sina.cn
    sina.com sina.com.cn sohu.com tom.com vip.126.com vip.163.com vip.qq.com vip.sina.com vip.sohu.com wo.cn wo.com.cn
    yeah.net hinet.net pchome.com.tw netvigator.com naver.com daum.net hanmail.net nate.com docomo.ne.jp ezweb.ne.jp
    softbank.ne.jp excite.co.jp nifty.com biglobe.ne.jp rediffmail.com
    gmail.com googlemail.com aol.com icloud.com me.com mac.com msn.com passport.com ymail.com rocketmail.com mail.com
    email.com usa.com inbox.com fastmail.com fastmail.fm hey.com hushmail.com pm.me proton.me protonmail.com
    protonmail.ch tutanota.com tuta.io zoho.com zohomail.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net
    cox.net charter.net earthlink.net juno.com shaw.ca sympatico.ca rogers.com telus.net bigpond.com optusnet.com.au
    web.de freenet.de t-online.de arcor.de mail.de posteo.de mailbox.org bluewin.ch hispeed.ch chello.at aon.at
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr libero.it virgilio.it alice.it tiscali.it tin.it
    btinternet.com btopenworld.com ntlworld.com sky.com talktalk.net virginmedia.com blueyonder.co.uk telefonica.net
    terra.es ono.com sapo.pt telenet.be skynet.be ziggo.nl planet.nl xs4all.nl home.nl kpnmail.nl telia.com spray.se
    online.no wp.pl o2.pl onet.pl onet.eu interia.pl op.pl seznam.cz centrum.cz email.cz post.cz azet.sk zoznam.sk
    freemail.hu citromail.hu abv.bg mail.bg mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru ya.ru ukr.net i.ua
    meta.ua tut.by uol.com.br bol.com.br terra.com.br ig.com.br globo.com walla.co.il walla.com
    gmai.com gmail.co gmail.con gmail.cn gmal.com gamil.com gmial.com gnail.com hotmial.com hotmai.com hotmail.con
    yaho.com yahooo.com yahoo.con outlok.com outlook.con icloud.con qq.con qq.cn 163.con 126.con 1163.com 136.com
    """
)
ROLE_MAILBOXES = _words(
    """
    abuse account accounting accounts admin administration administrator all billing booking bookings buchhaltung
    business buyer buyers careers caiwu commercial compras compta comptabilite contact contacto contactus customer
    customercare customerservice cs dispatch einkauf enquiries enquiry enquires export exports feedback finance
    fuwu help helpdesk hello hi hostmaster hr import info infos information inquiries inquiry invoice invoices it
    jobs kaifa kefu kontakt legal logistics mail mailbox mailer-daemon market marketing media news newsletter
    no-reply no_reply noreply office operations order orders partners postmaster post press procurement
    purchase purchasing qa quality reception recruit recruiting recruitment reservations root sale sales secretary
    security service services shop social support team tech technical trade vendas ventas verkauf vertrieb web
    webmaster welcome xiaoshou yewu zhaopin
    """
)
