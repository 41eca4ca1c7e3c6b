"""People to find duplicates among: a generator of its own, and the one that stands beside the project.

Both write the columns of ``data.PEOPLE`` with ``id`` and the true ``cluster``, and the same arguments give the same
people. This one errs in other ways than that one: values are read wrongly by machines, cut off where a column was
too short, and put into the wrong field; its people come from several parts of the world, and share homes, phones and
office mailboxes with others.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from matching.data import PEOPLE, ROOT, NoData

__all__ = ["DUPLICATES", "own_people", "own_people_file", "shared_people_file"]

DUPLICATES = 0.15
"""The share of records that are another's duplicate."""

Text = np.ndarray
"""Python strings or ``None``."""


@frozen
class Part:
    """A part of the world: how its names and streets are put together."""

    share: float
    starts: str
    middles: str
    ends_given: str
    ends_family: str
    street: str
    """With ``{name}`` and ``{number}``."""
    code: str
    """The country code of its phones."""
    digits: int


PARTS = (
    Part(0.28, "Al Ben Cal Dor El Fen Gar Har Jas Kel Lan Mar Nor Per Ro Sim Tom Wil", "a e i o ar el en il on",
         "n na y lie ck ra den la s ph", "son ton man field well ley worth more by ham", "{number} {name} Street", "44", 10),
    Part(0.17, "Ad Ber Chri Die El Frie Ger Hei Jo Kla Lu Mat Ni Ot Rei Sie Ul Wol", "a e i o ei au er ol",
         "na nz ke rich helm gard ne bert", "mann er hauer stein berg feld schmidt bach meier ke", "{name}straße {number}", "49", 10),
    Part(0.15, "A Ca Do E Fer Gui I Jo Lu Ma Mi Na Pe Ra Ro Sa So Te Va", "na la ri be do ra mi re lo",
         "a o el és ia ando ita", "ez ano eda ero illa ado ínez osa ara eira", "Calle {name} {number}", "34", 9),
    Part(0.13, "Ale Bo Da Dmi Ga Ig Iva Ka Ko Lju Mi Na Ole Pa Ser Ta Va Vo", "ri la mi ro sla ta vi ni de",
         "na j k slav mir ja n", "ov ev in enko ski ić uk vič ak", "ul. {name} {number}", "48", 9),
    Part(0.12, "Aa Ani De Ga Ha In Ja Ka La Ma Ni Pra Ra Sha Su Ti Vi Ya", "ra ni de sha ka vi ma ja",
         "n a sh ya ta v l", "an war pal gar kar ta ja swamy reddy dev", "{number} {name} Marg", "91", 10),
    Part(0.15, "An Bao Chen Da Fang Guo Hai Jia Kai Lan Mei Ning Qiang Rui Shan Tao Wei Xiao Yan Zhi", "",
         "jun ming hua ling ping yi wen hong feng bo", "", "No. {number} {name} Road", "86", 11),
)  # fmt: skip
EASTERN_FAMILIES = ["Wang", "Li", "Zhang", "Liu", "Chen", "Yang", "Zhao", "Huang", "Zhou", "Wu", "Xu", "Sun", "Hu", "Zhu", "Gao", "Lin", "He", "Guo", "Ma", "Luo", "Liang", "Song"]  # fmt: skip

PUBLIC_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "gmx.net", "mail.ru", "qq.com", "163.com", "proton.me")
OFFICES = ("office", "info", "contact", "sales", "reception")

Chance = np.random.Generator


def own_people(count: int, *, seed: int = 1) -> pa.Table:
    """``count`` records, of which ``DUPLICATES`` are second or third ones of the same person.

    >>> people = own_people(2_000, seed=3)
    >>> people.num_rows, len(set(people["cluster"].to_pylist()))
    (2000, 1700)
    >>> own_people(2_000, seed=3).equals(people)
    True
    """
    chance = np.random.default_rng(seed)
    copies = round(count * DUPLICATES)
    people = _people(count - copies, chance)
    original = _originals(count - copies, copies, chance)
    known = _with_gaps(people, chance)
    doubles = _corrupted({name: values[original] for name, values in people.items()}, chance)
    order = chance.permutation(count)
    cluster = np.concatenate([np.arange(count - copies), original])[order]
    columns = {name: np.concatenate([known[name], doubles[name]])[order] for name in PEOPLE}
    return pa.table(
        {
            "id": pa.array(np.arange(count)),
            **{name: pa.array(values, pa.string()) for name, values in columns.items()},
            "cluster": pa.array(cluster),
        }
    )


def _originals(people: int, copies: int, chance: Chance) -> np.ndarray:
    """Of whom the duplicates are: mostly one each, sometimes up to four."""
    each = np.minimum(chance.geometric(0.75, copies), 4)
    who = chance.choice(people, copies, replace=False)
    return np.repeat(who, each)[:copies]


# --- people ---------------------------------------------------------------------------------------


def _people(count: int, chance: Chance) -> dict[str, Text]:
    part = chance.choice(len(PARTS), count, p=[each.share for each in PARTS])
    columns = {name: np.empty(count, dtype=object) for name in PEOPLE}
    for number, of in enumerate(PARTS):
        rows = np.flatnonzero(part == number)
        for name, values in _of_part(of, len(rows), chance).items():
            columns[name][rows] = values
    _households(columns, part, chance)
    columns["email"] = _mails(columns, chance)
    return columns


def _of_part(of: Part, count: int, chance: Chance) -> dict[str, Text]:
    given = _names(of.starts, of.middles, of.ends_given, 500, chance)
    family = _names(of.starts, of.middles, of.ends_family, 6_000, chance) if of.ends_family else EASTERN_FAMILIES
    cities = _names(of.starts, of.middles, "burg ville ta grad pur do wick", 2_000, chance)
    streets = _names(of.starts, of.middles, "er a al in os ow", 1_500, chance)
    city = _zipf(len(cities), count, chance, slope=0.9)
    postcode = 10_000 + (city * 1_009 + chance.integers(0, 4_000, count)) % 89_999
    number = np.minimum((chance.pareto(1.1, count) * 30 + 1).astype(int), 2_000)
    street = chance.integers(0, len(streets), count)
    born = np.datetime64("1938-01-01") + (chance.beta(2, 1.8, count) * 25_000).astype(int)
    line = chance.integers(10 ** (of.digits - 1), 10**of.digits, count)
    return {
        "first_name": np.array(given, dtype=object)[_zipf(len(given), count, chance, slope=0.85)],
        "last_name": np.array(family, dtype=object)[_zipf(len(family), count, chance, slope=0.8)],
        "dob": np.datetime_as_string(born).astype(object),
        "phone": np.array([f"+{of.code}{digits}" for digits in line.tolist()], dtype=object),
        "street": np.array(
            [
                of.street.format(name=streets[s], number=n)
                for s, n in zip(street.tolist(), number.tolist(), strict=True)
            ],
            dtype=object,
        ),
        "city": np.array(cities, dtype=object)[city],
        "postcode": postcode.astype(str).astype(object),
        "email": np.full(count, None, dtype=object),
    }


def _names(starts: str, middles: str, ends: str, count: int, chance: Chance) -> list[str]:
    """Different names of syllables, as many as there are up to ``count``."""
    first, between, last = starts.split(), ["", *middles.split()], ends.split()
    found = {a + b + c for a in first for b in between for c in last}
    if len(found) < count:
        found |= {a + b + d + c for a in first for b in between for d in between for c in last}
    ordered = sorted(found)
    return [ordered[at] for at in chance.permutation(len(ordered))[:count].tolist()]


def _zipf(kinds: int, count: int, chance: Chance, *, slope: float) -> np.ndarray:
    weight = 1 / np.arange(1, kinds + 1) ** slope
    return np.searchsorted(np.cumsum(weight) / weight.sum(), chance.random(count))


def _households(columns: dict[str, Text], part: np.ndarray, chance: Chance) -> None:
    """One in eight lives with the one before of the same part: one name and address, often one phone."""
    order = np.argsort(part, kind="stable")
    joins = np.flatnonzero((chance.random(len(part)) < 0.125) & (part[order] == np.roll(part[order], 1)))
    joins = joins[joins > 0]
    for name in ("last_name", "street", "city", "postcode"):
        columns[name][order[joins]] = columns[name][order[joins - 1]]
    shared = joins[chance.random(len(joins)) < 0.4]
    columns["phone"][order[shared]] = columns["phone"][order[shared - 1]]
    # twins, and children named after a parent
    twins = joins[chance.random(len(joins)) < 0.03]
    columns["dob"][order[twins]] = columns["dob"][order[twins - 1]]
    juniors = joins[chance.random(len(joins)) < 0.02]
    columns["first_name"][order[juniors]] = columns["first_name"][order[juniors - 1]]


def _mails(columns: dict[str, Text], chance: Chance) -> Text:
    count = len(columns["email"])
    firms = [
        f"{name.lower()}.example"
        for name in _names(PARTS[0].starts, PARTS[1].middles, "tec gruppe co ware", 4_000, chance)
    ]
    public = chance.random(count) < 0.75
    provider, firm = chance.integers(0, len(PUBLIC_MAIL), count), _zipf(len(firms), count, chance, slope=0.6)
    kind, number = chance.integers(0, 4, count), chance.integers(1, 999, count)
    office = (chance.random(count) < 0.06) & ~public
    return _one_owner_each(
        [
            _mail(*row, office=at_office)
            for *row, at_office in zip(
                columns["first_name"],
                columns["last_name"],
                [PUBLIC_MAIL[at] if open_ else firms[to] for open_, at, to in zip(public, provider, firm, strict=True)],
                kind.tolist(),
                number.tolist(),
                office.tolist(),
                strict=True,
            )
        ]
    )


def _one_owner_each(mails: list[str]) -> Text:
    """Who comes later has to add a number: an address has one owner, but for those of offices."""
    owners: Counter[str] = Counter()
    found = []
    for mail in mails:
        own, _, domain = mail.partition("@")
        owners[mail] += own not in OFFICES
        found.append(mail if owners[mail] < 2 else f"{own}-{owners[mail]}@{domain}")
    return np.array(found, dtype=object)


def _mail(given: str, family: str, domain: str, kind: int, number: int, *, office: bool) -> str:
    if office:
        return f"{OFFICES[number % len(OFFICES)]}@{domain}"
    given, family = _ascii(given), _ascii(family)
    return (
        f"{given}.{family}@{domain}",
        f"{given[0]}{family}{number}@{domain}",
        f"{family}.{given}{number % 100}@{domain}",
        f"{given}{number}@{domain}",
    )[kind]


PLAIN = str.maketrans("éíáóúñćčšžüöäß", "eiaounccszuoas")


def _ascii(text: str) -> str:
    return text.lower().translate(PLAIN)


def _with_gaps(people: dict[str, Text], chance: Chance) -> dict[str, Text]:
    gaps = {
        "dob": 0.3,
        "email": 0.15,
        "phone": 0.15,
        "street": 0.12,
        "postcode": 0.08,
        "city": 0.05,
        "first_name": 0.01,
    }
    known = {name: values.copy() for name, values in people.items()}
    for name, share in gaps.items():
        known[name][chance.random(len(known[name])) < share] = None
    return known


# --- duplicates -----------------------------------------------------------------------------------

Change = Callable[[str, Chance], str]


def _corrupted(records: dict[str, Text], chance: Chance) -> dict[str, Text]:
    """Each record with what happens to it on its second way into the books."""
    records = {name: values.copy() for name, values in records.items()}
    for name, share, change in CHANGES:
        for row in np.flatnonzero(chance.random(len(records[name])) < share).tolist():
            if records[name][row]:
                records[name][row] = change(records[name][row], chance)
    _moved(records, chance)
    _misplaced(records, chance)
    for name, share in {
        "dob": 0.35,
        "email": 0.2,
        "phone": 0.2,
        "street": 0.15,
        "postcode": 0.12,
        "city": 0.08,
    }.items():
        records[name][chance.random(len(records[name])) < share] = None
    return records


def _misread(text: str, chance: Chance) -> str:
    """One pair of shapes that a scanner takes for each other."""
    shapes = (("rn", "m"), ("m", "rn"), ("cl", "d"), ("l", "1"), ("o", "0"), ("O", "0"), ("0", "O"), ("1", "l"),
              ("5", "S"), ("S", "5"), ("8", "B"), ("B", "8"), ("vv", "w"), ("i", "l"), ("6", "b"), ("g", "q"))  # fmt: skip
    fitting = [shape for shape in shapes if shape[0] in text]
    if not fitting:
        return text
    old, new = fitting[int(chance.integers(len(fitting)))]
    return text.replace(old, new, 1)


def _cut(text: str, chance: Chance) -> str:
    """A column that was too short."""
    return text[: max(3, int(len(text) * chance.uniform(0.5, 0.9)))].rstrip()


def _misheard(text: str, chance: Chance) -> str:
    """Letters that sound alike."""
    sounds = (
        ("ph", "f"),
        ("ck", "k"),
        ("ie", "y"),
        ("ei", "ai"),
        ("v", "w"),
        ("tt", "t"),
        ("n", "nn"),
        ("c", "k"),
        ("s", "z"),
    )
    fitting = [sound for sound in sounds if sound[0] in text]
    if not fitting:
        return text
    old, new = fitting[int(chance.integers(len(fitting)))]
    return text.replace(old, new, 1)


def _initial(text: str, _: Chance) -> str:
    return text[0] + "."


def _short(text: str, _: Chance) -> str:
    """A pet name."""
    return text[:3] + "i" if len(text) > 4 else text


def _double(text: str, chance: Chance) -> str:
    """A second name, behind or in front."""
    other = EASTERN_FAMILIES[int(chance.integers(len(EASTERN_FAMILIES)))]
    return f"{text}-{other}" if chance.random() < 0.5 else f"{other} {text}"


def _plain(text: str, _: Chance) -> str:
    return text.translate(PLAIN)


def _american(text: str, _: Chance) -> str:
    """Month and day change places, where that makes a date."""
    year, month, day = text.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 else text


def _another_digit(text: str, chance: Chance) -> str:
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    place = places[int(chance.integers(len(places)))]
    return f"{text[:place]}{(int(text[place]) + int(chance.integers(1, 10))) % 10}{text[place + 1 :]}"


def _domestic(text: str, _: Chance) -> str:
    """As written at home: without the country, in groups."""
    own = text[3:]
    return f"0{own[:3]} {own[3:6]} {own[6:]}"


def _grouped(text: str, _: Chance) -> str:
    return f"00{text[1:3]}-{text[3:7]}-{text[7:]}"


def _other_provider(text: str, chance: Chance) -> str:
    return f"{text.partition('@')[0]}@{PUBLIC_MAIL[int(chance.integers(len(PUBLIC_MAIL)))]}"


def _tagged(text: str, _: Chance) -> str:
    own, _, domain = text.partition("@")
    return f"{own}+crm@{domain}"


def _short_street(text: str, _: Chance) -> str:
    for long, short in (("Street", "St."), ("straße", "str."), ("Calle", "C/"), ("Road", "Rd"), ("ul. ", "")):
        text = text.replace(long, short)
    return text


def _upper(text: str, _: Chance) -> str:
    return text.upper()


CHANGES: Sequence[tuple[str, float, Change]] = (
    ("first_name", 0.06, _short),
    ("first_name", 0.05, _misheard),
    ("first_name", 0.04, _misread),
    ("first_name", 0.06, _initial),
    ("first_name", 0.03, _double),
    ("last_name", 0.06, _misheard),
    ("last_name", 0.05, _misread),
    ("last_name", 0.03, _double),
    ("last_name", 0.04, _cut),
    ("last_name", 0.40, _plain),
    ("dob", 0.05, _american),
    ("dob", 0.05, _another_digit),
    ("email", 0.06, _misread),
    ("email", 0.10, _other_provider),
    ("email", 0.03, _tagged),
    ("email", 0.03, _cut),
    ("phone", 0.06, _another_digit),
    ("phone", 0.25, _domestic),
    ("phone", 0.20, lambda text, chance: _grouped(text, chance) if text[0] == "+" else text),
    ("street", 0.35, _short_street),
    ("street", 0.08, _cut),
    ("street", 0.06, _misread),
    ("city", 0.05, _misheard),
    ("city", 0.04, _cut),
    ("city", 0.10, _upper),
    ("postcode", 0.05, _another_digit),
    ("last_name", 0.15, _upper),
)


def _moved(records: dict[str, Text], chance: Chance) -> None:
    """One in ten has another address, one in twelve another phone."""
    count = len(records["street"])
    movers = np.flatnonzero(chance.random(count) < 0.10)
    to = chance.integers(0, count, len(movers))
    for name in ("street", "city", "postcode"):
        records[name][movers] = records[name].copy()[to]
    callers = np.flatnonzero(chance.random(count) < 0.08)
    records["phone"][callers] = records["phone"].copy()[chance.integers(0, count, len(callers))]


def _misplaced(records: dict[str, Text], chance: Chance) -> None:
    """Given and family name in each other's field, or the whole name in one; street and city likewise."""
    count = len(records["street"])
    fate = chance.random(count)
    for one, other, share in (("first_name", "last_name", 0.04), ("street", "city", 0.01)):
        rows = np.flatnonzero(fate < share)
        records[one][rows], records[other][rows] = records[other][rows].copy(), records[one][rows].copy()
    whole = np.flatnonzero((fate >= 0.04) & (fate < 0.055))
    given, family = records["first_name"][whole], records["last_name"][whole]
    records["last_name"][whole] = [f"{a} {b}" for a, b in zip(given, family, strict=True)]
    records["first_name"][whole] = None


# --- files ----------------------------------------------------------------------------------------


def own_people_file(count: int, *, seed: int = 1) -> Path:
    """A file of ``own_people``, made once."""
    return _once(f"own-{count}-{seed}", lambda path: pq.write_table(own_people(count, seed=seed), path))


def shared_people_file(count: int, *, seed: int = 1) -> Path:
    """A file of ``gen_people.py``, which stands beside the project, made once.

    Raises:
        NoData: It is not there.
    """
    program = Path(os.environ.get("CRMKIT_BENCH_TOOLS", ROOT.parent / "shared" / "tools")) / "gen_people.py"
    if not program.exists():
        raise NoData(f"{program} is not there; CRMKIT_BENCH_TOOLS names its directory")

    def write(path: Path) -> None:
        command = [sys.executable, program, str(count), path, "--dup", str(DUPLICATES), "--seed", str(seed)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return _once(f"shared-{count}-{seed}", write)


def _once(name: str, write: Callable[[Path], None]) -> Path:
    home = Path(tempfile.gettempdir()) / "crmkit-bench-people"
    home.mkdir(exist_ok=True)
    path = home / f"{name}.parquet"
    if not path.exists():
        print(f"    … making {name.replace('-', ' ')} people", flush=True)
        # under another name until it is whole
        draft = home / f"{name}.{os.getpid()}.draft"
        write(draft)
        draft.replace(path)
    return path
