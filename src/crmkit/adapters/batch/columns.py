"""Columns coded to integers: the text of every record becomes the number of its normal form.

Equal forms have equal codes, 0 stands for nothing, and whatever is worked out about a form is worked
out once, however many records have it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field

from crmkit.adapters.batch.letters import DIGITS, JOINED, SPACED, before, is_ascii, memory_of, replaced
from crmkit.adapters.batch.pairs import sorted_once
from crmkit.domain.values.domains import ROLE_MAILBOXES
from crmkit.domain.values.plain_text import fold
from crmkit.rules.dedup.linkage import FieldType

__all__ = ["Codes", "Column", "coded", "column", "find_implied", "keyed"]

Codes = npt.NDArray[np.int64]
_MANY = 3
"""Other rows that share a value, on average over rows, from which on a column may imply another."""
_NEARLY_ALL = 0.8
"""The share of pairs with one value equal that have the other equal too, from which on it is implied."""
_ENOUGH = 200_000
"""Rows that show well enough whether one column implies another."""
_SAMPLE = 20_000
"""Rows that are looked at to see whether a column says the same often."""


@define(eq=False)
class Column:
    """One column: ``codes`` a row, and the normal form behind each code."""

    name: str
    type: FieldType
    codes: Codes
    values: pa.StringArray
    """The form of each code; that of code 0 is empty."""
    counts: Codes = field(init=False)
    """How many rows have each code."""
    implied_by: tuple[str, ...] = ()
    """Columns that say the same already: where one of them agrees, that this one does too is no news."""
    known: dict[str, Any] = field(factory=dict)
    """What was worked out about the forms to tell how alike they are, by name."""
    _texts: list[str] | None = None
    _rarity: npt.NDArray[np.float64] | None = None

    def __attrs_post_init__(self) -> None:
        self.counts = np.bincount(self.codes, minlength=len(self.values))

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def texts(self) -> list[str]:
        """The forms as Python text."""
        if self._texts is None:
            self._texts = self.values.to_pylist()
        return self._texts

    def texts_of(self, codes: Codes) -> list[str]:
        """The forms of these codes."""
        found: list[str] = self.values.take(pa.array(codes)).to_pylist()
        return found

    def few(self, *codes: Codes) -> "tuple[Column, list[Codes]] | None":
        """A column of these forms alone, and their codes there, where they are few of all; it has no rows."""
        if len(self.values) < sum(len(each) for each in codes):
            return None
        used = sorted_once(np.concatenate([[0], *codes]))
        if 2 * len(used) > len(self.values):
            return None
        forms = Column(self.name, self.type, np.zeros(0, np.int64), self.values.take(pa.array(used)))
        places = np.empty(len(self.values), np.int64)
        places[used] = np.arange(len(used))
        return forms, [places.take(each) for each in codes]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """The share of the rows with a value that have each form; one row more than none, for others may come."""
        return np.asarray(np.maximum(self.counts, 1.5) / max(1, self.filled), np.float64)

    @property
    def rarity(self) -> npt.NDArray[np.float64]:
        """Bits for each form: how rare it is."""
        if self._rarity is None:
            self._rarity = -np.log2(self.shares)
        return self._rarity

    @property
    def filled(self) -> int:
        """How many rows have a value."""
        return int(self.counts[1:].sum())

    def once(self, name: str, make: Callable[["Column"], Any]) -> Any:
        """What ``make`` works out about the forms, worked out once."""
        if name not in self.known:
            self.known[name] = make(self)
        return self.known[name]


def column(name: str, type_: FieldType, texts: "pa.ChunkedArray | pa.Array | Sequence[str | None]") -> Column:
    """``texts`` coded by their normal forms; texts that come as a dictionary are made normal once each."""
    raw = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else pa.array(list(texts), pa.string())
    listed = pa.types.is_dictionary(raw.type)
    if isinstance(raw, pa.ChunkedArray):
        raw = (raw.unify_dictionaries() if listed else raw).combine_chunks()
    if not listed:
        filled = (raw if pa.types.is_string(raw.type) else raw.cast(pa.string())).fill_null("")
        # where nearly all differ, telling them apart first costs more than it saves
        if len(filled) >= _SAMPLE and len(pc.unique(filled.slice(0, _SAMPLE))) >= _SAMPLE // 2:
            return Column(name, type_, *coded(_NORMAL[type_](filled)))
        raw = filled.dictionary_encode()
    known = raw.dictionary if pa.types.is_string(raw.dictionary.type) else raw.dictionary.cast(pa.string())
    codes, forms = coded(_NORMAL[type_](known.fill_null("")))
    # a missing text stands behind those of the dictionary
    which = raw.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    return Column(name, type_, np.r_[codes, 0].take(which), forms)


def coded(texts: pa.Array) -> tuple[Codes, pa.StringArray]:
    """A code for each text, and the text of each code; the empty one has code 0."""
    found = pa.concat_arrays([pa.array([""]), texts]).dictionary_encode()
    return found.indices.to_numpy(zero_copy_only=False).astype(np.int64)[1:], found.dictionary


def keyed(codes: Codes) -> Codes:
    """``codes`` as a key to block by: -1 where there is nothing."""
    return np.where(codes > 0, codes, -1)


def find_implied(columns: Sequence[Column]) -> None:
    """Note of each place which others imply it, as a postcode implies its town.

    Only columns whose values many rows share are asked: where a value is nearly unique, all else agrees
    because the records are the same.
    """
    places = [each for each in columns if each.type in (FieldType.POSTCODE, FieldType.PLACE)]
    for one in places:
        pairs = float((one.counts[1:].astype(np.float64) * (one.counts[1:] - 1)).sum())
        if pairs < _MANY * max(1, one.filled):
            continue
        for other in places:
            if one is not other and one.name not in other.implied_by and other.name not in one.implied_by:
                some = slice(None, None, 1 + len(one) // _ENOUGH)
                mine, theirs = one.codes[some], other.codes[some]
                both = np.flatnonzero((mine > 0) & (theirs > 0))
                joined = np.sort(mine[both] * len(other.counts) + theirs[both])
                joint = np.diff(np.flatnonzero(np.r_[True, joined[1:] != joined[:-1], True]))
                alone = np.bincount(mine[both]).astype(np.float64)
                agreeing = float((joint.astype(np.float64) * (joint - 1)).sum())
                together = float((alone * (alone - 1)).sum())
                if agreeing > _NEARLY_ALL * together > 0 and not _says_little(other):
                    other.implied_by = (*other.implied_by, one.name)


def _says_little(column: Column) -> bool:
    """Whether two rows agree anyway more often than not."""
    return float((column.counts[1:] ** 2.0).sum()) > 0.5 * max(1, column.filled) ** 2


# --- normal forms ---------------------------------------------------------------------------------


def _folded(texts: pa.Array) -> pa.Array:
    """``texts`` without width, case and accents."""
    if is_ascii(texts):
        return pc.ascii_lower(texts)
    return pa.array([fold(text) for text in texts.to_pylist()], pa.string())


def _spaced(texts: pa.Array) -> pa.Array:
    """Words with single spaces between them, and nothing else."""
    if is_ascii(texts):
        return replaced(texts, SPACED)
    bare = pc.replace_substring_regex(_folded(texts), "['’`]", "")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(bare, r"[^\p{L}\p{N}]+", " "))


def _joined(texts: pa.Array) -> pa.Array:
    """Letters and digits, and nothing else."""
    if is_ascii(texts):
        return replaced(texts, JOINED)
    return pc.replace_substring_regex(_folded(texts), r"[^\p{L}\p{N}]+", "")


_AFTER_ROLE = "0123456789_.-"
_ROLES_BEGIN = pa.array(
    sorted(
        {role[:3] for role in ROLE_MAILBOXES} | {role + sign for role in ROLE_MAILBOXES for sign in _AFTER_ROLE + "@+"}
    )
)


def _email(texts: pa.Array) -> pa.Array:
    """The address; a role mailbox such as info@ is nobody's, and counts as missing."""
    plain = pc.utf8_trim_whitespace(_folded(texts))
    # few addresses begin as a role does
    maybe = pc.is_in(pc.utf8_slice_codeunits(plain, 0, 3), _ROLES_BEGIN).to_numpy(zero_copy_only=False)
    local = before(before(plain.filter(pa.array(maybe)), "@"), "+")
    roles = pc.is_in(pc.utf8_rtrim(local, characters=_AFTER_ROLE), pa.array(sorted(ROLE_MAILBOXES)))
    maybe[maybe] = roles.to_numpy(zero_copy_only=False)
    return pc.if_else(pa.array(maybe), "", plain)


def _website(texts: pa.Array) -> pa.Array:
    bare = pc.replace_substring_regex(pc.utf8_trim_whitespace(_folded(texts)), r"^(https?://)?(www\.)?", "")
    return pc.replace_substring_regex(bare, "[/?#].*$", "")


_EXTENSION = "(ext|x|#|转|分机)"


def _phone(texts: pa.Array) -> pa.Array:
    """The last digits, as many as a number of this column has without prefixes."""
    plain = _folded(texts)
    letters = memory_of(plain)[1]
    if not is_ascii(plain) or ((letters == ord("x")) | (letters == ord("#"))).any():
        plain = pc.replace_substring_regex(plain, _EXTENSION + ".*$", "")
    digits = pc.utf8_ltrim(replaced(plain, DIGITS), characters="0")
    if pc.any(pc.starts_with(digits, "86")).as_py():
        digits = pc.replace_substring_regex(digits, "^860*([0-9]{10,11})$", r"\1")
    lengths = pc.utf8_length(digits).to_numpy(zero_copy_only=False)
    share = np.bincount(np.minimum(lengths, 15), minlength=16) / max(1, int((lengths > 4).sum()))
    usual = next((length for length in range(7, 12) if share[length] >= 0.05), 11)
    short = pc.utf8_slice_codeunits(digits, -usual)
    return pc.if_else(pc.greater(pc.utf8_length(digits), 4), short, "")


def _date(texts: pa.Array) -> pa.Array:
    """Eight digits, the year first; the bare digits of what is no whole date."""
    plain = pc.replace_substring_regex(
        _folded(texts), r"^\s*([0-9]{4})[-/.年]([0-9]{2})[-/.月]([0-9]{2}).*$", r"\1\2\3"
    )
    whole = pc.match_substring_regex(plain, "^([0-9]{8})?$")
    if pc.all(whole).as_py() is not False:
        return plain
    return pa.array([_date_of(text) for text in plain.to_pylist()], pa.string())


def _date_of(text: str) -> str:
    parts = re.findall("[0-9]+", text)
    if len(parts) == 3 and len(parts[0]) == 4:
        return f"{parts[0]}{int(parts[1]):02}{int(parts[2]):02}"
    if len(parts) == 3 and len(parts[2]) == 4:
        return f"{parts[2]}{int(parts[1]):02}{int(parts[0]):02}"
    return "".join(parts)


def _number(texts: pa.Array) -> pa.Array:
    found = pc.extract_regex(
        pc.replace_substring_regex(_folded(texts), "[,，]", ""), r"(?P<number>[0-9]+(?:\.[0-9]+)?)"
    )
    return pc.fill_null(pc.struct_field(found, [0]), "")


_STREETS = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct", "place": "pl",
    "boulevard": "blvd", "way": "wy", "highway": "hwy", "square": "sq", "terrace": "tce", "crescent": "cres",
    "parkway": "pkwy", "circuit": "cct", "north": "n", "south": "s", "east": "e", "west": "w", "apartment": "apt",
    "suite": "ste", "strasse": "str", "saint": "st", "building": "bldg", "floor": "fl",
}  # fmt: skip


def _address(texts: pa.Array) -> pa.Array:
    """Street words in their short form."""
    split = pc.split_pattern(_spaced(texts), " ")
    words = split.values.dictionary_encode()
    short = pa.array([_STREETS.get(word, word) for word in words.dictionary.to_pylist()], pa.string())
    return pc.binary_join(pa.ListArray.from_arrays(split.offsets, short.take(words.indices)), " ")


_NORMAL: Mapping[FieldType, Callable[[pa.Array], pa.Array]] = {
    FieldType.GIVEN_NAME: _spaced,
    FieldType.FAMILY_NAME: _spaced,
    FieldType.PERSON_NAME: _spaced,
    FieldType.COMPANY_NAME: _spaced,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.DATE: _date,
    FieldType.ADDRESS: _address,
    FieldType.PLACE: _spaced,
    FieldType.POSTCODE: _joined,
    FieldType.IDENTIFIER: _joined,
    FieldType.CATEGORY: _spaced,
    FieldType.TEXT: _spaced,
    FieldType.NAMES: _spaced,
    FieldType.WEBSITE: _website,
    FieldType.NUMBER: _number,
}
