"""Which values come with which reason surely more often than others do."""

from crmkit.rules.scoring import LessonReport, lessons
from crmkit.testing import NOW


def report(found):
    return LessonReport(at=NOW, field="source", closed=100, disqualified=32, reasons={"student": 32}, lessons=found)


def test_a_value_that_comes_with_a_reason_is_a_lesson_and_the_surest_comes_first():
    surest = lessons(
        "source", {"fair": 60, "web": 40, "ad": 100}, {"student": {"fair": 50}, "no budget": {"web": 20, "ad": 5}}
    )
    assert [(each.value, each.why) for each in surest] == [("fair", "student"), ("web", "no budget")]


def test_what_may_be_chance_is_no_lesson():
    assert lessons("source", {"fair": 60, "web": 60}, {"student": {"fair": 20, "web": 15}}) == ()


def test_few_are_no_lesson_however_one_sided():
    assert lessons("source", {"fair": 9, "web": 900}, {"student": {"fair": 9}}) == ()


def test_where_there_is_nothing_to_compare_with_there_is_none():
    assert lessons("source", {"fair": 90}, {"student": {"fair": 80}}) == ()
    assert lessons("source", {"fair": 20, "web": 20}, {"student": {"fair": 20, "web": 20}}) == ()


def test_a_value_with_a_quote_in_it_stays_one_condition():
    (found,) = lessons("source", {"O'Hara": 40, "web": 60}, {"student": {"O'Hara": 30}})
    assert found.when == """source == "O'Hara\""""


def test_the_report_says_so_in_both_languages_also_where_there_is_nothing():
    found = lessons("source", {"fair": 60, "web": 40}, {"student": {"fair": 30, "web": 2}})
    assert str(report(found)) == ("50 % of the 60 closed with fair in source were “student” (30), of the others 5 %.")
    assert report(found).table("zh").startswith("source 为“fair”的 60 条已结束线索中，50%")
    assert str(report(())) == "No value of source is surely disqualified more often than the others."
