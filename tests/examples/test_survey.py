"""The survey's own code: what is an answer, files row by row, when people are told, and pages that show what was sent."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(__file__))), "examples", "survey", "functions")
MODULES = ("answers", "rows", "threshold", "pages", "store", "form", "intake", "parse", "results")


@pytest.fixture(scope="module")
def survey() -> Iterator[Any]:
    """The modules of the functions, as Lambda would find them."""
    before = os.environ.get("SURVEYS")
    os.environ["SURVEYS"] = "lunch, office"
    sys.path.insert(0, FOLDER)
    found = SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    yield found
    sys.path.remove(FOLDER)
    for name in MODULES:
        del sys.modules[name]
    del os.environ["SURVEYS"]
    if before is not None:
        os.environ["SURVEYS"] = before


def test_an_answer(survey: Any) -> None:
    fields = {"survey": " lunch ", "id": "abc-12345", "score": "4", "comment": "  good\nsoup "}
    expected = {"survey": "lunch", "id": "abc-12345", "score": 4, "comment": "good\nsoup"}
    assert survey.answers.read_answer(fields) == expected
    assert survey.answers.read_answer({**fields, "score": 4}) == expected
    assert survey.answers.read_answer({**fields, "score": 4.0}) == expected
    assert survey.answers.read_answer({"survey": "lunch", "score": 1}, "row-000001")["id"] == "row-000001"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "survey is missing. id is missing. score is missing."),
        ({"survey": "dinner"}, "There is no survey dinner; there is lunch, office."),
        ({"survey": "lunch", "id": "short", "score": 3}, "id must have 8 to 64"),
        ({"survey": "lunch", "id": "../../etc", "score": 3}, "id must have 8 to 64"),
        ({"survey": "lunch", "id": "abcdefgh", "score": 0}, "from 1 to 5"),
        ({"survey": "lunch", "id": "abcdefgh", "score": 3.5}, "from 1 to 5"),
        ({"survey": "lunch", "id": "abcdefgh", "score": True}, "score is missing"),
        ({"survey": "lunch", "id": "abcdefgh", "score": "５"}, "from 1 to 5"),
        ({"survey": "lunch", "id": "abcdefgh", "score": 3, "comment": "x" * 1001}, "more than 1000"),
        ({"survey": "lunch", "id": "abcdefgh", "score": 3, "comment": "a\x00b"}, "cannot be shown"),
        ({"survey": "#state", "id": "abcdefgh", "score": 3}, "There is no survey #state"),
        ([], "An answer is an object"),
        (None, "An answer is an object"),
    ],
)
def test_what_is_no_answer_is_told(survey: Any, fields: Any, said: str) -> None:
    with pytest.raises(survey.answers.BadAnswerError, match=said.replace(".", r"\.").replace("#", r"\#")):
        survey.answers.read_answer(fields)


@given(
    st.dictionaries(
        st.sampled_from(["survey", "id", "score", "comment", "x"]), st.none() | st.integers() | st.text(max_size=20)
    )
)
def test_whatever_is_sent_is_an_answer_or_told(survey: Any, fields: dict[str, Any]) -> None:
    answer, reasons = None, []
    try:
        answer = survey.answers.read_answer(fields)
    except survey.answers.BadAnswerError as error:
        reasons = error.reasons
    assert (answer is None) == bool(reasons)
    assert answer is None or (answer["survey"] in ("lunch", "office") and answer["score"] in range(1, 6))


def test_csv_row_by_row(survey: Any) -> None:
    text = 'survey,score,comment\r\nlunch,4,"two\nlines"\r\n\r\nlunch,5\r\nlunch,3,ok\r\n'
    found = list(survey.rows.rows_of("raw/a.CSV", text.encode("utf-8-sig")))
    assert found == [
        (2, {"survey": "lunch", "score": "4", "comment": "two\nlines"}, None),
        (5, None, "The row has 2 cells, the header 3."),
        (6, {"survey": "lunch", "score": "3", "comment": "ok"}, None),
    ]


def test_csv_of_excel_in_korea(survey: Any) -> None:
    data = "survey,score,comment\nlunch,4,맛있어요\n".encode("cp949")
    assert list(survey.rows.rows_of("a.csv", data)) == [
        (2, {"survey": "lunch", "score": "4", "comment": "맛있어요"}, None)
    ]


def test_json_row_by_row(survey: Any) -> None:
    lines = b'{"survey": "lunch", "score": 4}\n\nnot json\n[1]\n{"survey": "lunch", "score": 5}'
    found = list(survey.rows.rows_of("a.jsonl", lines))
    assert [line for line, _, _ in found] == [1, 3, 4, 5]
    assert [fields is not None for _, fields, _ in found] == [True, False, False, True]
    assert list(survey.rows.rows_of("a.json", b'[{"score": 1}, 7]')) == [
        (1, {"score": 1}, None),
        (2, None, "This is no object with survey and score."),
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b""),
        ("a.csv", b"   \n"),
        ("a.csv", b"\xff\xfe\x00\x80"),
        ("a.csv", b"name,age\n"),
        ("a.csv", b"survey,score,score\n"),
        ("a.csv", b"survey,score\n\x00,1\n"),
        ("a.json", b"[1, 2"),
        ("a.xlsx", b"PK"),
        ("noending", b"{}"),
    ],
)
def test_files_that_cannot_be_read_say_why(survey: Any, name: str, data: bytes) -> None:
    with pytest.raises(survey.rows.UnreadableError, match=r"\.$"):
        list(survey.rows.rows_of(name, data))


@given(st.sampled_from(["a.csv", "a.json", "a.jsonl"]), st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_breaks_it(survey: Any, name: str, data: bytes) -> None:
    try:
        found = list(survey.rows.rows_of(name, data))
    except survey.rows.UnreadableError:
        return
    assert all((fields is None) != (reason is None) for _, fields, reason in found)


@pytest.mark.parametrize(
    ("scores", "before", "low"),
    [
        ([], False, False),
        ([1, 1, 1, 1], False, False),
        ([1, 1, 1, 1], True, True),
        ([1, 1, 1, 1, 1], False, True),
        ([2, 2, 3, 3, 3], False, False),
        ([2, 2, 3, 3, 3], True, True),
        ([3, 3, 3, 3, 3], True, False),
        ([5] * 20 + [1] * 50, True, False),
        ([1] * 20 + [5] * 50, False, True),
    ],
)
def test_when_people_are_told(survey: Any, scores: list[int], before: bool, low: bool) -> None:
    assert survey.threshold.state_of(scores, before) is low


@given(st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=30), max_size=30))
def test_it_is_told_in_turns(survey: Any, steps: list[list[int]]) -> None:
    low, told = False, []
    for scores in steps:
        now = survey.threshold.state_of(scores, low)
        if now != low:
            told.append(survey.threshold.notice("lunch", scores, now)["status"])
        low = now
    assert told == ["firing", "resolved"] * (len(told) // 2) + ["firing"] * (len(told) % 2)


def test_pages_show_what_was_sent_as_text(survey: Any) -> None:
    nasty = "<script>alert(1)</script>\"'"
    shown = (
        survey.pages.results(
            "ko",
            [{"survey": nasty, "scores": {1: 0, 5: 2}, "count": 2, "average": 5.0, "low": True}],
            [{"upload": nasty, "stored": 1, "bad": 1, "rows": [{"line": 3, "reason": nasty}]}],
            True,
        )
        + survey.pages.form("en", [nasty], nasty)
        + survey.pages.wrong("en", [nasty])
    )
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 6
    assert set(survey.pages.WORDS["en"]) == set(survey.pages.WORDS["ko"])


class World:
    """The tables, the bucket and the topic, and what came to it."""

    def __init__(self, survey: Any) -> None:
        self.survey = survey

    def send(self, body: Any, kind: str = "application/json") -> dict[str, Any]:
        text = body if isinstance(body, str) else json.dumps(body)
        answer: dict[str, Any] = self.survey.intake.handle({"headers": {"content-type": kind}, "body": text}, None)
        return answer

    def upload(self, key: str, data: bytes) -> None:
        boto3.client("s3").put_object(Bucket="uploads", Key=key, Body=data)
        self.again(key)

    def again(self, key: str) -> None:
        record = {"s3": {"bucket": {"name": "uploads"}, "object": {"key": key.replace(" ", "+")}}}
        self.survey.parse.handle({"Records": [record]}, None)

    @property
    def told(self) -> list[dict[str, Any]]:
        queue = boto3.client("sqs")
        found = queue.receive_message(
            QueueUrl=queue.get_queue_url(QueueName="told")["QueueUrl"], MaxNumberOfMessages=10
        )
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found.get("Messages", [])]


@pytest.fixture
def world(survey: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in {
        "AWS_DEFAULT_REGION": "ap-northeast-2", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "GIBAN_TABLE_RESPONSES": "responses", "GIBAN_TABLE_REPORTS": "reports", "GIBAN_BUCKET_UPLOADS": "uploads",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with mock_aws():
        tables = boto3.client("dynamodb")
        kinds = [{"AttributeName": "survey", "AttributeType": "S"}, {"AttributeName": "id", "AttributeType": "S"}]
        index = {
            "IndexName": "by_time",
            "KeySchema": [{"AttributeName": "survey", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        tables.create_table(
            TableName="responses", BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexes=[index],
            AttributeDefinitions=[*kinds, {"AttributeName": "at", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "survey", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        )  # fmt: skip
        tables.create_table(
            TableName="reports", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "upload", "AttributeType": "S"}, {"AttributeName": "line", "AttributeType": "N"},
            ],
            KeySchema=[{"AttributeName": "upload", "KeyType": "HASH"}, {"AttributeName": "line", "KeyType": "RANGE"}],
        )  # fmt: skip
        where = {"LocationConstraint": "ap-northeast-2"}
        boto3.client("s3").create_bucket(Bucket="uploads", CreateBucketConfiguration=where)
        topic = boto3.client("sns").create_topic(Name="alarms")["TopicArn"]
        monkeypatch.setenv("GIBAN_ALARMS_TOPIC", topic)
        boto3.client("sqs").create_queue(QueueName="told")
        boto3.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:ap-northeast-2:123456789012:told"
        )
        survey.store._clients.clear()
        yield World(survey)
        survey.store._clients.clear()


def test_an_answer_is_stored_once(world: World) -> None:
    answer = {"survey": "lunch", "id": "abcd-0001", "score": 4, "comment": "ok"}
    assert world.send(answer)["statusCode"] == 201
    assert world.send(answer)["statusCode"] == 200
    assert world.send({**answer, "score": 1})["statusCode"] == 409
    assert sum(world.survey.store.scores("lunch").values()) == 1


def test_a_form_is_sent_on_to_the_results(world: World) -> None:
    form = "application/x-www-form-urlencoded"
    answer = world.send("survey=office&id=form-00001&score=5&comment=%EC%BB%A4%ED%94%BC", form)
    assert (answer["statusCode"], answer["headers"]["location"]) == (303, "/results?thanks=1")
    wrong = world.send("survey=office&score=9", form)
    assert wrong["statusCode"] == 400
    assert "from 1 to 5" in wrong["body"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "\udcff", '{"survey": {}}', "x" * 30_000])
def test_what_cannot_be_read_is_the_senders_mistake(world: World, body: str) -> None:
    answer = world.survey.intake.handle(
        {"headers": {"content-type": "application/json"}, "body": body.encode("utf-8", "replace").decode()}, None
    )
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["reasons"]


def test_low_answers_are_told_once_and_so_is_that_it_is_over(world: World) -> None:
    for number in range(7):
        world.send({"survey": "lunch", "id": f"low-{number:05}", "score": 1})
    (first,) = world.told
    assert (first["status"], first["priority"], first["key"]) == ("firing", "P2", "survey/lunch/average")
    for number in range(14):
        world.send({"survey": "lunch", "id": f"high-{number:05}", "score": 5})
    (second,) = world.told
    assert (second["status"], second["key"]) == ("resolved", first["key"])


def test_a_file_is_stored_and_what_is_wrong_with_it_is_reported(world: World) -> None:
    folder = os.path.join(os.path.dirname(FOLDER), "samples")
    for name in ("monday.csv", "tuesday.jsonl"):
        with open(os.path.join(folder, name), "rb") as file:
            world.upload(f"raw/{name}", file.read())
    answer = world.survey.results.handle({"rawPath": "/results.json"}, None)
    found = json.loads(answer["body"])
    assert [(one["survey"], one["count"]) for one in found["surveys"]] == [("lunch", 2), ("office", 2)]
    assert [(one["upload"], one["stored"], [row["line"] for row in one["rows"]]) for one in found["files"]] == [
        ("raw/monday.csv", 2, [3, 4]),
        ("raw/tuesday.jsonl", 2, [2, 3]),
    ]
    report = boto3.client("s3").get_object(Bucket="uploads", Key="reports/monday.csv.json")["Body"].read()
    assert json.loads(report)["bad"][0] == {"line": 3, "reason": "score must be a whole number from 1 to 5."}
    page = world.survey.results.handle({"rawPath": "/results", "headers": {}}, None)["body"]
    assert "raw/monday.csv" in page


def test_a_file_that_is_read_again_changes_nothing(world: World) -> None:
    data = b"survey,score\nlunch,4\nlunch,9\n"
    world.upload("raw/my file.csv", data)
    before = world.survey.results.handle({"rawPath": "/results.json"}, None)
    world.again("raw/my file.csv")
    assert world.survey.results.handle({"rawPath": "/results.json"}, None) == before


def test_a_corrected_file_loses_its_old_complaints(world: World) -> None:
    world.upload("raw/a.csv", b"survey,score,id\nlunch,9,paper-001\nlunch,4,paper-002\n")
    world.upload("raw/a.csv", b"survey,score,id\nlunch,5,paper-001\nlunch,4,paper-002\n")
    (report,) = world.survey.store.reports()
    assert (report["stored"], report["bad"], report["rows"]) == (2, 0, [])


def test_people_hear_of_a_file_that_is_mostly_wrong(world: World) -> None:
    world.upload("raw/a.csv", b"survey,score\n" + b"dinner,4\n" * 12)
    (told,) = world.told
    assert "12 rows" in told["title"]
    world.upload("raw/a.pdf", b"%PDF")
    assert "1 row could" in world.told[0]["title"]
