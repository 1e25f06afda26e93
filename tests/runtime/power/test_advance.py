"""Any story at all: people, consoles, missing capacity, missed looks. Without a table: only what follows from what."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from giban.runtime.power.advance import MOST_STARTS, advance
from giban.runtime.power.machines import look
from giban.runtime.power.reconcile import act, answered, writes, written
from giban.runtime.power.settings import Settings
from giban.runtime.power.signals import merged
from giban.runtime.power.table import State
from giban.runtime.power.want import turned
from giban.runtime.power.words import NOTICES, REASONS, notice_text
from tests.runtime.power.fake_ec2 import FakeEC2

BEGIN = 1_795_392_000.0
MAXIMUM = 12 * 3600.0
RULES = Settings(sizes=("t3.large", "m5.large"), max_uptime=MAXIMUM, schedule=("Asia/Seoul", "09:00"))

Story = list[tuple[str, float]]
stories = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "on",
                "off",
                "console start",
                "console stop",
                "full",
                "room",
                "ssh",
                "no ssh",
                "broken",
                "whole",
                "look",
                "nothing",
            ]
        ),
        st.sampled_from([0.0, 1.0, 10.0, 60.0, 60.0, 600.0, 3600.0, 30_000.0]),
    ),
    max_size=25,
)


class Sim:
    """One workstation, looked at after whatever happens."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.ec2 = FakeEC2(lambda: self.now)
        self.instance = self.ec2.add("stopped")
        self.state = State("dev")
        self.told: list[dict[str, Any]] = []
        self.sequence = 0

    def look(self) -> None:
        for _ in range(2 * len(RULES.sizes)):
            step = advance(self.now, RULES, self.state, look(self.ec2, self.instance))
            # What is written can be written, and nothing is written when nothing changed.
            for put in writes(step, self.now, lambda: "r"):
                put.request("table")
            self.told += step.events
            self.state = written(step)
            if step.action is None:
                return
            self.state, _, again = answered(step, RULES, act(self.ec2, step), self.now, lambda: "r")
            if not again:
                return

    def do(self, what: str) -> None:
        ec2, instance = self.ec2, self.instance
        settled = ec2.state(instance) in ("running", "stopped")
        if what in ("on", "off"):
            self.state.want = turned(self.state.want, what, by="phone", why="asked", at=self.now)  # type: ignore[arg-type]
        elif what == "console start" and settled:
            ec2.start_instances(InstanceIds=[instance]) if ec2.type(instance) not in ec2.full else None
        elif what == "console stop" and settled:
            ec2.stop_instances(InstanceIds=[instance])
        elif what in ("full", "room"):
            ec2.full = {"t3.large", "m5.large"} if what == "full" else set()
        elif what in ("broken", "whole"):
            ec2.breaks = {instance: "Client.InternalError"} if what == "broken" else {}
        elif what in ("ssh", "no ssh"):
            self.sequence += 1
            report = {"boot_id": "a", "sequence": self.sequence, "uptime": 1.0, "ssh": {"sessions": int(what == "ssh")}}
            self.state.signals = merged(self.state.signals, report, self.now)
        if what != "nothing":
            self.look()

    def live(self, story: Story) -> None:
        for what, then in story:
            self.do(what)
            self.now += then

    def calls(self) -> int:
        return len(self.ec2.named("start_instances")) + len(self.ec2.named("stop_instances"))


@settings(max_examples=300)
@given(stories)
def test_it_always_comes_to_rest_where_it_is_wanted(story: Story) -> None:
    sim = Sim()
    sim.live(story)
    sim.ec2.full, sim.ec2.breaks = set(), {}
    sim.do("no ssh")
    # Eighteen minutes of looks: longer than any waiting, shorter than any idling of what is started now.
    for _ in range(18):
        sim.now += 60
        sim.look()
    before = sim.calls()
    at = sim.ec2.state(sim.instance)
    wanted = sim.state.want.want
    assert at in ("running", "stopped")
    assert wanted is None or at == {"on": "running", "off": "stopped"}[wanted]
    # And it rests: no calls, but for idling, the maximum and nine o'clock.
    for _ in range(10):
        sim.now += 60
        sim.look()
        if sim.state.want.by in ("keeper", "schedule"):
            break
    else:
        assert sim.calls() == before
        assert sim.ec2.state(sim.instance) == at


@settings(max_examples=300)
@given(stories)
def test_after_a_look_nothing_runs_past_the_maximum(story: Story) -> None:
    sim = Sim()
    for what, then in story:
        sim.do(what)
        sim.now += then
        sim.look()
        machine = look(sim.ec2, sim.instance)
        if machine.state == "running" and machine.launched is not None:
            assert sim.now - machine.launched < MAXIMUM


@settings(max_examples=300)
@given(stories)
def test_everything_that_happens_has_a_reason_in_words(story: Story) -> None:
    sim = Sim()
    sim.live(story)
    for told in sim.told:
        assert told["what"]
        assert told["who"]
        assert told["why"] in REASONS or told["why"] in NOTICES
    assert sim.state.observed.notice == {} or notice_text(sim.state.observed.notice) is not None
    if sim.state.want.want != "on" and sim.state.want.asked:
        assert sim.state.want.why in REASONS or sim.state.want.why in NOTICES


@given(st.lists(st.sampled_from([60.0, 90.0, 600.0]), max_size=60))
def test_a_machine_that_cannot_start_is_not_tried_for_ever(gaps: list[float]) -> None:
    sim = Sim()
    sim.ec2.breaks = {sim.instance: "Client.UserInitiatedHibernate"}
    sim.do("on")
    for gap in gaps:
        sim.now += gap
        sim.look()
        if sim.state.want.by == "schedule":
            return
    assert len(sim.ec2.named("start_instances")) <= MOST_STARTS
