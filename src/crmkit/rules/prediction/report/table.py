"""The training report as text."""

from collections.abc import Iterator

from crmkit.domain.columns import aligned
from crmkit.domain.reasons import Catalogue
from crmkit.rules.prediction.report.quality import Quality
from crmkit.rules.prediction.report.report import FieldNote, TrainingReport
from crmkit.rules.prediction.texts import TEXTS

__all__ = ["table"]

_HEADS = {
    "en": (
        ("Tenth", "Records", "Predicted", "Observed", "Lift", "Found"),
        ("Field", "Bins", "Moves", "AUC alone"),
        ("Records", "with the outcome", "Calibration error"),
    ),
    "zh": (
        ("十分位", "记录数", "预测", "实际", "提升", "累计"),
        ("字段", "分箱", "影响", "单独 AUC"),
        ("记录数", "发生", "校准误差"),
    ),
}
_TEXTS = Catalogue.of(TEXTS)


def table(report: TrainingReport, language: str) -> str:
    """The verdict, how good it is by tenths, the fields, then everything else there is to say."""
    bands, fields, heads = _HEADS["zh" if language.startswith("zh") else "en"]
    head = f"{heads[0]} {report.rows}, {heads[1]} {report.positives} ({100 * report.base_rate:.1f} %)"
    lines = [f"{report.outcome}: {head}" if report.outcome else head, _TEXTS.say(report.reasons[0], language)]
    if report.quality is not None:
        lines += [f"{heads[2]} {report.quality.calibration_error:.3f}", "", *aligned([bands, *_bands(report.quality)])]
    if report.fields:
        lines += ["", *aligned([fields, *map(_field, report.fields)])]
    said = [*report.reasons[1:], *report.leaks]
    if said:
        lines += ["", *(_TEXTS.say(reason, language) for reason in said)]
    return "\n".join(lines)


def _bands(quality: Quality) -> Iterator[tuple[str, ...]]:
    """The likeliest first, as they would be worked off."""
    for place, band in enumerate(reversed(quality.bands), 1):
        yield (
            str(place),
            str(band.rows),
            f"{100 * band.predicted:.1f} %",
            f"{100 * band.observed:.1f} %",
            f"{band.lift:.2f}",
            f"{100 * band.gained:.0f} %",
        )


def _field(field: FieldNote) -> tuple[str, ...]:
    return field.name, str(field.bins), f"{field.moves:.2f}", f"{field.alone:.2f}"
