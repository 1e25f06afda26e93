"""Checks of passwords, keys and tokens: where they are written, and what happens to their secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from giban.checks.registry import Hit, check
from giban.checks.secret_texts import MADE_SECRETS, SECRET_NAME, secrets_in, texts_of_user_data
from giban.checks.values import given, number, text
from giban.graph.graph import Graph
from giban.graph.refs import is_unknown

PASSWORDS = {
    "aws_db_instance": ("password",),
    "aws_rds_cluster": ("master_password",),
    "aws_docdb_cluster": ("master_password",),
    "aws_redshift_cluster": ("master_password",),
    "aws_elasticache_replication_group": ("auth_token",),
    "aws_elasticache_user": ("passwords",),
    "aws_memorydb_user": ("authentication_mode", "passwords"),
    "aws_mq_broker": ("user", "password"),
    "aws_opensearch_domain": ("advanced_security_options", "master_user_options", "master_user_password"),
    "aws_dms_endpoint": ("password",),
    "aws_directory_service_directory": ("password",),
}
"""Where the provider takes a password in the clear and keeps it in the state."""


@check("GB047", "error", fix="Let AWS make it (manage_master_user_password), and change this one: it is known by now.")
def password_in_the_document(graph: Graph) -> Iterator[Hit]:
    """Password is written in the document.

    ## What it finds
    A password of a database, cache, broker or directory that is given as text.

    ## Why it matters
    It is in the repository and its history, in every plan, and in the state, for everybody who can read one of them. Changing
    it later means a deployment, so nobody does.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"username": "app", "password": "correct-horse"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {"username": "app", "manage_master_user_password": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
    """
    for resource, argument, value in _passwords(graph):
        if not is_unknown(value):
            yield resource, f"{argument} is written out in the document."


@check("GB048", "warning", fix="Let AWS make it (manage_master_user_password), or use the write-only argument (…_wo).")
def password_in_the_state(graph: Graph) -> Iterator[Hit]:
    """Password ends up in the state.

    ## What it finds
    A password that comes from a variable, a `random_password` or a data source, or such a value in the text of a secret.

    ## Why it matters
    It is not in the repository, but Terraform keeps the value in its state in the clear. Whoever may read the state for a plan
    may read the password.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"username": "app", "password": "${random_password.main.result}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {"username": "app", "manage_master_user_password": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
    - https://developer.hashicorp.com/terraform/language/state/sensitive-data
    - https://developer.hashicorp.com/terraform/language/manage-sensitive-data/write-only
    """
    for resource, argument, value in _passwords(graph):
        if is_unknown(value):
            yield resource, f"The value of {argument} is kept in the state in the clear."
    for version in graph.all("aws_secretsmanager_secret_version"):
        value = version.value("secret_string")
        if isinstance(value, str) and MADE_SECRETS.search(value):
            yield version, "The value of secret_string is kept in the state in the clear."


def _passwords(graph: Graph) -> Iterator[tuple[Any, str, Any]]:
    for resource in graph.all(*PASSWORDS):
        *blocks, argument = PASSWORDS[resource.type]
        bodies = resource.blocks(*blocks) if blocks else [resource.args]
        for body in bodies:
            value = body.get(argument)
            if value not in (None, "", []):
                yield resource, argument, value


@check("GB063", "error", fix="Put it into Secrets Manager and read it at boot with the role of the instance.")
def secret_in_user_data(graph: Graph) -> Iterator[Hit]:
    """Secret in user data.

    ## What it finds
    In the user data of an instance, launch template or launch configuration (base64 is opened, files that an expression reads
    from beside the documents are read) and in the environment of a Lambda function: access keys, private keys, tokens of
    well-known services, `password=` and the like with a text behind it, or a reference to a value that is secret.

    ## Why it matters
    User data can be read by everybody who may describe instances, by every process on the instance through the metadata
    service, and it is in the state and in old versions of the launch template. Changing the secret means new instances.

    ## Example
    ```json
    {"resource": {"aws_launch_template": {"web": {"user_data": "#!/bin/sh\\nexport DB_PASSWORD=correct-horse\\n"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_launch_template": {"web": {"user_data":
      "#!/bin/sh\\naws secretsmanager get-secret-value --secret-id ${aws_secretsmanager_secret.db.arn}\\n"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html
    """
    for resource in graph.all(
        "aws_instance", "aws_launch_template", "aws_launch_configuration", "aws_spot_instance_request"
    ):
        found = {what: None for part in texts_of_user_data(resource) for what in secrets_in(part)}
        for what in found:
            yield resource, f"The user data hold {what}."
    for function in graph.all("aws_lambda_function"):
        variables = function.value("environment", "variables")
        for name, value in sorted(variables.items()) if isinstance(variables, dict) else ():
            for what in secrets_in(f"{name}={value}"):
                yield function, f"The environment holds {what}."
                break


@check(
    "GB064",
    "error",
    fix="Remove the value from the document, write it with the AWS CLI or secret_string_wo, and change it.",
)
def secret_value_in_the_document(graph: Graph) -> Iterator[Hit]:
    """Value of a secret is written in the document.

    ## What it finds
    A Secrets Manager version or an SSM SecureString whose value is text, or a JSON text in which a field with a name such as
    `password` or `token` has a text. Values that are references, such as the address of a database, are fine.

    ## Why it matters
    A secret store protects nothing that is also in the repository and in the state.

    ## Example
    ```json
    {"resource": {"aws_secretsmanager_secret_version": {"slack": {
      "secret_id": "${aws_secretsmanager_secret.slack.id}", "secret_string": "xoxb-1234567890-abcdef"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_secretsmanager_secret": {"slack": {"name_prefix": "scv/slack/"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_update-secret-value.html
    - https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/secretsmanager_secret_version
    """
    for resource in graph.all("aws_secretsmanager_secret_version", "aws_ssm_parameter"):
        if resource.type == "aws_ssm_parameter" and text(resource, "type") != "SecureString":
            continue
        argument = "value" if resource.type == "aws_ssm_parameter" else "secret_string"
        value = resource.value(argument)
        if not isinstance(value, str) or not value:
            continue
        fields = _fields(value)
        if fields is None:
            if not is_unknown(value):
                yield resource, f"{argument} is written out in the document."
            continue
        names = sorted(name for name in fields if SECRET_NAME.search(name) and _written_out(fields[name]))
        if names:
            yield resource, f"{argument} holds {', '.join(names)} written out in the document."


def _fields(value: str) -> dict[str, Any] | None:
    try:
        data = msgspec.json.decode(value)
    except msgspec.DecodeError:
        from giban.checks.expressions import jsonencoded

        data = jsonencoded(value)
    return data if isinstance(data, dict) else None


def _written_out(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != "" and not is_unknown(value)


@check("GB065", "warning", fix="Set recovery_window_in_days to 7 or more.", relaxed=True)
def secret_deleted_at_once(graph: Graph) -> Iterator[Hit]:
    """Secret is deleted at once.

    ## What it finds
    A secret with `recovery_window_in_days` 0.

    ## Why it matters
    A removed or renamed secret is gone the same second, with everything that is encrypted or protected by it. Within the
    window one call restores it.

    ## Example
    ```json
    {"resource": {"aws_secretsmanager_secret": {"api": {"name_prefix": "scv/api/", "recovery_window_in_days": 0}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_secretsmanager_secret": {"api": {"name_prefix": "scv/api/", "recovery_window_in_days": 30}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
    """
    for secret in graph.all("aws_secretsmanager_secret"):
        if number(secret, "recovery_window_in_days", default=30) == 0:
            yield secret, "Deleted without a way back (recovery_window_in_days is 0)."


@check("GB066", "warning", fix="Use name_prefix, and hand the ARN to whoever needs it.")
def secret_with_a_fixed_name(graph: Graph) -> Iterator[Hit]:
    """Secret cannot be made again under its name.

    ## What it finds
    A secret with a fixed `name` and a recovery window.

    ## Why it matters
    A deleted secret keeps its name for 7 to 30 days. An environment that was taken down and is brought up again within that
    time fails with "a secret with this name is already scheduled for deletion"; so does a change that replaces the secret.

    ## Example
    ```json
    {"resource": {"aws_secretsmanager_secret": {"api": {"name": "scv/api"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_secretsmanager_secret": {"api": {"name_prefix": "scv/api/"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
    """
    for secret in graph.all("aws_secretsmanager_secret"):
        window = number(secret, "recovery_window_in_days", default=30)
        if window and given(secret, "name") and not _has_a_part_of_chance(secret.value("name")):
            yield secret, f"Its name is taken for {window:g} days after it was deleted."


def _has_a_part_of_chance(name: Any) -> bool:
    return isinstance(name, str) and any(
        mark in name for mark in ("random_", "uuid()", "timestamp(", "terraform_data.")
    )
