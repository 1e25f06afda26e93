"""Power schedules of everything but workstations: the keeper turns groups, databases, services and nodes on and off.

    hours        pure: when something should be on, by its schedules; the size a time of day asks for (also for the command line)
    target       what the configuration says of one target; `load` reads the archive's `config.json`
    seen         what was observed of one target, whatever its kind
    state        what the table remembers of one target: the goal, who overrode it, what was saved
    decide       pure: what is, what should be and what is remembered → what to do, and what to remember
    capacity     pure: the numbers (minimum, maximum, desired) of what has some
    mutes        tells the alarm router of planned stops
    tick         all targets at once: look, decide, write on condition, mute, act, report
    calls        calls of AWS in pages and side by side, until time is up or AWS asks for less
    groups databases services nodes machines    one file per kind: how to look, how to turn on and off
    trimmed      what of AWS's long descriptions is read
    operator     what `giban power` asks the keeper
    entry        what the keeper's function calls

A target is one thing that is turned on and off. Its decision is level-triggered: each tick compares what is with what should be,
so a missed tick, a killed function or a second keeper changes nothing about where it ends. What is to be done is written first,
on condition of the version that was read; only who won that write acts, and the next ticks look whether it came true.

The configuration (`config.json` beside this file, in the archive only):

    {"schedules": {"office": {"time_zone": "Asia/Seoul", "on": "08:00 Mon-Fri", "off": "20:00 daily",
                              "holidays": ["2026-12-25"], "grace": 7200}},
     "targets": {"services.web": {"kind": "group", "name": "scv-web", "schedules": ["office"], "min": 2, "max": 6, "desired": 2,
                                  "peaks": [{"at": "11:30 Mon-Fri", "min": 6}], "time_zone": "Asia/Seoul", "scaled": true,
                                  "alarms": ["scv-web-*"], "hourly_usd": 0.2, "warm_up": 300}}}

    kind        names what it is by                     numbers
    group       name                                    min, max, desired, peaks, scaled
    rds         name (of the instance)
    rds_cluster name (Aurora or a Multi-AZ cluster)
    ecs         cluster, name                           desired, peaks; with "scaled": min, max of its scalable target
    nodegroup   cluster, name                           min, max, desired, peaks, scaled
    instance    id

    schedules   names; several: on while any of them says on. None: always on, and only peaks are followed
    scaled      true (the default): something else moves the desired number, and it is only kept within minimum and maximum.
                false: it is also taken back to `desired` when a peak is over
    alarms      names (with *) of the alarms that a stop causes; they are muted for that long
    hourly_usd  what an hour of it costs while it is on; none: hours are counted, money is not
    warm_up     seconds until it is of use after a start; the default depends on the kind

Environment of the keeper's function: GIBAN_TABLE (the table of the workstations; partitions "fleet" and "event/<target>");
GIBAN_ALARMS_TABLE and GIBAN_ALARMS_TOPIC where there are alarms: planned stops are muted in the one (dynamodb:PutItem), problems
posted to the other (sns:Publish). What each kind needs is said in its file. Terraform leaves minimum, maximum, desired number and
suspended processes of a target to the keeper.
"""
