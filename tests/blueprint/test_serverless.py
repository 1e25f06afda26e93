"""`functions`, `apis`, `tables`, `queues` and `topics` in a blueprint: what is told when something cannot be."""

from __future__ import annotations

import pytest

from giban.blueprint.defaults import nat_of
from giban.blueprint.durations import seconds_of
from giban.blueprint.load import load
from giban.blueprint.types import Blueprint
from giban.blueprint.uses import Use, use_of, variable_of
from giban.graph.problems import Problems

BASE = """\
name: scv
regions: [ap-northeast-2]
domain: scv.example.com
buckets: {uploads: {}}
tables: {responses: {key: survey, sort: id}}
queues: {jobs: {}, ordered: {fifo: true}}
topics: {news: {}, strict: {fifo: true}}
functions:
  intake: {source: functions/intake, uses: [tables.responses]}
  work: {source: functions/work}
apis:
  survey: {routes: {"POST /responses": intake}}
"""


def blueprint(*sets: str, text: str = BASE) -> Blueprint:
    return load("giban.yaml", None, sets, read=lambda _path: text.encode()).blueprint


def told(*sets: str, text: str = BASE) -> str:
    with pytest.raises(Problems) as caught:
        blueprint(*sets, text=text)
    problems = caught.value.problems
    assert all(problem.where is not None for problem in problems)
    return "\n".join(f"{problem.path}: {problem.what} {problem.fix}" for problem in problems)


def test_the_base_is_good() -> None:
    found = blueprint()
    assert found.functions["intake"].timeout == "10s"
    assert nat_of(found, "production") == "none", "nothing of it is in a private subnet"


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("14d", 1_209_600)]
)
def test_durations_with_seconds(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("tables.responses", Use("tables", "responses", "")),
        ("buckets.uploads:read", Use("buckets", "uploads", "read")),
        ("alarms", Use("alarms", "", "")),
        ("secret:acme/token", Use("secret", "acme/token", "read")),
        ("secret:arn:like", Use("secret", "arn:like", "read")),
        ("", Use("", "", "")),
    ],
)
def test_uses(text: str, use: Use) -> None:
    assert use_of(text) == use


def test_variables() -> None:
    assert variable_of("table", "my-responses") == "GIBAN_TABLE_MY_RESPONSES"
    assert variable_of("secret", "acme/token.1") == "GIBAN_SECRET_ACME_TOKEN_1"


FUNCTIONS = [
    ("functions.intake.timeout=16m", "functions.intake.timeout: 16m is longer", "15m or less"),
    ("functions.intake.timeout=29s", "functions.intake.timeout: The API `survey` gives up after 29 seconds", "28s or less"),
    ("functions.intake.source=/srv/code", "functions.intake.source: ", "seen from the blueprint"),
    ("functions.intake.source='C:\\code'", "functions.intake.source: ", "seen from the blueprint"),
    ("functions.intake.handler=app", "functions.intake.handler", "app.handle"),
    ("functions.intake.runtime=python3.9", "functions.intake.runtime", "python3.12"),
    ("functions.intake.memory=64", "functions.intake.memory", "128"),
    ("functions.intake.retries=3", "functions.intake.retries", "0 to 2"),
    ("functions.intake.env={1A: x}", "functions.intake.env.1A", "digit"),
    ("functions.intake.env={AWS_REGION: x}", "functions.intake.env.AWS_REGION: `AWS_REGION` is set by Lambda", "another name"),
    ("functions.intake.env={GIBAN_TABLE_X: x}", "set by giban, from `uses`", "another name"),
    (f"functions.intake.env={{A: {'x' * 4100}}}", "functions.intake.env: 4101 bytes", "file"),
    ("functions.intake.uses=[tables.response]", "functions.intake.uses[0]: There is no `tables.response`", "tables.responses"),
    ("functions.intake.uses=[databases.main]", "There is no `databases.main`", "Known are"),
    ("functions.intake.uses=[services.web]", "There is no `services.web`", "Known are"),
    ("functions.intake.uses=[alarms]", "There are no alarms to send to", "Add a section `alarms`"),
    ("functions.intake.uses=['queues.jobs:read']", "`queues.jobs:read` cannot be limited so", "tables and buckets only"),
    ("functions.intake.uses=['tables.responses:look']", "cannot be limited so", "`:read` or `:write`"),
    ("functions.intake.uses=[functions.intake]", "A function does not use itself", "queue"),
    ("functions.intake.uses=[tables.responses, tables.responses]", "listed twice", "Remove one"),
    ("functions.intake.uses=['secret:a b']", "is not the name of a secret", "Secrets Manager"),
    ("functions.intake.uses=['secret:a/b', 'secret:a.b']", "GIBAN_SECRET_A_B", "Rename one"),
    ("functions.intake.concurrency={reserved: 1, provisioned: 2}", "2 cannot be kept warm of 1", "2 or more"),
    ("functions.intake.triggers=[{}]", "functions.intake.triggers[0]: A trigger is exactly one", "bucket, queue"),
    ("functions.intake.triggers=[{queue: jobs, topic: news}]", "A trigger is exactly one of these", "Write one of"),
    ("functions.intake.triggers=[{queue: job}]", "functions.intake.triggers[0].queue: There is no queue `job`", "`jobs`"),
    ("functions.intake.triggers=[{queue: jobs, prefix: raw/}]", "`prefix` says nothing about a trigger by queue", "Remove it"),
    ("functions.intake.triggers=[{queue: jobs, batch: 11}]", "have to be waited for", "wait: 5s"),
    ("functions.intake.triggers=[{queue: ordered, batch: 11}]", "A FIFO queue gives 10", "10 or less"),
    ("functions.intake.triggers=[{queue: ordered, wait: 5s}]", "A FIFO queue does not gather", "Remove it"),
    ("functions.intake.triggers=[{queue: jobs, wait: 6m}]", "longer than a batch may gather", "5m or less"),
    ("functions.intake.triggers=[{topic: strict}]", "A FIFO topic reaches queues only", "queue trigger"),
    ("functions.intake.triggers=[{schedule: '08:00 daily'}]", "is a time in which zone?", "Asia/Seoul"),
    ("functions.intake.triggers=[{schedule: '08:00 daily', time_zone: Asia/Soul}]", "There is no time zone", "Asia/Seoul"),
    ("functions.intake.triggers=[{every: 30s}]", "functions.intake.triggers[0].every", "30m"),
    ("functions.intake.triggers=[{every: 5m, time_zone: Asia/Seoul}]", "`time_zone` says nothing", "Remove it"),
]  # fmt: skip


@pytest.mark.parametrize(("set_", "what", "fix"), FUNCTIONS)
def test_what_is_wrong_with_a_function(set_: str, what: str, fix: str) -> None:
    said = told(set_)
    assert what in said
    assert fix in said


@pytest.mark.parametrize(
    ("set_", "what", "fix"),
    [
        ("apis.survey.routes={'POST /x': intak}", "There is no function `intak`", "`intake`"),
        ("apis.survey.routes={'post /x': intake}", "does not begin with a method", "`POST`"),
        ("apis.survey.routes={'/x': intake}", "does not begin with a method", "ANY"),
        ("apis.survey.routes={'GET x': intake}", "`x` is not a path", "{id}"),
        ("apis.survey.routes={'GET /a//b': intake}", "is not a path", "{rest+}"),
        ("apis.survey.routes={'GET /{rest+}/b': intake}", "is not a path", "only at its end"),
        ("apis.survey.routes={'GET /a b': intake}", "is not a path", "/responses/{id}"),
        ("apis.survey.routes={'GET /{a}': intake, 'GET /{b}': work}", "are the same route", "Remove one"),
        ("apis.survey.host=Survey", "apis.survey.host", "Its name below the domain"),
        ("apis.survey.host=www", "taken by giban itself", "another one"),
        ("apis.survey.cors={origins: [www.example.com]}", "is not the origin of a page", "https://www.example.com"),
        ("apis.survey.cors={origins: ['https://a.b/']}", "is not the origin of a page", "only"),
        ("apis.survey.cors={origins: []}", "apis.survey.cors.origins", "at least 1"),
        ("apis.survey.cors={origins: ['*'], credentials: true}", "send no cookies", "Name the origins"),
        ("apis.survey.cors={origins: ['*'], headers: ['a b']}", "is not the name of a header", "content-type"),
        ("apis.survey.cors={origins: ['*'], keep: 2d}", "more than browsers keep", "1d or less"),
        ("apis.survey.allow=[203.0.113.7/24]", "apis.survey.allow[0]: `203.0.113.7/24` has host bits", "203.0.113.7/32"),
        ("apis.survey.allow=['2001:db8::1/32']", "apis.survey.allow[0]", "range"),
        ("apis.survey.allow=[everybody]", "apis.survey.allow[0]", "range"),
        ("apis.survey.throttle={rate: 0}", "apis.survey.throttle.rate", "1 to"),
        ("tables.responses.sort=survey", "Both keys are the same attribute", "another one"),
        ("tables.responses.numbers=[at]", "`at` is no key", "no type"),
        ("tables.responses.numbers=[idd]", "`idd` is no key", "`id`"),
        ("tables.responses.ttl=id", "cannot be part of its key", "of its own"),
        ("tables.responses.indexes={by_x: {key: a, sort: a}}", "tables.responses.indexes.by_x.sort", "another one"),
        ("tables.responses.indexes={by_x: {key: survey, sort: id}}", "The table itself is found by these keys", "Remove it"),
        ("tables.responses.indexes={x: {key: a}}", "tables.responses.indexes", "3 to 255"),
        ("queues.jobs.retain=15d", "queues.jobs.retain: 15d is not possible", "1m to 14d"),
        ("queues.jobs.retain=30s", "queues.jobs.retain: 30s is not possible", "1m to 14d"),
        ("queues.jobs.visibility=13h", "queues.jobs.visibility: 13h is not possible", "12h"),
        ("queues.jobs.delay=16m", "queues.jobs.delay", "15m"),
        ("queues.jobs.failure=burry", "There is no function `burry`", "Known are"),
        ("topics.news.subscribe=[queues.job]", "There is no `queues.job`", "`queues.jobs`"),
        ("topics.news.subscribe=[queues.ordered]", "is FIFO, and this topic is not", "both `fifo`"),
        ("topics.news.subscribe=[queues.jobs, queues.jobs]", "subscribes twice", "Remove one"),
        ("topics.news.subscribe=[{email: nobody}]", "topics.news.subscribe[0].email", "team@example.com"),
        ("topics.strict.subscribe=[{email: a@b.cd}]", "A FIFO topic reaches queues only", "Remove it"),
    ],
)  # fmt: skip
def test_what_is_wrong_elsewhere(set_: str, what: str, fix: str) -> None:
    said = told(set_)
    assert what in said
    assert fix in said


def test_an_api_without_routes() -> None:
    assert "apis.survey.routes: This is empty. Write at least 1" in told(
        text=BASE.replace('{"POST /responses": intake}', "{}")
    )


def test_a_host_needs_a_domain() -> None:
    said = told("apis.survey.host=survey", text=BASE.replace("domain: scv.example.com\n", ""))
    assert "apis.survey.host: There is no domain" in said


def test_names_below_the_domain_are_given_once() -> None:
    assert "`apis.survey` has the name `web`" in told(
        "apis.survey.host=web", "apis.other={routes: {$default: work}, host: web}"
    )
    service = "services.web={kind: instances, public: true, port: 80}"
    assert "`services.web` has the name `web`" in told("apis.survey.host=web", service)
    station = "workstations.dev={allow: [203.0.113.0/24]}"
    assert "`workstations.dev` has the name `dev-admin`" in told("apis.survey.host=dev-admin", station)


def test_functions_in_a_circle() -> None:
    said = told("functions.intake.uses=[functions.work]", "functions.work.uses=[functions.intake]")
    assert "functions.intake.uses[0]: Functions call each other in a circle: intake → work → intake." in said
    assert said.count("circle") == 1


def test_a_function_is_not_called_by_what_it_writes() -> None:
    uses = "functions.work.uses=[buckets.uploads]"
    assert "without end" in told(uses, "functions.work.triggers=[{bucket: uploads}]")
    assert blueprint(uses, "functions.work.triggers=[{bucket: uploads, prefix: raw/}]").functions
    assert blueprint(
        "functions.work.uses=['buckets.uploads:read']", "functions.work.triggers=[{bucket: uploads}]"
    ).functions


def test_a_queue_has_one_consumer() -> None:
    both = [f"functions.{name}.triggers=[{{queue: jobs}}]" for name in ("intake", "work")]
    assert "functions.work.triggers[0].queue: Another function takes from `queues.jobs`" in told(*both)


def test_a_stream_has_two_readers_at_most() -> None:
    text = BASE.replace("apis:", "  third: {source: c}\napis:")
    readers = [f"functions.{name}.triggers=[{{table: responses}}]" for name in ("intake", "work", "third")]
    assert "functions.third.triggers[0].table: Two functions read" in told(*readers, text=text)
    assert blueprint(*readers[:2], text=text).functions
    assert "`tables.responses` has no stream" in told(readers[0], "tables.responses.stream=false")


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("prefix: raw/", "prefix: raw/a", True),
        ("prefix: raw/", "prefix: made/", False),
        ("suffix: .csv", "suffix: .json", False),
        ("suffix: .csv", "prefix: raw/", True),
        ("prefix: raw/, suffix: .csv", "prefix: raw/, suffix: .json", False),
        ("prefix: a", "suffix: .csv, prefix: b", False),
    ],
)
def test_an_object_is_told_to_one_function(one: str, other: str, overlap: bool) -> None:
    sets = [
        f"functions.intake.triggers=[{{bucket: uploads, {one}}}]", f"functions.work.triggers=[{{bucket: uploads, {other}}}]",
    ]  # fmt: skip
    if overlap:
        assert "S3 tells one function only" in told(*sets)
    else:
        assert blueprint(*sets).functions


def test_a_message_stays_hidden_while_its_function_works() -> None:
    sets = ["functions.work.triggers=[{queue: jobs}]", "functions.work.timeout=1m"]
    assert "may take 1m: its message would be handed out again" in told(*sets, "queues.jobs.visibility=30s")
    assert "The function that failed would be asked again" in told(*sets, "queues.jobs.failure=work")


def test_a_new_name_cannot_be_the_old_one_of_another() -> None:
    for section, name in (("functions", "intake"), ("tables", "responses"), ("queues", "jobs"), ("topics", "news")):
        said = told(f"{section}.{name}.was={name}")
        assert f"`{name}` is still there" in said
