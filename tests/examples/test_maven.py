"""The real data through the example, where it lies beside the project."""

import io
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console

from crmkit.errors import InvalidInput

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples"))  # where a person starts the examples from

import maven_pipeline  # noqa: E402
from demo_stage.screen import WIDTH, Screen  # noqa: E402
from maven_steps.files import Files  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "crm" / "maven"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the Maven files are not in ../shared/data/crm/maven: get them to run this test"
)

TABLES = {
    "accounts.csv": (
        "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
        "Acme,technolgy,1996,1100.04,2822,United States,\n"
        "Beta,medical,1999,251.41,495,Philipines,Acme\n"
    ),
    "products.csv": "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n",
    "sales_teams.csv": "sales_agent,manager,regional_office\nAnn,Mia,East\nBob,Mia,East\nCid,Max,West\n",
    "sales_pipeline.csv": (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "O1,Ann,GTXPro,Acme,Won,2017-01-10,2017-03-01,4500\n"
        "O2,Bob,MG Special,Acme,Lost,2017-02-10,2017-03-05,0\n"
        "O3,Ann,GTXPro,Beta,Engaging,2017-06-10,,\n"
        "O4,Bob,MG Special,,Engaging,2017-11-10,,\n"
        "O5,Cid,GTXPro,Acme,Prospecting,,,\n"
        "O6,Ann,Unheard of,,Prospecting,,,\n"
    ),
}


def play(directory: Path) -> tuple[int, str]:
    out = io.StringIO()
    screen = Screen(Console(file=out, width=WIDTH, highlight=False))
    return maven_pipeline.main([str(directory)], screen=screen), out.getvalue()


@pytest.fixture
def few(tmp_path):
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def told():
    status, text = play(DATA)
    assert status == 0
    return text


def blemish(text: str, what: str) -> int:
    return int(re.search(rf"{re.escape(what)} +([\d,]+) ", text)[1].replace(",", ""))


# --- the real files -------------------------------------------------------------------------------


@needs_data
@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("product is spelt “GTXPro”", 1_480),
        ("nobody noted the account", 1_425),
        ("sector is spelt “technolgy”", 12),
        ("lost with a value of 0", 2_473),
        ("no expected close date", 501),
        ("no stage history", 8_800),
        ("no engage date while prospecting", 500),
        ("agent without any deal", 5),
    ],
)
def test_real_blemishes_are_counted(told, what, rows):
    assert blemish(told, what) == rows


@needs_data
def test_every_real_row_is_a_deal_or_about_a_lead(told):
    assert "7,212 + 1,588 = 8,800" in told
    assert "BROKEN" not in told
    assert re.search(r"What must hold +(\d+) of \1 hold", told)


@needs_data
def test_stages_keep_their_numbers(told):
    for stage, deals in (("Engaging", "501"), ("Won", "4,238"), ("Lost", "2,473")):
        assert re.search(rf"^{stage} +{deals} ", told, re.MULTILINE)


@needs_data
def test_prospects_are_scored_assigned_and_pooled_with_reasons(told):
    assert "Is a customer of ours: 30 points." in told
    assert "looks after the" in told
    assert "has the least open work" in told
    assert "Falls back: the grace" in told
    assert "You have claimed 10 of 10 today." in told


# --- how files are mended -------------------------------------------------------------------------


def test_misspelt_words_are_read_as_meant(few):
    files = Files.read(few)

    assert {deal.product for deal in files.deals} == {"GTX Pro", "MG Special"}
    assert [row["sector"] for row in files.accounts] == ["technology", "medical"]
    assert files.accounts[1]["office_location"] == "Philippines"


def test_a_lost_deal_was_worth_its_list_price(few):
    lost = next(deal for deal in Files.read(few).deals if deal.stage == "Lost")

    assert lost.paid is None
    assert str(lost.list_price) == "55.00 USD"


def test_a_deal_without_an_account_is_a_lead(few):
    assert {deal.id for deal in Files.read(few).deals if deal.is_lead} == {"O4", "O5"}


def test_a_product_without_a_price_is_left_out_and_told(few):
    assert Files.read(few).blemishes["product without a price", "left out"] == 1


def test_a_handful_of_rows_runs_through(few):
    status, text = play(few)

    assert status == 0
    assert "3 + 2 + 1 left out = 6" in text


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"has no accounts\.csv"):
        Files.read(tmp_path)
    assert play(tmp_path)[0] == 2
