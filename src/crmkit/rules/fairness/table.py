"""The fairness report as a table of text, its columns aligned also where names are Chinese."""

from collections.abc import Iterator

from crmkit.domain.columns import aligned
from crmkit.domain.reasons import Catalogue, Reason
from crmkit.domain.values.money import Money
from crmkit.rules.fairness.evenness import Evenness
from crmkit.rules.fairness.report import FairnessReport, MemberRow, TeamRow
from crmkit.rules.fairness.share import Measure
from crmkit.rules.fairness.texts import TEXTS

__all__ = ["table"]

_HEADS = {
    "en": ("Member", "Team", "Weight", "Days", "Received", "Share", "Difference", "Value", "Quality"),
    "zh": ("成员", "团队", "权重", "工作日", "收到", "应得", "差额", "金额", "评分"),
}
_TEXTS = Catalogue.of(TEXTS)
TOP = 10
"""Members from which on a tenth of them says something."""


def table(report: FairnessReport, language: str) -> str:
    """Members, then teams where there are several, then how even it was, then what there is to say of each."""
    zh = language.startswith("zh")
    member, team, *heads = _HEADS["zh" if zh else "en"]
    # columns that say nothing are left out
    columns = 5 + sum(report.measure(by) is not None for by in (Measure.VALUE, Measure.QUALITY))
    valued = report.measure(Measure.VALUE) is not None
    if not valued:
        heads.remove(heads[5])
    of_members = [_of_member(row, report.currency, valued=valued)[: columns + 1] for row in report.rows]
    lines = [f"{report.since:%Y-%m-%d} – {report.until:%Y-%m-%d}"]
    lines += aligned([(member, *heads[:columns]), *of_members])
    if len(report.teams) > 1:
        of_teams = [_of_team(row, report.currency, valued=valued)[: columns + 1] for row in report.teams]
        lines += ["", *aligned([(team, *heads[:columns]), *of_teams])]
    said = [*_summary(report), *(reason for row in report.rows for reason in row.reasons)]
    return "\n".join([*lines, *(_TEXTS.say(reason, language) for reason in said)])


def _of_member(row: MemberRow, currency: str, *, valued: bool) -> tuple[str, ...]:
    share = row.share
    value = (_money(share.value, currency),) if valued else ()
    return (
        share.name or share.member_id,
        str(share.weight),
        str(share.available),
        str(share.count),
        f"{row.expected:.1f}",
        f"{row.difference:+.1f}",
        *value,
        str(share.quality),
    )


def _of_team(row: TeamRow, currency: str, *, valued: bool) -> tuple[str, ...]:
    value = (_money(row.value, currency),) if valued else ()
    return (
        row.team_id or "–",
        "",
        str(row.available),
        str(row.count),
        f"{row.expected:.1f}",
        f"{row.count - row.expected:+.1f}",
        *value,
        str(row.quality),
    )


def _summary(report: FairnessReport) -> Iterator[Reason]:
    names = {row.share.member_id: row.share.name or row.share.member_id for row in report.rows}
    for each in report.measures:
        yield Reason.of(
            f"fairness.by.{each.by}",
            gini=f"{each.gini:.2f}",
            deviation=_amount(each.max_deviation, each, report.currency),
            member=names[each.deviates],
            spread=_amount(each.spread, each, report.currency),
            step=_amount(each.one_step, each, report.currency),
        )
        if each.by is Measure.COUNT and len(report.rows) >= TOP:
            yield Reason.of("fairness.top", percent=f"{each.top_percent:.0f}", share=f"{each.top_share_percent:.0f}")
    if report.unvalued and report.currency:
        yield Reason.of("fairness.unvalued", count=report.unvalued, currency=report.currency)


def _amount(amount: float, measured: Evenness, currency: str) -> str:
    return _money(round(amount), currency) if measured.by is Measure.VALUE else f"{amount:.1f}"


def _money(minor: int, currency: str) -> str:
    return f"{Money(minor=minor, currency=currency).decimal:f} {currency}" if currency else str(minor)
