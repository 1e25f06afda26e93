"""What ministack 1.5.33 answers otherwise than is wanted here, put right before it serves.

One function a correction, with what it is for. See `corrections_moto`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from giban.rehearsal import inbox
from giban.rehearsal.message_moves import dead_letters_can_be_moved
from giban.rehearsal.query_logging import add_to_route53
from giban.rehearsal.visits import (
    close_default_endpoints,
    doormen_see_the_visitor,
    hide_errors_of_functions,
    put_events_right,
)

VERSION = "1.5.33"
"""The release these corrections were made for; another one is not patched blindly (see `apply`)."""


def no_start_scripts() -> None:
    """It runs the scripts of /docker-entrypoint-initaws.d and /etc/localstack; a rehearsal runs nothing but itself."""
    from ministack import app

    app._collect_scripts = lambda *_folders: []


def changes_of_records_are_done() -> None:
    """Every DNS change made Terraform wait 10 to 30 s (at random) before it asked whether the change is in sync.

    Records are in effect at once here. Where an answer has no ChangeInfo the provider does not wait, so Terraform gets
    none; other clients still do.
    """
    from contextvars import ContextVar

    from ministack.services import route53

    build = route53._build_change_info_el
    handle = route53.handle_request
    silent: ContextVar[bool] = ContextVar("silent", default=False)

    def build_change_info(parent: Any, change: Any) -> None:
        if not silent.get():
            build(parent, change)

    async def handle_request(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        silent.set("terraform" in headers.get("user-agent", "").lower() and "/change/" not in path)
        return await handle(method, path, headers, *rest)

    route53._build_change_info_el = build_change_info
    route53.handle_request = handle_request


def days_of_backups() -> None:
    """For how many days a table can be set back was forgotten: `point_in_time_recovery` drifted.

    35 where nothing is said.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html
    """
    import json

    from ministack.core.responses import AccountRegionScopedDict
    from ministack.services import dynamodb

    days = AccountRegionScopedDict()
    describe, update = dynamodb._describe_continuous_backups, dynamodb._update_continuous_backups

    def with_days(answer: Any, name: str) -> Any:
        status, headers, body = answer
        found = json.loads(body)
        backups = found.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
        if backups.get("PointInTimeRecoveryStatus") != "ENABLED":
            return answer
        backups["RecoveryPeriodInDays"] = days.get(name, 35)
        return status, headers, json.dumps(found).encode()

    def describe_continuous_backups(data: dict[str, Any]) -> Any:
        return with_days(describe(data), dynamodb._normalize_table_name(data.get("TableName")))

    def update_continuous_backups(data: dict[str, Any]) -> Any:
        name = dynamodb._normalize_table_name(data.get("TableName"))
        days[name] = data.get("PointInTimeRecoverySpecification", {}).get("RecoveryPeriodInDays", 35)
        return with_days(update(data), name)

    dynamodb._describe_continuous_backups = describe_continuous_backups
    dynamodb._update_continuous_backups = update_continuous_backups


def address_families_of_apis() -> None:
    """Whether an HTTP API answers over IPv6 was forgotten, so that `ip_address_type` drifted. `ipv4` where nothing is said."""
    import json

    from ministack.services import apigateway

    create, update = apigateway._create_api, apigateway._update_api

    def kept(answer: Any, data: dict[str, Any]) -> Any:
        status, headers, body = answer
        found = json.loads(body)
        api = apigateway._apis.get(found.get("apiId", ""))
        if status >= 400 or api is None:
            return answer
        api["ipAddressType"] = data.get("ipAddressType") or api.get("ipAddressType", "ipv4")
        return status, headers, json.dumps({**found, "ipAddressType": api["ipAddressType"]}).encode()

    apigateway._create_api = lambda data: kept(create(data), data)
    apigateway._update_api = lambda api_id, data: kept(update(api_id, data), data)


def messages_to_people() -> None:
    """Text messages and e-mails of SNS went nowhere; the inbox gets them (`inbox`), as `sms/NUMBER` and `email/ADDRESS`."""
    from ministack.services import sns

    publish, fan_out = sns._publish, sns._fanout

    def send(params: Any) -> Any:
        answer = publish(params)
        number = sns._p(params, "PhoneNumber")
        if number and answer[0] == 200:
            inbox.hand_over("sms", number, {"message": sns._p(params, "Message")})
        return answer

    def fanout(
        topic_arn: str, msg_id: str, message: str, subject: str, structure: str = "", *rest: Any, **more: Any
    ) -> None:
        fan_out(topic_arn, msg_id, message, subject, structure, *rest, **more)
        topic = sns._topic_by_arn_any_scope(topic_arn)
        for subscription in topic["subscriptions"] if topic else ():
            kind = {"email": "email", "email-json": "email", "sms": "sms"}.get(subscription.get("protocol", ""))
            if kind and subscription.get("confirmed"):
                text = sns._resolve_message_for_protocol(message, structure, kind)
                found = {"subject": subject, "message": text, "topic": topic_arn}
                inbox.hand_over(kind, subscription.get("endpoint", ""), found)

    sns._publish = send
    sns._fanout = fanout


def authorizers_without_tokens() -> None:
    """An authorizer that is a function was given an empty `jwt_configuration`, which Terraform wanted to remove each time."""
    from ministack.services import apigateway

    create = apigateway._create_authorizer

    def create_authorizer(api_id: str, data: dict[str, Any]) -> Any:
        answer = create(api_id, data)
        for authorizer in apigateway._authorizers.get(api_id, {}).values():
            if authorizer["authorizerType"] == "REQUEST" and not authorizer.get("jwtConfiguration"):
                authorizer.pop("jwtConfiguration", None)
        return answer

    apigateway._create_authorizer = create_authorizer


CORRECTIONS: tuple[Callable[[], None], ...] = (
    no_start_scripts,
    changes_of_records_are_done,
    add_to_route53,
    put_events_right,
    hide_errors_of_functions,
    close_default_endpoints,
    doormen_see_the_visitor,
    authorizers_without_tokens,
    dead_letters_can_be_moved,
    days_of_backups,
    address_families_of_apis,
    messages_to_people,
)


def apply() -> bool:
    """Apply every correction; nothing, and False, when ministack is not the release they were made for."""
    from importlib.metadata import version

    if version("ministack") != VERSION:
        return False
    for correction in CORRECTIONS:
        correction()
    return True
