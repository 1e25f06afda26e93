"""Functions, APIs, tables, queues, streams, containers, clusters and pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from giban.cost.calls import api_answer_kb, api_requests, callers_of_table, calls, messages, reading
from giban.cost.context import Context, Line
from giban.cost.ranges import ZERO, Range, fixed, smallest
from giban.cost.registry import free, prices
from giban.graph.resource import Resource

free(
    "part of a function",
    "aws_lambda_permission", "aws_lambda_alias", "aws_lambda_event_source_mapping", "aws_lambda_function_url",
    "aws_lambda_layer_version", "aws_lambda_function_event_invoke_config",
)  # fmt: skip
free(
    "part of an API",
    "aws_apigatewayv2_stage", "aws_apigatewayv2_route", "aws_apigatewayv2_integration", "aws_apigatewayv2_deployment",
    "aws_apigatewayv2_authorizer", "aws_apigatewayv2_domain_name", "aws_apigatewayv2_api_mapping",
)  # fmt: skip
free("part of a queue", "aws_sqs_queue_policy", "aws_sqs_queue_redrive_policy", "aws_sqs_queue_redrive_allow_policy")
free("part of a table", "aws_dynamodb_table_item", "aws_dynamodb_resource_policy", "aws_dynamodb_tag")
free(
    "describes containers; paid where they run",
    "aws_ecs_cluster", "aws_ecs_task_definition", "aws_ecs_cluster_capacity_providers", "aws_ecs_capacity_provider",
    "aws_ecs_account_setting_default",
)  # fmt: skip


WRITE_UNIT_GB = 1e-6
"""What one write unit can store, 1 KB
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)."""


@prices("aws_lambda_function")
def function(resource: Resource, context: Context) -> Iterator[Line]:
    """Calls and the memory they hold while they run; how many follows from schedules, rules and APIs where it can."""
    number, who = calls(resource, context)
    yield context.line("Lambda", "requests", number, "requests", who)
    memory = (_number(resource.args.get("memory_size")) or 128.0) / 1024
    arm = "arm64" in str(resource.args.get("architectures"))
    item = "duration arm64" if arm else "duration x86"
    seconds = number * context.use("function_ms") * (memory / 1000)
    yield context.line("Lambda", item, seconds, "duration", f"{memory * 1024:g} MB")
    if resource.value("tracing_config", "mode") == "Active":
        yield context.line("X-Ray", "traces recorded", number * context.use("traced_share"), "traces")
    if _writes_to_phones(resource, context):
        country = "SMS to Japan" if context.region == "ap-northeast-1" else "SMS to Korea"
        yield context.line("SNS", country, context.use("text_messages"), "text messages", "its role may send them")


def _writes_to_phones(function: Resource, context: Context) -> bool:
    """Whether the role of a function may send text messages: it may publish to what is no topic."""
    role = context.graph.follow(function, "role")
    papers = context.graph.referrers(role, "aws_iam_role_policy") if role is not None else []
    texts = [str(paper.args.get("policy")) for paper in papers]
    return any('"sns:Publish"' in one and '"NotResource":"arn:aws:sns:' in one.replace(": ", ":") for one in texts)


@prices("aws_lambda_provisioned_concurrency_config")
def provisioned(resource: Resource, context: Context) -> Iterator[Line]:
    """Functions kept warm, by the memory they hold all the time."""
    owner = context.graph.follow(resource, "function_name")
    memory = (_number(owner.args.get("memory_size")) if owner else None) or 128.0
    number = _number(resource.args.get("provisioned_concurrent_executions")) or 1.0
    yield context.line(
        "Lambda", "provisioned concurrency", context.hours * (3600 * number * memory / 1024), "kept warm"
    )


@prices("aws_apigatewayv2_api")
def api(resource: Resource, context: Context) -> Iterator[Line]:
    """Requests of an HTTP API, and its answers to the internet."""
    if resource.args.get("protocol_type") != "HTTP":
        yield context.unknown("WebSocket API", "1M messages", fixed(1e6), "no price in the files")
        return
    requests = api_requests(resource, context)
    yield context.line("API Gateway", "HTTP API requests (first tier)", requests, "requests")
    yield from context.internet(requests * api_answer_kb(resource, context) * 1e-6, "to the internet")


@prices("aws_dynamodb_table")
def table(resource: Resource, context: Context) -> Iterator[Line]:
    """Reads and writes, on demand or provisioned, what is stored, and its continuous backup.

    A table that only functions with counted calls use is read and written so many times a call, and holds no more than is
    written in a year. A table that holds Terraform's locks is tiny.
    """
    if resource.args.get("hash_key") == "LockID":
        few = fixed(1000)
        yield context.line("DynamoDB on-demand", "write request units", few, "writes", "locks of Terraform")
        return
    gb = context.use("table_gb")
    indexes = resource.blocks("global_secondary_index")
    if resource.args.get("billing_mode") == "PAY_PER_REQUEST":
        users = callers_of_table(resource, context)
        writes, reads = (
            _by_calls(users, context) if users else (context.use("table_writes"), context.use("table_reads"))
        )
        who = f"by {', '.join(user.address for user in users)}" if users else ""
        yield context.line("DynamoDB on-demand", "write request units", writes, "writes", who)
        if indexes:
            yield context.line("DynamoDB on-demand", "write request units", writes * len(indexes), "writes to indexes")
        yield context.line("DynamoDB on-demand", "read request units", reads, "reads", who)
        gb = smallest(gb, writes * (12 * WRITE_UNIT_GB)) if users else gb
    else:
        for item, key, label in (
            ("write capacity unit beyond free tier", "write_capacity", "write capacity"),
            ("read capacity unit beyond free tier", "read_capacity", "read capacity"),
        ):
            units = sum(_number(one.get(key)) or 1.0 for one in (resource.args, *indexes))
            yield context.line("DynamoDB provisioned", item, context.hours * units, label)
    copies = 1 + sum(one.get("projection_type") == "ALL" for one in indexes)
    yield context.line("DynamoDB", "table storage", gb * copies, "storage", "with indexes" if copies > 1 else "")
    if any(block.get("enabled") in (True, "true") for block in resource.blocks("point_in_time_recovery")):
        yield context.line("DynamoDB", "point-in-time recovery", gb, "point-in-time recovery", "as large as the table")


def _by_calls(functions: list[Resource], context: Context) -> tuple[Range, Range]:
    """Writes and reads of a table by the functions that use it."""
    writes, reads = ZERO, ZERO
    for function in functions:
        number, _ = calls(function, context)
        writes = writes + number * context.use("table_writes_per_call", function)
        reads = reads + number * context.use("table_reads_per_call", function)
    return writes, reads


POLLS_AN_HOUR = 5 * 180.0
"""Requests of Lambda to a queue that it reads, even when it is empty: five pollers, each asking every 20 seconds
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html)."""


@prices("aws_sqs_queue")
def queue(resource: Resource, context: Context) -> Iterator[Line]:
    """Requests: sending, receiving and deleting each message, and asking for messages when there are none."""
    fifo = resource.args.get("fifo_queue") in (True, "true")
    item = "FIFO queue requests" if fifo else "standard queue requests"
    yield context.line("SQS", item, messages(resource, context) * 3.0, "requests", "send, receive, delete")
    readers = len(reading(resource, context))
    if readers:
        polls = context.hours * (POLLS_AN_HOUR * readers)
        yield context.line("SQS", item, polls, "polling", "by Lambda, messages or not")


@prices("aws_sns_topic")
def topic(resource: Resource, context: Context) -> Iterator[Line]:
    """Messages published; delivery to queues and functions costs nothing, other subscriptions are priced themselves."""
    yield context.line("SNS", "publish requests", messages(resource, context), "messages")


@prices("aws_sfn_state_machine")
def workflow(resource: Resource, context: Context) -> Iterator[Line]:
    """Transitions of a standard workflow."""
    if resource.args.get("type") == "EXPRESS":
        yield context.unknown("express requests", "1M requests", fixed(1), "no price in the files")
    else:
        yield context.line("Step Functions", "Standard state transitions", context.use("invocations"), "transitions")


@prices("aws_kinesis_stream")
def stream(resource: Resource, context: Context) -> Iterator[Line]:
    """Hours of a stream's shards."""
    shards = _number(resource.args.get("shard_count")) or 1.0
    yield context.line("Kinesis Data Streams", "shard or on-demand stream", context.hours * shards, "hours")


@prices("aws_ecs_service")
def service(resource: Resource, context: Context) -> Iterator[Line]:
    """Fargate tasks by vCPU and memory; on instances, the instances are paid."""
    if "FARGATE" not in str([resource.args.get("launch_type"), resource.args.get("capacity_provider_strategy")]):
        return
    task = context.graph.follow(resource, "task_definition")
    cpu = _number(task.args.get("cpu")) if task else None
    memory = _number(task.args.get("memory")) if task else None
    tasks = context.hours * (_number(resource.args.get("desired_count")) or 1.0)
    if cpu is None or memory is None:
        yield context.unknown("tasks", "hour", tasks, "the size of the task is not known")
        return
    kind = "ARM" if task and "ARM64" in str(task.args.get("runtime_platform")) else "x86"
    yield context.line("Fargate", f"Linux {kind} vCPU", tasks * (cpu / 1024), "vCPU")
    yield context.line("Fargate", f"Linux {kind} memory", tasks * (memory / 1024), "memory")


@prices("aws_eks_cluster")
def cluster(_resource: Resource, context: Context) -> Iterator[Line]:
    """Hours of the control plane; nodes are resources of their own."""
    yield context.line("EKS", "cluster standard support", context.hours, "hours")


@prices("aws_eks_node_group")
def node_group(resource: Resource, context: Context) -> Iterator[Line]:
    """Nodes of a managed group at the price of its first instance type, with their volumes."""
    types: Any = resource.args.get("instance_types") or ["t3.medium"]
    scaling = (resource.blocks("scaling_config") or [{}])[0]
    low, desired, high = (_number(scaling.get(key)) or 0.0 for key in ("min_size", "desired_size", "max_size"))
    number = Range(low, min(max(low, desired), max(low, high)), max(low, high))
    price = context.book.instance(context.region, str(types[0]))
    yield context.at(price, number * context.hours, f"{types[0]} hours", f"{low:g} to {high:g} nodes")
    gb = _number(resource.args.get("disk_size")) or 20.0
    yield context.line("EBS", "gp3 storage", number * gb, "node volumes")


@prices("aws_codepipeline")
def pipeline(_resource: Resource, context: Context) -> Iterator[Line]:
    """An active pipeline; no price was found."""
    yield context.line("CodePipeline", "active pipeline", fixed(1), "pipeline")


@prices("aws_codebuild_project")
def build(_resource: Resource, context: Context) -> Iterator[Line]:
    """Minutes of builds; no price was found."""
    yield context.line("CodeBuild", "Linux small build", fixed(1), "build minutes", "how many is not known")


@prices("aws_service_discovery_service")
def discovery(_resource: Resource, context: Context) -> Iterator[Line]:
    """A registered service."""
    yield context.line("Cloud Map", "registered resource", fixed(1), "registered resource")


free("a namespace costs its hosted zone", "aws_service_discovery_http_namespace")


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
