"""`budget`: what a month may cost. AWS looks a few times a day and publishes to the alarm topic."""

from __future__ import annotations

from typing import Any

from giban.components.alarm_parts import alarm_topic
from giban.components.environment import Environment


def expand(env: Environment) -> None:
    """The budget, in the region's root: AWS Budgets is one for the account, but reaches topics of every region
    (https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html)."""
    budget = env.blueprint.budget
    if budget is None:
        return
    scope = env.scope("budget")
    topic = alarm_topic(env)
    filters: dict[str, Any] = {}
    if budget.scope == "environment":
        # https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html
        values = [f"user:{key}${env.region.tags[key]}" for key in ("Environment", "Project")]
        filters = {"cost_filter": [{"name": "TagKeyValue", "values": [value]} for value in values]}
    scope.add(
        "aws_budgets_budget",
        name=budget_name(env),
        budget_type="COST",
        limit_amount=f"{budget.monthly_usd:.2f}",
        limit_unit="USD",
        time_unit="MONTHLY",
        notification=[
            {
                "comparison_operator": "GREATER_THAN",
                "threshold": 100 if alert == "forecast" else alert,
                "threshold_type": "PERCENTAGE",
                "notification_type": "FORECASTED" if alert == "forecast" else "ACTUAL",
                "subscriber_sns_topic_arns": [topic.arn],
            }
            for alert in budget.alert
        ],
        **filters,
        # Budgets tries the topic when a notification is made.
        depends_on=["aws_sns_topic_policy.alarms"],
    )


def budget_name(env: Environment) -> str:
    """Its name in AWS, which its notices say."""
    return f"{env.prefix}-monthly"
