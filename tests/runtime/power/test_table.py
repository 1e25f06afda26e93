"""The table on the emulator: versions, transactions, pages, expiry."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from giban.runtime.common.store import Clash, Put
from giban.runtime.power.observed import Observed
from giban.runtime.power.signals import Signals
from giban.runtime.power.table import Table, event, put_of
from giban.runtime.power.want import Want, leased, reserved, turned, unleased, unreserved

NOW = 1_795_000_000.0


def test_an_item_is_new_once_and_then_has_versions(table: Table) -> None:
    table.put(Put("device/dev", "1", {"name": "전화", "n": 1.5, "none": None}, 0))
    with pytest.raises(Clash):
        table.put(Put("device/dev", "1", {}, 0))
    found = table.get("device/dev", "1")
    assert found is not None
    assert (found.doc, found.version, found.expires) == ({"name": "전화", "n": 1.5, "none": None}, 1, None)
    table.put(Put("device/dev", "1", {"name": "b"}, 1))
    with pytest.raises(Clash):
        table.put(Put("device/dev", "1", {"name": "c"}, 1))
    again = table.get("device/dev", "1")
    assert again is not None
    assert (again.doc, again.version) == ({"name": "b"}, 2)
    assert table.get("device/dev", "2") is None


def test_what_expired_is_not_there_although_dynamodb_still_has_it(table: Table) -> None:
    table.put(Put("code/dev", "1", {}, 0, NOW + 600))
    assert table.get("code/dev", "1", NOW + 599) is not None
    assert table.get("code/dev", "1", NOW + 600) is None
    assert table.query("code/dev", now=NOW + 600) == []
    assert table.take("code/dev", "1", NOW + 600) is None


def test_of_many_takers_one_gets_it(table: Table) -> None:
    table.put(Put("code/dev", "1", {"a": 1}, 0))
    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(lambda _: table.take("code/dev", "1", NOW), range(20)))
    assert [item.doc for item in taken if item] == [{"a": 1}]


def test_changes_at_once_are_all_made(table: Table) -> None:
    def one_more(_: int) -> None:
        table.change("lock/dev", "1", lambda doc: ({"n": (doc or {"n": 0})["n"] + 1}, None))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one_more, range(12)))
    found = table.get("lock/dev", "1")
    assert found is not None
    assert (found.doc, found.version) == ({"n": 12}, 12)


def test_groups_are_written_whole_or_not_at_all(table: Table) -> None:
    table.put(Put("want", "b", {"old": 1}, 0))
    groups = [(name, [Put("want", name, {"new": 1}, 0), event(name, NOW, "r", {"what": "start"})]) for name in "abc"]
    assert table.transact(groups) == {"b"}
    assert {item.sk: item.doc for item in table.query("want")} == {"a": {"new": 1}, "b": {"old": 1}, "c": {"new": 1}}
    assert [len(table.events(name, now=NOW)) for name in "abc"] == [1, 0, 1]
    assert table.transact([]) == set()


def test_many_groups_take_few_calls(table: Table) -> None:
    calls = []

    class Counting:
        def transact_write_items(self, **request: object) -> object:
            calls.append(len(request["TransactItems"]))  # type: ignore[arg-type]
            return table.client.transact_write_items(**request)

    counted = Table(Counting(), table.name)
    names = [f"w{number:03}" for number in range(120)]
    assert (
        counted.transact([(name, [Put("want", name, {}, 0), Put("observed", name, {}, 0)]) for name in names]) == set()
    )
    assert calls == [100, 100, 40]
    assert counted.transact([(name, [Put("want", name, {}, 1 if name == "w007" else 0)]) for name in names[:50]]) == {
        name for name in names[:50] if name != "w007"
    }


def test_a_state_is_loaded_in_one_call_and_all_in_pages(table: Table) -> None:
    state = table.load("dev")
    assert (state.want.version, state.signals.version, state.observed.version) == (0, 0, 0)
    want = turned(Want(), "on", by="phone", why="", at=NOW)
    table.transact(
        [
            (
                "dev",
                [
                    put_of("dev", want),
                    put_of("dev", Signals({"ssh_sessions": 2})),
                    put_of("dev", Observed({"state": "running"})),
                ],
            )
        ]
    )
    table.put(Put("want", "other", {}, 0))
    state = table.load("dev")
    assert (state.want.want, state.want.version, state.signals.ssh_sessions, state.observed.state) == (
        "on",
        1,
        2,
        "running",
    )
    states, unreadable = table.load_all()
    assert (sorted(states), unreadable) == (["dev", "other"], set())
    assert states["dev"].want.document() == want.document()


def test_one_broken_item_does_not_hide_the_others(table: Table) -> None:
    table.put(Put("want", "good", {}, 0))
    table.client.put_item(
        TableName=table.name, Item={"pk": {"S": "want"}, "sk": {"S": "bad"}, "doc": {"S": "{"}, "version": {"N": "1"}}
    )
    states, unreadable = table.load_all()
    assert (sorted(states), unreadable) == (["good"], {"bad"})


def test_pages_of_more_than_a_megabyte(table: Table) -> None:
    filler = "x" * 100_000
    for number in range(25):
        table.put(Put("want", f"w{number:02}", {"why": filler}, 0))
    states, _ = table.load_all()
    assert len(states) == 25


def test_events_come_newest_first_in_pages(table: Table) -> None:
    for number in range(5):
        table.put(event("dev", NOW + number, "r", {"what": "start", "who": f"p{number}"}))
    first = table.events("dev", now=NOW, limit=2)
    assert [entry["who"] for entry in first] == ["p4", "p3"]
    assert first[0]["at"] == "2026-11-18T11:06:44.000Z"
    rest = table.events("dev", now=NOW, limit=10, before=first[-1]["id"])
    assert [entry["who"] for entry in rest] == ["p2", "p1", "p0"]
    assert table.events("dev", now=NOW + 91 * 86_400) == []


def test_no_permission_is_no_clash(new_table: Callable[[], Table]) -> None:
    broken = Table(new_table().client, "acme-nothing")
    with pytest.raises(Exception, match="ResourceNotFound") as caught:
        broken.put(Put("want", "dev", {}, 0))
    assert not isinstance(caught.value, Clash)
    with pytest.raises(Exception, match="ResourceNotFound"):
        broken.transact([("dev", [Put("want", "dev", {}, 0)])])


def test_wants_are_kept_and_never_changed_in_place() -> None:
    first = Want()
    on = turned(first, "on", by="phone", why="work", at=NOW, request_id="r")
    assert (first.want, on.want, on.asked, on.since) == (None, "on", 1, NOW)
    kept = leased(reserved(on, NOW + 60, by="phone", at=NOW), "1", NOW + 60, "training", by="laptop", at=NOW)
    assert Want(kept.document()).document() == kept.document()
    assert Want(kept.changed(auto_stop=False).document()).auto_stop is False
    assert (unreserved(kept).reservation, unleased(kept, "2").leases, unleased(kept, "1").leases) == (
        None,
        kept.leases,
        (),
    )
    assert leased(kept, "2", NOW + 120, "", by="", at=NOW + 61).leases[0]["id"] == "2"
    off = turned(kept, "off", by="keeper", why="idle", at=NOW)
    assert (off.reservation, off.leases, off.asked) == (None, (), 2)


@pytest.mark.parametrize("until", [NOW - 1, NOW, NOW + 72 * 3600 + 1])
def test_nothing_is_kept_for_more_than_three_days(until: float) -> None:
    with pytest.raises(ValueError, match="72 hours"):
        reserved(Want(), until, by="", at=NOW)
    with pytest.raises(ValueError, match="72 hours"):
        leased(Want(), "1", until, "", by="", at=NOW)
