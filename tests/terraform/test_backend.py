"""The bucket for the state, made on a real (emulated) S3: from nothing, from a half-made one, twice, and not at all."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from giban.terraform.aws import Clients, clients, from_aws, identity
from giban.terraform.backend import StateSettings, Step, create_state_bucket, read_settings
from giban.terraform.errors import OutsideWorld, UserMistake

SEOUL = "ap-northeast-2"


def results(steps: list[Step]) -> dict[str, str]:
    return {step.what: step.result for step in steps}


def test_from_nothing(seoul: Clients) -> None:
    settings = StateSettings(bucket="state-new", region=SEOUL, tags={"owner": "platform"})
    assert results(create_state_bucket(seoul, settings)) == {
        "bucket state-new": "made",
        "public access blocked": "corrected",
        "no access lists": "found",
        "encryption": "corrected",
        "versions kept": "corrected",
        "old versions cleared away": "corrected",
        "TLS only": "corrected",
        "tags": "corrected",
    }
    s3 = seoul("s3")
    assert s3.get_bucket_location(Bucket="state-new")["LocationConstraint"] == SEOUL
    assert set(s3.get_public_access_block(Bucket="state-new")["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_versioning(Bucket="state-new")["Status"] == "Enabled"
    assert s3.get_bucket_tagging(Bucket="state-new")["TagSet"] == [{"Key": "owner", "Value": "platform"}]
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket="state-new")["Rules"]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 90
    policy = json.loads(s3.get_bucket_policy(Bucket="state-new")["Policy"])
    assert policy["Statement"][0]["Resource"] == ["arn:aws:s3:::state-new", "arn:aws:s3:::state-new/*"]
    encryption = s3.get_bucket_encryption(Bucket="state-new")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


@pytest.mark.parametrize("lock", ["s3", "dynamodb"])
def test_twice_changes_nothing(lock: Any, seoul: Clients) -> None:
    settings = StateSettings(bucket=f"state-twice-{lock}", region=SEOUL, lock=lock, tags={"owner": "platform"})
    create_state_bucket(seoul, settings)
    assert set(results(create_state_bucket(seoul, settings)).values()) == {"found"}


def test_a_half_made_bucket_is_finished_and_what_others_set_stays(seoul: Clients) -> None:
    s3 = seoul("s3")
    s3.create_bucket(Bucket="state-half", CreateBucketConfiguration={"LocationConstraint": SEOUL})
    s3.put_bucket_versioning(Bucket="state-half", VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_tagging(Bucket="state-half", Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    theirs = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"}
    s3.put_bucket_policy(Bucket="state-half", Policy=json.dumps({"Version": "2012-10-17", "Statement": theirs}))
    rule = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="state-half", LifecycleConfiguration={"Rules": [rule]})

    settings = StateSettings(bucket="state-half", region=SEOUL, tags={"owner": "platform"})
    found = results(create_state_bucket(seoul, settings))

    assert found["bucket state-half"] == "found"
    assert found["versions kept"] == "corrected"
    assert found["no access lists"] == "corrected"
    assert s3.get_bucket_versioning(Bucket="state-half")["Status"] == "Enabled"
    statements = json.loads(s3.get_bucket_policy(Bucket="state-half")["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Theirs", "GibanTlsOnly"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket="state-half")["Rules"]
    assert sorted(rule["ID"] for rule in rules) == ["giban-old-state-versions", "theirs"]
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket="state-half")["TagSet"]}
    assert tags == {"team": "a", "owner": "platform"}


def test_a_key_of_ones_own(seoul: Clients) -> None:
    key = "arn:aws:kms:ap-northeast-2:123456789012:key/1234"
    settings = StateSettings(bucket="state-kms", region=SEOUL)
    create_state_bucket(seoul, settings)
    with_key = StateSettings(bucket="state-kms", region=SEOUL, kms_key=key)
    assert results(create_state_bucket(seoul, with_key))["encryption"] == "corrected"
    assert results(create_state_bucket(seoul, with_key))["encryption"] == "found"
    assert results(create_state_bucket(seoul, settings))["encryption"] == "found", "stronger than asked for"


def test_without_tls_for_emulators(seoul: Clients) -> None:
    settings = StateSettings(bucket="state-plain", region=SEOUL, tls_only=False)
    assert "TLS only" not in results(create_state_bucket(seoul, settings))


def test_virginia_has_no_name(emulator: str) -> None:
    client = clients("us-east-1", endpoint=emulator, keys=("test", "test"))
    settings = StateSettings(bucket="state-virginia", region="us-east-1")
    assert results(create_state_bucket(client, settings))["bucket state-virginia"] == "made"
    assert results(create_state_bucket(client, settings))["bucket state-virginia"] == "found"


def test_a_bucket_in_another_region(seoul: Clients, emulator: str) -> None:
    tokyo = clients("ap-northeast-1", endpoint=emulator, keys=("test", "test"))
    tokyo("s3").create_bucket(Bucket="state-tokyo", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    with pytest.raises(UserMistake, match="is in ap-northeast-1, not in ap-northeast-2"):
        create_state_bucket(seoul, StateSettings(bucket="state-tokyo", region=SEOUL))


@pytest.mark.parametrize("code", [403, 404])
def test_a_bucket_of_somebody_else(code: int, seoul: Clients, emulator: str) -> None:
    """S3 refuses a wrong ExpectedBucketOwner, which the emulator does not look at: the client's own hook answers for it.
    A bucket that appears between the look and the creation is the second case."""
    role = seoul("sts").assume_role(RoleArn="arn:aws:iam::111111111111:role/x", RoleSessionName="someone")
    keys = (role["Credentials"]["AccessKeyId"], role["Credentials"]["SecretAccessKey"])
    other = clients(SEOUL, endpoint=emulator, keys=keys)
    assert identity(other).account == "111111111111"
    create_state_bucket(other, StateSettings(bucket=f"state-theirs-{code}", region=SEOUL))

    def owner_check(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]] | None:
        if params["headers"]["x-amz-expected-bucket-owner"] == "111111111111":
            return None
        return SimpleNamespace(status_code=code), {"Error": {"Code": str(code), "Message": "Forbidden"}}

    mine = clients(SEOUL, endpoint=emulator, keys=("test", "test"))
    mine("s3").meta.events.register("before-call.s3.HeadBucket", owner_check)
    with pytest.raises(UserMistake, match="belongs to another account"):
        create_state_bucket(mine, StateSettings(bucket=f"state-theirs-{code}", region=SEOUL))


def test_the_lock_table(seoul: Clients) -> None:
    settings = StateSettings(bucket="state-table", region=SEOUL, lock="dynamodb", table="locks", tags={"a": "b"})
    assert results(create_state_bucket(seoul, settings))["lock table locks"] == "made"
    dynamodb = seoul("dynamodb")
    table = dynamodb.describe_table(TableName="locks")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"]
    dynamodb.update_table(TableName="locks", DeletionProtectionEnabled=False)
    assert results(create_state_bucket(seoul, settings))["lock table locks"] == "corrected"
    assert dynamodb.describe_table(TableName="locks")["Table"]["DeletionProtectionEnabled"]


def test_a_table_that_cannot_lock(seoul: Clients) -> None:
    seoul("dynamodb").create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    with pytest.raises(UserMistake, match="its key is not LockID"):
        create_state_bucket(seoul, StateSettings(bucket="state-orders", region=SEOUL, lock="dynamodb", table="orders"))


def test_settings_from_a_backend_block() -> None:
    assert read_settings({"bucket": "b", "region": SEOUL, "use_lockfile": True}) == StateSettings(
        bucket="b", region=SEOUL
    )
    block = {"bucket": "b", "region": SEOUL, "dynamodb_table": "t", "kms_key_id": "k", "key": "x", "encrypt": True}
    assert read_settings(block, {"a": "1"}) == StateSettings(
        bucket="b", region=SEOUL, lock="dynamodb", table="t", kms_key="k", tags={"a": "1"}
    )
    assert StateSettings(bucket="b", region=SEOUL).lock_table == "b"


def test_an_emulator_that_is_gone() -> None:
    client = clients(SEOUL, endpoint="http://127.0.0.1:9", keys=("test", "test"))
    with pytest.raises(OutsideWorld, match=r"Nothing answers on 127\.0\.0\.1:9"):
        create_state_bucket(client, StateSettings(bucket="b", region=SEOUL))


def test_nothing_of_the_user_is_read_for_an_emulator(monkeypatch: pytest.MonkeyPatch, emulator: str) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    assert identity(clients(SEOUL, endpoint=emulator, keys=("test", "test"))).account == "123456789012"
    with pytest.raises(UserMistake, match=r"config profile \(not-there\)"):
        identity(clients(SEOUL))


def test_errors_of_botocore_are_translated() -> None:
    from botocore.exceptions import ClientError

    answer = {
        "Error": {
            "Code": "AccessDenied",
            "Message": "User: arn:aws:iam::1:user/a is not authorized to perform: s3:CreateBucket",
        }
    }
    error = from_aws(ClientError(answer, "CreateBucket"))
    assert isinstance(error, UserMistake)
    assert "may not do s3:CreateBucket" in str(error)
