"""`alarms` and `budget`: who is told what, and when. See `types`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from giban.blueprint.durations import Duration, FineDuration
from giban.blueprint.section import Name, Section
from giban.blueprint.weekly import TimeZone

Priority = Literal["P1", "P2", "P3", "P4"]

Secret = Annotated[
    str,
    Meta(
        pattern=r"^secret:[A-Za-z0-9/_+=.@-]{1,512}$",
        description="`secret:` and the name of a secret in Secrets Manager that holds the value. You make it, before or after: "
        "`aws secretsmanager create-secret --name NAME --secret-string file://value`",
        examples=["secret:scv/slack-webhook"],
    ),
]
Address = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9.!#%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$",
        description="An e-mail address.",
        examples=["oncall@example.com"],
    ),
]
Phone = Annotated[
    str,
    Meta(
        pattern=r"^\+[1-9][0-9]{6,14}$",
        description="A phone number with its country (E.164), in quotes.",
        examples=["+821012345678"],
    ),
]
Match = dict[str, str | list[str]]


class SlackBot(Section, frozen=True, kw_only=True):
    """A Slack app with a bot token: threads, messages that change in place, an acknowledge button."""

    token: Annotated[Secret, Meta(description="The bot's token (xoxb-…), with the scopes chat:write and files:write.")]
    channel: Annotated[
        str,
        Meta(pattern=r"^[CDG][A-Z0-9]{5,20}$", description="ID of the conversation.", examples=["C0123456789"]),
    ]
    signing: Annotated[
        Secret | None,
        Meta(description="The app's signing secret; without it there is a link instead of the acknowledge button."),
    ] = None


class Telegram(Section, frozen=True, kw_only=True):
    """A Telegram bot in a chat."""

    token: Annotated[Secret, Meta(description="The bot's token.")]
    chat: Annotated[
        str,
        Meta(
            pattern=r"^(-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{4,31})$",
            description="ID of the chat, or @name of a public channel.",
            examples=["-1001234567890"],
        ),
    ]


class Channel(Section, frozen=True, kw_only=True):
    """Where messages go: exactly one of these keys."""

    slack: Annotated[Secret | None, Meta(description="Slack: the secret holds an incoming webhook's URL.")] = None
    slack_bot: Annotated[SlackBot | None, Meta(description="Slack with threads and buttons.")] = None
    telegram: Annotated[Telegram | None, Meta(description="Telegram.")] = None
    discord: Annotated[Secret | None, Meta(description="Discord: the secret holds a webhook's URL.")] = None
    webhook: Annotated[
        Secret | None,
        Meta(description='Any HTTPS receiver: the secret holds JSON {"url", "key"}; messages are signed with the key.'),
    ] = None
    email: Annotated[
        Address | list[Address] | None,
        Meta(description="E-mail; AWS asks each address once whether it wants them.", examples=["oncall@example.com"]),
    ] = None
    sms: Annotated[Phone | None, Meta(description="A text message to this number.", examples=["+821012345678"])] = None
    pagerduty: Annotated[
        Secret | None,
        Meta(description="PagerDuty: the secret holds the integration key of an Events API v2 integration."),
    ] = None
    grafana: Annotated[
        Secret | None, Meta(description="Grafana's on-call: the secret holds the URL of a webhook integration.")
    ] = None


class Escalation(Section, frozen=True, kw_only=True):
    """Who is told when nobody acknowledges."""

    after: Annotated[
        Duration, Meta(description="How long to wait for somebody, and between repetitions.", examples=["10m"])
    ]
    to: Annotated[list[Name], Meta(min_length=1, description="Channels.", examples=[["owner"]])]
    repeat: Annotated[
        int, Meta(ge=1, le=100, description="How often they are told again when nobody acknowledges even then.")
    ] = 1


class Grouping(Section, frozen=True, kw_only=True):
    """Alarms that come together make one message."""

    by: Annotated[
        list[str],
        Meta(
            description="Alarms that are alike in these belong together: service, priority, kind, name, region, label.NAME.",
            examples=[["service"]],
        ),
    ] = field(default_factory=lambda: ["service"])
    wait: Annotated[
        FineDuration, Meta(description="How long the first message waits for others, up to 15m.", examples=["30s"])
    ] = "30s"
    interval: Annotated[
        FineDuration, Meta(description="How long further alarms of a group wait, 10s to 24h.", examples=["5m"])
    ] = "5m"


class Quiet(Section, frozen=True, kw_only=True):
    """Hours in which messages are held; what is still of interest comes as one digest when they end."""

    time_zone: Annotated[TimeZone, Meta(description="Time zone of the hours.", examples=["Asia/Seoul"])]
    hours: Annotated[
        str,
        Meta(
            pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$",
            description="From and until, in 24 hours; may go past midnight.",
            examples=["22:00-08:00"],
        ),
    ]


class Route(Section, frozen=True, kw_only=True):
    """Who is told about which alarms. The first route that matches counts."""

    match: Annotated[
        Match,
        Meta(
            description="What an alarm must be: priority, service, kind, name, region or label.NAME, each a text or a list of "
            "them; `*` stands for any characters. Without it, every alarm.",
            examples=[{"priority": "P1"}],
        ),
    ] = {}
    to: Annotated[list[Name], Meta(min_length=1, description="Channels.", examples=[["team"]])]
    group: Annotated[Grouping, Meta(description="How alarms are put together.")] = field(default_factory=Grouping)
    repeat: Annotated[
        Duration, Meta(description="An alarm that goes on is told again after this long.", examples=["4h"])
    ] = "4h"
    escalate: Annotated[
        Escalation | None, Meta(description="Who is told when nobody acknowledges. Default: nobody.")
    ] = None
    quiet: Annotated[Quiet | None, Meta(description="Hours in which messages are held. Default: none.")] = None
    continue_: Annotated[bool, Meta(description="Whether routes after this one are looked at too.")] = field(
        default=False, name="continue"
    )


class Inhibition(Section, frozen=True, kw_only=True):
    """While one alarm is there, others are consequences of it and are not told."""

    while_: Annotated[
        Match, Meta(description="The cause, as in `match` of a route.", examples=[{"name": "databases.main.cpu"}])
    ] = field(name="while")
    mute: Annotated[
        Match, Meta(description="The consequences, as in `match` of a route.", examples=[{"service": "services.was"}])
    ] = {}
    same: Annotated[
        list[str],
        Meta(
            description="What the consequences have in common with the cause: service, region, name…",
            examples=[["region"]],
        ),
    ] = []


class RuleChange(Section, frozen=True, kw_only=True):
    """What is different about a standard alarm."""

    threshold: Annotated[float | None, Meta(description="In the unit of the alarm.", examples=[90])] = None
    priority: Annotated[Priority | None, Meta(description="How urgent it is.", examples=["P1"])] = None
    runbook: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s\"<>]+$", description="An address beginning with https://")] | None,
        Meta(
            description="Where it says what to do; a link in each message.", examples=["https://wiki.example.com/cpu"]
        ),
    ] = None


class Alarms(Section, frozen=True, kw_only=True):
    """Alarms by priority: CloudWatch, events, log errors, the budget and plain posts come to one function, which tells people."""

    channels: Annotated[
        dict[Name, Channel],
        Meta(
            min_length=1,
            description="Where messages go.",
            examples=[{"team": {"slack": "secret:scv/slack-webhook"}, "owner": {"sms": "+821012345678"}}],
        ),
    ]
    routes: Annotated[
        list[Route],
        Meta(
            description="Who is told about what; the last route must take what no other took. Default: everything to everybody.",
            examples=[[{"match": {"priority": "P1"}, "to": ["owner", "team"]}, {"to": ["team"]}]],
        ),
    ] = []
    rules: Annotated[
        Literal["standard", "none"] | dict[str, bool | Priority | float | RuleChange],
        Meta(
            description="`standard`: every component has its standard alarms. A mapping changes some of them by name (`*` stands "
            "for any characters): a number is the threshold, `off` leaves it out, P1 to P4 is the priority. `giban alarms rules` "
            "lists them.",
            examples=[{"services.web.cpu": 90, "databases.main.storage": {"priority": "P1"}}],
        ),
    ] = "standard"
    log_errors: Annotated[
        dict[str, list[Annotated[str, Meta(min_length=1, max_length=200)]]],
        Meta(
            description="Words in the logs of services, functions and APIs that are an alarm, by component. One that begins with "
            "`{` or `[` is a CloudWatch filter pattern "
            "(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).",
            examples=[{"was": ["ERROR", "Traceback"]}],
        ),
    ] = {}
    inhibit: Annotated[
        list[Inhibition],
        Meta(description="Which alarms hide which others, beside this: a region that is down hides what is in it."),
    ] = []
    language: Annotated[Literal["en", "ko"], Meta(description="Language of messages.")] = "en"
    time_zone: Annotated[TimeZone, Meta(description="Time zone of the times in messages.")] = "UTC"
    dashboard: Annotated[bool, Meta(description="A CloudWatch dashboard with a row for each component.")] = True


class Budget(Section, frozen=True, kw_only=True):
    """What a month may cost, and when the alarm channels are told."""

    monthly_usd: Annotated[float, Meta(ge=1, description="US dollars a month.", examples=[200])]
    alert: Annotated[
        list[Annotated[int, Meta(ge=1, le=1000)] | Literal["forecast"]],
        Meta(
            min_length=1,
            max_length=10,
            description="Percent of it that are told about; `forecast`: as soon as the month is expected to end above it.",
            examples=[[50, 80, 100, "forecast"]],
        ),
    ] = field(default_factory=lambda: [50, 80, 100, "forecast"])
    scope: Annotated[
        Literal["account", "environment"],
        Meta(
            description="`account`: everything the account spends. `environment`: what carries this environment's tags Project "
            "and Environment, which must have been activated as cost allocation tags; without that it counts nothing."
        ),
    ] = "account"
