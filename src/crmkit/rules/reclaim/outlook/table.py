"""A dry run and a comparison as tables of text, their columns aligned also where names are Chinese."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from crmkit.domain.columns import aligned
from crmkit.domain.reasons import Catalogue, Reason
from crmkit.rules.reclaim.outlook.back_test import BackTest
from crmkit.rules.reclaim.outlook.comparison import Comparison, Shift
from crmkit.rules.reclaim.outlook.dry_run import Counted, DryRun
from crmkit.rules.reclaim.outlook.texts import HEADS, TEXTS

__all__ = ["back_test_table", "comparison_table", "dry_run_table"]

_TEXTS = Catalogue.of(TEXTS)


def dry_run_table(run: DryRun, language: str) -> str:
    """What happens at once, then by day, owner and pool, then what spares records and what takes them."""
    heads = HEADS["zh" if language.startswith("zh") else "en"]
    lines = [_say(language, "title", policy=run.policy, held=run.held, days=len(run.days), reclaimed=run.reclaimed)]
    lines.append(_say(language, "at_once", reclaimed=run.at_once.reclaimed, warned=run.at_once.warned))
    lines += _section((heads["day"], heads["warned"], heads["falls"], heads["kept"], heads["postponed"]), _days(run))
    lines += _section((heads["owner"], heads["held"], heads["at_once"], heads["falls"], heads["spared"]), _owners(run))
    lines += _section((heads["pool"], heads["falls"]), ((pool.name, str(pool.reclaimed)) for pool in run.pools))
    lines += _section((heads["exemption"], heads["kept"]), _counted(run.spared))
    causes = ((_say(language, f"cause.{each.name}"), str(each.records)) for each in run.causes)
    lines += _section((heads["cause"], heads["falls"]), causes)
    return "\n".join(lines)


def comparison_table(comparison: Comparison, language: str) -> str:
    """Both policies by day, owner and pool, and whose deadline moves."""
    heads = HEADS["zh" if language.startswith("zh") else "en"]
    one, other = comparison.one, comparison.other
    names = (str(one.policy), str(other.policy))
    lines = [
        _say(
            language,
            "compared",
            one=names[0],
            other=names[1],
            both=comparison.both,
            only_one=comparison.only_one,
            only_other=comparison.only_other,
        ),
        *_moved(language, "earlier", comparison.earlier),
        *_moved(language, "later", comparison.later),
    ]
    days = ((_day(day.at), day.reclaimed, against.reclaimed) for day, against in zip(one.days, other.days, strict=True))
    lines += _section((heads["day"], *names, heads["difference"]), _beside(days))
    owners = _joined(
        {row.owner_id: (row.name or row.owner_id, row.reclaimed) for row in one.owners},
        {row.owner_id: (row.name or row.owner_id, row.reclaimed) for row in other.owners},
    )
    lines += _section((heads["owner"], *names, heads["difference"]), _beside(owners))
    pools = _joined(
        {row.pool_id: (row.name, row.reclaimed) for row in one.pools},
        {row.pool_id: (row.name, row.reclaimed) for row in other.pools},
    )
    lines += _section((heads["pool"], *names, heads["difference"]), _beside(pools))
    return "\n".join(lines)


def back_test_table(test: BackTest, language: str) -> str:
    """Wins that would have been lost, records that went to somebody absent, and what the history cannot tell."""
    heads = HEADS["zh" if language.startswith("zh") else "en"]
    period = {"since": _day(test.since), "until": _day(test.until)}
    counts = {"wins": test.wins, "lost": len(test.lost), "assigned": test.assigned, "absent": len(test.to_absent)}
    lines = [_say(language, "back_test", policy=test.policy, **period, **counts)]
    if test.unknown:
        lines.append(_say(language, "unknown", unknown=test.unknown))
    lost = (
        (str(each.record), each.owner_id, _day(each.falls_at), _day(each.won_at), _say(language, f"cause.{each.cause}"))
        for each in test.lost
    )
    lines += _section((heads["record"], heads["owner"], heads["falls"], heads["won"], heads["cause"]), lost)
    absent = (
        (str(each.record), each.owner_id, _day(each.at), "–" if each.back_at is None else _day(each.back_at))
        for each in test.to_absent
    )
    lines += _section((heads["record"], heads["owner"], heads["assigned"], heads["back"]), absent)
    return "\n".join([*lines, "", *(_TEXTS.say(limit, language) for limit in test.limits)])


def _days(run: DryRun) -> Iterator[tuple[str, ...]]:
    """Days on which something happens."""
    for day in run.days:
        counts = (day.warned, day.reclaimed, day.kept, day.postponed)
        if any(counts):
            yield (_day(day.at), *map(str, counts))


def _owners(run: DryRun) -> Iterator[tuple[str, ...]]:
    for row in run.owners:
        yield row.name or row.owner_id, str(row.held), str(row.at_once), str(row.reclaimed), str(row.spared)


def _counted(counts: Iterable[Counted]) -> Iterator[tuple[str, ...]]:
    return ((each.name, str(each.records)) for each in counts)


def _joined(one: dict[str, tuple[str, int]], other: dict[str, tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    for key in dict.fromkeys((*one, *other)):
        name, _ = one.get(key) or other[key]
        yield name, one.get(key, ("", 0))[1], other.get(key, ("", 0))[1]


def _beside(rows: Iterable[tuple[str, int, int]]) -> Iterator[tuple[str, ...]]:
    """Rows in which either has something, with the difference."""
    return ((name, str(one), str(other), f"{other - one:+d}") for name, one, other in rows if one or other)


def _moved(language: str, way: str, shift: Shift) -> Iterator[str]:
    if shift.records:
        yield _say(language, way, records=shift.records, mean=f"{shift.mean_days:.1f}", most=f"{shift.most_days:.1f}")


def _section(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Nothing, where there are no rows."""
    found = list(rows)
    return ["", *aligned([heads, *found])] if found else []


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _say(language: str, what: str, **params: object) -> str:
    shown = {name: value if isinstance(value, int) else str(value) for name, value in params.items()}
    return _TEXTS.say(Reason.of(f"outlook.{what}", **shown), language)
