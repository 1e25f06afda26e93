"""`functions`, `apis`, `tables`, `queues` and `topics`: what runs without machines. See `types` for the whole."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from giban.blueprint.durations import Duration, FineDuration
from giban.blueprint.section import Cidr, Name, Section
from giban.blueprint.weekly import TimeOfWeek, TimeZone

AttributeName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,254}$",
        description="Name of an attribute: a letter first, then letters, digits and _ . -.",
        examples=["id"],
    ),
]
Was = Annotated[str | None, Meta(description="The name it had before; its name in AWS stays.")]


class Trigger(Section, frozen=True, kw_only=True):
    """What calls a function: exactly one of `bucket`, `queue`, `topic`, `table`, `schedule` and `every`."""

    bucket: Annotated[
        str | None, Meta(description="A bucket of the blueprint: each object that is written.", examples=["uploads"])
    ] = None
    prefix: Annotated[
        str, Meta(max_length=1024, description="Of a bucket: only objects that begin so.", examples=["raw/"])
    ] = ""
    suffix: Annotated[
        str, Meta(max_length=1024, description="Of a bucket: only objects that end so.", examples=[".csv"])
    ] = ""
    queue: Annotated[str | None, Meta(description="A queue of the blueprint.", examples=["jobs"])] = None
    topic: Annotated[str | None, Meta(description="A topic of the blueprint.", examples=["news"])] = None
    table: Annotated[
        str | None,
        Meta(description="A table of the blueprint: each change, in the order of its key.", examples=["responses"]),
    ] = None
    batch: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=10_000,
                description="Of a queue or a table: most messages or changes in one call. Default: 10 of a queue, 100 of a "
                "table. The function says which of them failed "
                "(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).",
            ),
        ]
        | None
    ) = None
    wait: Annotated[
        FineDuration | None,
        Meta(description="Of a queue or a table: how long a batch may gather, up to 5m. Default: not at all."),
    ] = None
    schedule: Annotated[TimeOfWeek | None, Meta(description="Time of day and days.")] = None
    time_zone: Annotated[TimeZone | None, Meta(description="Time zone of `schedule`.")] = None
    every: Annotated[Duration | None, Meta(description="At this interval: `5m`, `1h`, `1d`.", examples=["5m"])] = None


class Concurrency(Section, frozen=True, kw_only=True):
    """How many calls of a function run at once."""

    reserved: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=10_000,
                description="Most at once, kept free for it in the account's limit; 0 switches the function off. Default: "
                "what the account has left.",
                examples=[10],
            ),
        ]
        | None
    ) = None
    provisioned: Annotated[
        int, Meta(ge=0, le=10_000, description="So many are kept warm, and paid, all the time.", examples=[2])
    ] = 0


class Function(Section, frozen=True, kw_only=True):
    """A Lambda function from a folder beside the blueprint. What is in the folder is what is deployed: byte-identical archives
    without names that begin with a dot, `__pycache__` and `*.pyc`."""

    source: Annotated[str, Meta(min_length=1, description="The folder.", examples=["functions/intake"])]
    handler: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_./-]+\.[A-Za-z_][A-Za-z0-9_]*$",
            description="File and function that is called: `app.handle` is `handle` in `app.py`.",
            examples=["app.handle"],
        ),
    ] = "app.handle"
    runtime: Annotated[
        Literal["python3.12", "python3.13", "python3.14", "nodejs22.x", "nodejs24.x"],
        Meta(
            description="What runs it (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html).",
        ),
    ] = "python3.12"
    processor: Annotated[
        Literal["arm64", "x86_64"], Meta(description="Graviton, or Intel and AMD where a package needs it.")
    ] = "arm64"
    memory: Annotated[
        int, Meta(ge=128, le=10_240, description="Memory in MB. Processor time grows with it.", examples=[256])
    ] = 256
    timeout: Annotated[
        FineDuration,
        Meta(description="How long one call may take, 1s to 15m; behind an API below 29s.", examples=["10s"]),
    ] = "10s"
    env: Annotated[
        dict[str, str],
        Meta(description="Environment variables. No secrets: name those in `uses`."),
    ] = {}
    uses: Annotated[
        list[str],
        Meta(
            description="What it may use: `tables.NAME`, `buckets.NAME` (with `:read` or `:write` only that), `queues.NAME` (to "
            "send), `topics.NAME` and `alarms` (to publish), `functions.NAME` (to call), `databases.NAME` (puts it into the "
            "private subnets), `secret:NAME` (a secret in Secrets Manager, to read). Its role may do exactly that, and it is "
            "told the names: GIBAN_TABLE_NAME, GIBAN_BUCKET_NAME, GIBAN_QUEUE_NAME (an URL), GIBAN_TOPIC_NAME (an ARN), "
            "GIBAN_ALARMS_TOPIC, GIBAN_FUNCTION_NAME, GIBAN_DATABASE_NAME and GIBAN_SECRET_NAME (ARNs of secrets); in capitals, "
            "with _ for each other character.",
            examples=[["tables.responses", "buckets.uploads:read"]],
        ),
    ] = []
    triggers: Annotated[
        list[Trigger], Meta(description="What calls it, beside the routes of `apis`.", examples=[[{"queue": "jobs"}]])
    ] = []
    retries: Annotated[
        int,
        Meta(
            ge=0,
            le=2,
            description="How often an event of a bucket, a topic, a schedule or another function is tried again before it "
            "goes to the queue of failed events; changes of a table likewise.",
        ),
    ] = 2
    concurrency: Annotated[Concurrency, Meta(description="How many calls run at once.")] = Concurrency()
    tracing: Annotated[bool, Meta(description="Record traces with X-Ray.")] = True
    was: Was = None


class Cors(Section, frozen=True, kw_only=True):
    """Pages of which other origins may call the API from a browser."""

    origins: Annotated[
        list[str],
        Meta(
            min_length=1,
            description="Scheme and host of the pages, or `*`.",
            examples=[["https://www.example.com"]],
        ),
    ]
    headers: Annotated[list[str], Meta(description="Request headers they may send.")] = field(
        default_factory=lambda: ["content-type"]
    )
    credentials: Annotated[bool, Meta(description="Whether they may send cookies.")] = False
    keep: Annotated[FineDuration, Meta(description="How long a browser keeps the answer, up to 1d.")] = "1h"


class Throttle(Section, frozen=True, kw_only=True):
    """How much is let in of all callers together; the rest is answered with 429."""

    rate: Annotated[int, Meta(ge=1, le=10_000, description="Requests a second.")] = 50
    burst: Annotated[int, Meta(ge=1, le=5_000, description="Requests at once.")] = 100


class Api(Section, frozen=True, kw_only=True):
    """An HTTP API whose routes lead to functions."""

    routes: Annotated[
        dict[str, Name],
        Meta(
            min_length=1,
            description="Method and path, to the name of a function. `ANY` is every method, `{id}` a part of the path, `{rest+}` "
            "all that is left of it, `$default` what no other route takes.",
            examples=[{"POST /responses": "intake"}],
        ),
    ]
    host: (
        Annotated[
            str,
            Meta(
                pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
                description="Its name below the domain: `survey` is `https://survey.<domain>`, and it has no other. Default: the "
                "name that AWS gives it.",
                examples=["survey"],
            ),
        ]
        | None
    ) = None
    cors: Annotated[Cors | None, Meta(description="Who may call it from pages elsewhere. Default: nobody.")] = None
    throttle: Annotated[Throttle, Meta(description="How much is let in.")] = Throttle()
    allow: Annotated[
        list[Cidr],
        Meta(
            description="Address ranges, IPv4 and IPv6, that are let in; a small function asks at the door, once in five minutes "
            "for each address. Default: everybody."
        ),
    ] = []
    logs: Annotated[bool, Meta(description="Write a line for each request to a log group.")] = True
    was: Was = None


class Capacity(Section, frozen=True, kw_only=True):
    """Provisioned capacity of a table and of each of its indexes."""

    read: Annotated[int, Meta(ge=1, le=40_000, description="Read units.")]
    write: Annotated[int, Meta(ge=1, le=40_000, description="Write units.")]


class Index(Section, frozen=True, kw_only=True):
    """A second way to find items: a global secondary index."""

    key: Annotated[AttributeName, Meta(description="Partition key.")]
    sort: Annotated[AttributeName | None, Meta(description="Sort key. Default: none.")] = None
    project: Annotated[
        Literal["all", "keys"] | list[AttributeName],
        Meta(description="Which attributes it holds: all of them, the keys, or these and the keys."),
    ] = "all"


class Table(Section, frozen=True, kw_only=True):
    """A DynamoDB table, encrypted with the environment's key."""

    key: Annotated[AttributeName, Meta(description="Partition key.", examples=["survey"])]
    sort: Annotated[AttributeName | None, Meta(description="Sort key. Default: none.", examples=["id"])] = None
    numbers: Annotated[
        list[AttributeName], Meta(description="Which attributes of keys and indexes are numbers; the others are text.")
    ] = []
    ttl: Annotated[
        AttributeName | None,
        Meta(
            description="Attribute with the second since 1970 after which an item goes. Default: none.",
            examples=["expires"],
        ),
    ] = None
    indexes: Annotated[
        dict[
            Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_.-]{3,255}$", description="3 to 255 letters, digits and _ . -.")],
            Index,
        ],
        Meta(
            max_length=20,
            description="Further ways to find items; 20 are possible "
            "(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).",
            examples=[{"by_day": {"key": "day", "sort": "at"}}],
        ),
    ] = {}
    stream: Annotated[
        bool | None,
        Meta(
            description="Changes, with what was there before, for a day. Default: true when a function is triggered by them."
        ),
    ] = None
    capacity: Annotated[
        Literal["on-demand"] | Capacity,
        Meta(description="Paid by request, or so much all the time.", examples=["on-demand"]),
    ] = "on-demand"
    recovery: Annotated[
        bool | None,
        Meta(
            description="Every second of the last 35 days can be had back. Default: true in production, false otherwise."
        ),
    ] = None
    protect: Annotated[
        bool | None, Meta(description="AWS refuses to delete it. Default: true in production, false otherwise.")
    ] = None
    was: Was = None


class Queue(Section, frozen=True, kw_only=True):
    """An SQS queue with a queue for dead letters: what was tried `tries` times is kept there for 14 days, and an alarm tells."""

    visibility: Annotated[
        FineDuration | None,
        Meta(
            description="How long a message that was handed out is kept from others, up to 12h. Default: six times the timeout "
            "of the function that is triggered by it, at least 30s "
            "(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).",
        ),
    ] = None
    retain: Annotated[FineDuration, Meta(description="How long a message is kept, 1m to 14d.", examples=["4d"])] = "4d"
    delay: Annotated[
        FineDuration | None, Meta(description="How long a message waits first, up to 15m. Default: not.")
    ] = None
    tries: Annotated[
        int,
        Meta(ge=1, le=1000, description="How often a message is handed out before it counts as dead.", examples=[5]),
    ] = 5
    fifo: Annotated[bool, Meta(description="In order, each once, within a message group.")] = False
    failure: Annotated[
        Name | None,
        Meta(description="A function that takes the dead letters. Default: they wait for `giban queue redrive`."),
    ] = None
    was: Was = None


class Subscription(Section, frozen=True, kw_only=True):
    """Somebody outside who gets what a topic publishes."""

    email: Annotated[
        str,
        Meta(
            pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
            description="An e-mail address. AWS sends it a link first, which has to be opened.",
            examples=["team@example.com"],
        ),
    ]


class Topic(Section, frozen=True, kw_only=True):
    """An SNS topic: what is published goes to all subscribers. Functions subscribe with a trigger."""

    subscribe: Annotated[
        list[str | Subscription],
        Meta(description="`queues.NAME`, or `{email: …}`.", examples=[["queues.jobs"]]),
    ] = []
    fifo: Annotated[bool, Meta(description="In order, each once, within a message group; for `fifo` queues.")] = False
    was: Was = None
