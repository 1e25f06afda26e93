"""What functions and what belongs to them promise beyond what the case pins down: who may do what, and what calls them."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.blueprint.load import load
from giban.components.compile import compile_graph
from giban.components.serverless_apis import route_labels
from giban.components.serverless_code import archive_of
from giban.components.serverless_triggers import cron, rate
from giban.graph.graph import Graph
from giban.graph.problems import Problems
from giban.graph.resource import Resource

CASE = Path(__file__).parents[1] / "cases" / "serverless"
BASE = (CASE / "giban.yaml").read_text()


def graph(*sets: str, text: str = BASE, folder: str = str(CASE)) -> Graph:
    loaded = load("giban.yaml", None, sets, read=lambda _path: text.encode())
    return compile_graph(loaded.blueprint, None, loaded.positions, folder)


def resource(found: Graph, address: str) -> Resource:
    there = found.get(address)
    assert there is not None, address
    return there


def statements(found: Graph, address: str) -> dict[str, dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(resource(found, address).args["policy"])["Statement"]
    return {statement["Sid"]: statement for statement in listed}


def variables(found: Graph, name: str) -> dict[str, str]:
    read: dict[str, str] = resource(found, f"aws_lambda_function.{name}").args["environment"]["variables"]
    return read


def test_roles_may_do_what_is_used_and_nothing_else() -> None:
    found = graph()
    for role in found.all("aws_iam_role_policy"):
        for statement in statements(found, role.address).values():
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any("*" in action for action in actions), role.address
            if role.component.startswith("functions."):
                assert statement["Resource"] != "*" or statement["Sid"] == "Trace", role.address


def test_reading_is_not_writing() -> None:
    found = graph()
    assert set(statements(found, "aws_iam_role_policy.site")) == {
        "Log",
        "ReadTables",
        "Send",
        "Trace",
        "DecryptForDynamodb",
    }
    site = statements(found, "aws_iam_role_policy.site")["ReadTables"]
    assert site["Resource"] == ["${aws_dynamodb_table.responses.arn}", "${aws_dynamodb_table.responses.arn}/index/*"]
    parse = statements(found, "aws_iam_role_policy.parse")
    assert "ReadTables" not in parse
    assert "dynamodb:GetItem" not in json.dumps(parse)
    assert parse["ReadObjects"]["Resource"] == ["${aws_s3_bucket.uploads.arn}/raw/*"], (
        "what it is told of, and nothing else"
    )
    assert "ListBuckets" not in parse
    assert parse["WriteObjects"]["Resource"] == ["${aws_s3_bucket.uploads.arn}/*"]


def test_changes_of_an_encrypted_table_can_be_read() -> None:
    watch = statements(graph(), "aws_iam_role_policy.watch")
    assert watch["ReadStreams"]["Resource"] == ["${aws_dynamodb_table.responses.stream_arn}"]
    assert watch["DecryptForDynamodb"]["Resource"] == "${aws_kms_key.main.arn}"


def test_a_function_that_uses_a_database_is_in_the_vpc_and_reaches_nothing_else_there() -> None:
    found = graph("databases.main={engine: postgres, version: '16'}", "functions.work.uses=[databases.main]")
    work = resource(found, "aws_lambda_function.work").args
    assert work["vpc_config"]["security_group_ids"] == ["${aws_security_group.work.id}"]
    assert variables(found, "work") == {"GIBAN_DATABASE_MAIN": "${aws_secretsmanager_secret.main_connection.arn}"}
    assert not found.all("aws_vpc_security_group_ingress_rule") or {
        rule.args["security_group_id"] for rule in found.all("aws_vpc_security_group_ingress_rule")
    } == {"${aws_security_group.main_db.id}"}
    opened = {
        rule.label: (rule.args["from_port"], rule.args.get("cidr_ipv4"))
        for rule in found.all("aws_vpc_security_group_egress_rule")
        if rule.component == "functions.work"
    }
    assert opened == {"work_https": (443, "0.0.0.0/0"), "work_to_main_db": (5432, None)}
    secrets = statements(found, "aws_iam_role_policy.work")["ReadSecrets"]["Resource"]
    assert secrets[0] == "${aws_secretsmanager_secret.main_connection.arn}"
    assert "vpc_config" not in resource(found, "aws_lambda_function.intake").args


def test_a_function_without_uses_may_write_its_log_only() -> None:
    assert set(
        statements(graph("functions.bury.tracing=false", "queues.jobs.failure=null"), "aws_iam_role_policy.bury")
    ) == {"Log"}


def test_functions_are_told_the_names_of_what_they_use() -> None:
    assert variables(graph(), "intake") == {
        "GREETING": "hello $${name}",
        "GIBAN_ALARMS_TOPIC": "${aws_sns_topic.alarms.arn}",
        "GIBAN_FUNCTION_SITE": "${aws_lambda_function.site.function_name}",
        "GIBAN_QUEUE_JOBS": "${aws_sqs_queue.jobs.url}",
        "GIBAN_SECRET_ACME_SURVEY": "arn:aws:secretsmanager:ap-northeast-2:${data.aws_caller_identity.current.account_id}"
        ":secret:acme/survey",
        "GIBAN_TABLE_RESPONSES": "${aws_dynamodb_table.responses.name}",
        "GIBAN_TOPIC_NEWS": "${aws_sns_topic.news.arn}",
    }
    assert variables(graph(), "parse")["GIBAN_BUCKET_UPLOADS"] == "${aws_s3_bucket.uploads.bucket}"


def test_what_is_kept_warm_is_what_is_called() -> None:
    found = graph()
    alias = "${aws_lambda_alias.intake"
    assert (
        resource(found, "aws_apigatewayv2_integration.survey_intake").args["integration_uri"] == f"{alias}.invoke_arn}}"
    )
    assert resource(found, "aws_lambda_permission.survey_intake").args["qualifier"] == f"{alias}.name}}"
    assert resource(found, "aws_lambda_function.intake").args["publish"] is True
    cold = graph("functions.intake.concurrency.provisioned=0")
    assert cold.get("aws_lambda_alias.intake") is None
    assert "publish" not in resource(cold, "aws_lambda_function.intake").args
    uses = graph("functions.site.concurrency={provisioned: 1}")
    assert statements(uses, "aws_iam_role_policy.intake")["Invoke"]["Resource"] == ["${aws_lambda_alias.site.arn}"]
    assert variables(uses, "intake")["GIBAN_FUNCTION_SITE"] == "${aws_lambda_function.site.function_name}:live"
    config = resource(uses, "aws_lambda_function_event_invoke_config.site").args
    assert config["qualifier"] == "${aws_lambda_alias.site.name}"


def test_events_that_fail_are_kept() -> None:
    found = graph()
    told = {item.label for item in found.all("aws_lambda_function_event_invoke_config")}
    assert {"parse", "site", "watch"} <= told, "those that nobody waits for: a bucket, another function, the clock"
    assert not {"intake", "work", "bury"} & told, "an API and a queue wait for the answer"
    for name in ("parse", "site", "watch"):
        assert (
            "${aws_sqs_queue.functions_failed.arn}"
            in statements(found, f"aws_iam_role_policy.{name}")["Send"]["Resource"]
        )
    assert resource(found, "aws_lambda_function_event_invoke_config.parse").args["maximum_retry_attempts"] == 1


def test_a_bucket_has_one_notification() -> None:
    found = graph("functions.watch.triggers=[{bucket: uploads, prefix: made/}]")
    (notification,) = found.all("aws_s3_bucket_notification")
    assert [one["id"] for one in notification.args["lambda_function"]] == ["parse-0", "parse-1", "watch-2"]
    permissions = notification.meta["depends_on"]
    assert permissions == ["aws_lambda_permission.parse_bucket_uploads", "aws_lambda_permission.watch_bucket_uploads"]
    assert "source_account" in resource(found, permissions[0]).args


def test_messages_are_hidden_for_six_times_the_timeout() -> None:
    found = graph()
    assert resource(found, "aws_sqs_queue.jobs").args["visibility_timeout_seconds"] == 65, (
        "and the batch gathers for 5 s"
    )
    assert resource(found, "aws_sqs_queue.jobs_dead").args["visibility_timeout_seconds"] == 60
    assert resource(found, "aws_sqs_queue.ordered").args["visibility_timeout_seconds"] == 120
    longest = graph("functions.work.timeout=15m", "functions.work.triggers=[{queue: jobs}]")
    assert resource(longest, "aws_sqs_queue.jobs").args["visibility_timeout_seconds"] == 5400


def test_only_a_topic_that_reaches_a_queue_may_send_to_it() -> None:
    found = graph()
    jobs = json.loads(resource(found, "aws_sqs_queue_policy.jobs").args["policy"])["Statement"]
    assert [(one["Effect"], one["Action"]) for one in jobs] == [("Deny", "sqs:*"), ("Allow", "sqs:SendMessage")]
    assert jobs[1]["Condition"] == {"ArnEquals": {"aws:SourceArn": "${aws_sns_topic.news.arn}"}}
    dead = json.loads(resource(found, "aws_sqs_queue_policy.jobs_dead").args["policy"])["Statement"]
    assert [one["Effect"] for one in dead] == ["Deny"]


def test_fifo_queues_and_topics_have_names_that_say_so() -> None:
    found = graph()
    for address in ("aws_sqs_queue.ordered", "aws_sqs_queue.ordered_dead", "aws_sns_topic.strict"):
        assert resource(found, address).args["name"].endswith(".fifo"), address


def test_a_table_has_a_stream_when_somebody_reads_it() -> None:
    assert resource(graph(), "aws_dynamodb_table.responses").args["stream_enabled"] is True
    assert "stream_enabled" not in resource(graph(), "aws_dynamodb_table.counts").args
    assert resource(graph("tables.counts.stream=true"), "aws_dynamodb_table.counts").args["stream_view_type"]


def test_stage_decides_recovery_and_protection() -> None:
    made = resource(graph("stage=production"), "aws_dynamodb_table.responses").args
    assert (made["point_in_time_recovery"]["enabled"], made["deletion_protection_enabled"]) == (True, True)
    made = resource(graph("stage=development"), "aws_dynamodb_table.responses").args
    assert (made["point_in_time_recovery"]["enabled"], made["deletion_protection_enabled"]) == (False, False)


def test_an_api_for_a_few_has_a_doorman_at_every_route() -> None:
    found = graph()
    routes = [route for route in found.all("aws_apigatewayv2_route") if route.component == "apis.survey"]
    assert len(routes) == 3
    assert all(route.args["authorization_type"] == "CUSTOM" for route in routes)
    assert variables(found, "survey_doorman") == {"GIBAN_ALLOW": "203.0.113.0/24,2001:db8::/32"}
    assert resource(found, "aws_apigatewayv2_api.survey").args["ip_address_type"] == "dualstack"
    assert set(statements(found, "aws_iam_role_policy.survey_doorman")) == {"Log"}
    opened = graph("apis.survey.allow=[]")
    assert not opened.all("aws_apigatewayv2_authorizer")
    assert all("authorization_type" not in route.args for route in opened.all("aws_apigatewayv2_route"))


def test_an_api_has_one_name() -> None:
    found = graph()
    assert resource(found, "aws_apigatewayv2_api.survey").args["disable_execute_api_endpoint"] is True
    assert "disable_execute_api_endpoint" not in resource(found, "aws_apigatewayv2_api.open").args
    outputs = found.get("aws_apigatewayv2_api.open")
    assert outputs is not None
    assert outputs.stack.outputs["survey_url"]["value"] == "https://survey.scv.example.com"
    assert outputs.stack.outputs["open_url"]["value"] == "${aws_apigatewayv2_api.open.api_endpoint}"


def test_two_functions_behind_two_apis_have_a_permission_for_each() -> None:
    found = graph("apis.open={routes: {$default: intake, 'GET /': site}}")
    ids = [
        (str(item.args["function_name"]), item.args["statement_id"])
        for item in found.all("aws_lambda_permission")
        if "statement_id" in item.args
    ]
    assert len(set(ids)) == len(ids), "a statement's name is unique in its function"


def test_a_new_name_moves_what_is_there() -> None:
    text = BASE.replace("  counts: {key", "  numbers: {was: counts, key")
    found = graph(text=text)
    table = resource(found, "aws_dynamodb_table.numbers")
    assert table.args["name"] == "scv-counts"
    assert ("aws_dynamodb_table.counts", "aws_dynamodb_table.numbers") in table.stack.moved


@pytest.mark.parametrize(
    ("every", "expression"),
    [
        ("1m", "rate(1 minute)"), ("90m", "rate(90 minutes)"), ("1h30m", "rate(90 minutes)"), ("60m", "rate(1 hour)"),
        ("1h", "rate(1 hour)"), ("48h", "rate(2 days)"), ("1d", "rate(1 day)"),
    ],
)  # fmt: skip
def test_intervals(every: str, expression: str) -> None:
    assert rate(every) == expression


@pytest.mark.parametrize(
    ("schedule", "expression"),
    [
        ("08:05 daily", "cron(5 8 * * ? *)"),
        ("00:00 Sun", "cron(0 0 ? * SUN *)"),
        ("23:59 Fri-Mon", "cron(59 23 ? * MON,FRI,SAT,SUN *)"),
        ("09:00 weekdays", "cron(0 9 ? * MON,TUE,WED,THU,FRI *)"),
    ],
)
def test_times_of_the_week(schedule: str, expression: str) -> None:
    assert cron(schedule) == expression


@given(st.lists(st.text("abAB/{}+-_ ", min_size=1, max_size=8), unique=True, max_size=12))
def test_every_route_has_a_label_of_its_own(keys: list[str]) -> None:
    labels = route_labels([f"GET /{key}" for key in keys])
    assert len(set(labels.values())) == len(keys)


def told(*sets: str, folder: str = str(CASE)) -> str:
    with pytest.raises(Problems) as caught:
        graph(*sets, folder=folder)
    assert all(problem.where is not None for problem in caught.value.problems)
    return "\n".join(f"{problem.path}: {problem.what} {problem.fix}" for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("set_", "said"),
    [
        ("functions.intake.source=functions/nowhere", "functions.intake.source: There is no folder"),
        ("functions.intake.source=functions/intake/app.py", "Name the folder that the file is in"),
        ("functions.intake.handler=main.handle", "functions.intake.handler: There is no main.py in"),
        ("functions.intake.handler=app.start", "app.py has no `start`. Write `def start(event, context):`"),
        ("functions.site.handler=main.show", "functions.site.handler: There is no main.js in"),
        ("functions.intake.handler=site.handle", "Python has a module `site` of its own"),
    ],
)
def test_code_that_is_not_there_is_told_at_its_place(set_: str, said: str) -> None:
    assert said in told(set_)


def test_every_missing_folder_is_told_at_once(tmp_path: Path) -> None:
    assert told(folder=str(tmp_path)).count("There is no folder") == 6


@pytest.mark.parametrize(
    "text",
    [
        "def handle(event, context):\n    pass\n",
        "async def handle(event, context):\n    pass\n",
        "from other import handle\n",
        "from other import (\n    handle,\n)\n",
        "from other import *\n",
        "handle = object()\n",
        "handle: object = object()\n",
        "import other as handle\n",
    ],
)
def test_ways_to_have_a_handler(text: str, tmp_path: Path) -> None:
    for name in ("intake", "site", "jobs"):
        (tmp_path / "functions" / name).mkdir(parents=True)
    (tmp_path / "functions" / "site" / "index.js").write_text("exports.show = 1")
    (tmp_path / "functions" / "jobs" / "jobs.py").write_text(
        "".join(f"def {n}(): ...\n" for n in ("parse", "work", "bury", "watch"))
    )
    (tmp_path / "functions" / "intake" / "app.py").write_text(text)
    assert graph(folder=str(tmp_path))


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(archive: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(archive)).namelist()


def test_archives_hold_what_is_in_the_folder_and_no_secrets_of_the_machine(tmp_path: Path) -> None:
    kept = {"app.py": "x", "lib/deep/a.txt": "y", "node_modules/p/index.js": "z"}
    left = {
        ".env": "TOKEN=1", ".git/config": "g", "lib/.DS_Store": "d", "__pycache__/app.cpython-312.pyc": "p", "lib/b.pyc": "p",
        ".venv/lib/c.py": "v", "lib/__pycache__/d.pyc": "p",
    }  # fmt: skip
    write(tmp_path, {**kept, **left})
    assert names(archive_of(str(tmp_path))) == sorted(kept)


def test_two_archives_are_the_same_bytes(tmp_path: Path) -> None:
    files = {f"m{number}.py": f"x = {number}\n" for number in range(20)}
    write(tmp_path / "one", files)
    write(tmp_path / "two", dict(reversed(files.items())))
    for path in (tmp_path / "two").iterdir():
        os.utime(path, (time.time() - 10_000, 1))
        path.chmod(0o755)
    assert archive_of(str(tmp_path / "one")) == archive_of(str(tmp_path / "two"))


def test_links_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"functions/intake/app.py": "def handle(): ...\n", "secret": "s"})
    (tmp_path / "functions" / "intake" / "linked").symlink_to(tmp_path / "secret")
    assert "linked is a symbolic link" in told(folder=str(tmp_path))


def test_code_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from giban.components import serverless_code

    monkeypatch.setattr(serverless_code, "LARGEST_UNPACKED", 10)
    assert "more than Lambda takes" in told()
    monkeypatch.setattr(serverless_code, "LARGEST_ARCHIVE", 10)
    write(tmp_path, {"app.py": "x"})
    with pytest.raises(Problems, match="more than Lambda takes directly"):
        archive_of(str(tmp_path))
