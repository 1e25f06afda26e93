"""Texts of Terraform, its AWS provider, AWS and the emulators that are known, and what to do about each.

One row per cause, first match wins, so the narrow ones stand before the wide ones. Every pattern is taken from a text
that was really printed; tests/terraform/errors/ has a sample for each row with where it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

USER = "user"
WORLD = "world"
WAIT = "wait"


class Known(msgspec.Struct, frozen=True):
    """A cause. `what` and `advice` may use the named groups of the pattern as `{name}`."""

    kind: str
    blame: str
    what: str
    advice: str
    pattern: str = ""


_ROWS = (
    # -- the machinery --------------------------------------------------------------------------------------------
    Known(
        "state-not-saved",
        WORLD,
        "Things were changed, but the state could not be saved.",
        "Terraform left it in the file errored.tfstate in its folder. Mend the cause below, then run "
        "`terraform state push errored.tfstate` there before anything else: without it Terraform forgets what it made.",
        r"Failed to (?:save|persist) state|Error saving state|errored\.tfstate",
    ),
    Known(
        "provider-version",
        USER,
        "The provider at hand is not of a version the documents allow.",
        "Update the folder of providers (GIBAN_PROVIDER_MIRROR, see `giban doctor`), or change the constraint.",
        r"no available releases match the given constraints|locked provider .{0,120} does not match configured version",
    ),
    Known(
        "provider",
        WORLD,
        "The provider plugin could not be had: no folder on this machine holds it, and the registry was not reached.",
        "Connect to the internet, or put the provider into a folder (`terraform providers mirror FOLDER` on a machine "
        "that has it) and name it in GIBAN_PROVIDER_MIRROR. `giban doctor` shows where it was looked for.",
        r"Failed to query available provider packages|Failed to install provider|Required plugins are not installed|"
        r"could not connect to registry|Failed to resolve provider packages|"
        r"(?:registry\.terraform\.io|registry\.opentofu\.org)\S*: (?:dial|net/http|context|EOF)",
    ),
    Known(
        "engine-version",
        USER,
        "This version of Terraform is not one the documents allow.",
        "Install a newer one (1.10 or later), or name another with GIBAN_TERRAFORM.",
        r"Unsupported Terraform Core version|Unsupported OpenTofu Core version|Incompatible .{0,20}version",
    ),
    Known(
        "stale-plan",
        WAIT,
        "The state changed after this plan was made.",
        "Run the same command again; it makes a new plan.",
        r"Saved plan is stale",
    ),
    Known(
        "halted",
        WORLD,
        "Terraform was told to stop from outside.",
        "What had been made by then is in the state: run the same command to go on.",
        r"^\W*execution halted",
    ),
    Known(
        "lock-table",
        USER,
        'The lock table "{table}" does not exist.',
        "Create it with `giban state create`.",
        r"state lock.*?DynamoDB table \"(?P<table>[^\"]*)\".*?ResourceNotFoundException",
    ),
    Known(
        "state-bucket",
        USER,
        'The bucket for the state, "{bucket}", does not exist.',
        "Create it with `giban state create`.",
        r"S3 bucket \"(?P<bucket>[^\"]*)\" does not exist",
    ),
    Known(
        "backend-changed",
        USER,
        "The place where the state is kept has changed.",
        "If that is wanted, move the state there with `terraform init -migrate-state` in the exported folder.",
        r"Backend (?:configuration changed|initialization required)",
    ),
    Known(
        "emulator-gone",
        WORLD,
        "Nothing answers on {host}:{port}, where the emulated AWS should be.",
        "`giban rehearsal status` says what happened to it; `giban rehearsal start` starts it again.",
        r"(?:dial tcp \[?|Could not connect to the endpoint URL: \"http://)"
        r"(?P<host>127\.\d+\.\d+\.\d+|::1|localhost)\]?:(?P<port>\d+)(?:: connect: connection refused|/)",
    ),
    Known(
        "emulator-lacks",
        WORLD,
        "The emulated AWS cannot do this.",
        "docs/rehearsal.md lists what it lacks; with --target aws it works.",
        r"(?:action|operation|method) (?:has not been|is not|not yet) implemented|StatusCode: 501|NotImplementedError",
    ),
    Known(
        "plugin-died",
        WORLD,
        "The provider plugin stopped in the middle of its work.",
        "Most often the machine ran out of memory: the AWS provider needs about 700 MB. Run the command again.",
        r"Plugin did not respond|plugin exited|Failed to instantiate provider|Unrecognized remote plugin message",
    ),
    # -- who asks, and whether they may ---------------------------------------------------------------------------
    Known(
        "expired",
        USER,
        "Your AWS credentials have expired.",
        "Sign in again (`aws sso login`, or whatever gave you the session), then run the same command.",
        r"ExpiredToken|RequestExpired|token included in the request is expired|"
        r"SSO session has expired|[Tt]oken has expired|refresh cached SSO token failed|InvalidGrantException",
    ),
    Known(
        "credentials",
        USER,
        "AWS does not know who you are: there are no credentials, or wrong ones.",
        "Check with `aws sts get-caller-identity`; choose a profile with AWS_PROFILE.",
        r"No valid credential sources? found|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|"
        r"AuthFailure|Unable to locate credentials|The config profile|"
        r"failed to get shared config profile|no EC2 IMDS role found|InvalidAccessKeyId",
    ),
    Known(
        "assume-role",
        USER,
        "The role could not be assumed.",
        "Its trust policy must name you, and your own policy must allow sts:AssumeRole (with MFA if it asks for it).",
        r"Cannot assume IAM Role|not authorized to perform: sts:AssumeRole",
    ),
    Known(
        "denied-by-organization",
        USER,
        "A policy of your organization forbids {action}.",
        "Ask who administers the organization; permissions in this account cannot lift it.",
        r"not authorized to perform: (?P<action>[\w:*-]+).{0,400}?service control policy",
    ),
    Known(
        "denied",
        USER,
        "{who} may not do {action}.",
        "Add that action to the policy of this identity, or use another one (AWS_PROFILE).",
        r"User: (?P<who>\S+) is not authorized to perform: (?P<action>[\w:*-]+)",
    ),
    Known(
        "denied",
        USER,
        "Your identity may not do {action}.",
        "Add that action to its policy, or use another identity (AWS_PROFILE).",
        r"operation error (?P<service>[^:]+): (?P<action>\w+),.{0,400}?"
        r"(?:AccessDenied|UnauthorizedOperation|AuthorizationError|NotAuthorized|Forbidden)",
    ),
    Known(
        "denied",
        USER,
        "Your identity may not do this.",
        "Add the action to its policy, or use another identity (AWS_PROFILE).",
        r"AccessDenied|UnauthorizedOperation|NotAuthorized",
    ),
    # -- passes by itself -----------------------------------------------------------------------------------------
    Known(
        "throttled",
        WAIT,
        "AWS answers more slowly than it is asked.",
        "Run the same command again in a minute; what was done stays done.",
        r"RequestLimitExceeded|Throttling|TooManyRequestsException|Rate exceeded|SlowDown\b",
    ),
    Known(
        "capacity",
        WAIT,
        "AWS has no {what} free in that zone right now.",
        "Try again later, or choose another instance type or more zones.",
        r"(?:InsufficientInstanceCapacity|InsufficientDBInstanceCapacity|UnfulfillableCapacity|InsufficientCapacity)"
        r"(?:.{0,300}?sufficient (?P<what>[a-z0-9.-]+) capacity)?",
    ),
    Known(
        "timeout",
        WAIT,
        "It was not ready in the time Terraform waits.",
        "Run the same command again; Terraform goes on where it stopped. If it never gets ready, see the AWS console.",
        r"timeout while waiting for|waiting for .{0,160}(?:: timeout|context deadline exceeded)",
    ),
    # -- limits and names -----------------------------------------------------------------------------------------
    Known(
        "quota",
        USER,
        "A limit of your account is reached ({code}).",
        "Delete what is not needed, or ask for more in the Service Quotas console; then run the same command.",
        r"(?P<code>\w*(?:LimitExceeded|QuotaExceeded|QuotaExceededFault|TooManyBuckets|"
        r"TooManyLoadBalancers|TooManyTargetGroups|TooManyListeners|TooManyRules)\w*)|exceeded your account quota",
    ),
    Known(
        "bucket-taken",
        USER,
        "The bucket name is taken: somebody else in the world has it.",
        "Choose another name (`giban.yaml`: `name`, or `patch` for this bucket).",
        r"BucketAlreadyExists\b",
    ),
    Known(
        "secret-scheduled-for-deletion",
        USER,
        "A secret of this name waits for its deletion, and keeps the name until then.",
        "Restore it (`aws secretsmanager restore-secret`), or delete it at once (`delete-secret "
        "--force-delete-without-recovery`), then run the same command.",
        r"already scheduled for deletion",
    ),
    Known(
        "exists",
        USER,
        "It exists already, but not in this state ({code}).",
        "If it is yours, take it into the state with an `import` block; else rename it, or delete it.",
        r"(?P<code>\w*(?:AlreadyExists|AlreadyOwnedByYou|ResourceExistsException|EntityAlreadyExists)\w*|"
        r"ResourceInUseException: Table already exists|InvalidGroup\.Duplicate|DuplicateLoadBalancerName|"
        r"DuplicateTargetGroupName|InvalidKeyPair\.Duplicate|InvalidPermission\.Duplicate|RouteAlreadyExists)",
    ),
    # -- the network ----------------------------------------------------------------------------------------------
    Known(
        "cidr",
        USER,
        "The addresses {cidr} are in use by another subnet of this VPC, or lie outside it.",
        "Change `network.cidr`, or remove the other subnet if nobody needs it.",
        r"(?:InvalidSubnet\.(?:Conflict|Range)|InvalidVpc\.Range|InvalidSubnetRange)(?:.{0,40}?'(?P<cidr>[0-9a-f.:/]+)')?",
    ),
    Known(
        "subnet-full",
        USER,
        "The subnet has no free address left.",
        "Give the network a larger range or more zones; `giban check` computes what the groups need.",
        r"InsufficientFreeAddressesInSubnet|InsufficientFreeAddresses",
    ),
    Known(
        "in-use",
        WAIT,
        "Something else still uses it.",
        "Find out what (often a network interface made by hand), remove it, and run the same command again.",
        r"DependencyViolation|InvalidGroup\.InUse|DeleteConflict|currently in use|ResourceInUseException",
    ),
    Known(
        "bucket-not-empty",
        USER,
        "The bucket still holds objects, and Terraform deletes none.",
        "Empty it yourself (all versions), then run the same command.",
        r"BucketNotEmpty",
    ),
    Known(
        "protected",
        USER,
        "It is protected from deletion.",
        "That is on purpose. Switch the protection off in the blueprint and apply that first, if you are sure.",
        r"[Cc]annot delete protected|deletion protection|DeletionProtection|Instance cannot be destroyed|"
        r"prevent_destroy",
    ),
    # -- what AWS does not have -----------------------------------------------------------------------------------
    Known(
        "database-version",
        USER,
        "RDS has no {engine} {version} here (any more).",
        "`aws rds describe-db-engine-versions --engine {engine}` lists what there is; set `version` to one of them. "
        'A major version alone, such as "16", always means the newest minor one.',
        r"Cannot find version (?P<version>[\w.-]+) for (?P<engine>[\w-]+)",
    ),
    Known(
        "database-downgrade",
        USER,
        "A database cannot go back from {version} to {to}.",
        "AWS updated the minor version meanwhile. Set `version` to what is running, or to the major version alone.",
        r"Cannot (?:up|down)grade [\w-]+ from (?P<version>[\w.]+) to (?P<to>[\w.]+)",
    ),
    Known(
        "database-state",
        USER,
        "The database is stopped, or busy with something else: RDS changes only one that is available.",
        "When a power schedule stopped it: `giban power on databases.NAME`, wait until `giban power status` says it is on, "
        "and run the same command again. Otherwise wait until it is available.",
        r"InvalidDBInstanceState|InvalidDBClusterState",
    ),
    Known(
        "database-combination",
        USER,
        "RDS does not offer this instance class with this engine and version.",
        "Choose another `instance` or `version`; `aws rds describe-orderable-db-instance-options` lists them.",
        r"RDS does not support creating a DB instance with the following combination",
    ),
    Known(
        "instance-type",
        USER,
        "The instance type {what} is not offered in that zone.",
        "Choose another `instance`, or other zones.",
        r"requested instance type \((?P<what>[\w.-]+)\) is not supported|InstanceType\S* .{0,60}not supported",
    ),
    Known(
        "image",
        USER,
        "The machine image does not exist in this region.",
        "Image identifiers differ from region to region; leave it to the default, or name one of this region.",
        r"InvalidAMIID\.(?:NotFound|Malformed)",
    ),
    # -- the documents --------------------------------------------------------------------------------------------
    Known(
        "document",
        USER,
        "Terraform does not accept a document.",
        "When it comes from `terraform:` or `patch:` in the blueprint, correct it there.",
        r"^(?:Unsupported argument|Unsupported block type|Extraneous JSON object property|Missing required argument|"
        r"Reference to undeclared|Unsupported attribute|Invalid resource type|Incorrect attribute value type|"
        r"Invalid reference|Cycle: |Error in function call|Insufficient \w+ blocks|Too many \w+ blocks|"
        r"Invalid expression|"
        r"Conflicting configuration arguments|Invalid (?:combination|value|Attribute)|"
        r"Missing (?:attribute|item|block))",
    ),
    # -- the wire -------------------------------------------------------------------------------------------------
    Known(
        "network",
        WORLD,
        "The network between here and there does not work.",
        "Check the connection (and proxy) and run the same command again.",
        r"no such host|connection refused|connection reset|i/o timeout|TLS handshake timeout|network is unreachable|"
        r"request send failed|Could not connect to the endpoint URL|x509:",
    ),
)

_UNKNOWN = Known("other", WORLD, "", "")
_FILLERS = {"cidr": "asked for", "what": "such capacity", "action": "this", "who": "Your identity"}
_compiled: list[re.Pattern[str]] = []


def match(text: str) -> Known:
    """What is known about an error text, with its blanks filled in; kind `other` when it is new to us."""
    if not _compiled:
        _compiled.extend(re.compile(row.pattern, re.DOTALL) for row in _ROWS)
    # The provider breaks lines where it likes.
    flat = re.sub(r"\s+", " ", text)
    for row, pattern in zip(_ROWS, _compiled, strict=True):
        found = pattern.search(flat)
        if found:
            words = _FILLERS | {name: value for name, value in found.groupdict().items() if value}
            words.setdefault("code", found.group())
            return Known(row.kind, row.blame, row.what.format_map(words), row.advice.format_map(words))
    return _UNKNOWN


def kinds() -> Iterator[str]:
    """Every kind there is (each has at least one sample in the tests)."""
    return iter(sorted({row.kind for row in _ROWS}))
