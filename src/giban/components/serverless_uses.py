"""What a function's `uses` and triggers become: statements of its role, and the variables that tell it names."""

from __future__ import annotations

from collections.abc import Iterator

from giban.blueprint.types_serverless import Function
from giban.blueprint.uses import ALARMS, SECRET, Use, use_of, variable_of
from giban.blueprint.validate_functions import kind_of
from giban.components.alarm_parts import alarm_topic
from giban.components.buckets import bucket
from giban.components.databases import database
from giban.components.encryption import key, through
from giban.components.environment import Environment
from giban.components.policies import Statement, allow
from giban.components.serverless_network import interface_statements
from giban.components.serverless_queues import failed_events, queue, topic
from giban.components.serverless_tables import table
from giban.graph.resource import Resource

READ_TABLE = [
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
]
WRITE_TABLE = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
TAKE = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
"""What Lambda does with a queue in the name of its function
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions)."""

KEY_ACTIONS = {
    "dynamodb": ["kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
}
"""What a service asks of the key in a role's name, beside decrypting and data keys
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html)."""


def uses_of(function: Function) -> list[Use]:
    """What a function uses, sorted; what it is triggered by, too, as far as it has to be read."""
    found = {use_of(text) for text in function.uses}
    for trigger in function.triggers:
        if trigger.bucket is not None and not any(
            use.section == "buckets" and use.name == trigger.bucket for use in found
        ):
            found.add(Use("buckets", trigger.bucket, "event"))
    return sorted(found)


def variables_of(env: Environment, function: Function) -> dict[str, str]:
    """The environment variables that tell a function the names of what it uses."""
    return {name: value for use in uses_of(function) for name, value in [_variable(env, use)]}


def _variable(env: Environment, use: Use) -> tuple[str, str]:
    match use.section:
        case "alarms":
            return "GIBAN_ALARMS_TOPIC", str(alarm_topic(env).arn)
        case "secret":
            return variable_of("secret", use.name), f"{_secrets_of(env)}{use.name}"
        case "tables":
            return variable_of("table", use.name), str(table(env, use.name).ref("name"))
        case "databases":
            return variable_of("database", use.name), str(database(env, use.name).connection.arn)
        case "buckets":
            return variable_of("bucket", use.name), str(bucket(env, use.name).ref("bucket"))
        case "queues":
            return variable_of("queue", use.name), str(queue(env, use.name).queue.ref("url"))
        case "topics":
            return variable_of("topic", use.name), str(topic(env, use.name).arn)
    return variable_of("function", use.name), _called(env, use.name)


def _called(env: Environment, name: str) -> str:
    from giban.components.serverless_functions import called

    return called(env, name).target


def statements_of(env: Environment, name: str, function: Function) -> list[Statement]:
    """What the role of a function may do, beside writing its log."""
    uses = uses_of(function)
    made = [
        *_tables(env, uses),
        *_buckets(env, function, uses),
        *_messages(env, name, function, uses),
        *_functions(env, uses),
        *_secrets(env, uses),
        *interface_statements(function),
    ]
    if function.tracing:
        # X-Ray has no resources to name
        # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html).
        made.append(allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"))
    return [*made, *_key(env, function, uses)]


def _tables(env: Environment, uses: list[Use]) -> Iterator[Statement]:
    for sid, actions, wanted in (("ReadTables", READ_TABLE, "reads"), ("WriteTables", WRITE_TABLE, "writes")):
        found: list[object] = []
        for use in uses:
            if use.section == "tables" and getattr(use, wanted):
                arn = table(env, use.name).arn
                indexed = wanted == "reads" and env.blueprint.tables[use.name].indexes
                found += [arn, f"{arn}/index/*"] if indexed else [arn]
        if found:
            yield allow(sid, actions, found)


def _buckets(env: Environment, function: Function, uses: list[Use]) -> Iterator[Statement]:
    used = [use for use in uses if use.section == "buckets"]
    listed = [bucket(env, use.name).arn for use in used if use.only in ("", "read")]
    if listed:
        yield allow("ListBuckets", ["s3:ListBucket"], listed)
    read: list[object] = [f"{bucket(env, use.name).arn}/*" for use in used if use.only in ("", "read")]
    for use in used:
        if use.only in ("event", "write"):
            # What it is told of it may read, and nothing else.
            prefixes = sorted({t.prefix for t in function.triggers if t.bucket == use.name})
            read += [f"{bucket(env, use.name).arn}/{prefix}*" for prefix in prefixes]
    if read:
        yield allow("ReadObjects", ["s3:GetObject"], read)
    written = [f"{bucket(env, use.name).arn}/*" for use in used if use.only in ("", "write")]
    if written:
        yield allow("WriteObjects", ["s3:DeleteObject", "s3:PutObject"], written)


def _messages(env: Environment, name: str, function: Function, uses: list[Use]) -> Iterator[Statement]:
    sent = [queue(env, use.name).queue.arn for use in uses if use.section == "queues"]
    if is_told(env, name):
        sent.append(failed_events(env).arn)
    if sent:
        yield allow("Send", ["sqs:SendMessage"], sent)
    taken = [queue(env, trigger.queue).queue.arn for trigger in function.triggers if trigger.queue is not None]
    taken += [queue(env, one).dead.arn for one in handled(env, name)]
    if taken:
        yield allow("Take", TAKE, taken)
    published = [_topic(env, use).arn for use in uses if use.section in ("topics", ALARMS)]
    if published:
        yield allow("Publish", ["sns:Publish"], published)
    streams = [table(env, trigger.table) for trigger in function.triggers if trigger.table is not None]
    if streams:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
        actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
        yield allow("ReadStreams", actions, [one.stream_arn for one in streams])
        yield allow("ListStreams", ["dynamodb:ListStreams"], [f"{one.arn}/stream/*" for one in streams])


def _topic(env: Environment, use: Use) -> Resource:
    return alarm_topic(env) if use.section == ALARMS else topic(env, use.name)


def _functions(env: Environment, uses: list[Use]) -> Iterator[Statement]:
    from giban.components.serverless_functions import called

    found = [called(env, use.name).arn for use in uses if use.section == "functions"]
    if found:
        yield allow("Invoke", ["lambda:InvokeFunction"], found)


def _secrets(env: Environment, uses: list[Use]) -> Iterator[Statement]:
    """Of a database, where it is and its password; and secrets that the user makes: AWS ends their ARNs with six characters that
    nobody knows before (https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html)."""
    found: list[object] = []
    for use in uses:
        if use.section == "databases":
            parts = database(env, use.name)
            found += [parts.connection.arn, parts.instance.master_user_secret[0].child("secret_arn")]
        elif use.section == SECRET:
            found.append(f"{_secrets_of(env)}{use.name}-??????")
    if found:
        yield allow("ReadSecrets", ["secretsmanager:GetSecretValue"], found)


def _secrets_of(env: Environment) -> str:
    return f"arn:aws:secretsmanager:{env.region_name}:{env.account_id}:secret:"


def _key(env: Environment, function: Function, uses: list[Use]) -> Iterator[Statement]:
    """The environment's key, through the services that ask for it in the role's name. Streams are encrypted like their tables."""
    services = {"tables": "dynamodb", "buckets": "s3", "topics": "sns", ALARMS: "sns"}
    services |= {"databases": "secretsmanager", SECRET: "secretsmanager"}
    streams = {"dynamodb"} if any(trigger.table is not None for trigger in function.triggers) else set[str]()
    asked = sorted({services[use.section] for use in uses if use.section in services} | streams)
    plain = [one for one in asked if one not in KEY_ACTIONS]
    common = ["kms:Decrypt", "kms:GenerateDataKey"]
    if plain:
        yield allow("Decrypt", common, key(env).arn, Condition=through(env, *plain))
    for service in asked:
        if service in KEY_ACTIONS:
            actions = [*common, *KEY_ACTIONS[service]]
            yield allow(f"DecryptFor{service.title()}", actions, key(env).arn, Condition=through(env, service))


def is_told(env: Environment, name: str) -> bool:
    """Whether events come to a function without anybody who waits for an answer: what fails then must be kept somewhere."""
    if any(kind_of(trigger) != "queue" for trigger in env.blueprint.functions[name].triggers):
        return True
    others = env.blueprint.functions.values()
    return any(use_of(text) == Use("functions", name, "") for other in others for text in other.uses)


def handled(env: Environment, name: str) -> list[str]:
    """The queues whose dead letters a function takes, sorted."""
    return sorted(one for one, settings in env.blueprint.queues.items() if settings.failure == name)
