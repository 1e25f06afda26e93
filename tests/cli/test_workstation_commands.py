"""`giban workstation …` on real emulators, against the real admin function and a stand-in host with the real agent.

The tests share one workstation and leave it on.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp

from tests.cli.test_workstation_qr import photograph
from tests.cli.workstation_stage import EXAMPLE, Project, Terminal, eventually, one_time_password


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("workstation"))
    made.bring_up()
    yield made
    made.rehearsal.stop()


def test_start_waits_until_the_editor_answers(project: Project) -> None:
    answer = project.run("start")
    assert answer.stderr.splitlines()[-1].endswith("ready"), answer.stderr
    assert answer.stdout.startswith("dev  on since ")
    assert "https://dev.scv.example.com\n" in answer.stdout
    assert project.json("start")["progress"]["phase"] == "ready", "twice is once"


def test_status_answers_the_three_questions(project: Project) -> None:
    lines = project.run("status").stdout.splitlines()
    assert lines[0].startswith("dev  on since ")
    labels = [line.split()[0] for line in lines[1:] if not line.startswith("   ")]
    assert labels[:2] == ["why", "stops"]
    document = project.json("status", "dev", "giban.yaml")
    assert (document["workstation"], document["state"], document["on"]) == ("dev", "running", True)
    assert document["decision"]["text"] in lines[1]


def test_list_has_every_workstation(project: Project) -> None:
    assert re.search(r"^dev +on +\S.*", project.run("list").stdout, re.MULTILINE)
    assert [one["workstation"] for one in project.json("list")] == ["dev"]


def test_keep_and_release(project: Project) -> None:
    kept = project.json("keep", "2h", "--for", "training")
    (lease,) = kept["leases"]
    assert lease["for"] == "training"
    assert kept["decision"]["reason"] == "lease"
    shown = project.run("status").stdout
    assert f"({lease['id']})" in shown
    assert "training until" in shown
    assert project.json("release", lease["id"])["leases"] == []


def test_a_later_stop_is_reserved_and_taken_back(project: Project) -> None:
    reserved = project.json("stop", "--after", "1h30m")
    assert reserved["on"] is True
    assert reserved["scheduled_stop"] is not None
    assert reserved["decision"]["reason"] == "reserved"
    assert project.json("start", "--no-wait")["scheduled_stop"] is None


def test_auto_stop_off_and_on(project: Project) -> None:
    assert project.json("auto-stop", "off")["auto_stop"]["on"] is False
    assert "auto-stop   off" in project.run("status").stdout
    assert project.json("auto-stop", "dev", "on")["auto_stop"]["on"] is True


def test_stop_waits_until_it_is_off_and_start_brings_it_back(project: Project) -> None:
    answer = project.run("stop")
    assert answer.stderr.splitlines()[-1].endswith("  off"), answer.stderr
    assert answer.stdout.startswith("dev  off since ")
    refused = project.run("keep", "1h", "--for", "nothing", code=1)
    assert "Start it first" in refused.stderr
    closed = project.run("open", code=1)
    assert "giban workstation start" in closed.stderr
    terminal = Terminal(project, "start")
    terminal.until("the machine boots")
    assert terminal.end() == 0, terminal.shown
    assert "\r\x1b[2Kdev  " in terminal.shown, "one line that moves"
    assert "dev  on since " in re.sub("\x1b\\[[0-9;]*m", "", terminal.shown)


def test_ctrl_c_ends_the_waiting_and_not_the_machine(project: Project) -> None:
    project.run("stop")
    terminal = Terminal(project, "start")
    terminal.until("the machine (starts|boots)")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert "dev goes on starting." in terminal.shown
    eventually(lambda: project.json("status")["progress"]["phase"] == "ready")


def test_events_say_who_did_what(project: Project) -> None:
    lines = project.run("events", "--limit", "100").stdout.splitlines()
    assert any(" lease " in line and "training" in line and "operator " in line for line in lines)
    assert len(project.json("events", "--limit", "3")["events"]) == 3


def test_pairing_in_a_pipe_then_shut_out(project: Project) -> None:
    assert "No device is paired" in project.run("devices").stdout
    before = project.run("pair").stdout
    assert "otpauth" not in before, "a secret is printed into a pipe only when it is asked for"
    found = project.json("pair", "--authenticator")
    assert found["address"] == project.page
    assert found["code"] not in found["address"]
    secret = found["authenticator"]["secret"]
    assert project.register(found["code"], one_time_password(secret, time.time()), "Kim's phone") == 201
    (device,) = project.json("devices")["devices"]
    assert device["name"] == "Kim's phone"
    assert "Kim's phone" in project.run("devices").stdout
    nobody = project.run("revoke", "Kim's phone", code=2)
    assert "--yes" in nobody.stderr
    assert "Paired: Kim's phone" in project.run("revoke", "Kim", "--yes", code=2).stderr
    assert "Kim's phone is shut out of dev." in project.run("revoke", "kim's phone", "--yes").stdout
    assert project.json("devices")["devices"] == []
    assert secret not in project.files()


def test_pairing_at_a_terminal(project: Project) -> None:
    terminal = Terminal(project, "pair")
    terminal.until("Press any key")
    uri = scanned(terminal.shown)
    assert urlsplit(uri).scheme == "otpauth"
    secret = parse_qs(urlsplit(uri).query)["secret"][0]
    terminal.press_until("\n", "\x1b\\[\\?1049l")
    terminal.until("Waiting for the device")
    enrolment, stays = terminal.shown.split("\x1b[?1049l", 1)
    assert enrolment.startswith("\x1b[?1049h"), "the secret is on the second screen"
    assert secret not in re.sub(r"\s", "", stays), "and nothing of it can be scrolled back to"
    assert project.page in stays
    assert "in a browser on this machine" in stays
    letters = re.search(r"│ {3}([2-9A-Z](?: {2}[2-9A-Z]){7}) {3}│", re.sub("\x1b\\[[0-9;]*m", "", stays))
    assert letters, stays
    # Each password works once; the next one is taken up to 30 seconds early.
    totp = one_time_password(secret, time.time() + 30)
    assert project.register(letters[1].replace(" ", ""), totp, "Lee's phone") == 201
    terminal.until("Paired: Lee's phone")
    assert terminal.end() == 0
    again = Terminal(project, "pair")
    again.until("Waiting for the device")
    again.process.send_signal(signal.SIGINT)
    assert again.end() == 0, "the code stays good"
    assert "1049h" not in again.shown, "the authenticator is known already"
    project.run("revoke", "Lee's phone", "--yes")


def scanned(screen: str) -> str:
    """The text of the QR code on a screen."""
    rows = re.findall("\x1b\\[38;5;16;48;5;231m([^\x1b]*)\x1b\\[0m", screen)
    (found,) = zxingcpp.read_barcodes(photograph(rows, drawn_is_dark=True))
    return str(found.text)


def test_a_new_authenticator_ends_the_old_one(project: Project) -> None:
    old = project.json("pair", "--authenticator")
    new = project.json("pair", "--new-authenticator")
    assert old["authenticator"]["secret"] != new["authenticator"]["secret"]
    stale = one_time_password(old["authenticator"]["secret"], time.time())
    assert project.register(new["code"], stale, "stranger") in (401, 403)


def test_revoke_asks(project: Project) -> None:
    found = project.json("pair", "--authenticator")
    totp = one_time_password(found["authenticator"]["secret"], time.time())
    assert project.register(found["code"], totp, "tablet") == 201
    no = Terminal(project, "revoke", "tablet")
    no.until("Shut tablet")
    no.type("n\n")
    assert no.end() == 1
    yes = Terminal(project, "revoke", "tablet")
    yes.until("Shut tablet")
    yes.type("y\n")
    assert yes.end() == 0
    assert project.json("devices")["devices"] == []


def test_passwords(project: Project) -> None:
    secret = project.client("secretsmanager")

    def kept() -> str:
        value = secret.get_secret_value(SecretId="scv/dev/host")["SecretString"]
        return str(json.loads(value)["password"])

    made = project.run("password", "--generate").stdout.strip()
    assert len(made) >= 12
    assert kept() == made
    changed = project.run("password", stdin="correct horse battery\n")
    assert kept() == "correct horse battery"
    assert "correct horse" not in changed.stdout + changed.stderr
    weak = project.run("password", stdin="short\n", code=2)
    assert "12" in weak.stderr
    assert "short" not in weak.stderr
    assert "no password on standard input" in project.run("password", stdin="", code=2).stderr
    asked = Terminal(project, "password")
    asked.until("New password")
    asked.type("another long one\n")
    asked.until("Repeat")
    asked.type("another long one\n")
    assert asked.end() == 0
    assert "another long one" not in asked.shown
    assert kept() == "another long one"
    for text in (made, "correct horse battery", "another long one"):
        assert text not in project.files()


def test_open_prints_the_address_where_there_is_no_browser(project: Project) -> None:
    assert project.run("open", "--admin").stdout == f"{project.page}\n"
    editor = f"http://dev.scv.example.com.localhost:{project.port}/"
    assert project.run("open").stdout == f"{editor}\n"
    assert project.json("open") == {"answers": True, "url": editor}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("status", "dve"), "Did you mean `dev`"),
        (("status", "dev", "ops"), "Too many words"),
        (("keep", "2", "--for", "x"), "Write 2m for minutes or 2h for hours"),
        (("keep", "80h", "--for", "x"), "72h"),
        (("keep", "2h"), "--for"),
        (("stop", "--after", "soon"), "Write 90m, 2h or 1h30m"),
        (("auto-stop", "maybe"), "neither on nor off"),
        (("revoke", "nobody", "--yes"), "There is no device nobody"),
        (("start", "-e", "nowhere"), "environments"),
        (("strat",), "start"),
    ],
)
def test_mistakes(project: Project, words: tuple[str, ...], says: str) -> None:
    assert says in project.run(*words, code=2).stderr


def test_a_missing_function_means_that_it_is_not_up(project: Project) -> None:
    (project.folder / "other.yaml").write_text(EXAMPLE.read_text().replace("name: scv", "name: other"))
    answer = project.run("status", "other.yaml", code=2)
    assert "dev is not up yet. Run `giban up other.yaml` first." in answer.stderr
    assert project.json("list", "other.yaml") == [{"state": "not up", "workstation": "dev"}]
    problem = project.json("start", "other.yaml", code=2)["problems"][0]
    assert "giban up other.yaml" in problem["what"]


def test_without_the_rehearsal(tmp_path: Path) -> None:
    idle = Project(tmp_path)
    for words in (("status",), ("list",), ("pair",)):
        assert "Run `giban up`" in idle.run(*words, code=2).stderr
    assert not (tmp_path / ".giban").exists(), "looking leaves nothing behind"
    (tmp_path / "giban.yaml").write_text("name: scv\ndomain: scv.example.com\nregions: [ap-northeast-2]\n")
    assert "has no workstation" in idle.run("list", code=2).stderr
