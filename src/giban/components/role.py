"""What the instances of a service may do: exactly what `uses` says, and what Session Manager needs."""

from __future__ import annotations

from giban.blueprint.types import Instances
from giban.components.alarm_agent import agent_statements, service_log
from giban.components.alarm_parts import has_alarms
from giban.components.buckets import artifact_bucket, bucket
from giban.components.databases import database
from giban.components.encryption import decrypt
from giban.components.environment import Environment, Scope, fit, part
from giban.components.policies import Statement, allow, assume, document
from giban.graph.resource import Resource


def instance_profile(scope: Scope, name: str, service: Instances, artifact: str) -> Resource:
    """The role with its policy, in the profile that the launch template names."""
    env = scope.env
    role = service_role(env, name)
    artifacts = artifact_bucket(env)
    statements = [
        allow("Artifact", ["s3:GetObject"], f"{artifacts.arn}/{artifact}"),
        *_databases(env, service),
        *_buckets(env, service),
        decrypt(env, "s3", "secretsmanager"),
        *(agent_statements(env, service_log(env, name)) if has_alarms(env) else ()),
    ]
    scope.add("aws_iam_role_policy", name="uses", role=role.id, policy=document(*statements))
    return profile(scope, role)


@part
def service_role(env: Environment, name: str) -> Resource:
    """The role of a service's instances."""
    return host_role(env.scope("services", name, was=env.blueprint.services[name].was))


def host_role(scope: Scope) -> Resource:
    """A role for hosts that people reach through Session Manager."""
    role = scope.add(
        "aws_iam_role",
        name=fit(f"{scope.name}-{scope.env.region_name}", 64),
        assume_role_policy=assume("ec2.amazonaws.com"),
    )
    scope.add(
        "aws_iam_role_policy_attachment",
        "ssm",
        role=role.ref("name"),
        policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    )
    return role


def profile(scope: Scope, role: Resource) -> Resource:
    """The instance profile that carries a role."""
    return scope.add("aws_iam_instance_profile", name=role.ref("name"), role=role.ref("name"))


def used(service: Instances, section: str) -> list[str]:
    """The names of a section that a service uses, sorted."""
    return sorted({item.split(".", 1)[1] for item in service.uses if item.startswith(f"{section}.")})


def _databases(env: Environment, service: Instances) -> list[Statement]:
    parts = [database(env, name) for name in used(service, "databases")]
    if not parts:
        return []
    secrets: list[object] = []
    for item in parts:
        secrets += [item.connection.arn, item.instance.master_user_secret[0].child("secret_arn")]
    return [allow("Secrets", ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], secrets)]


def _buckets(env: Environment, service: Instances) -> list[Statement]:
    made = [bucket(env, name) for name in used(service, "buckets")]
    if not made:
        return []
    return [
        allow("ListBuckets", ["s3:ListBucket"], [item.arn for item in made]),
        allow(
            "Objects",
            ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            [f"{item.arn}/*" for item in made],
        ),
    ]
