"""Whatever the files hold, the parsers answer and never raise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.agent.giban_agent import decimal, duration, expand, interesting, parse_stat, plain, pod_names, whole
from tests.runtime.agent.machine import WALL, Machine

LINE = b"4711 (make) S 4000 4711 4000 34816 4711 4194304 180 0 0 0 7 5 3 1 20 0 1 0 88888 9000 250 18446744073709551615"


def test_a_process_of_the_kernel() -> None:
    process = parse_stat(4711, LINE)
    assert process is not None
    found = (process.name, process.parent, process.group, process.foreground, process.pts, process.ticks, process.start)
    assert found == ("make", 4000, 4711, 4711, 0, 16, 88888)


@given(st.binary(max_size=400))
def test_stat_lines(data: bytes) -> None:
    interesting(data)
    process = parse_stat(1, data)
    assert process is None or process.pts is None or process.pts >= 0


@given(st.integers(0, len(LINE)))
def test_cut_stat_lines(length: int) -> None:
    interesting(LINE[:length])
    parse_stat(1, LINE[:length])


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_name_of_a_process_is_read(name: str) -> None:
    data = LINE.replace(b"make", name.encode())
    process = parse_stat(1, data)
    assert process is not None
    assert (process.group, process.name.isprintable()) == (4711, True)
    assert interesting(data)


@given(st.binary())
def test_numbers(data: bytes) -> None:
    assert isinstance(whole(data), int)
    number = decimal(data)
    assert number is None or 0 <= number <= 1e9


@pytest.mark.parametrize("text", [b"nan", b"inf", b"-1", b"1e300", b"", b"  ", b"x 1"])
def test_what_is_no_number(text: bytes) -> None:
    assert decimal(text) is None


@given(st.binary(max_size=300))
def test_names_for_people(data: bytes) -> None:
    name = plain(data)
    assert len(name) <= 40
    assert name.isprintable()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3599, "59 min"),
        (3600, "1 h 00 min"),
        (86400 * 2, "2 d 0 h"),
        (262000, "3 d 0 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_patterns(tmp_path: Path) -> None:
    for name in ("ada", "bob"):
        (tmp_path / name).mkdir()
    assert expand(f"{tmp_path}/*/x/y") == [f"{tmp_path}/ada/x/y", f"{tmp_path}/bob/x/y"]
    assert expand("/a/b") == ["/a/b"]
    assert expand("/no/such/*/x") == []


def test_pods_are_named_by_their_folders(tmp_path: Path) -> None:
    for name in ("shop_users_1234", "nonsense", "a_b_c_d"):
        (tmp_path / name).mkdir()
    assert pod_names([str(tmp_path), "/no/such"]) == {"1234": "shop/users"}


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 5000), st.floats(-1e9, 1e9), st.none() | st.floats(-1e5, 1e5), st.floats(0, 2)),
        min_size=1,
        max_size=12,
    )
)
def test_ages_stay_between_zero_and_the_uptime(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[float, float, float | None, float]]
) -> None:
    """Over wall clocks that jump either way, touches in past and future, any load: no age is negative or before the boot,
    and without a new sign an age grows exactly as time does."""
    machine = Machine(tmp_path_factory.mktemp("machine") / "root")
    observer = machine.observer()
    before: dict[str, float | None] = {}
    for seconds, jump, touch, cores in steps:
        machine.tick(seconds, cores=cores)
        machine.wall = max(1e6, machine.wall + jump)
        if touch is not None:
            machine.wall = min(machine.wall, WALL * 2)
            machine.heartbeat(age=touch)
            machine.terminal(0, typed=touch)
        seen = machine.look(observer)
        ages = {
            "connected": seen["web"]["connected_age"],
            "terminal": seen["terminal_age"],
            "working": seen["work"]["working_age"],
        }
        for signal, age in ages.items():
            assert age is None or 0 <= age <= machine.now + 0.1
            last = before.get(signal)
            assert last is None or age is not None
            assert last is None or age is None or age <= last + seconds + 0.2
        if touch is None and before.get("connected") is not None:
            assert abs((ages["connected"] or 0) - (before["connected"] or 0) - seconds) < 0.3
        before = ages
