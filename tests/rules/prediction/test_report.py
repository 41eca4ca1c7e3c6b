"""The report counts right, warns of what knows too much, and sees what has shifted."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.errors import InvalidInput
from crmkit.rules.prediction import Example, TrainingReport, TrainingSettings, drift, train
from crmkit.rules.prediction.report import auc, brier, leaks, quality
from crmkit.testing import NOW

DAY = timedelta(days=1)
shares = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1)
told = st.lists(st.tuples(shares, st.sampled_from([0.0, 1.0])), min_size=1, max_size=60)


def history(count=400, seed=1):
    random = Random(seed)
    for place in range(count):
        won = place % 4 == 0
        row = {"hours": random.gauss(26 if won else 20, 8), "source": random.choice("ab")}
        yield Example(row=row, outcome=won)


class TestQuality:
    @given(told)
    def test_the_area_under_the_curve_is_won_comparisons_by_definition(self, some):
        ones = [share for share, outcome in some if outcome]
        others = [share for share, outcome in some if not outcome]
        pairs = [(one > other) + (one == other) / 2 for one in ones for other in others]
        expected = sum(pairs) / len(pairs) if pairs else 0.5
        assert auc(*zip(*some, strict=True)) == pytest.approx(expected)

    @given(told)
    def test_bands_hold_every_record_once_and_all_outcomes(self, some):
        probabilities, outcomes = zip(*some, strict=True)
        found = quality(probabilities, outcomes)
        assert sum(band.rows for band in found.bands) == len(some) == found.rows
        assert max(band.rows for band in found.bands) - min(band.rows for band in found.bands) <= 1
        assert sum(band.rows * band.observed for band in found.bands) == pytest.approx(sum(outcomes))
        predicted = [band.predicted for band in found.bands]
        assert predicted == pytest.approx(sorted(predicted))
        assert found.bands[0].gained == pytest.approx(1.0 if any(outcomes) else 0.0)
        assert 0 <= found.calibration_error <= 1
        assert found.brier == brier(probabilities, outcomes)

    @given(told)
    def test_the_order_of_the_records_says_nothing(self, some):
        assert quality(*zip(*some, strict=True)) == quality(*zip(*reversed(some), strict=True))

    def test_a_constant_is_calibrated_and_lifts_nothing(self):
        found = quality([0.25] * 40, [0.0] * 30 + [1.0] * 10)
        assert (found.auc, found.brier, found.calibration_error) == (0.5, found.base_brier, 0.0)
        assert {band.lift for band in found.bands} == {1.0}

    def test_skill_is_the_surprise_taken_away(self):
        assert quality([0.25] * 40, [0.0] * 30 + [1.0] * 10).skill == pytest.approx(0)
        assert quality([0.0, 1.0], [0.0, 1.0]).skill == 1
        assert quality([0.5, 0.5], [1.0, 1.0]).skill == 0
        # called impossible, it happened: a great surprise, and not an endless one
        assert -20 < quality([0.0, 0.0], [0.0, 1.0]).skill < -15

    def test_too_sure_probabilities_are_found_out(self):
        assert quality([0.1] * 50 + [0.9] * 50, [0.0, 0.0, 0.0, 1.0, 1.0] * 20).calibration_error == pytest.approx(0.4)


class TestLeaks:
    def codes(self, examples, name="field", alone=0.5):
        closed = [each for each in examples if each.outcome is not None]
        opened = [each for each in examples if each.outcome is None]
        return [reason.code for reason in leaks(name, closed, opened, alone)]

    def test_an_honest_field_is_not_suspected(self):
        examples = [Example(row={"field": place}, outcome=bool(place % 2)) for place in range(100)]
        assert self.codes([*examples, *(Example(row={"field": 1}) for _ in range(50))]) == []

    def test_a_field_that_tells_the_outcome_alone(self):
        assert self.codes([], alone=0.95) == ["prediction.leak_alone"]

    @pytest.mark.parametrize("filled", [True, False])
    def test_a_field_that_is_filled_in_with_one_outcome_only(self, filled):
        examples = [Example(row={"field": "x" if won is filled else ""}, outcome=won) for won in (True, False) * 30]
        assert self.codes(examples) == ["prediction.leak_filled"]

    def test_a_field_that_open_records_lack(self):
        closed = [Example(row={"field": "x"}, outcome=won) for won in (True, False) * 30]
        assert self.codes([*closed, *(Example(row={}) for _ in range(29))]) == []
        assert self.codes([*closed, *(Example(row={}) for _ in range(30))]) == ["prediction.leak_open"]

    def test_a_field_that_was_filled_in_after_the_outcome(self):
        def example(won, filled):
            return Example(row={"field": "x"}, outcome=won, closed_at=NOW, filled_at={"field": filled})

        before = [example(won, NOW - DAY) for won in (True, False) * 60]
        assert self.codes(before) == []
        assert self.codes([*before, example(True, NOW + DAY)]) == []
        assert self.codes([*before, *(example(True, NOW + DAY) for _ in range(3))]) == ["prediction.leak_late"]

    def test_the_report_names_them(self):
        examples = [
            Example(row={**each.row, "reason": "signed" if each.outcome else "lost"}, outcome=each.outcome)
            for each in history()
        ]
        report = train(examples, now=NOW).report
        assert [(reason.code, reason.params["field"]) for reason in report.leaks] == [
            ("prediction.leak_alone", "reason")
        ]
        assert "reason alone tells the outcome (AUC 1.00): was it filled in afterwards?" in str(report)
        left_out = train(examples, TrainingSettings(leave_out=("reason",)), now=NOW).report
        assert left_out.leaks == ()


class TestDrift:
    model = train(history(800), now=NOW).model

    def test_rows_like_those_of_the_training_have_not_shifted(self):
        found = drift(self.model, [each.row for each in history(800, seed=2)])
        assert {each.reason.code for each in found} == {"prediction.steady"}

    def test_rows_of_the_training_itself_have_not_shifted_at_all(self):
        for each in drift(self.model, [each.row for each in history(800)]):
            assert (each.psi, each.unseen) == (pytest.approx(0, abs=1e-9), 0)

    def test_what_has_shifted_comes_first(self):
        rows = [{**each.row, "hours": each.row["hours"] + 15} for each in history(400, seed=2)]
        first, second = drift(self.model, rows)
        assert (first.name, first.reason.code) == ("hours", "prediction.drift")
        assert (second.name, second.reason.code) == ("source", "prediction.steady")

    def test_some_shift_is_told_from_much(self):
        rows = [
            {**each.row, "source": "a" if place % 2 else each.row["source"]} for place, each in enumerate(history())
        ]
        assert [each.reason.code for each in drift(self.model, rows) if each.name == "source"] == [
            "prediction.drift_some"
        ]

    def test_values_that_were_never_met_are_a_shift(self):
        rows = [{**each.row, "source": "c"} for each in history()]
        first = drift(self.model, rows)[0]
        assert (first.name, first.unseen, first.reason.code) == ("source", 1.0, "prediction.drift")

    def test_no_rows_are_refused(self):
        with pytest.raises(InvalidInput, match="rows: must not be empty"):
            drift(self.model, [])


class TestTable:
    def test_it_reads_from_the_verdict_to_the_fields(self):
        report = train(history(), TrainingSettings(outcome="won"), now=NOW).report
        lines = str(report).splitlines()
        assert lines[0] == "won: Records 400, with the outcome 100 (25.0 %)"
        assert lines[1].startswith("Better than the base rate: AUC 0.")
        assert lines[4].split() == ["Tenth", "Records", "Predicted", "Observed", "Lift", "Found"]
        assert lines[5].split()[:2] == ["1", "40"]
        assert lines[14].split()[-2:] == ["100", "%"]
        assert lines[17].split()[0] == "hours"

    def test_it_reads_in_chinese(self):
        text = train(history(), now=NOW).report.table("zh")
        assert text.startswith("记录数 400, 发生 100")
        assert "优于平均水平" in text

    def test_a_report_survives_json(self):
        codec, report = Codec(), train(history(), now=NOW).report
        assert codec.loads(TrainingReport, codec.dumps(report)) == report
