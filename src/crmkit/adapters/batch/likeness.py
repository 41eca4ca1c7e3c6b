"""How alike two different forms of a column are, for millions of pairs of codes at a time.

Most pairs of a block are not alike at all, and that is told without comparing letters: from an upper
bound on Jaro–Winkler that needs only lengths, first letters and sets of letters, as numbers. What
is left goes to rapidfuzz.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from crmkit.adapters.batch.columns import Codes, Column, coded
from crmkit.adapters.batch.letters import BLANK, DIGITS, after, before, is_ascii, memory_of, replaced
from crmkit.adapters.batch.pairs import each_once
from crmkit.adapters.batch.words import Words
from crmkit.domain.values.nicknames import formal_names
from crmkit.rules.dedup.linkage import LEVELS, FieldType

__all__ = ["AMONG_OTHERS", "Likeness", "likeness"]

Likeness = npt.NDArray[np.float32]
_AT_ONCE = 50_000
"""Forms that are looked at together, so that they fit near the processor."""
_MOST_NAMES = 4
"""Full names that one short form is looked up under."""


def likeness(column: Column, one: Codes, other: Codes) -> Likeness:
    """From 0 to just below 1, for each pair of different codes, none of which is 0.

    Exact only from the least similarity upwards that the type's levels ask for.
    """
    return _KERNELS[column.type](column, one, other)


# --- letters --------------------------------------------------------------------------------------


class _Letters:
    """What the bound needs of each form, as numbers."""

    def __init__(self, column: Column) -> None:
        forms = len(column.values)
        self.length, self.more = np.zeros(forms, np.float32), np.zeros(forms, np.float32)
        self.initial, self.first = np.zeros(forms, np.uint32), np.zeros(forms, np.uint32)
        self.classes = np.zeros(forms, np.uint64)
        for at in range(0, forms, _AT_ONCE):
            self._fill(slice(at, at + _AT_ONCE), column.values.slice(at, _AT_ONCE))

    def _fill(self, part: slice, values: pa.StringArray) -> None:
        letters, lengths = _letters_of(values)
        self.length[part] = lengths
        self.initial[part] = letters[:, 0]
        if letters.dtype != np.uint8:
            # only its class counts of a letter that is more than a byte
            letters = np.where(letters == BLANK, BLANK, (letters & 31) | 64).astype(np.uint8)
        self.first[part] = np.ascontiguousarray(letters[:, :4]).view(np.uint32).ravel()
        # two bits a letter class: met once, met twice; 32 classes, spaces are none
        once = np.zeros(len(letters), np.uint32)
        twice = np.zeros(len(letters), np.uint32)
        for letter in np.ascontiguousarray(letters.T):
            bit = _CLASSES.take(letter)
            twice |= once & bit
            once |= bit
        self.classes[part] = once | twice.astype(np.uint64) << np.uint64(32)
        self.more[part] = self.length[part] - np.bitwise_count(self.classes[part])

    def common(self, one: Codes, other: Codes) -> Likeness:
        """At least as many letters as the two have in common."""
        shared = np.bitwise_count(self.classes[one] & self.classes[other])
        return np.asarray(shared + np.minimum(self.more[one], self.more[other]), np.float32)

    def bound(self, one: Codes, other: Codes) -> Likeness:
        """At least the Jaro–Winkler similarity of the two."""
        mine, theirs = self.length[one], self.length[other]
        common = np.minimum(self.common(one, other), np.minimum(mine, theirs))
        jaro = (common / mine + common / theirs + 1) / 3
        differ = self.first[one] ^ self.first[other]
        prefix = sum((differ & mask) == 0 for mask in _PREFIXES)
        return np.asarray(jaro + np.float32(0.1) * prefix * (1 - jaro), np.float32)


_CLASSES = np.array([0 if code == BLANK else 1 << (code & 31) for code in range(256)], np.uint32)
_PREFIXES = tuple(np.uint32(mask) for mask in (0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF))
_WIDTH = 24
"""Letters that the sets are made of; further ones count as if they were in common."""


def _letters_of(values: pa.StringArray) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """The first letters of each text, filled up with spaces, and how many it has."""
    lengths = pc.utf8_length(values).to_numpy(zero_copy_only=False).astype(np.int64)
    width = max(4, min(_WIDTH, int(lengths.max(initial=0))))
    if is_ascii(values):
        starts, data = memory_of(values)
        places = np.minimum(starts[:-1, None] + np.arange(width, dtype=np.int32), max(0, len(data) - 1))
        letters = data.take(places) if len(data) else np.zeros(places.shape, np.uint8)
        letters[np.arange(width) >= lengths[:, None]] = BLANK
        return letters, lengths
    filled = "".join(text[:width].ljust(width) for text in values.to_pylist())
    return np.frombuffer(filled.encode("utf-32-le"), np.uint32).reshape(len(values), width), lengths


def _letters(column: Column) -> _Letters:
    letters: _Letters = column.once("letters", _Letters)
    return letters


def _compared(column: Column, one: Codes, other: Codes, scorer: Callable[..., object], least: float) -> Likeness:
    """What ``scorer`` says of the texts, each pair of forms asked once, however many rows have them."""
    mine, theirs, which = each_once(one, other, len(column.values))
    found = process.cpdist(
        column.texts_of(mine), column.texts_of(theirs), scorer=scorer, score_cutoff=least, dtype=np.float32
    )
    return np.asarray(found, np.float32)[which]


def _jaro_winkler(column: Column, one: Codes, other: Codes) -> Likeness:
    least = LEVELS[column.type][-2].least
    found = np.zeros(len(one), np.float32)
    todo = np.flatnonzero(_letters(column).bound(one, other) >= least)
    if len(todo):
        found[todo] = _compared(column, one[todo], other[todo], JaroWinkler.normalized_similarity, least)
    return np.minimum(found, np.float32(0.9989))


def _given_name(column: Column, one: Codes, other: Codes) -> Likeness:
    """Another form of the name and its initial count as close, though their letters differ."""
    found = np.minimum(_jaro_winkler(column, one, other), np.float32(0.9389))
    letters = _letters(column)
    short = np.minimum(letters.length[one], letters.length[other]) == 1
    found[short & (letters.initial[one] == letters.initial[other])] = 0.94
    forms, marks = column.once("forms", _formal)
    todo = np.flatnonzero(((marks[one] & marks[other]) != 0) & ~short)
    mine, theirs = forms[one[todo]], forms[other[todo]]
    shared = (mine[:, :, None] == theirs[:, None, :]) & (mine > 0)[:, :, None]
    found[todo[shared.any(axis=(1, 2))]] = 0.95
    return found


def _formal(column: Column) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
    """Each form as a number, followed by those of the full names that it may be short for; and a bit for each of these.

    Two forms that have no bit in common have no name in common.
    """
    known: dict[str, int] = {}
    found = np.zeros((len(column.values), 1 + _MOST_NAMES), np.int32)
    for place, text in enumerate(column.texts):
        found[place, 0] = known.setdefault(text, len(known) + 1)
        full = sorted(formal_names(text) - {text})[:_MOST_NAMES]
        if full:
            found[place, 1 : 1 + len(full)] = [known.setdefault(name, len(known) + 1) for name in full]
    bits = np.left_shift(np.uint64(1), (found & 63).astype(np.uint64))
    return found, np.bitwise_or.reduce(np.where(found > 0, bits, np.uint64(0)), axis=1)


# --- edits ----------------------------------------------------------------------------------------


def _edits(column: Column, one: Codes, other: Codes) -> Likeness:
    """0.9 for one letter changed, left out, put in or swapped with its neighbour, 0.8 for two of these."""
    letters = _letters(column)
    longer = np.maximum(letters.length[one], letters.length[other])
    todo = np.flatnonzero(letters.common(one, other) >= longer - 2)
    found = np.zeros(len(one), np.float32)
    if len(todo):
        distance = _compared(column, one[todo], other[todo], OSA.distance, 2)
        found[todo] = np.select([distance <= 1, distance <= 2], [0.9, 0.8], 0.0)
    return found


class _Dates:
    """Dates of eight digits, a byte each; other forms are not ``whole``."""

    def __init__(self, column: Column) -> None:
        whole = pc.match_substring_regex(column.values, "^[0-9]{8}$")
        self.whole = whole.to_numpy(zero_copy_only=False)
        self.digits = np.zeros((len(column.values), 8), np.uint8)
        self.digits[self.whole] = memory_of(column.values.filter(whole))[1].reshape(-1, 8)
        self.bytes = self.digits.view(np.uint64).ravel()

    def likeness(self, one: Codes, other: Codes) -> Likeness:
        """By digits that differ; two neighbours, or day and month, that are swapped count as one."""
        differ = self.bytes[one] ^ self.bytes[other]
        for step in (1, 2):
            differ |= differ >> np.uint64(step)
        changed = np.bitwise_count(differ & np.uint64(0x0101010101010101))
        found = np.select([changed <= 1, changed <= 2], [0.9, 0.8], 0.0).astype(np.float32)
        todo = np.flatnonzero((changed >= 2) & (changed <= 4))
        mine, theirs = self.digits[one[todo]], self.digits[other[todo]]
        swapped = (mine[:, :4] == theirs[:, :4]).all(axis=1)
        swapped &= (mine[:, 4:6] == theirs[:, 6:]).all(axis=1) & (mine[:, 6:] == theirs[:, 4:6]).all(axis=1)
        two = changed[todo] == 2
        first = (mine != theirs).argmax(axis=1)
        row, last = np.arange(len(todo)), np.minimum(first + 1, 7)
        two &= (mine[row, first] == theirs[row, last]) & (mine[row, last] == theirs[row, first])
        found[todo[swapped | two]] = 0.9
        return found


def _date(column: Column, one: Codes, other: Codes) -> Likeness:
    dates: _Dates = column.once("dates", _Dates)
    found = dates.likeness(one, other)
    odd = np.flatnonzero(~(dates.whole[one] & dates.whole[other]))
    if len(odd):
        found[odd] = _edits(column, one[odd], other[odd])
    return found


def _phone(column: Column, one: Codes, other: Codes) -> Likeness:
    found = _edits(column, one, other)
    found[found < 0.9] = 0
    length = _letters(column).length
    mine, theirs = length[one], length[other]
    places = np.flatnonzero((mine != theirs) & (np.minimum(mine, theirs) >= _LOCAL))
    ends = [pc.utf8_slice_codeunits(column.values.take(pa.array(codes[places])), -_LOCAL) for codes in (one, other)]
    alike = places[pc.equal(*ends).to_numpy(zero_copy_only=False)]
    pairs = zip(column.texts_of(one[alike]), column.texts_of(other[alike]), strict=True)
    longer = [left.endswith(right) or right.endswith(left) for left, right in pairs]
    found[alike[np.array(longer, np.bool_)]] = 0.95
    return found


_LOCAL = 7
"""Digits that a number without its area code has at least."""


def _number(column: Column, one: Codes, other: Codes) -> Likeness:
    values = column.once("numbers", lambda known: np.array([float(text or "nan") for text in known.texts]))
    found = np.where(_edits(column, one, other) >= 0.9, 0.9, 0.0)
    found[np.abs(values[one] - values[other]) <= 1] = 0.95
    return found.astype(np.float32)


def _email(column: Column, one: Codes, other: Codes) -> Likeness:
    local: Column = column.once("local", _local)
    domain: Codes = column.once("domain", lambda known: coded(after(known.values, "@"))[0])
    found = np.where((domain[one] == domain[other]) & (domain[one] > 0), 0.5, 0.0).astype(np.float32)
    letters = _letters(local)
    filled = letters.length > 0
    todo = np.flatnonzero((letters.bound(one, other) >= 0.8) & filled[one] & filled[other])
    if len(todo):
        mine, theirs = one[todo], other[todo]
        close = _compared(local, mine, theirs, JaroWinkler.normalized_similarity, 0.88)
        found[todo[close >= 0.88]] = 0.8
        slips = np.flatnonzero(_compared(column, mine, theirs, OSA.distance, 2) <= 2)
        # another number is another owner more often than a slip
        numbers = [replaced(local.values.take(pa.array(forms[slips])), DIGITS) for forms in (mine, theirs)]
        found[todo[slips[pc.equal(*numbers).to_numpy(zero_copy_only=False)]]] = 0.9
        found[todo[close == 1]] = 0.95
    return found


def _local(column: Column) -> Column:
    """What stands before the @ in each form, under the code of the form."""
    return Column(column.name, FieldType.FAMILY_NAME, np.zeros(0, np.int64), before(column.values, "@"))


def _part(column: Column, codes: Codes, forms: pa.StringArray) -> Column:
    """The column of one part of each form: its codes are a form, not a row."""
    part = Column(column.name, FieldType.FAMILY_NAME, codes, forms)
    part.counts = np.bincount(codes, weights=column.counts, minlength=len(forms)).astype(np.int64)
    return part


# --- words ----------------------------------------------------------------------------------------


def _texts(column: Column, one: Codes, other: Codes) -> Likeness:
    words: Words = column.once("words", Words)
    return np.minimum(words.likeness(one, other), np.float32(0.9989))


def _company(column: Column, one: Codes, other: Codes) -> Likeness:
    """As texts; a head office and its branch, or two branches, are below any likeness."""
    branch = column.once("branch", lambda known: np.array([_branch(text) for text in known.texts]))
    found = _texts(column, one, other)
    found[branch[one] != branch[other]] = -1
    return found


_BRANCH = re.compile("([\u3400-\u9fff]{2})(?:市|县|区)?(?:分公司|分店|分行|支行|支公司|办事处|营业部|代表处)")


def _branch(company: str) -> str:
    """The place of the branch that a Chinese company's name ends with; empty for the company itself."""
    found = _BRANCH.search(company)
    return found[1] if found else ""


def _address(column: Column, one: Codes, other: Codes) -> Likeness:
    """Street words by weight; under another house number at most ``similar street``.

    Streets are few beside addresses, so their words are looked at without number and flat.
    """
    house, street = column.once("parts", _house_and_street)
    mine, theirs = street.codes[one], street.codes[other]
    words: Words = street.once("words", Words)
    found = np.ones(len(one), np.float32)
    differ = np.flatnonzero(mine != theirs)
    found[differ] = words.likeness(mine[differ], theirs[differ])
    found[house[one] != house[other]] *= np.float32(0.69)
    return np.minimum(found, np.float32(0.9989))


def _house_and_street(column: Column) -> tuple[Codes, Column]:
    """The house number of each form, and what is left without it and the flat; the codes are a form, not a row.

    Numbers and streets are few beside addresses, so each is looked at once.
    """
    first, numbers = coded(before(column.values, " "))
    leads = pc.match_substring_regex(numbers, "^[0-9]+[a-z]?$").to_numpy(zero_copy_only=False)[first]
    codes, streets = coded(pc.if_else(pa.array(leads), after(column.values, " "), column.values))
    house = _number_in(numbers)[first]
    others = np.flatnonzero(~leads)
    house[others] = _number_in(streets.take(pa.array(codes[others])))
    bare = pc.replace_substring_regex(streets, r"\b(apt|ste|unit|flat|fl|no) ?[0-9a-z]{1,5}$", "")
    bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(bare, "[0-9]{1,9}号.*$|[0-9]+$", ""))
    of_street, forms = coded(bare)
    return house, _part(column, of_street[codes], forms)


def _number_in(texts: pa.StringArray) -> Codes:
    """The house number of each text, -1 where there is none; that before 号 in a Chinese address."""
    found = pc.struct_field(pc.extract_regex(texts, "(?P<number>[0-9]{1,9})"), [0])
    if not is_ascii(texts):
        found = pc.coalesce(pc.struct_field(pc.extract_regex(texts, "(?P<number>[0-9]{1,9})号"), [0]), found)
    return np.array(pc.fill_null(found.cast("int64"), -1))


AMONG_OTHERS = frozenset({FieldType.ADDRESS, FieldType.COMPANY_NAME, FieldType.TEXT, FieldType.NAMES})
"""Types whose likeness depends on all forms of the column: what is rare among them counts more."""
_KERNELS: Mapping[FieldType, Callable[[Column, Codes, Codes], Likeness]] = {
    FieldType.GIVEN_NAME: _given_name,
    FieldType.FAMILY_NAME: _jaro_winkler,
    FieldType.PERSON_NAME: _jaro_winkler,
    FieldType.COMPANY_NAME: _company,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.DATE: _date,
    FieldType.ADDRESS: _address,
    FieldType.PLACE: _jaro_winkler,
    FieldType.POSTCODE: _edits,
    FieldType.IDENTIFIER: _edits,
    FieldType.CATEGORY: _jaro_winkler,
    FieldType.TEXT: _texts,
    FieldType.NAMES: _texts,
    FieldType.WEBSITE: _edits,
    FieldType.NUMBER: _number,
}
