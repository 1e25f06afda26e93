"""Error texts as they were really printed, one or more for each kind `advice.py` knows, with where they come from.

`HERE` means printed by Terraform 1.11.4, its AWS provider 5.100.0 or botocore against an emulator on this project's
machines; everything else names the thread in which a user pasted it (identifiers shortened).
"""

from __future__ import annotations

HERE = "printed here"
TERRAFORM = "https://github.com/hashicorp/terraform/issues/"
PROVIDER = "https://github.com/hashicorp/terraform-provider-aws/issues/"

SAMPLES: list[tuple[str, str, str]] = [
    # kind, text, source
    (
        "state-not-saved",
        "Failed to save state\nError saving state: failed to upload state: ExpiredToken: The provided token has expired.\n"
        "\tstatus code: 400, request id: 1MKEH3235PP8692E",
        TERRAFORM + "33264",
    ),
    (
        "state-not-saved",
        "Failed to persist state to backend\nThe error shown above has prevented Terraform from writing the updated state to "
        'the configured backend. To allow for recovery, the state has been written to the file "errored.tfstate"',
        TERRAFORM + "33264",
    ),
    (
        "provider-version",
        "Failed to query available provider packages\nCould not retrieve the list of available versions for provider "
        "hashicorp/aws: no available releases match the given constraints 99.0.0",
        HERE,
    ),
    (
        "provider",
        "Failed to query available provider packages\nCould not retrieve the list of available versions for provider "
        "hashicorp/aws: could not connect to registry.terraform.io: failed to request discovery document: Get "
        '"https://registry.terraform.io/.well-known/terraform.json": dial tcp: lookup registry.terraform.io: no such host',
        HERE,
    ),
    (
        "provider",
        "Required plugins are not installed\nThe installed provider plugins are not consistent with the packages",
        HERE,
    ),
    (
        "engine-version",
        "Unsupported Terraform Core version\nThis configuration does not support Terraform version 1.11.4.",
        HERE,
    ),
    (
        "stale-plan",
        "Saved plan is stale\nThe given plan file can no longer be applied because the state was changed",
        HERE,
    ),
    ("halted", "execution halted", HERE),
    (
        "lock-table",
        "Error acquiring the state lock\nError message: operation error DynamoDB: PutItem, https response error StatusCode: "
        "400, RequestID: tbji, ResourceNotFoundException: Requested resource not found\nUnable to retrieve item from "
        'DynamoDB table "locks": operation error DynamoDB: GetItem, https response error StatusCode: 400, RequestID: jwc6, '
        "ResourceNotFoundException: Requested resource not found",
        HERE,
    ),
    (
        "state-bucket",
        'Failed to get existing workspaces: S3 bucket "state-b" does not exist.\n\nThe referenced S3 bucket must have been '
        "previously created. If the S3 bucket\nwas created within the last minute, please wait for a minute or two",
        HERE,
    ),
    (
        "backend-changed",
        'Backend initialization required: please run "terraform init"\nReason: Backend configuration block has changed',
        HERE,
    ),
    (
        "emulator-gone",
        'Unable to list objects in S3 bucket "state-b" with prefix "env:/": operation error S3: ListObjectsV2, exceeded '
        "maximum number of attempts, 5, https response error StatusCode: 0, RequestID: , HostID: , request send failed, Get "
        '"http://127.0.0.1:45932/state-b?list-type=2": dial tcp 127.0.0.1:45932: connect: connection refused',
        HERE,
    ),
    ("emulator-gone", 'Could not connect to the endpoint URL: "http://127.0.0.1:45932/state-b"', HERE),
    (
        "emulator-lacks",
        "NotImplementedError: The delete_resource_policy action has not been implemented",
        "https://github.com/localstack/localstack/issues/3195",
    ),
    (
        "plugin-died",
        "Plugin did not respond\nThe plugin encountered an error, and failed to respond to the "
        "plugin.(*GRPCProvider).ApplyResourceChange call. The plugin logs may contain more details.",
        PROVIDER + "29153",
    ),
    (
        "expired",
        "validating provider credentials: error calling sts:GetCallerIdentity: operation error STS: GetCallerIdentity, https "
        "response error StatusCode: 403, RequestID: 6d1b2715, api error ExpiredToken: The security token included in the "
        "request is expired",
        "https://github.com/aws-samples/serverless-patterns/issues/970",
    ),
    (
        "expired",
        "failed to refresh cached credentials, refresh cached SSO token failed, unable to refresh SSO token, operation error "
        "SSO OIDC: CreateToken, https response error StatusCode: 400, RequestID: 0621, InvalidGrantException:",
        "https://github.com/turbot/steampipe-plugin-aws/issues/2398",
    ),
    (
        "expired",
        "Error when retrieving token from sso: Token has expired and refresh failed",
        "https://github.com/aws/aws-cli/issues/7692",
    ),
    (
        "credentials",
        "error calling sts:GetCallerIdentity: InvalidClientTokenId: The security token included in the request is invalid.",
        PROVIDER + "24197",
    ),
    (
        "credentials",
        "No valid credential sources found\nPlease see https://registry.terraform.io/providers/hashicorp/aws",
        HERE,
    ),
    ("credentials", "Unable to locate credentials", HERE),
    ("credentials", "The config profile (nobody) could not be found", HERE),
    (
        "assume-role",
        "Cannot assume IAM Role\nIAM Role (arn:aws:iam::123456789012:role/TerraformExecutionRoleDev) cannot be assumed.\n\n"
        "Error: operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: 7fc0, api error "
        "AccessDenied: User: arn:aws:sts::123456789012:assumed-role/x/alvin is not authorized to perform: sts:AssumeRole",
        PROVIDER + "42213",
    ),
    (
        "denied-by-organization",
        "User: arn:aws:sts::123456789012:assumed-role/karpenter/1 is not authorized to perform: ec2:RunInstances on "
        "resource: arn:aws:ec2:eu-west-1:123456789012:instance/* with an explicit deny in a service control policy",
        "https://github.com/aws/karpenter-provider-aws/issues/8190",
    ),
    (
        "denied",
        "creating IAM Role (scv-was): operation error IAM: CreateRole, https response error StatusCode: 403, RequestID: 1, "
        "api error AccessDenied: User: arn:aws:iam::123456789012:user/michael is not authorized to perform: iam:CreateRole "
        "on resource: arn:aws:iam::123456789012:role/scv-was because no identity-based policy allows the action",
        PROVIDER + "22773 (the form), the action changed",
    ),
    (
        "denied",
        "collecting instance settings: reading EC2 Instance Type (t2.micro): UnauthorizedOperation: You are not authorized "
        "to perform this operation.\n\tstatus code: 403, request id: 0d394442",
        PROVIDER + "8720",
    ),
    (
        "denied",
        'Unable to access object "dms-dev/terraform.tfstate" in S3 bucket "global": operation error S3: HeadObject, https '
        "response error StatusCode: 403, RequestID: QBVV, HostID: iJU3, api error Forbidden: Forbidden",
        "https://github.com/ministryofjustice/analytical-platform/issues/7735",
    ),
    (
        "throttled",
        "ThrottlingException: Rate exceeded\n\tstatus code: 400, request",
        "https://github.com/snyk/driftctl/issues/1639",
    ),
    (
        "capacity",
        "InsufficientInstanceCapacity: We currently do not have sufficient m4.4xlarge capacity in the Availability Zone you "
        "requested (ap-northeast-1d). Our system will be working on provisioning additional capacity.",
        PROVIDER + "1496",
    ),
    ("timeout", "timeout while waiting for state to become 'success' (timeout: 5m0s)", PROVIDER + "825"),
    (
        "quota",
        "creating EC2 EIP: AddressLimitExceeded: The maximum number of addresses has been reached.\n\tstatus code: 400",
        "https://github.com/redpanda-data/redpanda/issues/14734",
    ),
    (
        "quota",
        "Error launching source instance: InstanceLimitExceeded: Your quota allows for 0 more running instance(s).",
        TERRAFORM + "1891",
    ),
    (
        "bucket-taken",
        "creating S3 Bucket (helloworld): operation error S3: CreateBucket, https response error StatusCode: 409, "
        "RequestID: 1, HostID: 2, BucketAlreadyExists:",
        "https://github.com/appvia/terranetes-controller/issues/1458",
    ),
    (
        "secret-scheduled-for-deletion",
        "creating Secrets Manager Secret: InvalidRequestException: You can't create this secret because a secret with this "
        "name is already scheduled for deletion.",
        "https://github.com/aws-ia/terraform-aws-eks-blueprints/issues/1733",
    ),
    (
        "exists",
        "creating IAM Role (AWSAFTService): operation error IAM: CreateRole, https response error StatusCode: 409, RequestID: "
        "b3b7, EntityAlreadyExists: Role with name AWSAFTService already exists.",
        "https://github.com/aws-ia/terraform-aws-control_tower_account_factory/issues/529",
    ),
    (
        "exists",
        "creating S3 Bucket (swethabuckets): operation error S3: CreateBucket, https response error StatusCode: 409, "
        "RequestID: 08J2, HostID: CegK, BucketAlreadyOwnedByYou:",
        "https://github.com/cloudposse/terraform-aws-tfstate-backend/issues/54",
    ),
    (
        "exists",
        "ResourceExistsException: The operation failed because the secret CapeCloud/MongoDB already exists.",
        PROVIDER + "4467",
    ),
    (
        "cidr",
        "creating EC2 Subnet: InvalidSubnet.Conflict: The CIDR '10.0.1.0/24' conflicts with another subnet\n"
        "\tstatus code: 400, request id: e9a79870",
        TERRAFORM + "33470",
    ),
    (
        "subnet-full",
        "Error requesting spot instances: InsufficientFreeAddressesInSubnet: There are not enough free addresses in subnet "
        "'subnet-04a176042c3118735' to satisfy the requested number of instances.",
        "https://github.com/osbuild/osbuild-composer/issues/1575",
    ),
    (
        "in-use",
        "deleting EC2 Subnet (subnet-069): DependencyViolation: The subnet 'subnet-069' has dependencies and cannot be deleted.",
        "https://github.com/terraform-aws-modules/terraform-aws-vpc/issues/1081",
    ),
    (
        "bucket-not-empty",
        "deleting Amazon S3 (Simple Storage) Bucket: BucketNotEmpty: The bucket you tried to delete is not empty. You must "
        "delete all versions in the bucket.",
        "https://github.com/dspace-group/dspace-reference-architecture-aws/issues/104",
    ),
    (
        "protected",
        "error deleting DB Instance (x): InvalidParameterCombination: Cannot delete protected DB Instance, please disable "
        "deletion protection and try again.",
        PROVIDER + "26233",
    ),
    (
        "protected",
        "Instance cannot be destroyed\nResource terraform_data.a has lifecycle.prevent_destroy set, but",
        HERE,
    ),
    (
        "database-version",
        "creating RDS DB Instance (retool-rds-instance): operation error RDS: CreateDBInstance, https response error "
        "StatusCode: 400, RequestID: 39f2, api error InvalidParameterCombination: Cannot find version 13.7 for postgres",
        "https://github.com/tryretool/terraform-retool-modules/issues/70",
    ),
    (
        "database-downgrade",
        "updating RDS DB Instance (cloud-platform): operation error RDS: ModifyDBInstance, https response error StatusCode: "
        "400, RequestID: 153f, api error InvalidParameterCombination: Cannot upgrade postgres from 15.7 to 15.5",
        "https://github.com/ministryofjustice/cloud-platform-environments/pull/25904",
    ),
    (
        "database-state",
        "updating RDS Cluster Instance (aurora-sandbox-rds-instance-0): InvalidDBInstanceState: Database instance is not in "
        "available state.\nstatus code: 400, request id: 5ce04c66",
        PROVIDER + "30637",
    ),
    (
        "database-combination",
        "InvalidParameterCombination: RDS does not support creating a DB instance with the following combination: "
        "DBInstanceClass=db.r4.large, Engine=aurora-postgresql, EngineVersion=14.4",
        "https://github.com/cn-terraform/terraform-aws-sonarqube/issues/88",
    ),
    (
        "instance-type",
        "creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: 400, RequestID: f562, api "
        "error Unsupported: Your requested instance type (t3.micro) is not supported in your requested Availability Zone "
        "(us-east-1e). Please retry your request by not specifying an Availability Zone",
        "https://github.com/ned1313/Getting-Started-Terraform/issues/44",
    ),
    (
        "image",
        "creating EC2 Instance: InvalidAMIID.NotFound: The image id 'ami-12c6146b' does not exist\n\tstatus code: 400",
        "https://github.com/localstack/localstack/issues/7801",
    ),
    (
        "document",
        'Extraneous JSON object property\nNo argument or block type is named "inputt". Did you mean "input"?',
        HERE,
    ),
    ("document", 'Reference to undeclared resource\nA managed resource "aws_vpc" "x" has not been declared', HERE),
    (
        "network",
        "operation error STS: GetCallerIdentity, exceeded maximum number of attempts, 25, https response error StatusCode: 0, "
        'RequestID: , request send failed, Post "https://sts.ap-northeast-2.amazonaws.com/": dial tcp: lookup '
        "sts.ap-northeast-2.amazonaws.com on 10.255.255.53:53: no such host",
        HERE,
    ),
    ("other", "local-exec provisioner error\nError running command 'exit 3': exit status 3. Output:", HERE),
]
