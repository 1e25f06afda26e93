"""Notices of AWS Budgets: plain English text through SNS, or JSON.

The text has lines like `Budget Name: scv-dev`, `Budgeted Amount: $200.00`, `Alert Type: ACTUAL`, `Alert Threshold: > $160.00`,
`ACTUAL Amount: $161.23`. There is no recovery notice: a budget is over until the month is.
"""

from __future__ import annotations

from . import console, making, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

BEGINNING = "AWS Budget Notification"
FIELDS = {
    "budget name": "name",
    "budgeted amount": "limit",
    "alert type": "type",
    "alert threshold": "threshold",
    "actual amount": "amount",
    "forecasted amount": "amount",
}


def is_text(text: str) -> bool:
    """Whether a plain message is a notice of a budget."""
    return text.lstrip().startswith(BEGINNING)


def is_json(raw: Mapping[str, Any]) -> bool:
    """Whether a JSON message is one."""
    return "budgetName" in raw or "BudgetName" in raw


def read_text(text: str, config: Mapping[str, Any], now: float, occurrence: str) -> dict[str, Any]:
    """A notice as text; what is missing stays empty."""
    found: dict[str, str] = {}
    account = ""
    for row in text[: 4 * making.MOST_TEXT].splitlines():
        name, colon, value = row.partition(":")
        field = FIELDS.get(name.strip().lower())
        if colon and field and field not in found:
            found[field] = value.strip()
        elif row.startswith("AWS Account "):
            account = row[12:].strip()
    return _alert(found, text, account, config, now, occurrence)


def read_json(raw: Mapping[str, Any], config: Mapping[str, Any], now: float, occurrence: str) -> dict[str, Any]:
    """A notice as JSON, with the names of the Budgets API in either case."""
    lower = {key.lower(): value for key, value in raw.items()}

    def text(*names: str) -> str:
        return next((making.text_of(lower[name]) for name in names if making.text_of(lower.get(name))), "")

    found = {
        "name": text("budgetname"),
        "limit": text("budgetlimit", "budgetedamount", "budgetamount"),
        "type": text("notificationtype", "alerttype"),
        "threshold": text("alertthreshold", "threshold"),
        "amount": text("actualamount", "actualspend", "forecastedamount", "forecastedspend", "amount"),
    }
    return _alert(found, text("message", "text"), text("accountid", "account"), config, now, occurrence)


def _alert(
    found: Mapping[str, str], text: str, account: str, config: Mapping[str, Any], now: float, occurrence: str
) -> dict[str, Any]:
    budget = config.get("budget") or {}
    name = found.get("name") or str(budget.get("name") or "budget")
    forecast = found.get("type", "").upper().startswith("FORECAST")
    limit = making.number(found.get("limit"))
    threshold = making.number(found.get("threshold", "").lstrip("<>= "))
    amount = making.number(found.get("amount"))
    over = not forecast and amount is not None and limit is not None and amount >= limit
    language = str(config.get("language") or "en")
    what = words.title(
        language,
        "budget-forecast" if forecast else "budget",
        name=name,
        amount=_usd(amount),
        limit=_usd(limit),
    )
    return making.alert(
        # Each threshold is told once by AWS, and is something of its own.
        f"budget:{name}:{'forecast' if forecast else 'actual'}:{_usd(threshold)}",
        now,
        config,
        source="budgets",
        status="event",
        priority="P2" if over else "P3",
        service=str(budget.get("service") or "budget"),
        kind="budget",
        name="budget-forecast" if forecast else ("budget-exceeded" if over else "budget-threshold"),
        title=what,
        text=text,
        occurrence=occurrence,
        region="",
        resource=name,
        value=amount,
        threshold=threshold,
        unit="USD",
        console=console.link(config, "budget", "", "us-east-1"),
        do=words.do(language, "budget"),
        labels={"account": account, "limit": found.get("limit"), "type": found.get("type")},
    )


def _usd(amount: float | None) -> str:
    return "?" if amount is None else f"${amount:,.2f}"
