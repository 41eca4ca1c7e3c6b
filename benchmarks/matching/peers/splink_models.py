"""Splink's model for each set.

historical, fake_1000, FEBRL3 and FEBRL4 are those of Splink's own examples (``docs/demos/examples/duckdb``:
deduplicate_50k_synthetic, accuracy_analysis_from_labels_column, febrl3, febrl4). The others are put together in the
same manner, from the comparison that the library has for such a column.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import splink.comparison_library as cl
from attrs import frozen
from splink import block_on

__all__ = ["MODELS", "Model", "people"]


@frozen
class Model:
    """What a user of Splink writes down."""

    comparisons: Callable[[], Sequence[Any]]
    """Made when they are needed: the objects are changed by use."""
    blocking: Sequence[Any]
    certain: Sequence[Any]
    """Deterministic rules for the share of matches, with how many matches they are thought to find."""
    recall: float
    training: Sequence[Any]
    """EM is run once for each of these blocks."""
    columns: str = "*"
    """What is selected from the table; where the examples clean or add a column, so does this."""
    u_pairs: float = 1e6
    threshold: float = 0.95
    """Splink has no default; its example for people clusters at this probability."""
    thresholds: Sequence[float] = ()
    """Others at which it is clustered as well."""


def exact(column: str) -> Any:
    return cl.ExactMatch(column).configure(term_frequency_adjustments=True)


def digits(column: str) -> str:
    return f"nullif(regexp_replace({narrow(column)}, '[^0-9]', '', 'g'), '')"


def narrow(column: str) -> str:
    """Full-width digits and brackets as the usual ones."""
    return f"translate({column}, '０１２３４５６７８９（）', '0123456789()')"


def words(column: str) -> str:
    return f"trim(regexp_replace(lower({column}), '[^a-z0-9]+', ' ', 'g'))"


def quoted(column: str) -> str:
    return f'"{column}"'


def site(column: str) -> str:
    return f"nullif(regexp_replace(lower({column}), '^(https?://)?(www[.])?|/$', '', 'g'), '')"


HISTORICAL = Model(
    comparisons=lambda: [
        cl.ForenameSurnameComparison(
            "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
        ),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.PostcodeComparison("postcode_fake"),
        exact("birth_place"),
        exact("occupation"),
    ],
    blocking=[
        block_on("substr(first_name,1,3)", "substr(surname,1,4)"),
        block_on("surname", "dob"),
        block_on("first_name", "dob"),
        block_on("postcode_fake", "first_name"),
        block_on("postcode_fake", "surname"),
        block_on("dob", "birth_place"),
        block_on("substr(postcode_fake,1,3)", "dob"),
        block_on("substr(postcode_fake,1,3)", "first_name"),
        block_on("substr(postcode_fake,1,3)", "surname"),
        block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
    ],
    certain=[
        block_on("first_name", "surname", "dob"),
        block_on("substr(first_name,1,2)", "surname", "substr(postcode_fake,1,2)"),
        block_on("dob", "postcode_fake"),
    ],
    recall=0.6,
    training=[block_on("first_name", "surname"), block_on("dob")],
    columns="*, first_name || ' ' || surname as first_name_surname_concat",
    u_pairs=1e7,
)

FAKE_1000 = Model(
    comparisons=lambda: [
        cl.ForenameSurnameComparison("first_name", "surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        exact("city"),
        cl.EmailComparison("email"),
    ],
    blocking=[block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email")],
    certain=[
        "l.first_name = r.first_name and levenshtein(r.dob, l.dob) <= 1",
        "l.surname = r.surname and levenshtein(r.dob, l.dob) <= 1",
        "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
        "l.email = r.email",
    ],
    recall=0.7,
    training=[block_on("dob"), block_on("email"), block_on("first_name", "surname")],
    threshold=0.9,  # that of the example link_only, which is about the same records
)

FEBRL3 = Model(
    comparisons=lambda: [
        cl.NameComparison("given_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
        exact("street_number"),
        exact("postcode"),
    ],
    blocking=[
        block_on("soc_sec_id"),
        block_on("given_name"),
        block_on("surname"),
        block_on("date_of_birth"),
        block_on("postcode"),
    ],
    certain=[
        block_on("soc_sec_id"),
        block_on("given_name", "surname", "date_of_birth"),
        "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
    ],
    recall=0.9,
    training=[block_on("date_of_birth"), block_on("postcode")],
)

FEBRL4 = Model(
    comparisons=lambda: [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison(
            "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
        ),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        exact("street_number"),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
    ],
    blocking=[
        block_on("given_name", "surname"),
        "l.given_name = r.surname and l.surname = r.given_name",
        block_on("date_of_birth"),
        block_on("soc_sec_id"),
        block_on("state", "address_1"),
        block_on("street_number", "address_1"),
        block_on("postcode"),
    ],
    certain=[block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
    recall=0.8,
    training=[block_on("date_of_birth"), block_on("postcode")],
)

EARLY_CHILDHOOD = Model(
    comparisons=lambda: [
        cl.JaccardAtThresholds("name", [0.9, 0.7]),
        cl.JaccardAtThresholds("address", [0.9, 0.7]),
        cl.ExactMatch("zip"),
        cl.LevenshteinAtThresholds("phone", [1, 2]),
    ],
    blocking=[
        block_on("phone"),
        block_on("address"),
        block_on("name"),
        block_on("substr(name,1,6)"),
        block_on("substr(address,1,8)"),
    ],
    certain=[block_on("phone", "address"), block_on("name", "address"), block_on("name", "phone")],
    recall=0.7,
    training=[block_on("phone"), block_on("address")],
    columns=(
        f"unique_id, {words(quoted('Site name'))} as name, {words('Address')} as address, "
        f"Zip as zip, {digits('Phone')} as phone"
    ),
)

ZH_COMPANIES = Model(
    comparisons=lambda: [
        cl.JaroWinklerAtThresholds("name", [0.9, 0.7]).configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("uscc", [1, 2]),
        cl.JaroWinklerAtThresholds("address", [0.9, 0.7]),
        cl.LevenshteinAtThresholds("phone", [1, 2]),
        exact("website"),
    ],
    blocking=[
        block_on("name"),
        block_on("uscc"),
        block_on("phone"),
        block_on("website"),
        block_on("address"),
        block_on("substr(name,1,4)"),
    ],
    certain=[block_on("uscc"), block_on("name"), block_on("phone", "website")],
    recall=0.7,
    training=[block_on("uscc"), block_on("phone")],
    columns=(
        f"* replace ({narrow('name')} as name, {narrow('address')} as address, "
        f"right({digits('phone')}, 8) as phone, {site('website')} as website)"
    ),
)

ZH_CONTACTS = Model(
    comparisons=lambda: [
        cl.NameComparison("name").configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("mobile", [1, 2]),
        cl.EmailComparison("email"),
        cl.JaroWinklerAtThresholds("company", [0.9, 0.7]).configure(term_frequency_adjustments=True),
        exact("title"),
        exact("wechat"),
    ],
    blocking=[block_on("mobile"), block_on("email"), block_on("wechat"), block_on("name"), block_on("company")],
    certain=[block_on("mobile", "name"), block_on("email", "name"), block_on("wechat", "name")],
    recall=0.7,
    training=[block_on("mobile"), block_on("email")],
    columns=f"* replace (right({digits('mobile')}, 11) as mobile)",
)

DBLP_ACM = Model(
    comparisons=lambda: [
        cl.JaroWinklerAtThresholds("title", [0.9, 0.7]),
        cl.JaroWinklerAtThresholds("authors", [0.9, 0.7]),
        exact("venue"),
        exact("year"),
    ],
    blocking=[block_on("title"), block_on("authors"), block_on("substr(title,1,8)"), block_on("substr(authors,1,8)")],
    certain=[block_on("title", "year"), block_on("title", "authors")],
    recall=0.8,
    training=[block_on("title"), block_on("authors")],
    columns="* replace (lower(title) as title, lower(authors) as authors)",
)

FODORS_ZAGATS = Model(
    comparisons=lambda: [
        cl.JaroWinklerAtThresholds("name", [0.9, 0.7]),
        cl.JaroWinklerAtThresholds("addr", [0.9, 0.7]),
        exact("city"),
        cl.LevenshteinAtThresholds("phone", [1, 2]),
        exact("type"),
    ],
    blocking=[block_on("phone"), block_on("name"), block_on("addr"), block_on("substr(name,1,4)"), block_on("city")],
    certain=[block_on("phone"), block_on("name", "city")],
    recall=0.9,
    training=[block_on("phone"), block_on("name")],
    columns=f"* replace ({digits('phone')} as phone)",
)

ORGS_HARD = Model(
    comparisons=lambda: [
        cl.JaroWinklerAtThresholds("org_name", [0.9, 0.7]).configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("street", [0.9, 0.7]),
        exact("city"),
        cl.PostcodeComparison("postcode"),
        exact("website"),
        cl.LevenshteinAtThresholds("phone", [1, 2]),
        exact("industry"),
    ],
    blocking=[
        block_on("org_name"),
        block_on("website"),
        block_on("phone"),
        block_on("postcode"),
        block_on("substr(org_name,1,5)"),
    ],
    certain=[block_on("org_name", "postcode"), block_on("website", "phone"), block_on("org_name", "phone")],
    recall=0.6,
    training=[block_on("org_name")],
)


def of_names(column: str) -> Mapping[str, Model]:
    """Splink's text comparisons of one column as it is; its documentation advises against so little."""
    given: Any = {
        "blocking": [
            block_on("substr(low,1,5)"),
            block_on("substr(reverse(low),1,7)"),
            block_on("split_part(low,' ',1)"),
        ],
        "certain": [
            "l.low = r.low",
            "substr(l.low,1,3) = substr(r.low,1,3) and jaro_winkler_similarity(l.text, r.text) > 0.95",
        ],
        "recall": 0.5,
        "training": [block_on("head")],
        "columns": f'unique_id, "{column}" as text, lower("{column}") as low, substr("{column}",1,5) as head',
        "thresholds": (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9),
    }
    return {
        "NameComparison": Model(comparisons=lambda: [cl.NameComparison("text")], **given),
        "JaccardAtThresholds": Model(comparisons=lambda: [cl.JaccardAtThresholds("text", [0.9, 0.7, 0.5])], **given),
    }


def people(blocking: Iterable[Sequence[str]], u_pairs: float) -> Model:
    """A million people: the comparisons that the library has for such columns, texts in lower case, phones by their last digits."""
    return Model(
        comparisons=lambda: [
            cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("last_name").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("dob", input_is_string=True, invalid_dates_as_null=True),
            cl.EmailComparison("email"),
            exact("phone"),
            exact("postcode"),
            # street and city follow from the postcode, which Splink's example for FEBRL4 advises against; with
            # them its F1 falls from .87 to .71
        ],
        blocking=[block_on(*columns) for columns in blocking],
        certain=[
            block_on("first_name", "last_name", "dob"),
            block_on("first_name", "last_name", "phone"),
            block_on("first_name", "last_name", "email"),
        ],
        recall=0.7,
        training=[block_on("first_name", "last_name"), block_on("dob", "postcode")],
        columns=(
            "id as unique_id, lower(first_name) as first_name, lower(last_name) as last_name, dob, "
            f"lower(email) as email, right({digits('phone')}, 9) as phone, lower(street) as street, "
            "lower(city) as city, postcode"
        ),
        u_pairs=u_pairs,
    )


MODELS: Mapping[str, Model] = {
    "historical": HISTORICAL,
    "early_childhood": EARLY_CHILDHOOD,
    "fake_1000": FAKE_1000,
    "zh_companies": ZH_COMPANIES,
    "zh_contacts": ZH_CONTACTS,
    "dblp_acm": DBLP_ACM,
    "fodors_zagats": FODORS_ZAGATS,
    "febrl3": FEBRL3,
    "febrl4": FEBRL4,
    "orgs_hard": ORGS_HARD,
    **{f"wikidata by {name}": model for name, model in of_names("name").items()},
    **{f"orgs_hard names by {name}": model for name, model in of_names("org_name").items()},
}
