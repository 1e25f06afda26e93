"""The survey on the rehearsal, over real HTTP: real Terraform, real functions, answers that become rows, messages and a page.

The tests of this file follow one survey and build on each other.
"""

from __future__ import annotations

import http.client
import json
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from giban.lifecycle.rehearsed import EMULATORS
from giban.rehearsal import process
from tests.lifecycle.test_whole_life import REGION, REPOSITORY, Project

pytestmark = pytest.mark.e2e
SURVEY = REPOSITORY / "examples" / "survey"
HOST = "survey.scv.example.com"
LIMIT = 240.0
"""Seconds: alarms gather before they are sent, and a loaded machine takes its time."""


class Survey(Project):
    """The example, as somebody in front of a browser sees it."""

    def http(
        self, method: str, path: str, body: str | None = None, kind: str = "", **headers: str
    ) -> tuple[int, Any, str]:
        running = process.Rehearsal(str(self.folder / ".giban" / EMULATORS)).running()
        assert running is not None
        port = running.ports["world"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        sent = {"Host": f"{HOST}.localhost:{port}", **({"Content-Type": kind} if kind else {}), **headers}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def answer(self, **fields: Any) -> int:
        return self.http("POST", "/responses", json.dumps(fields), "application/json")[0]

    def results(self) -> Any:
        status, _, text = self.http("GET", "/results.json")
        assert status == 200, text
        return json.loads(text)

    def survey(self, name: str) -> Any:
        (found,) = [one for one in self.results()["surveys"] if one["survey"] == name]
        return found

    @property
    def bucket(self) -> str:
        names = [one["Name"] for one in self.client("s3").list_buckets()["Buckets"]]
        return str(next(name for name in names if name.startswith("survey-uploads-")))

    def upload(self, key: str, data: bytes) -> None:
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=data)

    def inbox(self) -> list[dict[str, Any]]:
        """The newest form of each message that came to the channels, about the survey."""
        path = self.folder / ".giban" / EMULATORS / "inbox.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        found = {line["number"]: line for line in lines if "number" in line}
        return [message for message in found.values() if "Survey lunch" in json.dumps(message)]

    def wait(self, what: str, holds: Callable[[], Any]) -> Any:
        """Ask until it holds; fails loudly."""
        deadline = time.monotonic() + LIMIT
        while not (found := holds()):
            assert time.monotonic() < deadline, f"not within {LIMIT} s: {what}"
            time.sleep(1)
        return found


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survey]:
    folder = tmp_path_factory.mktemp("survey")
    shutil.copytree(SURVEY / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    project = Survey(folder, (SURVEY / "giban.yaml").read_text())
    yield project
    project.run("rehearsal", "stop")


def test_01_up_creates_it_and_the_plan_is_empty_then(survey: Survey) -> None:
    result = survey.json("up")
    roots = {root["root"]: root for root in result["roots"]}
    assert roots[REGION]["outputs"]["survey_url"] == f"https://{HOST}"
    plan = survey.json("plan")
    assert [change for root in plan["roots"] for change in root["changes"]] == []


def test_02_the_form_is_there_in_two_languages(survey: Survey) -> None:
    status, headers, text = survey.http("GET", "/", **{"Accept-Language": "ko-KR"})
    assert (status, "설문" in text) == (200, True)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "Survey" in survey.http("GET", "/")[2]


def test_03_an_answer_is_stored_once(survey: Survey) -> None:
    form = urlencode({"survey": "office", "id": "form-00001", "score": "5", "comment": "커피"})
    kind = "application/x-www-form-urlencoded"
    status, headers, _ = survey.http("POST", "/responses", form, kind)
    assert status == 303
    assert headers["location"].endswith("/results?thanks=1")
    assert survey.http("POST", "/responses", form, kind)[0] == 303
    assert survey.answer(survey="office", id="form-00001", score=1) == 409
    assert survey.answer(survey="office", id="form-00002", score=9) == 400
    assert survey.survey("office")["count"] == 1


def test_04_files_become_answers_and_reports(survey: Survey) -> None:
    for name in ("monday.csv", "tuesday.jsonl"):
        survey.upload(f"raw/{name}", (SURVEY / "samples" / name).read_bytes())
    survey.wait("both files are reported", lambda: len(survey.results()["files"]) == 2)
    assert [
        (one["upload"], one["stored"], [row["line"] for row in one["rows"]]) for one in survey.results()["files"]
    ] == [
        ("raw/monday.csv", 2, [3, 4]),
        ("raw/tuesday.jsonl", 2, [2, 3]),
    ]
    report = survey.client("s3").get_object(Bucket=survey.bucket, Key="reports/monday.csv.json")["Body"].read()
    assert [row["line"] for row in json.loads(report)["bad"]] == [3, 4]
    assert "score must be" in survey.http("GET", "/results")[2]


def test_05_unhappy_people_are_heard_of(survey: Survey) -> None:
    # A file: bucket, function, table, threshold, topic, router, Slack.
    survey.upload("raw/wednesday.csv", b"survey,score\n" + b"lunch,1\n" * 8)
    survey.wait("the answers are bad", lambda: survey.survey("lunch")["low"])
    found = survey.wait("Slack is told", survey.inbox)
    assert "unhappy" in json.dumps(found[0])


def test_06_and_so_is_that_it_is_over(survey: Survey) -> None:
    # What is new in a group is told five minutes after the last time.
    for number in range(15):
        assert survey.answer(survey="lunch", id=f"high-{number:05}", score=5) == 201
    survey.run("rehearsal", "clock", "+6m")
    found = survey.wait("Slack is told", lambda: [one for one in survey.inbox() if one["state"] == "resolved"])
    assert found[0]["reply"], "in the thread of its alarm"


def test_07_requests_leave_a_line(survey: Survey) -> None:
    def lines() -> list[str]:
        logs = survey.client("logs")
        return [
            event["message"] for event in logs.filter_log_events(logGroupName="/aws/apigateway/survey-survey")["events"]
        ]

    survey.wait("the access log is written", lambda: any('"status":"409"' in line for line in lines()))


def test_08_what_failed_is_tried_again(survey: Survey) -> None:
    sqs = survey.client("sqs")
    url = sqs.get_queue_url(QueueName="survey-functions-failed")["QueueUrl"]
    survey.upload("elsewhere/late.csv", b"survey,score\noffice,4\n")
    function = f"arn:aws:lambda:{REGION}:000000000000:function:survey-parse"
    event = {"Records": [{"s3": {"bucket": {"name": survey.bucket}, "object": {"key": "elsewhere/late.csv"}}}]}
    entry = {"requestContext": {"functionArn": f"{function}:$LATEST"}, "requestPayload": event}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(entry))
    dead = {one["name"]: one["dead"] for one in survey.json("queue", "list")}
    assert dead["functions-failed"] == 1
    (message,) = survey.json("queue", "peek", "functions-failed")
    assert "late.csv" in message["body"]
    assert survey.json("queue", "redrive", "functions-failed")["moved"] == 1
    survey.wait("it is stored", lambda: any(one["upload"] == "elsewhere/late.csv" for one in survey.results()["files"]))
    assert "has no dead letters" in survey.run("queue", "redrive", "functions-failed").stdout
    assert "Did you mean `alarms`?" in survey.run("queue", "peek", "alarm", code=2).stderr


def test_09_too_many_at_once_are_held_back(survey: Survey) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(30) as pool:
        found = list(pool.map(lambda _number: survey.http("GET", "/nothing")[0], range(120)))
    assert set(found) == {404, 429}
