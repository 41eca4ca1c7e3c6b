"""The ten rules of ``core.conditions`` in the terms of three rule libraries, each imported when it is measured."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from crmkit.domain.sales.lead import Lead

__all__ = ["LIBRARIES", "Library"]

Answers = list[list[bool]]


@frozen
class Library:
    """A peer: ``prepare(leads, now)`` gives the function to be timed; ``sample`` leads take some milliseconds."""

    name: str
    sample: int
    prepare: Callable[[Sequence[Lead], datetime], Callable[[], Answers]]


def plain(lead: Lead) -> dict[str, Any]:
    """The lead as a flat dictionary, instants as seconds: what a library that reads JSON is handed."""
    return {
        "score": lead.score,
        "industry": lead.industry,
        "status": lead.status.value,
        "owner": lead.owner_id,
        "tags": list(lead.tags),
        "amount": {"currency": lead.amount.currency, "minor": lead.amount.minor} if lead.amount else None,
        "region": lead.region,
        "language": lead.language,
        "source": lead.source,
        "created": lead.created_at.timestamp(),
        "title": lead.title,
        "next_contact": lead.next_contact_at.timestamp() if lead.next_contact_at else None,
        "city": lead.address.city if lead.address else None,
    }


def rule_engine_answers(leads: Sequence[Lead], now: datetime) -> Callable[[], Answers]:
    import rule_engine

    context = rule_engine.Context(resolver=rule_engine.resolve_item)
    since, until = (now - timedelta(days=30)).timestamp(), now.timestamp()
    rules = [
        rule_engine.Rule(text, context=context)
        for text in (
            'score != null and score >= 60 and industry in ["IT", "Retail", "Finance"]',
            'status == "new" and owner == null',
            '"vip" in tags',
            'amount != null and amount["currency"] == "CNY" and amount["minor"] >= 10000000',
            'region in ["East", "South"] and language == "zh"',
            'source.starts_with("fair")',
            f"created >= {since} and created < {until} and score != null and score >= 40",
            '"Manager" in title or "经理" in title',
            'not (status in ["disqualified", "converted"]) and score != null and score < 20',
            'status == "working" and next_contact == null and city == "杭州市"',
        )
    ]
    rows = [plain(lead) for lead in leads]
    return lambda: [[rule.matches(row) for rule in rules] for row in rows]


def zen_answers(leads: Sequence[Lead], now: datetime) -> Callable[[], Answers]:
    import zen

    since, until = (now - timedelta(days=30)).timestamp(), now.timestamp()
    # one expression for all ten: the dictionary crosses into Rust once
    rules = zen.compile_expression(
        "["
        + ", ".join(
            (
                "score != null and score >= 60 and industry in ['IT', 'Retail', 'Finance']",
                "status == 'new' and owner == null",
                "'vip' in tags",
                "amount != null and amount.currency == 'CNY' and amount.minor >= 10000000",
                "region in ['East', 'South'] and language == 'zh'",
                "startsWith(source, 'fair')",
                f"created >= {since} and created < {until} and score != null and score >= 40",
                "contains(title, 'Manager') or contains(title, '经理')",
                "not(status in ['disqualified', 'converted']) and score != null and score < 20",
                "status == 'working' and next_contact == null and city == '杭州市'",
            )
        )
        + "]"
    )
    rows = [plain(lead) for lead in leads]
    return lambda: [rules.evaluate(row) for row in rows]


def business_rules_answers(leads: Sequence[Lead], now: datetime) -> Callable[[], Answers]:
    from business_rules.engine import check_conditions_recursively

    variables = _business_variables()
    since, until = (now - timedelta(days=30)).timestamp(), now.timestamp()

    def term(name: str, operator: str, value: object = None) -> dict[str, object]:
        return {"name": name, "operator": operator, "value": value}

    known_score = term("has_score", "is_true")
    rules: list[dict[str, Any]] = [
        {
            "all": [
                known_score,
                term("score", "greater_than_or_equal_to", 60),
                {"any": [term("industry", "equal_to", trade) for trade in ("IT", "Retail", "Finance")]},
            ]
        },
        {"all": [term("status", "equal_to", "new"), term("has_owner", "is_false")]},
        term("tags", "contains", "vip"),
        {"all": [term("currency", "equal_to", "CNY"), term("amount", "greater_than_or_equal_to", 10_000_000)]},
        {
            "all": [
                {"any": [term("region", "equal_to", region) for region in ("East", "South")]},
                term("language", "equal_to", "zh"),
            ]
        },
        term("source", "starts_with", "fair"),
        {
            "all": [
                term("created", "greater_than_or_equal_to", since),
                term("created", "less_than", until),
                known_score,
                term("score", "greater_than_or_equal_to", 40),
            ]
        },
        {"any": [term("title", "contains", "Manager"), term("title", "contains", "经理")]},
        {"all": [term("is_closed", "is_false"), known_score, term("score", "less_than", 20)]},
        {
            "all": [
                term("status", "equal_to", "working"),
                term("has_next_contact", "is_false"),
                term("city", "equal_to", "杭州市"),
            ]
        },
    ]
    rows = [variables(lead) for lead in leads]
    return lambda: [[check_conditions_recursively(rule, row) for rule in rules] for row in rows]


def _business_variables() -> type[Any]:
    """A lead's fields as business-rules declares them: one decorated method each."""
    from business_rules.variables import (
        BaseVariables,
        boolean_rule_variable,
        numeric_rule_variable,
        select_rule_variable,
        string_rule_variable,
    )

    declared: dict[str, tuple[Any, Callable[[Lead], Any]]] = {
        "score": (numeric_rule_variable, lambda lead: lead.score),
        "has_score": (boolean_rule_variable, lambda lead: lead.score is not None),
        "industry": (string_rule_variable, lambda lead: lead.industry),
        "status": (string_rule_variable, lambda lead: lead.status),
        "is_closed": (boolean_rule_variable, lambda lead: lead.status in ("disqualified", "converted")),
        "has_owner": (boolean_rule_variable, lambda lead: lead.owner_id is not None),
        "tags": (select_rule_variable, lambda lead: lead.tags),
        "currency": (string_rule_variable, lambda lead: lead.amount.currency if lead.amount else ""),
        "amount": (numeric_rule_variable, lambda lead: lead.amount.minor if lead.amount else 0),
        "region": (string_rule_variable, lambda lead: lead.region),
        "language": (string_rule_variable, lambda lead: lead.language),
        "source": (string_rule_variable, lambda lead: lead.source),
        "created": (numeric_rule_variable, lambda lead: lead.created_at.timestamp()),
        "title": (string_rule_variable, lambda lead: lead.title),
        "has_next_contact": (boolean_rule_variable, lambda lead: lead.next_contact_at is not None),
        "city": (string_rule_variable, lambda lead: lead.address.city if lead.address else ""),
    }

    class LeadVariables(BaseVariables):  # type: ignore[misc]
        def __init__(self, lead: Lead) -> None:
            self.lead = lead

    for name, (variable, read) in declared.items():
        setattr(LeadVariables, name, _method(name, variable, read))
    return LeadVariables


def _method(name: str, variable: Any, read: Callable[[Lead], Any]) -> Any:
    def method(self: Any) -> Any:
        return read(self.lead)

    method.__name__ = name
    return variable()(method)


LIBRARIES = (
    Library("rule-engine", 200, rule_engine_answers),
    Library("business-rules", 200, business_rules_answers),
    Library("zen-engine", 400, zen_answers),
)
