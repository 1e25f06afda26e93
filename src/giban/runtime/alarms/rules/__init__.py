"""The mind of the alarm router: documents in, documents out. Nothing here reads a clock, a table or the network.

What belongs here: what an incoming message means (`intake`), which route it takes (`routing`), what is told when (`flow`,
`quiet`, `backoff`), and the words for it. What does not: the table, the outbox, the channels, how a message looks (one room up).

Semantics are those operators know: grouping, inhibition and silences of Alertmanager
(https://prometheus.io/docs/alerting/latest/alertmanager/), acknowledging and escalating of PagerDuty
(https://support.pagerduty.com/main/docs/escalation-policies). Where these lose something, giban does not: see "Nothing is lost".

All documents are plain JSON dicts; all times are seconds since 1970 (float), all durations seconds. No function changes a
document that it was given.


The way of an alert, and what the hands do around it

    alerts = intake.read(raw, config, now)                      what arrived, as alerts; raises Unreadable
    for alert in alerts:
        ids = flow.groups_of(alert, known, config, now)         the groups that have to be loaded (absent ones are None)
        outcome = flow.take(now, alert, known, groups, config, silences, mutes, firing)
    for each group that was changed or whose flow.due(group) <= now:
        outcome = flow.advance(now, group, alerts, config, silences, mutes, firing)
    write outcome.alert, outcome.groups, outcome.messages (→ outbox), outcome.history in one transaction

    known       the stored alert of the same key, or None        firing   stored alerts that mute others: those for which
    groups      {group id: group document or None}                        routing.inhibits(alert, config) holds. The hands keep
    alerts      {key: stored alert} of the group's members                them findable; those that do not fire are ignored.
                (`flow.keys_of(group)`); missing ones are tolerated
    silences    documents of pk="silence", mutes of pk="mute"; those that do not hold at `now` are ignored

advance() may be called early, late or twice: it does what is due at `now` and nothing else. After it flow.due(group) is None
(nothing more will happen: flow.expires says when the item may go) or later than `now`. Call it for every group after a silence
was lifted or an inhibiting alert recovered; without that it is noticed within flow.RECHECK seconds.
flow.alert_expires(alert) and flow.expires(group) say when items may be removed (None: not while the group is open).
A look that changed only "flush", "waiting" and "due" of a group need not be written: the next one comes to the same.


alert (what intake.read returns)

    key         stable identity of the problem; ≤ 200 characters: "alarm:scv-web-cpu", "event:ec2:i-0abc:stopped", "log:…"
    occurrence  identity of this very notice, for exact duplicates: "alarm:…@1795000000.123@firing", id of the event, MessageId
    source      "cloudwatch" | "events" | "logs" | "budgets" | "rds" | "post" | "self"
    status      "firing" | "resolved" | "event" (it happened; nothing will recover) | "unknown" (no data: told to nobody)
    ends        "ack" when it never recovers by itself (a terminated instance): it is over when acknowledged; else ""
    priority    "P1" … "P4"
    service     "services.web", "databases.main", … or "instances", "pipelines", "budget", "aws"
    kind        "alarm" | "event" | "log" | "budget" | "post" | "self", or what config["alarms"][name]["kind"] says ("region")
    name        name of the alarm; of events "instance-stopped", "rds-failover", "pipeline-failed", …; of logs the pattern
    title       one line, ≤ 200 characters     text   what happened, ≤ 2,000 characters
    region      "ap-northeast-2"               resource  instance id, alarm name, pipeline, log group, ARN
    value, threshold  numbers or None          unit   "%", "s", "USD", "" …
    metric      {"namespace","name","dimensions":{…},"statistic","period"} or None
    since       when this problem began        at     when this notice was made at its source
    times       how many occurrences this notice stands for (log lines; 1 else)
    console, runbook  URLs or None             do     what to do, "" when nobody wrote it
    labels      {str: str}: "account", "comparison", "reason", "stream", what a post gave, …

Stored alerts (outcome.alert) have in addition: "groups" (ids of the groups that have it), "count" (times it fired or happened),
"over" ({group id: why or ""}: groups that only count it), "seen" (last occurrences), "acknowledged" (None or {"by","at"}),
"first" (when it was first seen ever), "updated".


config: see `runtime/alarms/config.json`; every key but "channels" may be missing.

    a route      "match" (missing = everything), "to", "group" {"by","wait","interval"}, "repeat" (0 = no reminders), "quiet"
                 {"time_zone","hours","hold"}, "escalate" {"after","to","repeat"}, "continue", "name". What is missing is in
                 routing: GROUPED, UNGROUPED (no "group"), REPEAT, AFTER
    quiet.hours  "22:00-08:00", with the days on which it begins "22:00-08:00 Mon-Thu", or a list of these
    quiet.hold   priorities that wait, ["P2","P3","P4"] when missing
    escalate.repeat   how often it is told AGAIN when nobody acknowledges (PagerDuty's meaning: 3 = 4 times in all)
    alarms       of an alarm also "kind", "labels", and "patience": seconds that it may be without data when it was just made;
                 its alert has "not_before" then, and the hands put it off
    inhibit      "if" and "then" are matches; `true` as a value in "then" means "the same as that of the muting alert"
    resources    {id of an instance, group or database: service}, optional

match: {"priority"|"service"|"kind"|"name"|"region"|"source"|"status"|"resource"|"key"|"label.<x>": value or list, * and ?
are wildcards}; plurals ("names", "kinds", …) mean the same. All keys must hold. A route without match takes everything; a
silence or mute without match matches nothing; an unknown key holds for nothing.

silence {"id","match","from","until","by","why","at"}: holds from <= now < until. mute: the same, until may be None.


group (pk="group", sk = group["id"]); read what you like, write only what flow returns

    id        "<route id>/<group key>", "P1/services.web"; of a quiet night "<route id>/quiet/<end of the quiet>"
    route     copy of the route it came in by: a group finishes under it when the configuration has it no more
    by        {"service": "services.web"}: the values it is grouped by
    thread    "<id>@<opened>": all messages of one incident share it (Slack thread, PagerDuty dedup_key)
    opened, closed, sequence, sent (time of the last message), members, over, acknowledged, escalation, told (channels), due,
    flush (when news is told at the earliest), title and priority of the last message, digest (end of the quiet night it collects)
    members   {key: {"status","priority","since","at","told","as","times","held","ends"}}, at most flow.MOST_MEMBERS; beyond
              that alerts are counted in `over` {"count","fired","held"} and told as "and 17 more"


message (into the outbox, pk="outbox" sk=message["id"])

    id        "<thread>/<sequence>/<channel>": the same decision makes the same id, so a repeated write does no harm
    channel, group, thread, route
    sequence  within a channel and thread, deliver in this order: a recovery never overtakes its alarm
    kind      "firing"        the first of an incident (again "firing" when all had recovered and something fires anew)
              "update"        something changed while the incident is open (new alerts, some recovered)
              "resolved"      nothing fires any more
              "digest"        what quiet hours held
              "reminder"      still firing, nobody acknowledged
              "escalation"    nobody acknowledged in time; to the channels of escalate
              "acknowledged"  / "unacknowledged"  somebody did; for channels that can show it (update in place, PagerDuty)
              "announcement"  not made here
    priority  the highest of what fires or happened (of what recovered when that is all)
    title     one line
    alerts    up to messages.MOST_SHOWN alert documents, most important first, each with "state":
              "new" | "firing" (told before) | "resolved" | "event", and "times" (occurrences since last told)
    firing, resolved   how many fire now (0: a pager may close the incident), how many recovered with this message
    count     new ones and events
    more      how many are not in `alerts`
    at, opened, acknowledged, escalation ({"step": 1, "of": 4} | None), held ({"from","until"} of quiet hours | None)


history record (pk="history/<day>"; the hands number them: two may have the same time)

    at, what, alert (key; None when there are several), alerts (keys), group (id or None), reason ("" if none), text, by, until
    what: "firing" "resolved" "event" "repeated" "message" (queued: reason = kind, text = message id) "suppressed" "held"
          "acknowledged" "unacknowledged" "exhausted" "closed"; the hands add "delivered" and "failed" with "channel"
    reason of suppressed: "silence" "mute" "inhibited" "duplicate" "stale" (older than what is known) "short" (recovered before it
          was told) "flapping" (back to what was told last) "not-firing" (recovery of what never fired) "no-data"
    reason of held: "quiet"; of closed: "expired" (nobody heard of it for flow.FORGET seconds)


Nothing is lost: every alert that fires or happens is either in a message or has a "suppressed" record; held ones are told later.
Silences, mutes and inhibition keep firing from being told, never the recovery of what was told. What is still firing when a
silence ends is told then. An acknowledgement covers what was known: something new in the group lifts it.


Functions

    intake.read(raw, config, now) -> list[alert]            raw: parsed JSON (dict), or text; raises intake.Unreadable
    intake.own(name, title, text, now, config, ...) -> alert     an alert of the router about itself (kind "self")
    routing.routes_of(alert, config) -> list[Match]         .id .route .key(group key) .by .fallback
    routing.inhibits(alert, config) -> bool
    routing.explain(alert, config, now, silences, mutes, firing=()) -> dict;   routing.explain_text(explained) -> list[str]
    flow.groups_of / take / due / keys_of / advance / acknowledge / unacknowledge / expires / alert_expires
        acknowledge(now, group_or_alert, who) -> Outcome    (of a group: .group, .messages, .history; of an alert: .alert)
    Outcome: .alert (doc or None), .groups {id: doc}, .group (the only one of groups, or None), .messages [..], .history [..]
    quiet.until(now, quiet) -> float | None                 when the quiet that holds now ends;  quiet.check(quiet) ValueError
    backoff.next_try(attempt, retry_after, random) -> float      attempt 1 = after the first failure; random() in [0, 1)
    matching.matches(match, alert) -> bool; matching.why_not(match, alert) -> str | None; matching.check(match)  ValueError
"""
