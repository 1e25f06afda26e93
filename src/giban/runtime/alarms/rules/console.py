"""Links into the AWS console, one for each kind of thing that an alert is about."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

FORMS = {
    "alarm": "cloudwatch/home?region={region}#alarmsV2:alarm/{id}",
    "instance": "ec2/home?region={region}#InstanceDetails:instanceId={id}",
    "group": "ec2/home?region={region}#AutoScalingGroupDetails:id={id};view=activity",
    "database": "rds/home?region={region}#database:id={id};is-cluster=false",
    "cluster": "rds/home?region={region}#database:id={id};is-cluster=true",
    "logs": "cloudwatch/home?region={region}#logsV2:log-groups/log-group/{id}",
    "pipeline": "codesuite/codepipeline/pipelines/{id}/view?region={region}",
    "build": "codesuite/codebuild/projects/{id}/history?region={region}",
    "deployment": "codesuite/codedeploy/deployments/{id}?region={region}",
    "service": "ecs/v2/clusters/{cluster}/services/{id}/health?region={region}",
    "tasks": "ecs/v2/clusters/{cluster}/tasks/{id}?region={region}",
    "certificate": "acm/home?region={region}#/certificates/{id}",
    "budget": "costmanagement/home#/budgets",
    "health": "health/home#/account/event-log?eventID={id}",
}
HOST = "https://{region}.console.aws.amazon.com"
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def link(config: Mapping[str, Any], what: str, id: str, region: str, cluster: str = "") -> str | None:
    """The page of a thing; None when it has no name. `account_url` of the configuration is that of its own region."""
    if not id and what != "budget":
        return None
    base = str(config.get("account_url") or "")
    if not base or (region and region != config.get("region")):
        base = HOST.format(region=region or "us-east-1")
    # The console keeps log groups after the # twice encoded, with $25 for the second %.
    name = quoted(quoted(id)).replace("%", "$") if what == "logs" else quoted(id)
    path = FORMS[what].format(region=quoted(region), id=name, cluster=quoted(cluster))
    return f"{base.rstrip('/')}/{path}"


def quoted(text: str) -> str:
    """Percent-encoded, all but letters, digits and -._~ (RFC 3986); without the import of urllib."""
    return "".join(chr(byte) if chr(byte) in LETTERS else f"%{byte:02X}" for byte in text.encode())
