"""What AWS's services tell each other, delivered inside ministack: events, messages to topics, calls of functions.

The topic's and the function's own policy are asked whether the service may, as on AWS, where a missing permission shows only in
that nothing arrives; here the log of ministack says so.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

from giban.rehearsal import aws_events


def deliver(notices: list[dict[str, Any]]) -> None:
    """Deliver notices in order. `kind` says what each is:

    event    as `aws_events` takes it
    publish  `topic`, `subject`, `message`           each with `account`, `region`, `by` (the service that does it)
    call     `arn` of a function, `payload`          and `source` (the ARN of what it does it for)
    """
    from ministack.core.responses import request_scope

    for notice in notices:
        try:
            with request_scope(notice["account"], notice["region"]):
                _KINDS[notice["kind"]](notice)
        except Exception:
            # One that it stumbles over is lost; it must not hold up what comes behind it.
            traceback.print_exc(file=sys.stderr)


def _publish(notice: dict[str, Any]) -> None:
    from ministack.services import sns

    topic = sns._topic_by_arn_any_scope(notice["topic"])
    if topic is None:
        _say(f"{notice['source']} tells a topic that is not there: {notice['topic']}")
        return
    policy = topic.get("attributes", {}).get("Policy")
    if not _may(policy, notice, "sns:Publish", notice["topic"]):
        _say(
            f"{notice['topic']}: its policy does not let {notice['by']} publish ({notice['source']}); nothing was sent"
        )
        return
    sns.publish_internal(notice["topic"], notice["message"], notice["subject"])


def _call(notice: dict[str, Any]) -> None:
    from ministack.services import lambda_svc

    function, _config, _name = lambda_svc._get_func_record_for_ref(notice["arn"])
    if function is None:
        _say(f"{notice['source']} calls a function that is not there: {notice['arn']}")
        return
    if not _may(function.get("policy"), notice, "lambda:InvokeFunction", notice["arn"]):
        _say(f"{notice['arn']}: no permission lets {notice['by']} call it ({notice['source']}); it was not called")
        return
    lambda_svc.invoke_async_with_retry(function, notice["payload"])


def _may(policy: Any, notice: dict[str, Any], action: str, resource: str) -> bool:
    """Whether a resource's policy lets the service do it, for what it does it for."""
    from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

    account = notice["account"]
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=notice["region"],
        service_context={
            "aws:sourcearn": notice["source"],
            "aws:sourceaccount": account,
            "aws:sourceowner": account,
        },
    )
    # A service's regional name counts as well: logs.ap-northeast-2.amazonaws.com.
    first, _, rest = notice["by"].partition(".")
    names = (notice["by"], f"{first}.{notice['region']}.{rest}")
    return any(evaluate_resource_policy(policy, context, service=name).decision == "Allow" for name in names)


_KINDS: dict[str, Callable[[dict[str, Any]], None]] = {
    "event": lambda notice: aws_events.deliver([notice]),
    "publish": _publish,
    "call": _call,
}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
