"""Addresses made comparable: one spelling for each word, numbers apart, the places of a Chinese address told.

>>> normal_address("12A Main St., Apt. #4"), normal_address("Hauptstr. 5"), normal_address("2610 W 25th Pl")
('12 a main street unit 4', 'hauptstrasse 5', '2610 west 25 place')
>>> normal_address("浙江省杭州市西湖区文三路12号5幢2938室"), normal_address("杭州西湖區文三路12-5-2938")
('浙江 杭州 西湖区 文三路 12 5 2938', '杭州 西湖区 文三路 12 5 2938')
"""

import re

from crmkit.domain.values.chinese.places import place_at_start
from crmkit.domain.values.plain_text import (
    EASTERN,
    MOST_NAME,
    at_first_use,
    fold,
    has_eastern,
    one_script,
    silent_marks,
    without_symbols,
)

__all__ = ["house_numbers", "normal_address"]


def normal_address(text: str) -> str:
    """The words of ``text`` without case, width, accents and punctuation, abbreviations written out.

    Empty only when there is no letter and no digit, or more than 1,000 characters.
    """
    if len(text) > MOST_NAME:
        return ""
    if text.isascii() and text.isprintable():
        return " ".join(_words(text.lower().replace("#", " unit ").translate(_MARKS).split()))
    folded = one_script(fold(text))
    if has_eastern(folded):
        return _chinese(folded)
    folded = silent_marks().sub("", folded.replace("#", " unit "))
    return " ".join(_words(without_symbols(folded).split()))


def house_numbers(address: str) -> tuple[str, ...]:
    """The numbers in an address that ``normal_address`` made: two houses of one street differ by nothing else.

    >>> house_numbers("12 a main street unit 4")
    ('12', '4')
    """
    return tuple(word for word in address.split() if word.isdigit())


def _words(words: list[str]) -> list[str]:
    words = [part for word in words for part in (_numbers(word) if word[0].isdigit() else (word,))]
    found: list[str] = []
    last = len(words) - 1
    for place, word in enumerate(words):
        known = _WORDS.get(word)
        if known is not None:
            if known != "unit" or found[-1:] != ["unit"]:
                found.append(known)
        elif word == "st":
            found.append(
                "saint" if place < last and _begins_name(words[place - 1 : place], words[place + 1]) else "street"
            )
        elif _ORDINAL.fullmatch(word):
            found.append(word[:-2].lstrip("0") or "0")
        elif word.endswith("str") and len(word) > 5:
            found.append(f"{word}asse")
        else:
            found.append(word)
    return found


def _begins_name(before: list[str], after: str) -> bool:
    """Whether "st" between these is a saint: 12 St Marks Place, but 12 E 4th St between …."""
    known = not before or before[0].isdigit() or before[0] in _DIRECTIONS
    return known and after.isalpha() and after not in _AFTER_STREET


def _numbers(word: str) -> list[str]:
    """Digits and letters apart, 007 as 7; 25th stays."""
    if not word.isdigit() and _ORDINAL.fullmatch(word):
        return [word]
    return [part.lstrip("0") or "0" if part.isdigit() else part for part in _RUNS.findall(word)]


def _chinese(text: str) -> str:
    """Province and city without their suffixes, the smaller divisions with them, then the numbers."""
    text = _blank_between_words().sub("", " ".join(without_symbols(text).split()))
    head = _PARTS.match(text)
    place, rest = place_at_start(head[0]) if head else ("", "")
    if head:
        text = rest + text[head.end() :]
    words = [place] if place else []
    for part in _DIVIDED.findall(text):
        if part.isdigit():
            words.append(part.lstrip("0") or "0")
        elif part not in _NUMBER_UNITS or not words or not words[-1].isdigit():
            words.append(part)
    return " ".join(words)


_MARKS = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()} | dict.fromkeys(".'"))
_ORDINAL = re.compile(r"([0-9]+)(?:st|nd|rd|th)")
_RUNS = re.compile(r"[0-9]+|[^0-9]+")
_blank_between_words = at_first_use(f"(?<=[{EASTERN}]) (?=[{EASTERN}])")
_PARTS = re.compile("[\u4e00-\u9fff]+")
_NUMBER_UNITS = frozenset(
    ["号", "号楼", "栋", "幢", "座", "单元", "楼", "层", "室", "房", "弄", "号院", "号店", "铺", "番地", "番", "丁目"]
)
_DIVIDED = re.compile(
    "[0-9]+|[a-z]+|号楼|号院|单元|丁目|番地|[号栋幢座楼层室房番]"
    "|[^0-9a-z ]+?(?:街道|大道|大街|新区|开发区|工业区|省|市|区|县|旗|镇|乡|路|街|巷|弄|道|村|里|苑|园)(?![0-9]*[路街])"
    "|[^0-9a-z ]+"
)


def _table(text: str) -> dict[str, str]:
    found = {}
    for line in text.strip().split("\n"):
        word, _, short = line.partition(":")
        found.update(dict.fromkeys([word.strip(), *short.split()], word.strip()))
    return found


# Source: USPS Publication 28, appendices B, C1 and C2; and what is usual in other languages
_WORDS = _table(
    """
    alley: aly
    avenue: ave av aven avenu avn avnue
    avenida: avda avd
    boulevard: blvd bd bvd boul
    bridge: brg
    building: bldg bld
    calle: cl
    carretera: ctra
    causeway: cswy
    center: ctr centre cntr cent
    chemin: chem
    circle: cir circ
    close: clo
    corner: cor cnr
    court: ct crt
    cove: cv
    crescent: cres crsnt cresc
    crossing: xing
    drive: dr drv driv
    east: e
    esplanade: esp
    estate: est
    estates: ests
    expressway: expy expwy
    extension: extn
    faubourg: fbg fg
    floor: fl flr
    fort: ft
    freeway: fwy
    gardens: gdns gdn garden
    grove: grv gr
    heights: hts
    highway: hwy hiway hway
    hill: hl
    impasse: imp
    industrial: ind
    island: is
    junction: jct
    lane: ln
    lodge: ldg
    meadows: mdws
    mount: mt
    mountain: mtn
    north: n nth
    northeast: ne
    northwest: nw
    parade: pde
    park: pk
    parkway: pkwy pky pwy
    pike: pke
    place: pl plc
    plaza: plz pza
    point: pt
    post office: po pob
    road: rd
    route: rte rt
    saint:
    south: s
    southeast: se
    southwest: sw
    square: sq sqr
    station: stn sta
    strasse: str
    street: strt
    terrace: ter terr tce
    trail: trl
    turnpike: tpke
    unit: apt ste apartment flat suite room rm no nr num number ap appt apto
    valley: vly
    view: vw
    way: wy
    west: w
    1: first
    2: second
    3: third
    4: fourth
    5: fifth
    6: sixth
    7: seventh
    8: eighth
    9: ninth
    10: tenth
    """
)
_DIRECTIONS = frozenset(("n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west"))
_AFTER_STREET = frozenset(
    [
        "n",
        "s",
        "e",
        "w",
        "ne",
        "nw",
        "se",
        "sw",
        "north",
        "south",
        "east",
        "west",
        "unit",
        "apt",
        "apartment",
        "suite",
        "ste",
        "floor",
        "fl",
        "room",
        "rm",
        "and",
        "corner",
    ]
)
