"""Known error texts are recognized, and the exception says whose they are."""

from __future__ import annotations

import pytest

from giban.graph.problems import Position
from giban.terraform import advice
from giban.terraform.errors import (
    OutsideWorld,
    ProviderUnavailable,
    Report,
    RetryLater,
    StateLocked,
    UserMistake,
    failure,
    read_lock,
    translate,
)
from giban.terraform.events import Diagnostic, Place

from .error_samples import SAMPLES


class Made:
    def __init__(self, component: str, origin: Position | None) -> None:
        self.component = component
        self.origin = origin


def report_of(text: str) -> Report:
    summary, _, detail = text.partition("\n")
    (report,) = translate([Diagnostic("error", summary, detail)])
    return report


@pytest.mark.parametrize(
    ("kind", "text", "source"), SAMPLES, ids=[f"{kind}-{n}" for n, (kind, _, _) in enumerate(SAMPLES)]
)
def test_sample(kind: str, text: str, source: str) -> None:
    report = report_of(text)
    assert report.kind == kind, source
    assert report.what.endswith(".")
    assert "{" not in report.what + report.advice
    assert text.split("\n")[0] in report.original


def test_every_kind_has_a_sample() -> None:
    assert set(advice.kinds()) == {kind for kind, _, _ in SAMPLES} - {"other"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("denied", "arn:aws:iam::123456789012:user/michael may not do iam:CreateRole."),
        ("denied-by-organization", "A policy of your organization forbids ec2:RunInstances."),
        ("capacity", "AWS has no m4.4xlarge free in that zone right now."),
        ("cidr", "The addresses 10.0.1.0/24 are in use"),
        ("quota", "A limit of your account is reached (AddressLimitExceeded)."),
        ("database-version", "RDS has no postgres 13.7 here (any more)."),
        ("lock-table", 'The lock table "locks" does not exist.'),
        ("state-bucket", 'The bucket for the state, "state-b", does not exist.'),
        ("emulator-gone", "Nothing answers on 127.0.0.1:45932"),
        ("instance-type", "The instance type t3.micro is not offered"),
    ],
)
def test_the_names_in_the_text_are_used(kind: str, words: str) -> None:
    text = next(text for known, text, _ in SAMPLES if known == kind)
    assert report_of(text).what.startswith(words)


def test_lines_are_broken_anywhere_by_the_provider() -> None:
    assert (
        report_of("creating it\nUser: arn:aws:iam::1:user/a\nis not authorized\nto perform: s3:PutObject").kind
        == "denied"
    )


LOCKED = """Error acquiring the state lock
Error message: operation error S3: PutObject, https response error StatusCode: 412, RequestID: dGiF, HostID: 9Gjj=, api \
error PreconditionFailed: At least one of the pre-conditions you specified did not hold
Lock Info:
  ID:        c35a6fb9-ddd0-1434-f43d-9db248e1457c
  Path:      state-b/scv/ap-northeast-2.tfstate
  Operation: OperationTypeApply
  Who:       mina@laptop
  Version:   1.11.4
  Created:   2026-11-21 09:48:10.817932805 +0000 UTC
  Info:      


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time. Please resolve the issue above and try
again. For most commands, you can disable locking with the "-lock=false"
flag, but this is not recommended."""  # noqa: W291 - printed like this


def test_a_lock_says_who_since_when_and_how_to_release_it() -> None:
    report = report_of(LOCKED)
    assert report.what == (
        "The state state-b/scv/ap-northeast-2.tfstate is in use: mina@laptop (terraform apply) since 2026-11-21 09:48:10 UTC."
    )
    assert "`giban state unlock c35a6fb9-ddd0-1434-f43d-9db248e1457c`" in report.advice
    error = failure([report])
    assert isinstance(error, StateLocked)
    assert isinstance(error, RetryLater)
    assert error.exit_code == 3
    assert error.lock.who == "mina@laptop"


def test_the_dynamodb_form_of_a_lock() -> None:
    text = """Error acquiring the state lock
Error message: ConditionalCheckFailedException: The conditional request failed
Lock Info:
  ID:        f9763602-b03f-e35c-da30-4083cdbb99ae
  Path:      terraform-statess-387688863714/aws-data/terraform.tfstate
  Operation: OperationTypeApply
  Who:       genaker@genaker
  Version:   1.0.7
  Created:   2021-09-27 00:10:27.424064363 +0000 UTC"""
    lock = read_lock(text)
    assert lock is not None
    assert lock.holder == "genaker@genaker (terraform apply) since 2021-09-27 00:10:27 UTC"
    assert read_lock("Lock Info:\n") is None
    assert read_lock("no lock at all") is None


RESOURCES = {"aws_lb.web": Made("services.web", Position("giban.yaml", 14, 3))}


def test_the_way_back_to_the_blueprint() -> None:
    (report,) = translate([Diagnostic("error", "Something", address="aws_lb.web[0]")], RESOURCES)
    assert str(report) == "giban.yaml:14:3  services.web (aws_lb.web[0])\n  Something."
    (by_block,) = translate([Diagnostic("error", "Something", context="resource.aws_lb.web")], RESOURCES)
    assert by_block.component == "services.web"
    (by_file,) = translate(
        [Diagnostic("error", "Something", place=Place("service-web.tf.json", 3, 5))],
        documents={"service-web.tf.json": Made("services.web", None)},
    )
    assert by_file.component == "services.web"
    assert "(service-web.tf.json, line 3)" in str(by_file)
    (unknown,) = translate([Diagnostic("error", "Something", address="aws_lb.other")], RESOURCES)
    assert str(unknown).startswith("aws_lb.other\n")


def test_warnings_are_left_out_and_repeats_come_once() -> None:
    error = Diagnostic("error", "Something")
    assert len(translate([Diagnostic("warning", "Careful"), error, error])) == 1


def test_the_type_of_the_exception_says_what_it_means() -> None:
    def report(kind: str, blame: str) -> Report:
        return Report(kind, blame, "What.", "", "")

    user, world, wait = report("quota", "user"), report("network", "world"), report("capacity", "wait")
    assert type(failure([user, wait])) is UserMistake
    assert type(failure([world, wait])) is OutsideWorld
    assert type(failure([wait, wait])) is RetryLater
    assert type(failure([report("provider", "world"), user])) is ProviderUnavailable
    assert failure([user]).exit_code == 2
    assert failure([world]).exit_code == failure([wait]).exit_code == 3
    assert type(failure([])) is OutsideWorld


def test_what_the_provider_finds_in_a_document_is_the_users() -> None:
    place = Place("terraform.tf.json", 6, 1)
    refused = Diagnostic("error", "invalid topic name: not a good name!", "", address="aws_sns_topic.bad", place=place)
    (report,) = translate([refused], planning=True)
    assert (report.kind, report.blame) == ("document", "user")
    assert report.what == "invalid topic name: not a good name!"
    slow = Diagnostic("error", "waiting for EC2 NAT Gateway (nat-1) create: unexpected state", "", place=place)
    (report,) = translate([slow], planning=True)
    assert report.blame == "world"
