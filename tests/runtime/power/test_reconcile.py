"""One workstation through its life: a real table, an EC2 that behaves and can fail, time in the test's hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from giban.runtime.common.schedule import CATCH_UP
from giban.runtime.power.advance import GIVE_UP, LATE, MOST_STARTS
from giban.runtime.power.reconcile import View, ask, change, observe, reconcile, take_report, tell
from giban.runtime.power.settings import Settings
from giban.runtime.power.table import Conflict, Table
from giban.runtime.power.want import leased, reserved
from giban.runtime.power.words import notice_text, why_text
from tests.runtime.power.fake_ec2 import MOVE, FakeEC2

MONDAY_9 = 1_795_392_000.0
"""2026-11-23 09:00 in Seoul."""
SIZES = ("t3.large", "m5.large", "m6i.large")


class World:
    """One workstation `dev`."""

    def __init__(self, table: Table, state: str = "stopped", **settings: Any) -> None:
        self.now = MONDAY_9 + 4 * 3600
        self.table = table
        self.ec2 = FakeEC2(lambda: self.now)
        self.instance = self.ec2.add(state)
        self.settings = Settings(**settings)
        self.sequence = 0
        self._count = 0

    def look(self) -> View:
        return reconcile(self.table, self.ec2, "dev", self.instance, self.settings, self.now, self._token)

    def after(self, seconds: float) -> View:
        """Time passes without a look, then one."""
        self.now += seconds
        return self.look()

    def minutes(self, count: int) -> View:
        """Time passes, with a look each minute."""
        for _ in range(count):
            view = self.after(60)
        return view

    def ask(self, to: Any, by: str = "phone") -> View:
        ask(self.table, "dev", to, by=by, why="asked", now=self.now, random=self._token)
        return self.look()

    def report(self, **more: Any) -> None:
        self.sequence += 1
        document = {"boot_id": "a", "sequence": self.sequence, "uptime": 10.0, "ide": {"answers": True}, **more}
        take_report(self.table, "dev", document, self.now)

    def log(self) -> list[tuple[str, str, str]]:
        """Events, oldest first."""
        found = self.table.events("dev", now=self.now, limit=200)
        return [(entry["what"], entry["who"], entry["why"]) for entry in reversed(found)]

    def running(self) -> View:
        self.ask("on")
        return self.after(MOVE)

    def _token(self) -> str:
        self._count += 1
        return f"{self._count:08}"


@pytest.fixture
def world(table: Table) -> World:
    return World(table)


def test_start_is_carried_out_once_and_reported_as_observed(world: World) -> None:
    view = world.ask("on")
    assert (view.machine.state, view.phase, view.state.want.want, view.uptime) == ("pending", "starting", "on", 0.0)
    assert world.ask("on").machine.state == "pending"
    view = world.after(MOVE)
    assert (view.machine.state, view.phase, view.uptime) == ("running", "booting", MOVE)
    assert view.decision is not None
    assert (view.decision.action, view.decision.reason) == ("stay", "active")
    world.report()
    assert world.look().phase == "ready"
    assert len(world.ec2.named("start_instances")) == 1
    assert world.log() == [("start", "phone", "asked"), ("running", "phone", "asked"), ("decision", "keeper", "active")]


def test_idle_stop_is_written_with_its_reason_before_it_is_done(world: World) -> None:
    world.running()
    view = world.minutes(30)
    assert (view.machine.state, view.phase, view.decision) == ("stopping", "stopping", None)
    assert (view.state.want.want, view.state.want.by, view.state.want.why) == ("off", "keeper", "idle")
    view = world.after(MOVE)
    assert (view.machine.state, view.phase) == ("stopped", "off")
    assert world.log()[-2:] == [("stop", "keeper", "idle"), ("stopped", "keeper", "idle")]
    # It stays off, without another call.
    world.minutes(60)
    assert (len(world.ec2.named("stop_instances")), len(world.ec2.named("start_instances"))) == (1, 1)


def test_a_decision_is_logged_only_when_it_changes(world: World) -> None:
    world.running()
    for _ in range(20):
        world.report(web={"interacting_age": 1.0})
        world.after(60)
    world.report(ssh={"sessions": 1})
    world.minutes(5)
    decisions = [entry for entry in world.log() if entry[0] == "decision"]
    assert decisions == [("decision", "keeper", "active"), ("decision", "keeper", "ssh")]
    # Looks at which nothing changed write nothing.
    before = world.table.load("dev")
    world.after(60)
    after = world.table.load("dev")
    assert (after.want.version, after.observed.version) == (before.want.version, before.observed.version)


def test_a_start_while_stopping_is_remembered_and_carried_out(world: World) -> None:
    world.running()
    assert world.ask("off").machine.state == "stopping"
    view = world.ask("on")
    assert (view.machine.state, view.state.want.want) == ("stopping", "on")
    view = world.after(MOVE)
    assert view.machine.state == "pending"
    assert world.after(MOVE).phase == "booting"


def test_a_stop_while_pending_is_remembered_and_carried_out(world: World) -> None:
    world.ask("on")
    view = world.ask("off")
    assert (view.machine.state, view.state.want.want) == ("pending", "off")
    assert world.after(MOVE).machine.state == "stopping"
    assert world.after(MOVE).phase == "off"


def test_a_look_that_was_missed_is_made_up(world: World) -> None:
    world.running()
    view = world.after(8 * 3600)
    assert view.machine.state == "stopping"
    assert world.after(8 * 3600).phase == "off"


def test_a_keeper_that_died_after_writing_is_made_up(world: World) -> None:
    world.running()
    world.ec2.refuses["stop_instances"] = "InternalError"
    view = world.minutes(31)
    assert (view.machine.state, view.state.want.want) == ("running", "off")
    assert view.state.observed.notice["code"] == "stop_refused"
    del world.ec2.refuses["stop_instances"]
    view = world.after(60)
    assert view.machine.state == "stopping"
    assert view.state.observed.notice == {}


def test_a_tap_on_start_counts_as_activity(world: World) -> None:
    world.running()
    world.now += 29 * 60
    assert world.ask("on").machine.state == "running"
    assert world.minutes(29).machine.state == "running"
    assert len(world.ec2.named("start_instances")) == 1
    assert world.minutes(1).machine.state == "stopping"


class TestOutside:
    """Somebody starts and stops it in the console."""

    def test_a_machine_nobody_asked_for_follows_the_rules(self, table: Table) -> None:
        world = World(table, "running")
        view = world.look()
        assert (view.state.want.want, view.decision and view.decision.reason) == (None, "active")
        assert world.minutes(30).machine.state == "stopping"

    def test_a_stop_is_noticed_and_not_fought(self, world: World) -> None:
        world.running()
        world.minutes(5)
        world.ec2.outside(world.instance, "stopped")
        view = world.after(60)
        assert (view.machine.state, view.phase, view.state.want.want) == ("stopped", "off", None)
        assert world.log()[-1] == ("stopped", "outside", "stopped_outside")
        world.minutes(200)
        assert len(world.ec2.named("start_instances")) == 1

    @pytest.mark.parametrize(
        ("code", "why"),
        [
            ("Client.InstanceInitiatedShutdown", "shut_down_inside"),
            ("Server.ScheduledStop", "aws_maintenance"),
            ("Server.SpotInstanceShutdown", "spot_interrupted"),
        ],
    )
    def test_why_it_stopped_is_told(self, world: World, code: str, why: str) -> None:
        world.running()
        world.minutes(5)
        world.ec2.outside(world.instance, "stopped", code)
        assert world.after(60).state.want.why == why
        assert all(why_text(why))

    def test_a_start_is_noticed_and_not_fought(self, world: World) -> None:
        world.running()
        world.ask("off")
        world.after(MOVE)
        world.minutes(5)
        world.ec2.outside(world.instance, "running")
        view = world.after(60)
        assert (view.machine.state, view.state.want.want) == ("running", None)
        assert ("started", "outside", "started_outside") in world.log()
        assert world.minutes(28).machine.state == "running"
        assert world.minutes(1).machine.state == "stopping"

    def test_a_start_after_a_stop_that_nobody_saw_come_true(self, world: World) -> None:
        world.running()
        world.ask("off")
        # Stopped, and started in the console, between two looks.
        world.now += MOVE + 5
        world.ec2.outside(world.instance, "running")
        view = world.after(LATE)
        assert (view.machine.state, view.state.want.want) == ("running", None)

    def test_a_stop_after_a_start_that_nobody_saw_come_true(self, world: World) -> None:
        world.ask("on")
        world.now += MOVE + 5
        world.ec2.outside(world.instance, "stopped")
        view = world.after(LATE)
        assert (view.machine.state, view.state.want.why) == ("stopped", "stopped_outside")
        world.minutes(30)
        assert len(world.ec2.named("start_instances")) == 1

    def test_a_start_asked_for_after_an_unnoticed_stop_is_done(self, world: World) -> None:
        world.running()
        world.minutes(5)
        world.ec2.outside(world.instance, "stopped")
        assert world.ask("on").machine.state == "pending"

    def test_a_stop_asked_for_after_an_unnoticed_start_is_done(self, world: World) -> None:
        world.running()
        world.ask("off")
        world.after(MOVE)
        world.minutes(5)
        world.ec2.outside(world.instance, "running")
        assert world.ask("off").machine.state == "stopping"

    def test_a_terminated_machine_is_said_to_be_gone(self, world: World) -> None:
        world.running()
        world.ec2.outside(world.instance, "terminated")
        view = world.after(60)
        assert (view.phase, view.state.want.want, view.state.observed.notice["code"]) == ("off", None, "gone")
        world.instance = "i-nothing"
        view = world.ask("on")
        assert (view.machine.state, view.state.want.want, view.phase) == ("missing", None, "off")
        world.minutes(5)
        assert len(world.ec2.named("start_instances")) == 1

    def test_an_own_stop_that_arrives_late_is_made_good(self, world: World) -> None:
        world.running()
        world.ask("off")
        # The call of the stop is still under way somewhere when the start has already come true.
        world.after(MOVE)
        world.ask("on")
        world.after(MOVE)
        world.ec2.stop_instances(InstanceIds=[world.instance])
        view = world.after(MOVE - 1)
        assert world.now - (view.state.observed.stop_at or 0) < LATE
        assert (view.machine.state, view.state.want.want) == ("stopping", "on")
        assert world.after(1).machine.state == "pending"

    def test_an_own_start_that_arrives_late_is_made_good(self, world: World) -> None:
        # Written, then overtaken: another process stopped before this one's call reached EC2.
        world.ec2.refuses["start_instances"] = "InternalError"
        world.ask("on")
        del world.ec2.refuses["start_instances"]
        view = world.ask("off")
        assert (view.machine.state, view.phase) == ("stopped", "off")
        world.now += 5
        world.ec2.start_instances(InstanceIds=[world.instance])
        view = world.after(MOVE)
        assert (view.machine.state, view.state.want.want) == ("stopping", "off")


class TestCapacity:
    """EC2 has no room, or cannot start it at all."""

    def test_sizes_are_tried_in_order_at_once(self, table: Table) -> None:
        world = World(table, sizes=SIZES)
        world.ec2.full = {"t3.large", "m5.large"}
        view = world.ask("on")
        assert (view.machine.state, view.machine.type) == ("pending", "m6i.large")
        assert world.ec2.named("modify_instance_attribute") == [
            (world.instance, "m5.large"),
            (world.instance, "m6i.large"),
        ]
        assert [entry for entry in world.log() if entry[0] == "size"] == [("size", "keeper", "capacity")] * 2

    def test_the_preferred_size_comes_first_again_at_the_next_start(self, table: Table) -> None:
        world = World(table, sizes=SIZES)
        world.ec2.full = {"t3.large"}
        world.running()
        world.ask("off")
        world.after(MOVE)
        world.ec2.full = set()
        world.now += 3600
        world.ask("on")
        assert world.ec2.type(world.instance) == "t3.large"

    def test_without_any_room_it_waits_longer_each_time_and_says_so(self, table: Table) -> None:
        world = World(table, sizes=SIZES)
        world.ec2.full = set(SIZES)
        view = world.ask("on")
        assert (view.machine.state, view.phase, view.state.want.want) == ("stopped", "asked", "on")
        text = notice_text(view.state.observed.notice)
        assert text is not None
        assert "t3.large, m5.large, m6i.large" in text[0]
        tried = []
        for minute in range(1, 60):
            before = len(world.ec2.named("start_instances"))
            world.after(60)
            tried += [minute] * (len(world.ec2.named("start_instances")) > before)
        assert tried == [1, 3, 7, 15, 30, 45]
        assert [entry[2] for entry in world.log() if entry[0] == "notice"] == ["capacity"]
        # Room at last: the notice goes.
        world.ec2.full = {"t3.large"}
        world.minutes(2)
        assert world.after(MOVE).state.observed.notice == {}
        assert world.ec2.type(world.instance) == "m5.large"

    def test_asking_again_tries_at_once(self, table: Table) -> None:
        world = World(table, sizes=SIZES[:1])
        world.ec2.full = {"t3.large"}
        world.ask("on")
        world.minutes(8)
        world.ec2.full = set()
        world.now += 61
        assert world.ask("on").machine.state == "pending"

    def test_a_start_is_not_waited_for_through_the_night(self, table: Table) -> None:
        world = World(table)
        world.ec2.full = {"t3.large"}
        world.ask("on")
        world.minutes(int(GIVE_UP / 60) + 20)
        world.ec2.full = set()
        view = world.minutes(30)
        assert (view.machine.state, view.state.want.want) == ("stopped", None)
        assert view.state.observed.notice["code"] == "start_given_up"

    @pytest.mark.parametrize("code", ["Unsupported", "VcpuLimitExceeded"])
    def test_a_size_that_this_zone_does_not_have_is_passed_over(self, table: Table, code: str) -> None:
        world = World(table, sizes=SIZES)

        def start(**request: Any) -> None:
            preferred = world.ec2.type(world.instance) == "t3.large"
            world.ec2.refuses = {"start_instances": code} if preferred else {}
            original(**request)

        original = world.ec2.start_instances
        world.ec2.start_instances = start  # type: ignore[method-assign]
        assert world.ask("on").machine.type == "m5.large"

    @pytest.mark.parametrize("code", ["Client.InternalError", "Client.InvalidKMSKey.InvalidState"])
    def test_a_key_that_may_not_be_used_is_said_and_not_tried_for_ever(self, world: World, code: str) -> None:
        world.ec2.breaks[world.instance] = code
        assert world.ask("on").machine.state == "pending"
        view = world.after(MOVE)
        assert (view.machine.state, view.phase, view.state.want.want) == ("stopped", "off", None)
        text = notice_text(view.state.observed.notice)
        assert text is not None
        assert code in text[0]
        assert "kms:CreateGrant" in text[0]
        world.minutes(30)
        assert len(world.ec2.named("start_instances")) == 1
        # Repaired: the old reason in EC2 does not spoil the next start.
        del world.ec2.breaks[world.instance]
        world.ask("on")
        view = world.after(MOVE)
        assert (view.phase, view.state.observed.notice) == ("booting", {})

    def test_capacity_that_is_found_missing_while_it_starts(self, table: Table) -> None:
        world = World(table, sizes=SIZES)
        world.ec2.breaks[world.instance] = "Server.InsufficientInstanceCapacity"
        world.ask("on")
        view = world.after(MOVE)
        assert (view.machine.state, view.machine.type) == ("pending", "m5.large")

    def test_a_machine_that_stops_again_each_time_is_given_up(self, world: World) -> None:
        world.ec2.breaks[world.instance] = "Client.InstanceInitiatedShutdown"
        world.ask("on")
        view = world.minutes(30)
        assert len(world.ec2.named("start_instances")) == MOST_STARTS
        assert (view.state.want.want, view.state.observed.notice["code"]) == (None, "start_stopped_again")

    def test_a_refusal_is_said_and_tried_again(self, world: World) -> None:
        world.ec2.refuses["start_instances"] = "UnauthorizedOperation"
        view = world.ask("on")
        assert (view.phase, view.state.observed.notice["detail"]) == ("asked", "UnauthorizedOperation")
        world.ec2.refuses.clear()
        assert world.minutes(2).machine.state in ("pending", "running")


class TestSchedule:
    """It starts by itself."""

    def world(self, table: Table, at: float) -> World:
        made = World(table, schedule=("Asia/Seoul", "09:00 Mon-Fri"))
        made.now = at
        return made

    def test_it_starts_at_nine(self, table: Table) -> None:
        world = self.world(table, MONDAY_9 - 60)
        view = world.look()
        assert (view.machine.state, view.next_start) == ("stopped", MONDAY_9)
        view = world.after(60)
        assert (view.machine.state, view.state.want.by) == ("pending", "schedule")
        world.after(MOVE)
        # Stopped for idling, it is not started again for the same nine o'clock.
        world.minutes(31)
        assert world.after(MOVE).machine.state == "stopped"
        world.minutes(90)
        assert len(world.ec2.named("start_instances")) == 1

    @pytest.mark.parametrize(
        ("late", "state"), [(20 * 60, "pending"), (CATCH_UP, "pending"), (CATCH_UP + 1, "stopped")]
    )
    def test_a_missed_nine_is_made_up_for_a_while(self, table: Table, late: float, state: str) -> None:
        world = self.world(table, MONDAY_9 + late)
        assert world.look().machine.state == state

    def test_whoever_stops_it_after_nine_wins(self, table: Table) -> None:
        world = self.world(table, MONDAY_9 + 60)
        ask(table, "dev", "off", by="phone", why="holiday", now=world.now)
        world.minutes(60)
        assert world.ec2.named("start_instances") == []

    def test_a_stop_before_nine_does_not(self, table: Table) -> None:
        world = self.world(table, MONDAY_9 - 60)
        ask(table, "dev", "off", by="phone", why="", now=world.now)
        assert world.after(120).machine.state == "pending"

    def test_a_stop_outside_before_nine_that_is_noticed_after(self, table: Table) -> None:
        world = self.world(table, MONDAY_9 - 3600)
        world.running()
        world.ec2.outside(world.instance, "stopped")
        world.now = MONDAY_9 + 600
        assert world.look().machine.state == "pending"

    def test_a_stop_outside_after_nine_wins(self, table: Table) -> None:
        world = self.world(table, MONDAY_9 - 600)
        world.running()
        world.now = MONDAY_9 + 300
        world.report(web={"interacting_age": 0})
        world.look()
        world.ec2.outside(world.instance, "stopped")
        world.minutes(30)
        assert len(world.ec2.named("start_instances")) == 1

    def test_a_machine_that_is_being_stopped_at_nine_comes_back(self, table: Table) -> None:
        world = self.world(table, MONDAY_9 - 300)
        world.running()
        world.now = MONDAY_9 - 5
        world.ask("off")
        assert world.after(10).machine.state == "stopping"
        assert world.after(MOVE).machine.state == "pending"

    def test_saturday_is_free(self, table: Table) -> None:
        world = self.world(table, MONDAY_9 - 2 * 86_400 + 60)
        assert world.look().machine.state == "stopped"


class TestKeeping:
    """Reservations and leases."""

    def test_a_reservation_is_kept_and_carried_out(self, world: World) -> None:
        world.running()
        change(
            world.table, "dev", lambda want: reserved(want, world.now + 5400, by="phone", at=world.now), now=world.now
        )
        view = world.minutes(89)
        assert view.decision is not None
        assert (view.machine.state, view.decision.reason) == ("running", "reserved")
        view = world.minutes(1)
        assert (view.machine.state, view.state.want.why) == ("stopping", "reservation_reached")
        assert view.state.want.reservation is None

    def test_a_reservation_of_an_earlier_boot_is_cleared(self, world: World) -> None:
        change(
            world.table, "dev", lambda want: reserved(want, world.now + 5400, by="phone", at=world.now), now=world.now
        )
        world.now += 60
        view = world.running()
        assert view.state.want.reservation is None
        assert ("reservation_cleared", "keeper", "reservation_old") in world.log()

    def test_a_reservation_does_not_survive_a_start_outside(self, world: World) -> None:
        world.running()
        change(
            world.table, "dev", lambda want: reserved(want, world.now + 5400, by="phone", at=world.now), now=world.now
        )
        # Stopped and started in the console between two looks.
        world.now += 600
        world.ec2.outside(world.instance, "stopped")
        world.ec2.outside(world.instance, "running")
        view = world.after(60)
        assert (view.state.want.want, view.state.want.reservation) == (None, None)
        assert ("started", "outside", "started_outside") in world.log()

    def test_a_lease_keeps_it(self, world: World) -> None:
        world.running()
        told = {"what": "lease", "who": "phone", "why": "training"}

        def keep(want: Any) -> Any:
            return leased(want, "1", world.now + 7200, "training", by="phone", at=world.now)

        change(world.table, "dev", keep, now=world.now, told=told)
        view = world.minutes(119)
        assert view.decision is not None
        assert (view.decision.reason, view.decision.changes[-1].source) == ("lease", "phone: training")
        assert ("lease", "phone", "training") in world.log()
        assert world.minutes(1).machine.state == "stopping"

    def test_a_change_of_nothing_writes_nothing(self, world: World) -> None:
        change(world.table, "dev", lambda want: want, now=world.now, told={"what": "x", "who": "y", "why": "z"})
        assert world.log() == []


def test_of_two_opposite_wishes_the_first_written_wins(world: World) -> None:
    world.running()

    class Racing(Table):
        """Somebody else writes between this one's look and write."""

        raced = False

        def transact(self, groups: Any) -> set[str]:
            if not self.raced:
                self.raced = True
                ask(world.table, "dev", "off", by="laptop", why="", now=world.now + 1)
            return super().transact(groups)

    with pytest.raises(Conflict) as caught:
        ask(Racing(world.table.client, world.table.name), "dev", "on", by="phone", why="", now=world.now + 1)
    assert (caught.value.want.want, caught.value.want.by) == ("off", "laptop")


@pytest.mark.parametrize("other", ["on", "rule"])
def test_what_is_no_opposite_is_no_conflict(world: World, other: str) -> None:
    if other == "rule":
        world.running()
        world.now += 1900

    class Racing(Table):
        raced = False

        def transact(self, groups: Any) -> set[str]:
            if not self.raced:
                self.raced = True
                world.look() if other == "rule" else ask(world.table, "dev", "on", by="laptop", why="", now=world.now)
            return super().transact(groups)

    want = ask(Racing(world.table.client, world.table.name), "dev", "on", by="phone", why="", now=world.now)
    assert (want.want, want.by) == ("on", "laptop" if other == "on" else "phone")
    # The idle stop that came between is undone.
    world.look()
    world.after(MOVE)
    assert world.after(MOVE).machine.state == "running"


def test_looking_alone_changes_nothing(world: World) -> None:
    world.ec2.outside(world.instance, "running")
    view = observe(world.table, world.ec2, "dev", world.instance, world.settings, world.now)
    assert view.decision is not None
    assert (view.phase, world.log(), view.state.observed.version) == ("booting", [], 0)


def test_an_event_can_be_told(world: World) -> None:
    tell(world.table, "dev", {"what": "pair", "who": "phone", "why": "refused"}, world.now)
    assert world.log() == [("pair", "phone", "refused")]


def test_what_ec2_does_not_answer_is_raised_and_left_to_the_next_look(world: World) -> None:
    world.ec2.refuses["describe_instances"] = "RequestLimitExceeded"
    ask(world.table, "dev", "on", by="phone", why="", now=world.now)
    look: Callable[[], View] = world.look
    with pytest.raises(Exception, match="RequestLimitExceeded"):
        look()
    world.ec2.refuses.clear()
    assert world.after(60).machine.state == "pending"
