"""How alike two different forms of a column are, for millions of pairs of codes at a time.

Most pairs of a block are not alike at all, and that is told without comparing letters: from an upper
bound on Jaro–Winkler that needs only lengths, first letters and sets of letters, as numbers. What
is left goes to rapidfuzz.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from crmkit.adapters.batch.columns import Codes, Column, coded
from crmkit.adapters.batch.words import Words
from crmkit.domain.values.nicknames import formal_names
from crmkit.rules.dedup.linkage import LEVELS, FieldType

__all__ = ["Likeness", "likeness"]

Likeness = npt.NDArray[np.float32]
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
        letters, lengths = _letters_of(column.values)
        self.length = lengths.astype(np.float32)
        self.first = letters[:, :4].copy()
        # two bits a letter class: met once, met twice; 32 classes, spaces are none
        once = np.zeros(len(letters), np.uint32)
        twice = np.zeros(len(letters), np.uint32)
        for place in range(letters.shape[1]):
            letter = letters[:, place]
            bit = np.left_shift(np.uint32(1), letter & 31)
            bit[letter == 32] = 0
            twice |= once & bit
            once |= bit
        self.once, self.twice = once, twice
        self.more = self.length - np.bitwise_count(once) - np.bitwise_count(twice)

    def common(self, one: Codes, other: Codes) -> Likeness:
        """At least as many letters as the two have in common."""
        shared = np.bitwise_count(self.once[one] & self.once[other]).astype(np.float32)
        shared += np.bitwise_count(self.twice[one] & self.twice[other])
        return np.asarray(shared + np.minimum(self.more[one], self.more[other]), np.float32)

    def bound(self, one: Codes, other: Codes) -> Likeness:
        """At least the Jaro–Winkler similarity of the two."""
        mine, theirs = self.length[one], self.length[other]
        common = np.minimum(self.common(one, other), np.minimum(mine, theirs))
        jaro = (common / mine + common / theirs + 1) / 3
        same = self.first[one] == self.first[other]
        prefix = np.cumprod(same, axis=1).sum(axis=1)
        return np.asarray(jaro + 0.1 * prefix * (1 - jaro), np.float32)


_WIDTH = 24
"""Letters that the sets are made of; further ones count as if they were in common."""


def _letters_of(values: pa.StringArray) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The first letters of each text, filled up with spaces, and how many it has."""
    lengths = pc.utf8_length(values).to_numpy(zero_copy_only=False).astype(np.int64)
    if pc.all(pc.string_is_ascii(values)).as_py() is not False and values.offset == 0 and len(values):
        # straight from Arrow's memory: one letter is one byte
        starts = np.frombuffer(values.buffers()[1], np.int32)[: len(values)]
        data = np.frombuffer(values.buffers()[2] or b" ", np.uint8)
        places = np.minimum(starts[:, None] + np.arange(_WIDTH, dtype=np.int32), max(0, len(data) - 1))
        letters = data[places].astype(np.uint32)
        letters[np.arange(_WIDTH) >= lengths[:, None]] = 32
        return letters, lengths
    filled = "".join(text[:_WIDTH].ljust(_WIDTH) for text in values.to_pylist())
    return np.frombuffer(filled.encode("utf-32-le"), np.uint32).reshape(len(values), _WIDTH), lengths


def _letters(column: Column) -> _Letters:
    letters: _Letters = column.once("letters", _Letters)
    return letters


def _compared(column: Column, one: Codes, other: Codes, scorer: Callable[..., object], least: float) -> Likeness:
    texts = column.texts
    return np.asarray(
        process.cpdist(
            [texts[code] for code in one.tolist()],
            [texts[code] for code in other.tolist()],
            scorer=scorer,
            score_cutoff=least,
            dtype=np.float32,
        )
    )


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
    found[short & (letters.first[one, 0] == letters.first[other, 0])] = 0.94
    forms = column.once("forms", _formal)
    todo = np.flatnonzero(((forms[one, 1] > 0) | (forms[other, 1] > 0)) & ~short)
    mine, theirs = forms[one[todo]], forms[other[todo]]
    shared = (mine[:, :, None] == theirs[:, None, :]) & (mine > 0)[:, :, None]
    found[todo[shared.any(axis=(1, 2))]] = 0.95
    return found


def _formal(column: Column) -> npt.NDArray[np.int32]:
    """Each form as a number, followed by those of the full names that it may be short for."""
    known: dict[str, int] = {}
    found = np.zeros((len(column.texts), 1 + _MOST_NAMES), np.int32)
    for place, text in enumerate(column.texts):
        found[place, 0] = known.setdefault(text, len(known) + 1)
        full = sorted(formal_names(text) - {text})[:_MOST_NAMES]
        found[place, 1 : 1 + len(full)] = [known.setdefault(name, len(known) + 1) for name in full]
    return found


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


class _Digits:
    """Forms as rows of digits; those of another length than ``size`` are not comparable in this way."""

    def __init__(self, column: Column, size: int) -> None:
        whole = pc.match_substring_regex(column.values, f"^[0-9]{{{size}}}$").to_numpy(zero_copy_only=False)
        self.whole = whole
        digits = np.zeros((len(whole), size), np.uint8)
        texts = column.values.filter(pc.match_substring_regex(column.values, f"^[0-9]{{{size}}}$"))
        if len(texts):
            digits[whole] = np.frombuffer("".join(texts.to_pylist()).encode(), np.uint8).reshape(-1, size)
        self.digits = digits

    def changed(self, one: Codes, other: Codes) -> npt.NDArray[np.int64]:
        """How many digits differ; two neighbours that are swapped count once."""
        mine, theirs = self.digits[one], self.digits[other]
        differ = mine != theirs
        count = differ.sum(axis=1)
        two = np.flatnonzero(count == 2)
        first = differ[two].argmax(axis=1)
        last = np.minimum(first + 1, differ.shape[1] - 1)
        swapped = (mine[two, first] == theirs[two, last]) & (mine[two, last] == theirs[two, first])
        count[two[swapped & differ[two, last]]] = 1
        return np.asarray(count, np.int64)


def _date(column: Column, one: Codes, other: Codes) -> Likeness:
    """Digits that differ; day and month swapped count as one."""
    known: _Digits = column.once("digits", lambda known: _Digits(known, 8))
    changed = known.changed(one, other)
    mine, theirs = known.digits[one], known.digits[other]
    swapped = (mine[:, :4] == theirs[:, :4]).all(axis=1)
    swapped &= (mine[:, 4:6] == theirs[:, 6:]).all(axis=1) & (mine[:, 6:] == theirs[:, 4:6]).all(axis=1)
    found = np.select([(changed <= 1) | swapped, changed <= 2], [0.9, 0.8], 0.0).astype(np.float32)
    odd = np.flatnonzero(~(known.whole[one] & known.whole[other]))
    if len(odd):
        found[odd] = _edits(column, one[odd], other[odd])
    return found


def _phone(column: Column, one: Codes, other: Codes) -> Likeness:
    letters = _letters(column)
    found = _edits(column, one, other)
    found[found < 0.9] = 0
    mine, theirs = letters.length[one], letters.length[other]
    texts = column.texts
    for place in np.flatnonzero((mine != theirs) & (np.minimum(mine, theirs) >= 7)).tolist():
        left, right = texts[one[place]], texts[other[place]]
        if left.endswith(right) or right.endswith(left):
            found[place] = 0.95
    return found


def _number(column: Column, one: Codes, other: Codes) -> Likeness:
    values = column.once("numbers", lambda known: np.array([float(text or "nan") for text in known.texts]))
    found = np.where(_edits(column, one, other) >= 0.9, 0.9, 0.0)
    found[np.abs(values[one] - values[other]) <= 1] = 0.95
    return found.astype(np.float32)


def _email(column: Column, one: Codes, other: Codes) -> Likeness:
    local = column.once("local", lambda known: _part(known, "@.*$"))
    domain = column.once("domain", lambda known: _part(known, "^[^@]*@"))
    mine, theirs = local.codes[one], local.codes[other]
    found = np.where(domain.codes[one] == domain.codes[other], 0.5, 0.0).astype(np.float32)
    same = mine == theirs
    todo = np.flatnonzero(~same & (local.codes[one] > 0) & (local.codes[other] > 0))
    bound = _letters(local).bound(mine[todo], theirs[todo])
    todo = todo[bound >= 0.8]
    if len(todo):
        close = _compared(local, mine[todo], theirs[todo], JaroWinkler.normalized_similarity, 0.88)
        found[todo[close >= 0.88]] = 0.8
        edits = _edits(column, one[todo], other[todo])
        found[todo[edits >= 0.8]] = 0.9
    found[same] = 0.95
    return found


def _part(column: Column, without: str) -> Column:
    """The column of one part of each form: its codes are a form, not a row."""
    return _of_forms(column, pc.replace_substring_regex(column.values, without, ""))


def _of_forms(column: Column, parts: pa.StringArray) -> Column:
    codes, forms = coded(parts)
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
    house: npt.NDArray[np.int64] = column.once("house", _houses)
    street: Column = column.once("street", _streets)
    mine, theirs = street.codes[one], street.codes[other]
    words: Words = street.once("words", Words)
    found = np.ones(len(one), np.float32)
    differ = np.flatnonzero(mine != theirs)
    found[differ] = words.likeness(mine[differ], theirs[differ])
    found[house[one] != house[other]] *= np.float32(0.69)
    return np.minimum(found, np.float32(0.9989))


def _houses(column: Column) -> npt.NDArray[np.int64]:
    """The house number of each form, -1 where there is none; that before 号 in a Chinese address."""
    chinese = pc.struct_field(pc.extract_regex(column.values, "(?P<number>[0-9]{1,9})号"), [0])
    first = pc.struct_field(pc.extract_regex(column.values, "(?P<number>[0-9]{1,9})"), [0])
    return np.asarray(pc.fill_null(pc.coalesce(chinese, first).cast("int64"), -1).to_numpy(zero_copy_only=False))


def _streets(column: Column) -> Column:
    """What is left of each form without house number and flat; its codes are a form, not a row."""
    bare = pc.replace_substring_regex(column.values, r"\b(apt|ste|unit|flat|fl|no) ?[0-9a-z]{1,5}$", "")
    bare = pc.replace_substring_regex(bare, r"^[0-9]+[a-z]?\b|[0-9]{1,9}号.*$|[0-9]+$", "")
    return _of_forms(column, pc.utf8_trim_whitespace(bare))


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
