"""Which AWS service is played by which emulator: one table, with the reason for each group.

moto keeps the network, compute, databases and everything these look up in each other (an instance profile, a certificate,
a key, a log group must exist where it is used). ministack keeps the rest: it runs Lambda code and delivers events.
"""

from __future__ import annotations

ACCOUNT = "000000000000"
"""The account of the rehearsal: ministack's default; used as access key too, which both take as the account's number."""

SECRET = "rehearsal"  # noqa: S105 - what keeps others out is the token; signatures are not checked
"""The secret access key of the rehearsal."""

EMULATORS = ("moto", "ministack")
"""What answers AWS's requests."""

WORLD = "world"
"""What surrounds the emulated account: the way in from a browser, and the machines (`world`)."""

PROCESSES = (*EMULATORS, WORLD)
"""The child processes, in the order they are started, listed and stopped."""

MOTO = frozenset(
    {
        # Network and compute: instances of auto scaling groups really exist and register with target groups.
        "autoscaling", "ec2", "elb", "elbv2",
        # RDS checks subnets and security groups, so it lives where EC2 does.
        "rds",
        # Looked up by the above: instance profiles, certificates of listeners, log groups of flow logs, web ACLs of
        # load balancers, managed master passwords; and the caller that policies name.
        "acm", "cloudwatch", "cloudwatchlogs", "iam", "kms", "secretsmanager", "sts", "wafv2",
        # Knows the public AMI parameters (/aws/service/ami-amazon-linux-latest/…).
        "ssm",
        # Not in ministack at all.
        "codecommit", "codedeploy", "codepipeline", "guardduty", "networkfirewall", "route53resolver", "servicequotas",
        "shield", "synthetics",
        "acmpca", "ce", "datasync", "directconnect", "dms", "ds", "fsx", "identitystore", "networkmanager",
        "ram", "redshift", "route53domains", "securityhub", "ssoadmin", "xray",
    }
)  # fmt: skip
"""Endpoint names of the provider that moto answers."""

MINISTACK = frozenset(
    {
        "account", "apigateway", "apigatewayv2", "appautoscaling", "appconfig", "appsync", "athena", "backup", "batch",
        "budgets", "cloudformation", "cloudfront", "cloudtrail", "codebuild", "cognitoidentity", "cognitoidp",
        "configservice", "dynamodb", "ecr", "ecs", "efs", "eks", "elasticache", "emr", "eventbridge", "firehose", "glue",
        "kafka", "kinesis", "lambda", "mq", "opensearch", "organizations", "pipes", "resourcegroups",
        "resourcegroupstaggingapi", "route53", "s3", "s3control", "scheduler", "servicediscovery", "ses", "sesv2", "sfn",
        "signer", "sns", "sqs", "transfer",
    }
)  # fmt: skip
"""Endpoint names of the provider that ministack answers."""

SDK_NAMES = {
    "acmpca": "ACM_PCA", "autoscaling": "AUTO_SCALING", "ce": "COST_EXPLORER", "cloudwatchlogs": "CLOUDWATCH_LOGS",
    "directconnect": "DIRECT_CONNECT", "dms": "DATABASE_MIGRATION_SERVICE", "ds": "DIRECTORY_SERVICE",
    "elb": "ELASTIC_LOAD_BALANCING", "elbv2": "ELASTIC_LOAD_BALANCING_V2", "networkfirewall": "NETWORK_FIREWALL",
    "route53domains": "ROUTE_53_DOMAINS", "secretsmanager": "SECRETS_MANAGER", "servicequotas": "SERVICE_QUOTAS",
    "ssoadmin": "SSO_ADMIN",
}  # fmt: skip
"""Services of moto whose name in AWS_ENDPOINT_URL_* is more than the provider's endpoint name in capitals."""


NOBODY = frozenset(
    {
        "accessanalyzer", "amp", "amplify", "appfabric", "appflow", "appintegrations", "applicationinsights",
        "applicationsignals", "appmesh", "apprunner", "appstream", "auditmanager", "autoscalingplans",
        "bcmdataexports", "bedrock", "bedrockagent", "billing", "chatbot", "chime", "chimesdkmediapipelines",
        "chimesdkvoice", "cleanrooms", "cloud9", "cloudcontrol", "cloudfrontkeyvaluestore", "cloudhsmv2",
        "cloudsearch", "codeartifact", "codecatalyst", "codeconnections", "codeguruprofiler",
        "codegurureviewer", "codestarconnections", "codestarnotifications", "comprehend", "computeoptimizer",
        "connect", "connectcases", "controltower", "costoptimizationhub", "cur", "customerprofiles", "databrew",
        "dataexchange", "datapipeline", "datazone", "dax", "detective", "devicefarm", "devopsguru", "dlm",
        "docdb", "docdbelastic", "drs", "dsql", "ecrpublic", "elasticbeanstalk", "elasticsearch",
        "elastictranscoder", "emrcontainers", "emrserverless", "evidently", "evs", "finspace", "fis", "fms",
        "gamelift", "glacier", "globalaccelerator", "grafana", "greengrass", "groundstation", "healthlake",
        "imagebuilder", "inspector", "inspector2", "internetmonitor", "invoicing", "iot", "ivs", "ivschat",
        "kafkaconnect", "kendra", "keyspaces", "kinesisanalytics", "kinesisanalyticsv2", "kinesisvideo",
        "lakeformation", "launchwizard", "lexmodels", "lexv2models", "licensemanager", "lightsail", "location",
        "m2", "macie2", "mediaconnect", "mediaconvert", "medialive", "mediapackage", "mediapackagev2",
        "mediapackagevod", "mediastore", "memorydb", "mgn", "mwaa", "neptune", "neptunegraph", "networkmonitor",
        "notifications", "notificationscontacts", "oam", "opensearchserverless", "osis", "outposts",
        "paymentcryptography", "pcaconnectorad", "pcs", "pinpoint", "pinpointsmsvoicev2", "polly", "pricing",
        "qbusiness", "qldb", "quicksight", "rbin", "redshiftdata", "redshiftserverless", "rekognition",
        "resiliencehub", "resourceexplorer2", "rolesanywhere", "route53profiles",
        "route53recoverycontrolconfig", "route53recoveryreadiness", "rum", "s3outposts", "s3tables",
        "sagemaker", "schemas", "securitylake", "serverlessrepo", "servicecatalog", "servicecatalogappregistry",
        "ssmcontacts", "ssmincidents", "ssmquicksetup", "ssmsap", "sso", "storagegateway", "swf", "taxsettings",
        "timestreaminfluxdb", "timestreamquery", "timestreamwrite", "transcribe", "verifiedpermissions",
        "vpclattice", "waf", "wafregional", "wellarchitected", "workspaces", "workspacesweb",
    }
)  # fmt: skip
"""Every other endpoint name that the providers 5.100 and 6.69 share (one of each group of aliases).

ministack gets these, and refuses most. They are listed so that no request of a rehearsal goes to AWS: the provider asks
the real endpoint of every service that it is given none for.
"""


def emulator_of(service: str) -> str:
    """The emulator that gets the requests to a service, by the provider's endpoint name."""
    return "moto" if service in MOTO else "ministack"


def is_played(service: str) -> bool:
    """Whether an emulator is known to have the service."""
    return service in MOTO or service in MINISTACK


def endpoint_variables(moto: str) -> dict[str, str]:
    """Environment variables by which an AWS SDK finds the services of moto, at this URL, and the rest where it is told.

    https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html
    """
    return {f"AWS_ENDPOINT_URL_{SDK_NAMES.get(name, name.upper())}": moto for name in sorted(MOTO)}
