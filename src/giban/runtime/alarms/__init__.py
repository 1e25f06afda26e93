"""The alarm router: everything that happens arrives at one function and leaves by priority, through channels, exactly once.

What belongs here: what the function does. `rules/` decides (pure), `folding` loads and writes what it decides, `outbox` delivers,
`channels/` knows each service's form, `handler` is the entry. What does not belong here: anything about how alarms are made (the
component's), and words for the CLI.

    SNS → SQS → batch ─┐
    log lines ─────────┤→ folding (rules; one transaction) → outbox (a lease for each channel) → channels/
    tick, wake-ups ────┤
    page, operator ────┘

Events and answers

    {"Records": [SQS …]}        {"batchItemFailures": [{"itemIdentifier"}]}
    {"awslogs": {"data"}}       {"messages", "again"}; raises when it could not be taken, so that Lambda gives it again
    {"tick": true}, {"wake": true}      {"messages", "again"}; with "all": true each group is looked at
    HTTP API, format 2.0        `POST /slack`, `GET` and `POST /ack/<token>` (page)
    {"operator", "action"}      {"status", "body"} (operator)

Environment

    GIBAN_ALARMS_TABLE    the table (`table`)             GIBAN_ALARMS_QUEUE, GIBAN_ALARMS_DEAD   URLs of both queues
    GIBAN_ALARMS_API      base of the links, or absent    GIBAN_ALARMS_SECRET   ARN; {"signing": hex}, filled in at first use
    GIBAN_PREFIX          names of this environment begin with it

Beside the code lies config.json, which the component writes; every key but "channels" may be missing. The rules' part of it is
described in `rules`; of the rest:

    environment, language ("en", "ko"), time_zone (IANA; times in texts that cannot show the reader's own)
    channels {name: {"kind": one of channels.KINDS, …}}
        slack {"secret"}   slack_bot {"secret","channel","signing_secret"}   telegram {"secret","chat"}   discord {"secret"}
        webhook {"secret"}   pagerduty {"secret"}   grafana {"secret"}   email {"topic": name or ARN}   sms {"number"}
        "secret" is a name or ARN of Secrets Manager

Permissions: on the table dynamodb:BatchGetItem, GetItem, Query, PutItem, DeleteItem; sqs:SendMessage on both queues (and receive,
delete on the first, for the event source); secretsmanager:GetSecretValue on the channels' secrets, and PutSecretValue too on
GIBAN_ALARMS_SECRET; sns:Publish on e-mail topics and to phones; cloudwatch:GetMetricData for pictures. The function's timeout:
28 seconds, because its API gives up at 29; the queue's visibility timeout: six times that; maxReceiveCount: `batch.LAST`.
"""
