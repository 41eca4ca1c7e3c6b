"""The company that does not exist: the same for a seed, as large and as messy as promised, readable throughout."""

import csv
import doctest
import importlib
import random
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import phonenumbers
import pytest

from crmkit.adapters.files import SURPLUS, read_rows

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples"))  # where a person starts the examples from

from trading_company import LEAD_SHEETS, generate  # noqa: E402
from trading_company.__main__ import main  # noqa: E402
from trading_company.entities import World, credit_code  # noqa: E402
from trading_company.slips import SLIPS  # noqa: E402

CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """The company at its full size: making it takes two or three seconds."""
    return generate(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def truth(company):
    return {row["external_id"]: row for row in table(company.directory / "truth.csv")}


@pytest.fixture(scope="module")
def leads(company):
    """Lead rows by id, with fields named alike whatever their system calls them."""
    found = {}
    for sheet in LEAD_SHEETS.values():
        for row in table(company.directory / sheet.name):
            lead = {field: row[heading] for field, heading in sheet.columns.items()}
            found[lead["id"]] = {"name": f"{lead.get('first')}{lead.get('last')}"} | lead
    return found


def table(path):
    return [row.values for row in read_rows(path)]


def check_digit_is_right(code):
    total = sum(CODE_LETTERS.index(letter) * pow(3, place, 31) for place, letter in enumerate(code[:17]))
    return code[17] == CODE_LETTERS[-total % 31]


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    sizes = {"leads": 400, "customers": 60}
    generate(tmp_path / "a", seed=7, **sizes)
    generate(tmp_path / "b", seed=7, **sizes)
    generate(tmp_path / "c", seed=8, **sizes)

    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        assert path.read_bytes() != (tmp_path / "c" / path.name).read_bytes()


def test_it_is_as_large_as_promised(company):
    assert company.leads == 20_000
    assert company.rows["customers.csv"] == 3_000
    assert company.rows["members.csv"] == 35
    assert company.rows["truth.csv"] == 23_000
    assert company.rows["follow_ups.csv"] > 20_000
    assert company.rows["discount_requests.csv"] == 150


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("members.csv", "utf-8", ","),
        ("customers.csv", "utf-8", ","),
        ("leads_expo.csv", "gb18030", ","),
        ("leads_website.csv", "utf-8", ","),
        ("leads_wecom.tsv", "utf-16-le" if sys.byteorder == "little" else "utf-16-be", "\t"),
        ("leads_partners.csv", "utf-8", ";"),
        ("follow_ups.csv", "utf-8", ","),
        ("discount_requests.csv", "utf-8", ","),
        ("truth.csv", "utf-8", ","),
    ],
)
def test_every_file_is_read_and_every_row_accounted_for(company, name, encoding, delimiter):
    reader = read_rows(company.directory / name)
    rows = sum(1 for _ in reader)
    lost = sum(problem.skipped for problem in reader.problems) - reader.counts.get("repeated_headings", 0)

    assert (reader.encoding, reader.delimiter) == (encoding, delimiter)
    assert rows + lost == company.rows[name]
    assert lost <= 10


def test_exports_go_wrong_in_every_way_once(company):
    codes = Counter()
    for sheet in LEAD_SHEETS.values():
        reader = read_rows(company.directory / sheet.name)
        surplus = sum(SURPLUS in row.values for row in reader)
        codes.update(reader.counts)
        codes["blank"] += reader.blank_rows
        assert surplus == reader.counts["surplus_cells"]

    assert set(codes) >= {"bad_bytes", "missing_cells", "surplus_cells", "repeated_headings", "blank"}


def test_each_system_has_headings_of_its_own(company):
    seen = set()
    for sheet in LEAD_SHEETS.values():
        with read_rows(company.directory / sheet.name) as reader:
            assert reader.headings == tuple(sheet.columns.values())
            seen.add(reader.headings)

    assert len(seen) == len(LEAD_SHEETS) == 4


def test_about_one_lead_in_eight_is_a_duplicate(company, truth):
    sizes = Counter(row["entity"] for row in truth.values() if row["record"] == "lead")

    assert sum(size - 1 for size in sizes.values()) == company.duplicate_leads
    assert 0.10 < company.duplicate_leads / company.leads < 0.14


def test_customers_stand_there_twice_and_as_leads_too(company, truth):
    customers = [row for row in truth.values() if row["record"] == "customer"]
    companies = {row["company"] for row in customers}

    assert len(customers) - len({row["entity"] for row in customers}) == company.duplicate_customers > 100
    assert sum(row["record"] == "lead" and row["company"] in companies for row in truth.values()) > 700
    assert all(row["entity"] == row["company"] for row in customers)


def test_duplicates_keep_something_in_common(leads, truth):
    by_entity = defaultdict(list)
    for key, lead in leads.items():
        by_entity[truth[key]["entity"]].append(lead)
    pairs = [group[:2] for group in by_entity.values() if len(group) > 1]
    alike = sum(
        any(
            first[name].strip() and first[name].strip() == second[name].strip()
            for name in ("phone", "email", "company")
        )
        for first, second in pairs
    )

    assert len(pairs) > 1_500
    assert 0.8 < alike / len(pairs) < 1  # the rest can only be found by comparing what is nearly alike


def test_true_people_share_no_mailbox_and_no_number():
    world = World(random.Random(5))
    people = [world.person(number, world.company(number)) for number in range(3_000)]

    assert len({person.email for person in people}) == len({person.phone for person in people}) == len(people)


def test_true_numbers_are_possible():
    world = World(random.Random(5))
    companies = [world.company(number) for number in range(500)]
    phones = [world.person(0, company).phone for company in companies] + [company.phone for company in companies]

    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone, None)) for phone in phones)


def test_most_phones_are_right_and_some_are_not(company, leads):
    filled = [lead["phone"] for lead in leads.values() if lead["phone"]]
    digits = [re.sub(r"\D", "", phone) for phone in filled]

    assert 600 < company.bad_phones < 1_200
    assert 0.01 < sum(len(number) < 11 for number in digits) / len(digits) < 0.05
    assert any(phone.startswith("0086") for phone in filled)
    assert any(phone.startswith("+86 ") for phone in filled)
    assert any("０" <= phone[0] <= "９" for phone in filled)


def test_cells_are_as_messy_as_people_make_them(leads):
    def some(field, pattern):
        return sum(bool(re.search(pattern, lead[field])) for lead in leads.values())

    assert some("note", r"\A[=+\-@＝]") > 50
    assert some("note", r"\n") > 150
    assert some("created", r"\A2026/\d+/\d+\Z") > 1_000
    assert some("created", r"\A2026年\d+月\d+日 \d\d:\d\d\Z") > 1_000
    assert some("created", r"\A2026-\d\d-\d\dT.*\+08:00\Z") > 1_000
    assert some("name", r"\A\s*\Z") > 100
    assert some("company", r"[Ａ-Ｚａ-ｚ０-９]") > 5
    assert some("company", r"機|電|國|貿") > 10
    assert some("email", r"\A[^@]*\Z") > 1_000


def test_credit_codes_have_right_and_some_wrong_check_digits(company):
    codes = [row["统一社会信用代码"] for row in table(company.directory / "customers.csv")]
    whole = [code for code in codes if re.fullmatch(f"[{CODE_LETTERS}]{{18}}", code)]
    wrong = [code for code in whole if not check_digit_is_right(code)]

    assert len(whole) > 1_500
    assert 0.03 < len(wrong) / len(whole) < 0.12


def test_a_made_code_has_a_right_check_digit():
    rng = random.Random(2)

    assert all(check_digit_is_right(credit_code(rng, "330100")) for _ in range(300))


def test_work_is_done_by_members_on_known_records_within_six_months(company, truth):
    accounts = {row["账号 Account"] for row in table(company.directory / "members.csv")}
    done = table(company.directory / "follow_ups.csv")
    months = Counter(int(re.split(r"[-/]", row["At"])[1]) for row in done)

    assert {row["By"] for row in done} <= accounts
    assert {row["Record ID"] for row in done} <= set(truth)
    assert {row["Type"] for row in done} == {"customer", "lead"}
    assert set(months) == {1, 2, 3, 4, 5, 6}


def test_discounts_are_asked_for_customers(company, truth):
    requests = table(company.directory / "discount_requests.csv")

    assert all(truth[row["Customer ID"]]["record"] == "customer" for row in requests)
    assert any(row["Discount"].endswith("折") for row in requests)
    assert any(row["Discount"].endswith("%") for row in requests)


def test_many_customers_have_been_quiet_for_long(company):
    last = [row["Last Contact"] for row in table(company.directory / "customers.csv")]

    assert sum(not date for date in last) > 200
    assert sum(date.startswith("2026") for date in last) > 1_500


def test_every_slip_changes_something():
    rng = random.Random(11)
    world = World(rng)
    for slip in SLIPS:
        changed = 0
        for number in range(20):
            person = world.person(number, world.company(number))
            draft = {
                "name": person.zh or f"{person.first} {person.last}",
                "company": person.company.zh or person.company.en,
                "phone": person.phone.replace(" ", ""),
                "email": person.email,
            }
            before = dict(draft)
            slip(rng, draft, person)
            changed += draft != before
        assert changed > 5, slip.__name__


def test_the_command_writes_the_files_and_says_what_is_in_them(tmp_path, monkeypatch, capsys):
    options = ["--out", str(tmp_path / "out"), "--seed", "3", "--leads", "200", "--customers", "40"]
    monkeypatch.setattr(sys, "argv", ["trading_company", *options])

    main()

    with (tmp_path / "out" / "truth.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 241
    assert "customers.csv" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["entities", "slips"])
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(f"trading_company.{name}")).failed == 0
