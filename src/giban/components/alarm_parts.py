"""What everything about alarms shares: the topic that all of them come to, the queue and table of the router, its channels.

Only asked for when the blueprint has `alarms`.
"""

from __future__ import annotations

from giban.blueprint.types_alarms import Alarms
from giban.blueprint.validate_alarms import kinds_of
from giban.components.encryption import key
from giban.components.environment import Environment, Scope, part
from giban.components.policies import document
from giban.components.store_table import store_table
from giban.graph.resource import Resource

TIMEOUT = 28
"""Seconds that the router may take for a batch: an API that waits for it gives up at 29."""
WINDOW = 1
"""Seconds that messages are collected before the router is called."""
TRIES = 5
"""How often a message is tried before it is a dead letter."""
DAYS = 14
"""Days that messages are kept, the most SQS allows: a weekend and a broken router lose nothing."""


def has_alarms(env: Environment) -> bool:
    """Whether anybody is to be told anything."""
    return env.blueprint.alarms is not None


def alarms_of(env: Environment) -> Alarms:
    """What the blueprint says about alarms."""
    assert env.blueprint.alarms is not None  # noqa: S101 - only asked for when there are
    return env.blueprint.alarms


def alarms_scope(env: Environment, label: str = "alarms") -> Scope:
    """The scope of the router, or of a part of it."""
    return env.scope("alarms", label=label)


@part
def alarm_topic(env: Environment) -> Resource:
    """Where CloudWatch, EventBridge, Budgets and programs (`uses: [alarms]`) publish what people should know."""
    scope = alarms_scope(env)
    topic = scope.add("aws_sns_topic", name=scope.name, kms_master_key_id=key(env).arn)
    scope.add(
        "aws_sns_topic_policy",
        arn=topic.arn,
        policy=document(
            _may_publish("Account", {"AWS": f"arn:aws:iam::{env.account_id}:root"}, topic),
            _from_cloudwatch(env, topic),
            # EventBridge tells topics nothing that a condition could look at: with one no event would ever arrive
            # (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html).
            _may_publish("Events", {"Service": "events.amazonaws.com"}, topic),
            # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
            _may_publish(
                "Budgets",
                {"Service": "budgets.amazonaws.com"},
                topic,
                {
                    "StringEquals": {"aws:SourceAccount": env.account_id},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{env.account_id}:*"},
                },
            ),
        ),
    )
    return topic


def _from_cloudwatch(env: Environment, topic: Resource) -> dict[str, object]:
    return _may_publish(
        "Alarms",
        {"Service": "cloudwatch.amazonaws.com"},
        topic,
        {
            "StringEquals": {"aws:SourceAccount": env.account_id},
            "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{env.region_name}:{env.account_id}:alarm:{env.prefix}-*"},
        },
    )


def _may_publish(
    sid: str, who: dict[str, str], topic: Resource, condition: dict[str, object] | None = None
) -> dict[str, object]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": who,
        "Action": "sns:Publish",
        "Resource": topic.arn,
        **({"Condition": condition} if condition else {}),
    }


@part
def alarm_queue(env: Environment) -> Resource:
    """What has come to the topic and waits for the router. A router that is broken loses nothing for two weeks."""
    scope = alarms_scope(env)
    queue = scope.add(
        "aws_sqs_queue",
        name=scope.name,
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
        visibility_timeout_seconds=6 * TIMEOUT + WINDOW,
        message_retention_seconds=4 * 86_400,
        receive_wait_time_seconds=20,
        sqs_managed_sse_enabled=True,
        redrive_policy=document_of_redrive(dead_letters(env)),
    )
    scope.add(
        "aws_sqs_queue_policy",
        queue_url=queue.id,
        policy=document(
            {
                "Sid": "Topic",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue.arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": alarm_topic(env).arn}},
            }
        ),
    )
    return queue


def document_of_redrive(dead: Resource) -> str:
    """The redrive policy of a queue: after so many tries into this one."""
    return f'{{"deadLetterTargetArn":"{dead.arn}","maxReceiveCount":{TRIES}}}'


@part
def dead_letters(env: Environment) -> Resource:
    """What the router could not read or process; each is announced too."""
    scope = alarms_scope(env)
    return scope.add(
        "aws_sqs_queue",
        "dead",
        name=f"{scope.name}-dead",
        message_retention_seconds=DAYS * 86_400,
        sqs_managed_sse_enabled=True,
    )


@part
def alarm_table(env: Environment) -> Resource:
    """What the router remembers: alerts, groups, what is to be delivered, silences, mutes, history."""
    return store_table(alarms_scope(env))


@part
def signing_secret(env: Environment) -> Resource:
    """The key of acknowledge links: the router makes it at first use, so that it is in no state."""
    return alarms_scope(env, "alarms-signing").add(
        "aws_secretsmanager_secret",
        name_prefix=f"{env.prefix}/alarms/signing-",
        description="Signs the acknowledge links in messages; the alarm router fills it in",
        kms_key_id=key(env).arn,
        recovery_window_in_days=30 if env.production else 7,
    )


@part
def mail_topics(env: Environment) -> dict[str, Resource]:
    """A topic for each channel that is e-mail, by the channel's name. CloudWatch may publish to it as well: what is wrong with
    the router itself goes there directly."""
    made = {}
    for name, channel in sorted(alarms_of(env).channels.items()):
        if channel.email is None:
            continue
        scope = alarms_scope(env, f"alarms-{name}")
        topic = scope.add("aws_sns_topic", name=scope.name, kms_master_key_id=key(env).arn)
        scope.add(
            "aws_sns_topic_policy",
            arn=topic.arn,
            policy=document(
                _may_publish("Account", {"AWS": f"arn:aws:iam::{env.account_id}:root"}, topic),
                _from_cloudwatch(env, topic),
            ),
        )
        addresses = [channel.email] if isinstance(channel.email, str) else channel.email
        for address in addresses:
            label = "".join(letter if letter.isalnum() else "_" for letter in address.lower())
            scope.add("aws_sns_topic_subscription", label, topic_arn=topic.arn, protocol="email", endpoint=address)
        made[name] = topic
    return made


def secret_names(env: Environment) -> list[str]:
    """The secrets of the channels, which the user makes: by name, sorted."""
    found = set()
    for channel in alarms_of(env).channels.values():
        for kind in kinds_of(channel):
            value = getattr(channel, kind)
            texts = [value] if isinstance(value, str) else [getattr(value, key, None) for key in ("token", "signing")]
            found |= {
                text.removeprefix("secret:") for text in texts if isinstance(text, str) and text.startswith("secret:")
            }
    return sorted(found)
