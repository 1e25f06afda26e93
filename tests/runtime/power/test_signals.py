"""Merging reports: order, repetition, delay, other boots, clocks that step."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.power.signals import BOOTS_KEPT, WINDOW, Signals, merged

NOW = 1_795_000_000.0
TIMES = ("connected_at", "interacting_at", "terminal_at", "working_at", "ssh_at", "received_at")


def report(sequence: int, boot: str = "a", *, uptime: float = 1000.0, sessions: int = 0, **ages: Any) -> dict[str, Any]:
    return {
        "boot_id": boot,
        "sequence": sequence,
        "uptime": uptime,
        "ssh": {"sessions": sessions},
        "web": {"connected_age": ages.get("connected"), "interacting_age": ages.get("interacting")},
        "terminal_age": ages.get("terminal"),
        "work": {
            "cpu_percent": 3.5,
            "load1": 0.25,
            "working_age": ages.get("working"),
            "jobs": ["pytest"],
            "containers": [{"name": "db", "cpu_percent": 1.0}],
        },
        "ide": {"answers": True},
        "version": "1.2",
    }


def test_ages_become_times_of_the_servers_clock() -> None:
    found = merged(Signals(), report(1, sessions=2, connected=0, interacting=60, terminal=10, working=5), NOW)
    assert (found.connected_at, found.interacting_at, found.terminal_at, found.working_at) == (
        NOW,
        NOW - 60,
        NOW - 10,
        NOW - 5,
    )
    assert (found.ssh_sessions, found.ssh_at, found.received_at, found.boot_at) == (2, NOW, NOW, NOW - 1000)
    assert (found.cpu_percent, found.load1, found.jobs) == (3.5, 0.25, ("pytest",))
    assert found.containers == ({"name": "db", "cpu_percent": 1.0},)
    assert (found.ide_answers, found.agent) == (True, "1.2")


def test_it_is_kept_and_read_back_whole() -> None:
    found = merged(Signals(), report(1, sessions=2, connected=0, interacting=60, terminal=10, working=5), NOW)
    assert Signals(found.document()).document() == found.document()


def test_nothing_known_takes_nothing_away() -> None:
    first = merged(Signals(), report(1, interacting=60, working=5), NOW)
    second = merged(first, report(2), NOW + 60)
    assert (second.interacting_at, second.working_at) == (NOW - 60, NOW - 5)


def test_a_late_report_brings_its_times_but_not_its_state() -> None:
    newest = merged(Signals(), report(5, sessions=0), NOW)
    late = merged(newest, report(4, sessions=3, working=0), NOW + 5)
    assert (late.sequence, late.ssh_sessions, late.received_at) == (5, 0, NOW)
    assert (late.ssh_at, late.working_at) == (NOW + 5, NOW + 5)


def test_a_repeated_report_changes_only_times() -> None:
    first = merged(Signals(), report(1, sessions=1), NOW)
    again = merged(first, report(1, sessions=1), NOW + 1)
    assert (again.received_at, again.ssh_sessions) == (NOW, 1)


def test_a_new_boot_begins_to_count_from_one() -> None:
    old = merged(Signals(), report(500, "a", uptime=90_000, sessions=2), NOW)
    new = merged(old, report(1, "b", uptime=20), NOW + 60)
    assert (new.boot_id, new.sequence, new.ssh_sessions, new.boot_at) == ("b", 1, 0, NOW + 40)


def test_a_report_of_the_old_boot_that_comes_late_is_known_as_old() -> None:
    old = merged(Signals(), report(500, "a", uptime=90_000), NOW)
    new = merged(old, report(1, "b", uptime=20), NOW + 60)
    # Never seen before (501), but its boot certainly began before.
    late = merged(new, report(501, "a", uptime=90_060, sessions=2), NOW + 90)
    assert (late.boot_id, late.ssh_sessions) == ("b", 0)


def test_what_slips_through_is_put_right_by_the_next_report() -> None:
    old = merged(Signals(), report(1, "a", uptime=10), NOW)
    new = merged(old, report(1, "b", uptime=5), NOW + 30)
    slipped = merged(new, report(2, "a", uptime=12, sessions=1), NOW + 40)
    assert slipped.ssh_sessions == 1
    right = merged(slipped, report(2, "b", uptime=65), NOW + 90)
    assert (right.boot_id, right.ssh_sessions) == ("b", 0)


def test_boots_do_not_pile_up() -> None:
    found = Signals()
    for boot in range(50):
        found = merged(found, report(1, f"boot-{boot}", uptime=1), NOW + boot * 2 * WINDOW)
    assert list(found.boots) == [f"boot-{boot}" for boot in range(50 - BOOTS_KEPT, 50)]


reports = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.floats(0, 5000),
        st.integers(0, 2),
        st.none() | st.floats(0, 10_000),
        st.none() | st.floats(0, 10_000),
    ),
    max_size=12,
    unique_by=lambda entry: entry[0],
)


def _merge_all(entries: list[tuple[int, float, int, float | None, float | None]]) -> Signals:
    found = Signals()
    for sequence, arrives, sessions, interacting, working in entries:
        # What a host says of one boot: its uptime grows with its sequence.
        sent = report(sequence, uptime=sequence * 60.0, sessions=sessions, interacting=interacting, working=working)
        found = merged(found, sent, NOW + arrives)
    return found


@given(reports, st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(entries: list[Any], random: Any) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)
    one, other = _merge_all(entries).document(), _merge_all(shuffled).document()
    # When the newest report arrived depends on how many were newest for a while; everything else does not.
    one.pop("received_at", None), other.pop("received_at", None)
    assert one == other


@given(reports, st.integers(1, 30), st.floats(-5000, 5000), st.sampled_from(["a", "b", "c"]), st.floats(0, 90_000))
def test_no_report_moves_anything_back(
    entries: list[Any], sequence: int, step: float, boot: str, uptime: float
) -> None:
    # A clock that steps back (another server's, or corrected) included.
    before = _merge_all(entries)
    after = merged(before, report(sequence, boot, uptime=uptime, sessions=1, connected=5), NOW + step)
    for name in TIMES:
        old, new = getattr(before, name), getattr(after, name)
        assert old is None or new >= old
    assert all(after.boots.get(name, number) >= number for name, number in before.boots.items())
    # Nothing given is changed in place.
    assert before.document() == _merge_all(entries).document()
