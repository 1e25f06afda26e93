"""Where the state lives: the bucket (and lock table) behind the S3 backend of the roots.

The bucket cannot be in a state it holds itself, so `giban state create` makes it through the API, step by step. Each
step looks first, so that a second run, or one after a run that was stopped half-way, does only what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from giban.terraform.aws import Clients, code_of, from_aws, identity
from giban.terraform.errors import RetryLater, UserMistake

KEEP_DAYS = 90
KEEP_VERSIONS = 50
"""Old versions of a state are deleted after KEEP_DAYS, but the newest KEEP_VERSIONS are always kept."""

_RULE = "giban-old-state-versions"
_STATEMENT = "GibanTlsOnly"


class StateSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the state of one blueprint is kept."""

    bucket: str
    region: str
    """Of the bucket; it may differ from the regions of the blueprint."""
    lock: Literal["s3", "dynamodb"] = "s3"
    """`s3`: a lock file beside the state. `dynamodb`: a table, for teams whose other tools lock there; Terraform calls
    it deprecated since 1.11."""
    table: str = ""
    """The lock table; default: the name of the bucket."""
    kms_key: str = ""
    """ARN of the key that encrypts the state; empty: S3's own (AES256)."""
    tags: dict[str, str] = {}
    tls_only: bool = True
    """Refuse requests without TLS. Off for emulators: they speak plain HTTP on loopback, and one that takes policies
    seriously would lock itself out."""

    @property
    def lock_table(self) -> str:
        return self.table or self.bucket


class Step(msgspec.Struct, frozen=True):
    """One thing `create_state_bucket` took care of."""

    what: str
    result: Literal["made", "found", "corrected"]


def read_settings(backend: Mapping[str, Any], tags: Mapping[str, str] | None = None) -> StateSettings:
    """The settings in the body of a root's S3 backend (`stack.backend`); `tags` go to the bucket and the table."""
    table = backend.get("dynamodb_table", "")
    return StateSettings(
        bucket=backend["bucket"],
        region=backend["region"],
        lock="dynamodb" if table else "s3",
        table=table,
        kms_key=backend.get("kms_key_id", ""),
        tags=dict(tags or {}),
    )


def create_state_bucket(client: Clients, settings: StateSettings) -> list[Step]:
    """Make sure that the bucket (and, with `lock: dynamodb`, the table) exists and is as it should be.

    Versioned, encrypted, private, without ACLs, reachable over TLS only, old versions cleared away. Nothing that others
    have set is removed: rules and statements are added to theirs. Raises UserMistake when the bucket belongs to
    somebody else or lies in another region, and what `from_aws` makes of any other refusal.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    account = identity(client).account
    steps: list[Step] = []
    try:
        steps.append(Step(f"bucket {settings.bucket}", _bucket(client("s3"), settings, account)))
        for what, make in _PARTS:
            if make is _policy and not settings.tls_only:
                continue
            steps.append(Step(what, make(client("s3"), settings)))
        if settings.lock == "dynamodb":
            steps += _lock_table(client("dynamodb"), settings)
    except (BotoCoreError, ClientError) as error:
        raise from_aws(error) from error
    return steps


def _bucket(s3: Any, settings: StateSettings, account: str) -> Literal["made", "found"]:
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=settings.bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchBucket"):
            return _new_bucket(s3, settings)
        if code_of(error) in ("403", "AccessDenied"):
            raise _foreign(settings) from error
        if code_of(error) in ("301", "PermanentRedirect"):
            raise _elsewhere(settings, "another region") from error
        raise
    # us-east-1 has no name here: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
    region = s3.get_bucket_location(Bucket=settings.bucket).get("LocationConstraint") or "us-east-1"
    region = "eu-west-1" if region == "EU" else region
    if region != settings.region:
        raise _elsewhere(settings, region)
    return "found"


def _new_bucket(s3: Any, settings: StateSettings) -> Literal["made", "found"]:
    from botocore.exceptions import ClientError

    place = {} if settings.region == "us-east-1" else {"LocationConstraint": settings.region}
    try:
        s3.create_bucket(
            Bucket=settings.bucket,
            ObjectOwnership="BucketOwnerEnforced",
            **({"CreateBucketConfiguration": place} if place else {}),
        )
    except ClientError as error:
        if code_of(error) == "BucketAlreadyOwnedByYou":
            return "found"
        if code_of(error) == "BucketAlreadyExists":
            raise _foreign(settings) from error
        if code_of(error) == "OperationAborted":
            raise RetryLater(
                message=f"S3 is still busy with another request for the bucket {settings.bucket} (it may be being "
                "deleted). Try again in a few minutes."
            ) from error
        raise
    return "made"


def _foreign(settings: StateSettings) -> UserMistake:
    return UserMistake(
        message=f"The bucket {settings.bucket} belongs to another account, or you may not look at it. "
        "Bucket names are shared by the whole world: choose another for `state.bucket`."
    )


def _elsewhere(settings: StateSettings, region: str) -> UserMistake:
    return UserMistake(
        message=f"The bucket {settings.bucket} is in {region}, not in {settings.region}. "
        "Correct `state.region`, or choose another name for `state.bucket`."
    )


def _privacy(s3: Any, settings: StateSettings) -> Literal["found", "corrected"]:
    wanted = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    answer = _ask(s3.get_public_access_block, settings, "NoSuchPublicAccessBlockConfiguration")
    if answer.get("PublicAccessBlockConfiguration") == wanted:
        return "found"
    s3.put_public_access_block(Bucket=settings.bucket, PublicAccessBlockConfiguration=wanted)
    return "corrected"


def _ownership(s3: Any, settings: StateSettings) -> Literal["found", "corrected"]:
    answer = _ask(s3.get_bucket_ownership_controls, settings, "OwnershipControlsNotFoundError")
    wanted = [{"ObjectOwnership": "BucketOwnerEnforced"}]
    if answer.get("OwnershipControls", {}).get("Rules") == wanted:
        return "found"
    s3.put_bucket_ownership_controls(Bucket=settings.bucket, OwnershipControls={"Rules": wanted})
    return "corrected"


def _encryption(s3: Any, settings: StateSettings) -> Literal["found", "corrected"]:
    answer = _ask(s3.get_bucket_encryption, settings, "ServerSideEncryptionConfigurationNotFoundError")
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    now = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    if settings.kms_key:
        good = now.get("KMSMasterKeyID") == settings.kms_key
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": settings.kms_key}
    else:
        good = now.get("SSEAlgorithm") in ("AES256", "aws:kms", "aws:kms:dsse")
        default = {"SSEAlgorithm": "AES256"}
    if good:
        return "found"
    # A bucket key asks KMS once in a while instead of once per object.
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bool(settings.kms_key)}
    s3.put_bucket_encryption(Bucket=settings.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return "corrected"


def _versioning(s3: Any, settings: StateSettings) -> Literal["found", "corrected"]:
    if s3.get_bucket_versioning(Bucket=settings.bucket).get("Status") == "Enabled":
        return "found"
    s3.put_bucket_versioning(Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"})
    return "corrected"


def _lifecycle(s3: Any, settings: StateSettings) -> Literal["found", "corrected"]:
    rules = _ask(s3.get_bucket_lifecycle_configuration, settings, "NoSuchLifecycleConfiguration").get("Rules", [])
    if any(rule.get("ID") == _RULE and rule.get("Status") == "Enabled" for rule in rules):
        return "found"
    ours = {
        "ID": _RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": KEEP_DAYS, "NewerNoncurrentVersions": KEEP_VERSIONS},
        # Each lock leaves a marker when it is released.
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    rules = [rule for rule in rules if rule.get("ID") != _RULE] + [ours]
    s3.put_bucket_lifecycle_configuration(Bucket=settings.bucket, LifecycleConfiguration={"Rules": rules})
    return "corrected"


def _policy(s3: Any, settings: StateSettings) -> Literal["found", "corrected"]:
    text = _ask(s3.get_bucket_policy, settings, "NoSuchBucketPolicy").get("Policy", "")
    policy = json.loads(text) if text else {"Version": "2012-10-17", "Statement": []}
    statements: list[Any] = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    if any(statement.get("Sid") == _STATEMENT for statement in statements):
        return "found"
    arn = f"arn:{_partition(settings.region)}:s3:::{settings.bucket}"
    ours = {
        "Sid": _STATEMENT,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy["Statement"] = [*statements, ours]
    s3.put_bucket_policy(Bucket=settings.bucket, Policy=json.dumps(policy))
    return "corrected"


def _tags(s3: Any, settings: StateSettings) -> Literal["found", "corrected"]:
    answer = _ask(s3.get_bucket_tagging, settings, "NoSuchTagSet")
    now = {tag["Key"]: tag["Value"] for tag in answer.get("TagSet", [])}
    wanted = now | settings.tags
    if now == wanted:
        return "found"
    tags = [{"Key": key, "Value": value} for key, value in sorted(wanted.items())]
    s3.put_bucket_tagging(Bucket=settings.bucket, Tagging={"TagSet": tags})
    return "corrected"


_PARTS: tuple[tuple[str, Callable[[Any, StateSettings], Literal["found", "corrected"]]], ...] = (
    ("public access blocked", _privacy),
    ("no access lists", _ownership),
    ("encryption", _encryption),
    ("versions kept", _versioning),
    ("old versions cleared away", _lifecycle),
    ("TLS only", _policy),
    ("tags", _tags),
)
"""In the order of what must not be missing if the run is stopped in between."""


def _lock_table(dynamodb: Any, settings: StateSettings) -> list[Step]:
    from botocore.exceptions import ClientError

    name = settings.lock_table
    try:
        table = dynamodb.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            DeletionProtectionEnabled=True,
            Tags=[{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())],
        )
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 60})
        return [Step(f"lock table {name}", "made")]
    if table["KeySchema"] != [{"AttributeName": "LockID", "KeyType": "HASH"}]:
        raise UserMistake(
            message=f"The table {name} exists, but its key is not LockID, so Terraform cannot lock with it. "
            "Choose another name for `state.table`."
        )
    if table.get("DeletionProtectionEnabled"):
        return [Step(f"lock table {name}", "found")]
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
    return [Step(f"lock table {name}", "corrected")]


def _ask(question: Callable[..., Any], settings: StateSettings, nothing: str) -> dict[str, Any]:
    """The answer, or an empty one when S3 says with an error that nothing is set."""
    from botocore.exceptions import ClientError

    try:
        answer = question(Bucket=settings.bucket)
    except ClientError as error:
        if code_of(error) == nothing:
            return {}
        raise
    return answer if isinstance(answer, dict) else {}


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
