"""What inside a cluster speaks against its being one."""

from crmkit.domain.reasons import Catalogue
from crmkit.domain.values.identifiers import Identifier, IdentifierKind
from crmkit.rules.dedup.review import MOST_COMPARED, TEXTS, report_cluster
from crmkit.testing import an_account

ONE, OTHER = "529900T8BM49AURSDO55", "549300DTUYXVMJXZNY75"


def company(id, *leis):
    return an_account(id=id, identifiers=[Identifier.parse(each, kind=IdentifierKind.LEI) for each in leis])


def reported(*records, **facts):
    return report_cluster([record.id for record in records], {record.id: record for record in records}, **facts)


def test_a_cluster_that_agrees_has_nothing_to_report():
    report = reported(company("2", ONE), company("1"), company("3", ONE, OTHER))
    assert (report.members, report.conflicts, report.contested, report.reasons) == (("1", "2", "3"), (), False, ())


def test_different_registered_numbers_are_named():
    report = reported(company("1", ONE), company("2"), company("3", OTHER))
    [conflict] = report.conflicts
    assert (conflict.one, conflict.other, conflict.field) == ("1", "3", "lei")
    assert report.contested
    assert Catalogue.of(TEXTS).say_all(report.reasons) == "The lei of 1 and 3 differs."


def test_what_a_person_said_is_a_conflict_too():
    report = reported(company("1"), company("2"), company("3"), apart={("1", "2")})
    assert Catalogue.of(TEXTS).say_all(report.reasons, "zh") == "已有人判定 1 与 2 为不同对象。"


def test_members_that_are_not_known_say_nothing():
    assert not report_cluster(["1", "2"], {"1": company("1", ONE)}).contested


def test_a_cluster_too_large_to_be_told_is_contested():
    ids = [f"{number:03}" for number in range(MOST_COMPARED + 1)]
    report = report_cluster(ids, {})
    assert (report.too_large, report.contested, report.conflicts) == (True, True, ())
    assert [reason.code for reason in report.reasons] == ["cluster.large"]
