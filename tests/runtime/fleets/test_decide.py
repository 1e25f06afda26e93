"""What is done with one target: stories over a simulated day, and properties under random ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giban.runtime.fleets.capacity import RUNNING
from giban.runtime.fleets.decide import SETTLE, Step, current, decide
from giban.runtime.fleets.hours import should_be
from giban.runtime.fleets.seen import Seen
from giban.runtime.fleets.state import State
from giban.runtime.fleets.target import Target, targets_of

SEOUL = ZoneInfo("Asia/Seoul")
OFFICE = {
    "time_zone": "Asia/Seoul",
    "on": "08:00 Mon-Fri",
    "off": "20:00 daily",
    "holidays": ["2026-12-25"],
    "grace": 7200,
}
GROUP = {
    "kind": "group", "name": "scv-web", "schedules": ["office"], "min": 2, "max": 6, "desired": 2, "alarms": ["scv-web-*"],
}  # fmt: skip
DATABASE = {"kind": "rds", "name": "scv-main", "schedules": ["office"], "hourly_usd": 0.5}
MINUTE, HOUR = 60.0, 3600.0


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=SEOUL).timestamp()


def target_of(entry: dict[str, Any], **schedules: Any) -> Target:
    return targets_of({"schedules": schedules or {"office": OFFICE}, "targets": {"it": entry}})["it"]


class Thing:
    """A target that behaves: one look a minute, and what is asked of it comes true after a while."""

    def __init__(
        self, entry: dict[str, Any], start: str, on: bool = True, takes: float = 120.0, **schedules: Any
    ) -> None:
        self.target = target_of(entry, **schedules)
        self.sized = self.target.kind != "rds"
        self.now = at(start)
        self.state = State("it")
        self.takes = takes
        self.on = on
        self.changed = -1e9
        self.numbers = {"min": 2, "max": 6, "desired": 2} if on else {"min": 0, "max": 0, "desired": 0}
        self.suspended: set[str] = set()
        self.deaf = False
        self.more: dict[str, Any] = {}
        self.log: list[tuple[str, str]] = []
        self.steps: list[Step] = []

    def seen(self) -> Seen:
        settled = self.now - self.changed >= self.takes
        power = ("on" if settled else "starting") if self.on else ("off" if settled else "stopping")
        made: dict[str, Any] = {"ready": settled, **self.more}
        if self.sized:
            made |= {**self.numbers, "suspended": frozenset(self.suspended)}
        else:
            made.setdefault("busy", not settled)
        return Seen(cast(Any, power), **made)

    def turn(self, on: bool, desired: int = 2) -> None:
        """By AWS or by hand."""
        self.on, self.changed = on, self.now
        self.numbers = {"min": 2, "max": 6, "desired": desired} if on else {"min": 0, "max": 0, "desired": 0}

    def look(self) -> Step:
        step = decide(self.now, self.target, self.state, self.seen())
        self.state = State("it", step.state.document(), self.state.version + 1)
        local = datetime.fromtimestamp(self.now, SEOUL).strftime("%d %H:%M")
        self.log += [(local, event["what"]) for event in step.events]
        self.steps.append(step)
        if step.action and not self.deaf:
            if step.what != "size" and self.on != (step.action == "on"):
                self.on, self.changed = step.action == "on", self.now
            if step.action == "off":
                self.numbers = {"min": 0, "max": 0, "desired": 0}
                self.suspended |= set(RUNNING)
            else:
                self.numbers |= step.state.numbers or {}
                self.suspended -= set(RUNNING) - set((step.state.remembered or {"suspended": RUNNING})["suspended"])
        return step

    def until(self, text: str) -> Thing:
        while self.now <= at(text):
            self.look()
            self.now += MINUTE
        return self


@pytest.mark.parametrize("entry", [GROUP, DATABASE], ids=["group", "database"])
def test_a_day(entry: dict[str, Any]) -> None:
    thing = Thing(entry, "24 07:30", on=False).until("25 09:00")
    assert thing.log == [
        ("24 08:00", "on"),
        ("24 08:02", "effective"),
        ("24 20:00", "off"),
        ("24 20:02", "effective"),
        ("25 08:00", "on"),
        ("25 08:02", "effective"),
    ]
    assert sum(step.action is not None for step in thing.steps) == 3
    # From 07:30 (when it was first seen) and 20:02 on.
    assert thing.state.saved_seconds == pytest.approx(0.5 * HOUR + 12 * HOUR - 2 * MINUTE)


def test_what_it_saves_in_money() -> None:
    thing = Thing(DATABASE, "24 19:00").until("25 09:00")
    assert thing.state.saved_usd == pytest.approx((12 * HOUR - 2 * MINUTE) / HOUR * 0.5)


@pytest.mark.parametrize("entry", [GROUP, DATABASE], ids=["group", "database"])
@pytest.mark.parametrize(("start", "on"), [("24 12:00", True), ("24 23:00", False)])
def test_what_is_as_it_should_be_is_left_alone_when_it_is_first_seen(
    entry: dict[str, Any], start: str, on: bool
) -> None:
    thing = Thing(entry, start, on)
    for _ in range(30):
        assert thing.look().action is None
        thing.now += MINUTE
    assert thing.log == []


@pytest.mark.parametrize("entry", [GROUP, DATABASE], ids=["group", "database"])
def test_what_is_first_seen_running_at_night_was_just_made_and_is_stopped_after_the_grace(
    entry: dict[str, Any],
) -> None:
    thing = Thing(entry, "24 22:00").until("25 00:30")
    assert thing.log == [("25 00:00", "off"), ("25 00:02", "effective")]


@pytest.mark.parametrize("entry", [GROUP, DATABASE], ids=["group", "database"])
def test_what_is_first_seen_off_by_day_is_turned_on(entry: dict[str, Any]) -> None:
    assert Thing(entry, "24 12:00", on=False).until("24 12:05").log[0] == ("24 12:00", "on")


@pytest.mark.parametrize("entry", [GROUP, DATABASE], ids=["group", "database"])
@pytest.mark.parametrize(
    ("schedule", "start", "stopped"),
    [
        # For two hours after it was seen.
        ({}, "24 22:10", "25 00:10"),
        ({"grace": 1800}, "24 22:10", "24 22:40"),
        ({"grace": 0}, "24 22:10", "24 22:10"),
        # Into the hours: then it is simply on, until the evening.
        ({}, "25 07:00", "25 20:00"),
        ({"grace": 6 * 86_400}, "24 22:10", "25 20:00"),
    ],
)
def test_a_start_by_hand_at_night_is_respected_for_a_while(
    entry: dict[str, Any], schedule: dict[str, Any], start: str, stopped: str
) -> None:
    thing = Thing(entry, "24 19:30", office={**OFFICE, **schedule}).until(start)
    thing.now = at(start)
    thing.turn(True)
    thing.until("25 21:00")
    assert (start, "outside") in thing.log
    after = [when for when, what in thing.log[thing.log.index((start, "outside")) :] if what == "off"]
    assert after[0] == stopped


@pytest.mark.parametrize("entry", [GROUP, DATABASE], ids=["group", "database"])
def test_a_stop_by_hand_by_day_is_respected_until_the_next_start(entry: dict[str, Any]) -> None:
    thing = Thing(entry, "24 10:00").until("24 11:00")
    thing.turn(False)
    thing.until("25 08:05")
    assert thing.log == [
        ("24 11:01", "outside"),
        ("24 11:03", "effective"),
        ("25 08:00", "on"),
        ("25 08:02", "effective"),
    ]


def test_a_stop_by_hand_ends_with_any_schedules_start() -> None:
    lunch = {"time_zone": "Asia/Seoul", "on": "12:00 daily", "off": "13:00 daily"}
    thing = Thing({**GROUP, "schedules": ["office", "lunch"]}, "24 10:00", office=OFFICE, lunch=lunch).until("24 11:00")
    thing.turn(False)
    thing.until("24 12:05")
    assert ("24 12:00", "on") in thing.log


def test_a_group_started_by_hand_keeps_its_size_and_may_scale_again() -> None:
    thing = Thing(GROUP, "24 19:30").until("24 22:00")
    assert thing.suspended == set(RUNNING)
    thing.turn(True, desired=1)
    thing.numbers = {"min": 0, "max": 1, "desired": 1}
    thing.until("24 22:30")
    assert thing.numbers == {"min": 0, "max": 1, "desired": 1}
    assert thing.suspended == set()
    # Two hours later it is turned off, and in the morning it is as the blueprint says.
    thing.until("25 08:30")
    assert thing.numbers == {"min": 2, "max": 6, "desired": 2}


def test_what_somebody_had_suspended_stays_suspended() -> None:
    thing = Thing(GROUP, "24 19:30")
    thing.suspended = {"AZRebalance", "HealthCheck"}
    thing.until("24 22:00")
    assert thing.suspended == {*RUNNING, "HealthCheck"}
    thing.until("25 08:30")
    assert thing.suspended == {"AZRebalance", "HealthCheck"}


def test_a_group_comes_back_with_as_many_as_it_had() -> None:
    thing = Thing(GROUP, "24 19:30")
    thing.look()
    thing.numbers["desired"] = 5
    thing.until("25 08:30")
    assert thing.numbers == {"min": 2, "max": 6, "desired": 5}
    thing = Thing({**GROUP, "scaled": False}, "24 19:30")
    thing.look()
    thing.numbers["desired"] = 5
    thing.until("25 08:30")
    assert thing.numbers == {"min": 2, "max": 6, "desired": 2}


def test_turned_off_before_it_was_wholly_on_it_forgets_nothing() -> None:
    """Off, on (deaf: the call never arrives), off again, on: the numbers and processes are those of the beginning."""
    thing = Thing(GROUP, "24 19:30")
    thing.suspended = {"AZRebalance"}
    thing.look()
    thing.numbers["desired"] = 4
    thing.until("25 07:59").deaf = True
    thing.until("25 20:30").deaf = False
    assert ("25 08:16", "no_effect") in thing.log
    thing.until("26 09:00")
    assert thing.numbers == {"min": 2, "max": 6, "desired": 4}
    assert thing.suspended == {"AZRebalance"}
    assert current(thing.state) == ""


PEAKS = {**GROUP, "peaks": [{"at": "11:30 Mon-Fri", "min": 6}, {"at": "14:00 Mon-Fri", "min": 2}]}


@pytest.mark.parametrize(
    ("scaled", "numbers"),
    [
        # Something scales it: it goes down when it is ready to.
        (True, [(2, 2), (6, 6), (2, 6)]),
        (False, [(2, 2), (6, 6), (2, 2)]),
    ],
)
def test_peaks(scaled: bool, numbers: list[tuple[int, int]]) -> None:
    thing = Thing({**PEAKS, "scaled": scaled}, "24 10:00")
    found = []
    for time in ("24 11:29", "24 11:31", "24 14:01"):
        thing.until(time)
        found.append((thing.numbers["min"], thing.numbers["desired"]))
    assert found == numbers
    assert [what for what in thing.log if what[1] == "size"] == [("24 11:30", "size"), ("24 14:00", "size")]


def test_a_peak_does_not_turn_on_what_is_off() -> None:
    thing = Thing(PEAKS, "22 10:00", on=False, office={**OFFICE, "holidays": ["2026-11-24"]}).until("25 07:59")
    assert [when for when, what in thing.log if what in ("size", "on")] == ["23 08:00", "23 11:30", "23 14:00"]


def test_a_size_chosen_by_hand_stays_until_the_next_change_of_the_blueprints() -> None:
    thing = Thing(PEAKS, "24 09:00")
    thing.look()
    thing.numbers = {"min": 4, "max": 8, "desired": 5}
    thing.until("24 11:29")
    assert thing.numbers == {"min": 4, "max": 8, "desired": 5}
    thing.until("24 11:31")
    assert thing.numbers == {"min": 6, "max": 6, "desired": 6}


def test_a_new_blueprint_is_applied_at_once() -> None:
    thing = Thing(GROUP, "24 09:00").until("24 09:10")
    thing.target = target_of({**GROUP, "min": 3, "max": 4})
    thing.until("24 09:15")
    assert thing.numbers == {"min": 3, "max": 4, "desired": 3}


def test_without_schedules_only_the_size_is_looked_after() -> None:
    thing = Thing({**PEAKS, "schedules": [], "time_zone": "Asia/Seoul"}, "22 00:00").until("24 15:00")
    assert [what for _, what in thing.log if what in ("on", "off")] == []
    assert [when for when, what in thing.log if what == "size"] == ["23 11:30", "23 14:00", "24 11:30", "24 14:00"]


class TestDatabases:
    def test_aws_starts_it_after_seven_days_and_it_is_stopped_again(self) -> None:
        holidays = [f"2026-11-{day:02}" for day in range(9, 28)]
        thing = Thing(DATABASE, "10 12:00", on=False, office={**OFFICE, "holidays": holidays}).until("17 12:00")
        thing.turn(True)
        thing.until("17 13:00")
        # It can be stopped once it is available.
        assert thing.log == [("17 12:01", "changed_by_aws"), ("17 12:01", "busy"), ("17 12:05", "effective")]
        assert thing.on is False
        assert thing.state.manual is None

    def test_what_aws_says_about_the_restart_counts_before_that(self) -> None:
        thing = Thing(DATABASE, "24 21:00", on=False)
        thing.look()
        thing.turn(True)
        thing.more = {"by_aws": True}
        thing.look()
        assert thing.log[0][1] == "changed_by_aws"

    def test_it_remembers_when_aws_will(self) -> None:
        thing = Thing(DATABASE, "24 21:00", on=False)
        thing.more = {"restart_at": at("28 01:00")}
        thing.look()
        thing.now = at("28 00:30")
        thing.more = {}
        thing.turn(True)
        thing.look()
        assert thing.log[0][1] == "changed_by_aws"

    @pytest.mark.parametrize("status", ["backing-up", "modifying", "storage-optimization", "maintenance"])
    def test_what_is_busy_is_tried_later_and_explained_once(self, status: str) -> None:
        thing = Thing(DATABASE, "24 19:55").until("24 19:59")
        thing.more = {"busy": True, "status": status}
        thing.until("24 20:10")
        assert [what for _, what in thing.log] == ["off", "busy"]
        assert thing.state.problem is not None
        assert (thing.state.problem["detail"], thing.state.problem["told"]) == (status, True)
        thing.more = {}
        thing.until("24 20:15")
        assert [what for _, what in thing.log] == ["off", "busy", "effective"]
        assert thing.state.problem is None

    def test_what_cannot_be_stopped_is_told_once_and_left_on(self) -> None:
        thing = Thing(DATABASE, "23 19:55")
        thing.more = {"never": "a read replica cannot be stopped"}
        thing.until("26 21:00")
        assert [what for _, what in thing.log if what == "cannot_stop"] == ["cannot_stop"]
        assert all(step.action is None and step.mute is None for step in thing.steps)
        # No replica any more: somebody who heard of it hears of the end.
        thing.more = {}
        thing.until("26 21:05")
        assert thing.on is False
        assert thing.state.problem is not None
        assert "ended" in thing.state.problem

    @pytest.mark.parametrize("power", ["missing", "broken"])
    def test_what_is_gone_or_broken_is_told_once_and_left_alone(self, power: str) -> None:
        state = decide(at("24 12:00"), target_of(DATABASE), State("it"), Seen("on")).state
        step = decide(at("24 20:00"), target_of(DATABASE), state, Seen(cast(Any, power), "failed"))
        assert (step.action, [event["what"] for event in step.events]) == (None, [power])
        again = decide(at("24 20:01"), target_of(DATABASE), step.state, Seen(cast(Any, power), "failed"))
        assert again.events == []
        healed = decide(at("24 20:02"), target_of(DATABASE), again.state, Seen("on"))
        assert healed.action == "off"

    @pytest.mark.parametrize("power", ["missing", "broken", "unknown"])
    def test_before_it_was_ever_seen_nothing_is_said(self, power: str) -> None:
        step = decide(at("24 12:00"), target_of(DATABASE), State("it"), Seen(cast(Any, power)))
        assert (step.action, step.events, step.state.document()) == (None, [], {})


def test_an_instance_that_aws_stopped_is_started_again_and_one_that_somebody_stopped_is_not() -> None:
    entry = {"kind": "instance", "id": "i-1", "schedules": ["office"]}
    for by_aws, action in ((True, "on"), (False, None)):
        state = decide(at("24 12:00"), target_of(entry), State("it"), Seen("on")).state
        assert decide(at("24 12:01"), target_of(entry), state, Seen("off", by_aws=by_aws)).action == action


class TestEffects:
    def test_what_does_not_come_true_is_asked_again_ever_less_often_and_told_once(self) -> None:
        thing = Thing(GROUP, "24 19:55")
        thing.look()
        thing.deaf = True
        thing.until("24 23:00")
        times = [
            datetime.fromtimestamp(step.state.tried, SEOUL).strftime("%H:%M") for step in thing.steps if step.action
        ]
        assert times[:6] == ["20:00", "20:01", "20:02", "20:04", "20:08", "20:16"]
        assert len(times) < 20
        assert [entry for entry in thing.log if entry[1] == "no_effect"] == [("24 20:16", "no_effect")]
        thing.deaf = False
        thing.until("24 23:30")
        assert thing.log[-1][1] == "effective"

    def test_instances_that_stay_are_told(self) -> None:
        thing = Thing(GROUP, "24 19:55", takes=1e6).until("24 20:30")
        assert [entry for entry in thing.log if entry[1] == "no_effect"] == [("24 20:16", "no_effect")]

    def test_a_clock_set_back_does_not_stop_the_tries(self) -> None:
        thing = Thing(GROUP, "24 19:59")
        thing.look()
        thing.deaf = True
        thing.now = at("24 22:00")
        assert thing.look().action == "off"
        thing.now = at("24 21:00")
        assert thing.look().action == "off"


class TestMutes:
    def test_they_begin_before_the_stop_and_end_after_the_start_came_true(self) -> None:
        thing = Thing(GROUP, "24 19:55").until("25 09:00")
        mutes = [(step.action, step.mute) for step in thing.steps if step.mute]
        begin, on = at("24 20:00"), at("25 08:00")
        assert mutes == [
            ("off", (begin, None)),
            ("on", (begin, on + SETTLE + 300)),
            (None, (begin, on + 2 * MINUTE + SETTLE)),
        ]

    def test_what_does_not_come_back_is_heard_again_after_its_time(self) -> None:
        thing = Thing(GROUP, "24 19:55", takes=1200).until("25 09:00")
        last = [step.mute for step in thing.steps if step.mute][-1]
        assert last == (at("24 20:00"), at("25 08:00") + 300 + SETTLE)

    def test_a_start_by_hand_ends_them(self) -> None:
        thing = Thing(GROUP, "24 19:55", takes=120).until("24 22:00")
        thing.turn(True)
        thing.until("24 22:30")
        ends = [step.mute[1] for step in thing.steps if step.mute]
        assert ends[0] is None
        assert ends[-1] == pytest.approx(at("24 22:01") + SETTLE, abs=3 * MINUTE)


class TestAskedFor:
    @pytest.mark.parametrize("entry", [GROUP, DATABASE], ids=["group", "database"])
    def test_on_at_night_until_a_time(self, entry: dict[str, Any]) -> None:
        thing = Thing(entry, "24 19:30").until("24 21:59")
        until = at("24 23:30")
        thing.state.manual = {"to": "on", "by": "kim", "why": "asked", "at": thing.now, "until": until}
        thing.until("25 00:00")
        assert thing.log[-4:] == [
            ("24 22:00", "on"),
            ("24 22:02", "effective"),
            ("24 23:30", "off"),
            ("24 23:32", "effective"),
        ]

    def test_off_by_day_and_back(self) -> None:
        thing = Thing(GROUP, "24 10:00").until("24 10:59")
        thing.state.manual = {"to": "off", "by": "kim", "why": "asked", "at": thing.now, "until": None}
        thing.until("25 12:00")
        thing.state.manual = None
        thing.until("25 12:10")
        assert [entry for entry in thing.log if entry[1] in ("on", "off")] == [("24 11:00", "off"), ("25 12:01", "on")]

    def test_the_last_word_counts(self) -> None:
        """Asked to be on until late; stopped by hand in between."""
        thing = Thing(DATABASE, "24 19:30").until("24 19:40")
        thing.state.manual = {"to": "on", "by": "kim", "why": "asked", "at": thing.now, "until": at("24 23:00")}
        thing.until("24 21:00")
        thing.turn(False)
        thing.until("24 23:30")
        assert thing.on is False
        assert thing.state.manual is None


@pytest.mark.parametrize(
    "document", [{"goal": "maybe"}, {"goal": "on", "manual": "kim"}], ids=["wrong goal", "wrong override"]
)
def test_states_that_somebody_broke_are_errors(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no state"):
        State("it", document)


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"kind": "volcano", "name": "x"}, ValueError),
        ({"kind": "group"}, KeyError),
        ({"kind": "instance", "name": "x"}, KeyError),
        ({"kind": "ecs", "name": "x"}, KeyError),
        ({"kind": "group", "name": "x", "schedules": ["none"]}, KeyError),
        ({}, KeyError),
    ],
)
def test_configurations_that_giban_did_not_write_are_errors(entry: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        target_of(entry)


_EVENTS = st.lists(
    st.tuples(
        st.integers(1, 300), st.sampled_from(["on", "off", "deaf", "hears", "ask on", "ask off", "auto", "size"])
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([GROUP, DATABASE, PEAKS, {**PEAKS, "scaled": False}]),
    st.booleans(),
    _EVENTS,
    st.integers(0, 10_000),
)
def test_whatever_happens_it_ends_as_it_should(
    entry: dict[str, Any], on: bool, events: list[tuple[int, str]], start: int
) -> None:
    """People, calls that get lost, and the clock in any order; then quiet: two days later it is as the schedule says."""
    thing = Thing(entry, "09 00:00", on)
    thing.now += start * MINUTE
    for minutes, what in events:
        for _ in range(minutes):
            thing.look()
            thing.now += MINUTE
        if what in ("on", "off"):
            thing.turn(what == "on")
        elif what in ("deaf", "hears"):
            thing.deaf = what == "deaf"
        elif what == "size" and thing.on:
            thing.numbers = {"min": 1, "max": 9, "desired": 3}
        elif what.startswith("ask"):
            thing.state.manual = {
                "to": what[4:],
                "by": "kim",
                "why": "asked",
                "at": thing.now,
                "until": thing.now + HOUR,
            }
        elif what == "auto":
            thing.state.manual = None
    thing.deaf = False
    before = thing.steps[-1].mute if thing.steps else None
    for _ in range(2 * 24 * 60):
        step = thing.look()
        if step.action == "off":
            assert step.mute is not None
        thing.now += MINUTE
    hours = should_be(thing.target.schedules, thing.now)
    assert thing.state.goal == ("on" if thing.on else "off")
    settled = hours.since is None or thing.now - hours.since > 20 * MINUTE
    if settled and thing.state.manual is None:
        assert thing.on is hours.on, (thing.log[-5:], before)
        assert current(thing.state) == ""
    if thing.sized and thing.on and thing.state.reached:
        assert thing.suspended.isdisjoint(RUNNING)
    ends = [step.mute for step in thing.steps if step.mute]
    if ends and thing.on and thing.state.effective:
        assert ends[-1][1] is not None
    assert thing.state.saved_seconds >= 0
