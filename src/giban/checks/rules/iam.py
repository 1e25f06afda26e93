"""Checks of permissions: who may do everything, and who lets everybody in."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.policies import Statement, allowing, identity_policies, policy, resource_policies
from giban.checks.registry import Hit, check
from giban.checks.values import text
from giban.graph.graph import Graph


@check("GB055", "error", fix="Name the accounts, roles or services that may, or add a condition such as aws:SourceArn.")
def policy_open_to_the_world(graph: Graph) -> Iterator[Hit]:
    """Resource policy is open to the world.

    ## What it finds
    A policy of a bucket, key, queue, topic, secret, repository, search domain, file system, event bus or table, or a Lambda
    permission, that allows something to the principal `*` without a condition on who it is. That one must come over TLS,
    or from `0.0.0.0/0`, is no such condition.

    ## Why it matters
    Everybody with any AWS account, for buckets and queues even without one, may do what the statement says: read the
    data, fill the queue, decrypt with the key.

    ## Example
    ```json
    {"resource": {"aws_sqs_queue_policy": {"jobs": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":\\"*\\",\\"Action\\":\\"sqs:SendMessage\\",\\"Resource\\":\\"*\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_sqs_queue_policy": {"jobs": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"sns.amazonaws.com\\"},\\"Action\\":\\"sqs:SendMessage\\",\\"Resource\\":\\"*\\",\\"Condition\\":{\\"ArnEquals\\":{\\"aws:SourceArn\\":\\"${aws_sns_topic.jobs.arn}\\"}}}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    for resource, statement in allowing(resource_policies(graph)):
        if statement.anybody and not statement.restricted:
            yield resource, f"{_named(statement)} allows {_actions(statement)} to everybody."
    for permission in graph.all("aws_lambda_permission"):
        limits = ("source_arn", "source_account", "principal_org_id")
        if text(permission, "principal") == "*" and not any(permission.value(name) for name in limits):
            yield permission, "Everybody may invoke the function (principal is *)."


@check("GB067", "error", fix="List the actions and the resources that are needed.")
def policy_allows_everything(graph: Graph) -> Iterator[Hit]:
    """Policy allows everything.

    ## What it finds
    An identity policy that allows the action `*`, or everything but a few (`NotAction`), on every resource, or the attachment of
    AWS's AdministratorAccess.

    ## Why it matters
    Whoever gets hold of this role, through a flaw in the application or a leaked key, has the account: data, backups, bill.

    ## Example
    ```json
    {"resource": {"aws_iam_role_policy": {"app": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"*\\",\\"Resource\\":\\"*\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_iam_role_policy": {"app": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"s3:GetObject\\"],\\"Resource\\":\\"${aws_s3_bucket.app.arn}/*\\"}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
    """
    for resource, statement in allowing(identity_policies(graph)):
        if "*" in statement.resources and not statement.conditions:
            if "*" in statement.actions or "*:*" in statement.actions:
                yield resource, f"{_named(statement)} allows every action on every resource."
            elif statement.not_actions:
                but = ", ".join(statement.not_actions)
                yield resource, f"{_named(statement)} allows everything on every resource but {but}."
    for attachment in graph.all(
        "aws_iam_role_policy_attachment", "aws_iam_user_policy_attachment", "aws_iam_group_policy_attachment",
        "aws_iam_policy_attachment",
    ):  # fmt: skip
        if str(attachment.value("policy_arn")).endswith(":iam::aws:policy/AdministratorAccess"):
            yield attachment, "AdministratorAccess allows every action on every resource."


@check("GB068", "error", fix="Name the ARN of exactly the secret that is needed.")
def policy_reads_every_secret(graph: Graph) -> Iterator[Hit]:
    """Policy reads every secret.

    ## What it finds
    An identity policy that allows `secretsmanager:GetSecretValue` (or `ssm:GetParameter`) on every secret of the account: a
    resource such as `*` or `arn:aws:secretsmanager:*:*:secret:*`.

    ## Why it matters
    One service that is broken into gives away the passwords of all the others, and of other environments in the account.

    ## Example
    ```json
    {"resource": {"aws_iam_role_policy": {"app": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"secretsmanager:GetSecretValue\\",\\"Resource\\":\\"*\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_iam_role_policy": {"app": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"secretsmanager:GetSecretValue\\",\\"Resource\\":\\"${aws_secretsmanager_secret.app.arn}\\"}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html
    """
    for resource, statement in allowing(identity_policies(graph)):
        if "*" in statement.actions or statement.conditions:
            continue
        for action, kind in (("secretsmanager:GetSecretValue", "secret"), ("ssm:GetParameter", "parameter")):
            if statement.permits(action) and any(_every(name, kind) for name in statement.resources):
                yield resource, f"{_named(statement)} allows to read every {kind} of the account."


def _every(resource: str, kind: str) -> bool:
    """`*`, or an ARN that ends in `:secret:*` or `:parameter/*`."""
    return resource == "*" or (kind in resource and resource.rsplit(kind, 1)[1] in (":*", "/*", "*"))


@check("GB069", "warning", fix="List the actions that are needed, and the resources they are needed on.")
def policy_allows_a_whole_service(graph: Graph) -> Iterator[Hit]:
    """Policy allows a whole service.

    ## What it finds
    An identity policy that allows `service:*` on every resource, or a write such as `s3:Put*` by wildcard on every resource.

    ## Why it matters
    `s3:*` on `*` includes deleting every bucket of the account, `ec2:*` includes opening security groups. What is needed is
    mostly three actions on one resource.

    ## Example
    ```json
    {"resource": {"aws_iam_role_policy": {"app": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"s3:*\\",\\"Resource\\":\\"*\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_iam_role_policy": {"app": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"s3:GetObject\\"],\\"Resource\\":\\"${aws_s3_bucket.app.arn}/*\\"}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#access_policies-json
    """
    harmless = ("describe", "get", "list", "read", "search", "view", "batchget", "lookup")
    for resource, statement in allowing(identity_policies(graph)):
        if "*" not in statement.resources or statement.conditions:
            continue
        wide = [
            action
            for action in statement.actions
            if ":" in action and "*" in action.split(":", 1)[1]
            and action != "*:*" and not action.split(":", 1)[1].lower().startswith(harmless)
        ]  # fmt: skip
        if wide:
            yield resource, f"{_named(statement)} allows {', '.join(sorted(wide))} on every resource."


@check(
    "GB070",
    "error",
    fix="Name the account, role or service that may assume it; for OIDC add a condition on the subject.",
)
def role_open_to_anybody(graph: Graph) -> Iterator[Hit]:
    """Role can be assumed by anybody.

    ## What it finds
    A role whose trust policy names the principal `*` without a condition on who it is, or trusts an OIDC provider such as
    GitHub's without a condition on the subject (`sub`).

    ## Why it matters
    Everybody with any AWS account, or every repository on GitHub, may become this role. Its permissions are then theirs.

    ## Example
    ```json
    {"resource": {"aws_iam_role": {"deploy": {"assume_role_policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"AWS\\":\\"*\\"},\\"Action\\":\\"sts:AssumeRole\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_iam_role": {"deploy": {"assume_role_policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"ec2.amazonaws.com\\"},\\"Action\\":\\"sts:AssumeRole\\"}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
    - https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect
    """
    for role in graph.all("aws_iam_role"):
        for statement in policy(graph, role, "assume_role_policy").allowing:
            if statement.anybody and not statement.restricted:
                yield role, "Everybody with an AWS account may assume the role."
            elif statement.permits("sts:AssumeRoleWithWebIdentity") and _any_subject(statement):
                yield role, "Everybody the OIDC provider knows may assume the role (no condition on the subject)."


SHARED_PROVIDERS = ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io", "accounts.google.com")
"""Providers that speak for the whole world, not for one organisation."""


def _any_subject(statement: Statement) -> bool:
    shared = any(
        kind == "Federated" and (name.rsplit("oidc-provider/", 1)[-1].startswith(SHARED_PROVIDERS))
        for kind, name in statement.principals
    )
    if not shared:
        return False
    limits = [condition for condition in statement.conditions if not condition.key.lower().endswith(":aud")]
    return not any(set(condition.values) - {"*", "repo:*"} for condition in limits)


@check("GB071", "error", fix="Name the roles that may be passed, and the service with iam:PassedToService.")
def policy_passes_any_role(graph: Graph) -> Iterator[Hit]:
    """Policy may pass any role.

    ## What it finds
    An identity policy that allows `iam:PassRole` on every role without `iam:PassedToService`.

    ## Why it matters
    Who may start an instance or a function and give it any role has every permission of the strongest role in the account.

    ## Example
    ```json
    {"resource": {"aws_iam_role_policy": {"deploy": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"iam:PassRole\\",\\"Resource\\":\\"*\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_iam_role_policy": {"deploy": {"policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"iam:PassRole\\",\\"Resource\\":\\"${aws_iam_role.app.arn}\\"}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    for resource, statement in allowing(identity_policies(graph)):
        if "*" in statement.actions or not statement.permits("iam:PassRole"):
            continue
        every = any(name == "*" or name.endswith(":role/*") for name in statement.resources)
        keys = {condition.key.lower() for condition in statement.conditions}
        if every and "iam:passedtoservice" not in keys:
            yield resource, f"{_named(statement)} allows to pass every role to any service."


def _named(statement: Statement) -> str:
    return f"Statement {statement.sid}" if statement.sid else "A statement"


def _actions(statement: Statement) -> str:
    shown = list(statement.actions[:3]) or [f"all but {', '.join(statement.not_actions)}"]
    return ", ".join(shown) + (" and more" if len(statement.actions) > 3 else "")
