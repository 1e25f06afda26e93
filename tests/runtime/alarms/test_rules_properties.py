"""What must hold whatever happens: nothing lost, nothing twice, recovery after firing, and the same again for the same."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giban.runtime.alarms.rules import flow, quiet

from .rules_router import START, Router, post, told
from .rules_router import config as config_of

NAMES = ("a", "b", "c", "d", "dead")
QUIET = {"time_zone": "Europe/Berlin", "hours": "22:00-08:00"}

routes = st.fixed_dictionaries(
    {"to": st.sampled_from([["team"], ["team", "oncall"]])},
    optional={
        "group": st.sampled_from(
            [
                {"by": ["service"], "wait": 30, "interval": 300},
                {"by": [], "wait": 0, "interval": 0},
                {"by": ["name"], "wait": 5, "interval": 60},
            ]
        ),
        "repeat": st.sampled_from([0, 3600]),
        "quiet": st.just(QUIET),
        "escalate": st.sampled_from([{"after": 600, "to": ["owner"], "repeat": 2}, {"after": 60, "to": ["owner"]}]),
        "continue": st.booleans(),
    },
)
configs = st.builds(
    lambda first, last, priority, inhibit: config_of(
        {**first, "match": {"priority": priority}}, {key: last[key] for key in last if key != "continue"}, **inhibit
    ),
    routes,
    routes,
    st.sampled_from(["P1", ["P1", "P3"]]),
    st.sampled_from([{}, {"inhibit": [{"if": {"name": "dead"}, "then": {"region": True}}]}]),
)
alerts = st.tuples(
    st.sampled_from(["firing", "firing", "resolved", "event", "unknown"]),
    st.sampled_from(NAMES),
    st.sampled_from(["P1", "P2", "P3"]),
    st.sampled_from(["web", "was"]),
    st.sampled_from(["", "ack"]),
    st.sampled_from([0, 0, 0, -1, -600]),
)
others = st.one_of(
    st.tuples(st.just("silence"), st.sampled_from(NAMES), st.integers(60, 20_000)),
    st.tuples(st.just("mute"), st.sampled_from(NAMES), st.integers(60, 20_000)),
    st.tuples(st.just("ack")),
    st.tuples(st.just("unack")),
    st.tuples(st.just("look")),
    st.tuples(st.just("again")),
)
waits = st.sampled_from([0, 1, 20, 45, 200, 900, 5_000, 20_000, 50_000])
# Not one_of: Hypothesis would flatten it, and alerts would be rare.
steps = st.builds(
    lambda wait, pick, alert, other: (wait, alert if pick < 8 else other), waits, st.integers(0, 9), alerts, others
)
streams = st.integers(1, 30).flatmap(
    # Hypothesis alone makes short lists, in which little happens.
    lambda size: st.lists(steps, min_size=size, max_size=size)
)


def run(config: dict[str, Any], stream: list[tuple[int, Any]], late: random.Random | None = None) -> Router:
    """Play a stream; `late`: looks come when they come, not when they are due."""
    router, now, last = Router(config), START, None
    for number, (wait, what) in enumerate(stream):
        now += wait
        if late is None:
            router.run(now)
        elif late.random() < 0.5:
            router.look(now, everything=late.random() < 0.3)
        match what[0]:
            case "silence" | "mute":
                found = {
                    "id": str(number),
                    "match": {"name": what[1]},
                    "from": now,
                    "until": now + what[2],
                    "by": "lee",
                }
                (router.silences if what[0] == "silence" else router.mutes).append(found)
            case "ack" | "unack":
                router.acknowledge(now, undo=what[0] == "unack")
            case "look":
                router.look(now, everything=True)
            case "again":
                if last is not None:
                    router.take(now, last)
            case status:
                _, name, priority, service, ends, shift = what
                alert = post(name, now, "event", priority, service=service, region="r", id=f"{number}")
                last = {**alert, "status": status, "ends": ends if status == "firing" else "", "at": now + shift}
                router.take(now, last)
        if late is None:
            router.look(now)
    # The cause of inhibitions recovers; every silence is over, every quiet night too.
    router.take(now + 1.0, post("dead", now + 1.0, "resolved"))
    for _ in range(12):
        now += 10_000.0
        router.run(now)
        router.look(now, everything=True)
    router.acknowledge(now)
    router.run(now + 3 * flow.FORGET)
    return router


def check(router: Router, late: bool = False) -> None:
    """What must hold of everything that was told."""
    twice = [id for id, count in Counter(message["id"] for message in router.messages).items() if count > 1]
    assert twice == [], "a message has one id"
    _nothing_lost(router, late)
    closed = [(key, found["at"]) for found in router.history if found["what"] == "closed" for key in found["alerts"]]
    open_: dict[tuple[str, str], dict[str, tuple[str, float]]] = {}
    heard: dict[str, set[str]] = {}
    sequences: dict[str, int] = {}
    for message in router.messages:
        thread, channel = message["thread"], message["channel"]
        assert message["sequence"] >= sequences.get(thread, 0), "the order of a thread is the order of its messages"
        sequences[thread] = message["sequence"]
        assert message["at"] >= START
        assert message["more"] == 0
        known = open_.setdefault((thread, channel), {})
        everywhere = {key for (of, _), found in open_.items() if of == thread for key in found}
        heard.setdefault(thread, set()).update(
            alert["key"] for alert in message["alerts"] if alert["state"] in ("new", "event")
        )
        for alert in message["alerts"]:
            key, state = alert["key"], alert["state"]
            if state == "new":
                before = known.get(key)
                over = before and any(found == key and before[1] <= at <= message["at"] for found, at in closed)
                assert not before or over or alert["priority"] < before[0], f"told twice: {told(message)}"
                known[key] = alert["priority"], message["at"]
            elif state == "resolved":
                assert key in everywhere or message["kind"] == "digest", (
                    f"recovered without having fired: {told(message)}"
                )
                known.pop(key, None)
            elif state == "firing":
                assert key in heard[thread], f"told as known, but was not: {told(message)}"
        if message["kind"] == "resolved":
            assert message["firing"] == 0
            assert {alert["state"] for alert in message["alerts"]} == {"resolved"}
    assert all(group["closed"] is not None for group in router.groups.values()), "everything comes to rest"


def _nothing_lost(router: Router, late: bool) -> None:
    """Each time an alert fired or an event happened it was told, or there is a reason on record, before the next but one time.

    What comes again before anything is told is told as one, however often it came; what quiet hours hold is told when they
    are over. When looks come late, either may take long.
    """
    for position, record in enumerate(router.history):
        if record["what"] not in ("firing", "event"):
            continue
        (key,) = record["alerts"]
        spoke = min((found["at"] for found in router.messages if found["at"] >= record["at"]), default=float("inf"))
        again = [
            place
            for place, found in enumerate(router.history)
            if place > position
            and found["what"] in ("firing", "event")
            and key in found["alerts"]
            and found["at"] > spoke
        ]
        end = again[1] if len(again) > 1 and not late else len(router.history)
        reasons = {found["what"] for found in router.history[position:end] if key in found["alerts"]}
        until = router.history[end]["at"] if end < len(router.history) and "held" not in reasons else float("inf")
        told_of = any(
            record["at"] <= message["at"] <= until
            and any(
                alert["key"] == key and alert["state"] in ("new", "event", "resolved") for alert in message["alerts"]
            )
            for message in router.messages
        )
        assert told_of or "suppressed" in reasons, f"lost: {record}"


@given(configs, streams)
@settings(max_examples=60, deadline=None)
def test_nothing_lost_nothing_twice_recovery_after_firing(
    config: dict[str, Any], stream: list[tuple[int, Any]]
) -> None:
    check(run(config, stream))


@pytest.mark.parametrize("times", [1, 2, 3, 10])
def test_what_comes_several_times_at_once_is_told_as_one(times: int) -> None:
    config = config_of({"to": ["team"], "group": {"by": ["service"], "wait": 30, "interval": 300}})
    router = run(config, [(0, ("event", "c", "P3", "web", "", 0))] * times)
    check(router)
    (message,) = router.messages
    assert [alert["times"] for alert in message["alerts"]] == [times]


@given(configs, streams, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_same_when_the_looks_come_late(
    config: dict[str, Any], stream: list[tuple[int, Any]], late: random.Random
) -> None:
    check(run(config, stream, late), late=True)


@given(configs, streams)
@settings(max_examples=40, deadline=None)
def test_the_same_stream_tells_the_same(config: dict[str, Any], stream: list[tuple[int, Any]]) -> None:
    first, second = run(config, stream), run(config, stream)
    assert json.dumps(first.messages) == json.dumps(second.messages)
    assert json.dumps(first.history) == json.dumps(second.history)


@given(configs, st.lists(alerts, min_size=2, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_within_a_batch_does_not_matter(
    config: dict[str, Any], batch: list[tuple[Any, ...]], shuffled: random.Random
) -> None:
    """Alerts with different keys that arrive together tell the same in any order."""

    def tell(order: list[int]) -> list[dict[str, Any]]:
        router = Router(config)
        for number in order:
            status, _, priority, service, ends, _ = batch[number]
            alert = post(
                f"{NAMES[number % 4]}{number}", START, "event", priority, service=service, region="r", id=str(number)
            )
            router.take(START, {**alert, "status": status, "ends": ends if status == "firing" else ""})
        router.run(START + 100_000)
        return router.messages

    order = list(range(len(batch)))
    first = tell(order)
    shuffled.shuffle(order)
    assert tell(order) == first


@given(configs, streams)
@settings(max_examples=40, deadline=None)
def test_a_look_at_once_again_tells_nothing(config: dict[str, Any], stream: list[tuple[int, Any]]) -> None:
    router, now = Router(config), START
    for number, (wait, what) in enumerate(stream):
        now += wait
        router.run(now)
        if what[0] in ("firing", "resolved", "event"):
            router.take(now, {**post(what[1], now, "event", what[2], region="r", id=str(number)), "status": what[0]})
        # At everything: what the end of an inhibition set free is told by whoever looks first.
        router.look(now, everything=True)
        before = len(router.messages)
        router.look(now, everything=True)
        assert len(router.messages) == before


@given(configs, streams)
@settings(max_examples=40, deadline=None)
def test_quiet_hours_are_quiet(config: dict[str, Any], stream: list[tuple[int, Any]]) -> None:
    """In quiet hours a route that has some tells only what it does not hold."""
    router = run(config, stream)
    for message in router.messages:
        route = router.groups[message["group"]]["route"]
        if (
            message["kind"] in ("acknowledged", "unacknowledged")
            or quiet.until(message["at"], route.get("quiet")) is None
        ):
            continue
        news = [alert for alert in message["alerts"] if alert["state"] != "firing"]
        assert all(alert["priority"] == "P1" for alert in news), told(message)


def a_route(chance: random.Random) -> dict[str, Any]:
    route: dict[str, Any] = {"to": chance.choice([["team"], ["team", "oncall"]]), "repeat": 0}
    groups = [(["service"], 30, 300), ([], 0, 0), (["name"], 5, 60)]
    if chance.random() < 0.6:
        by, wait, interval = chance.choice(groups)
        route["group"] = {"by": by, "wait": wait, "interval": interval}
    if chance.random() < 0.4:
        route["quiet"] = QUIET
    if chance.random() < 0.4:
        route["escalate"] = {"after": 600, "to": ["owner"], "repeat": chance.choice([0, 2])}
    return route


def a_step(chance: random.Random) -> tuple[int, Any]:
    wait = chance.choice([0, 1, 20, 45, 200, 900, 5_000, 20_000, 50_000])
    name = chance.choice(NAMES)
    if chance.random() < 0.2:
        verb = chance.choice(["silence", "mute", "ack", "unack", "look", "again"])
        return wait, (verb, name, chance.randint(60, 20_000)) if verb in ("silence", "mute") else (verb,)
    status = chance.choice(["firing", "firing", "resolved", "event", "unknown"])
    priority, service = chance.choice(["P1", "P2", "P3"]), chance.choice(["web", "was"])
    return wait, (status, name, priority, service, chance.choice(["", "ack"]), chance.choice([0, 0, 0, -1, -600]))


@pytest.mark.parametrize("part", range(4))
def test_streams_in_which_much_happens(part: int) -> None:
    """Hypothesis prefers simple streams; these are even, and the same in every run. Every other one is looked at late."""
    for seed in range(part * 100, part * 100 + 100):
        chance = random.Random(seed)
        first = {**a_route(chance), "match": {"priority": chance.choice(["P1", ["P1", "P3"]])}}
        inhibit = {"inhibit": [{"if": {"name": "dead"}, "then": {"region": True}}]} if chance.random() < 0.5 else {}
        stream = [a_step(chance) for _ in range(chance.choice([3, 5, 8, 12, 20]))]
        late = chance if seed % 2 else None
        check(run(config_of(first, a_route(chance), **inhibit), stream, late), late=late is not None)
