"""Keys, secrets, web ACLs, certificates, identities."""

from __future__ import annotations

from collections.abc import Iterator

from giban.cost.context import Context, Line
from giban.cost.logs import waf_requests
from giban.cost.ranges import ZERO, Range, fixed
from giban.cost.registry import free, prices
from giban.graph.refs import strings
from giban.graph.resource import Resource

free(
    "identities and their policies cost nothing",
    "aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policies_exclusive", "aws_iam_role_policy_attachment",
    "aws_iam_role_policy_attachments_exclusive", "aws_iam_policy", "aws_iam_policy_attachment",
    "aws_iam_instance_profile", "aws_iam_user", "aws_iam_user_policy", "aws_iam_user_policy_attachment",
    "aws_iam_user_group_membership", "aws_iam_group", "aws_iam_group_policy", "aws_iam_group_policy_attachment",
    "aws_iam_group_membership", "aws_iam_openid_connect_provider", "aws_iam_saml_provider",
    "aws_iam_service_linked_role", "aws_iam_account_password_policy", "aws_iam_account_alias", "aws_iam_access_key",
)  # fmt: skip
free("part of a key", "aws_kms_alias", "aws_kms_key_policy", "aws_kms_grant")
free(
    "part of a secret",
    "aws_secretsmanager_secret_version", "aws_secretsmanager_secret_policy", "aws_secretsmanager_secret_rotation",
)  # fmt: skip
free(
    "part of a web ACL",
    "aws_wafv2_web_acl_association", "aws_wafv2_ip_set", "aws_wafv2_regex_pattern_set",
    "aws_wafv2_web_acl_logging_configuration",
)  # fmt: skip
free("public certificates cost nothing", "aws_acm_certificate", "aws_acm_certificate_validation")
free(
    "Session Manager, its documents and standard parameters cost nothing",
    "aws_ssm_document", "aws_ssm_association", "aws_ssm_maintenance_window", "aws_ssm_maintenance_window_target",
    "aws_ssm_maintenance_window_task", "aws_ssm_patch_baseline", "aws_ssm_patch_group", "aws_ssm_service_setting",
)  # fmt: skip

ROTATED_VERSIONS = 3
"""The key and its first two rotations are paid, later ones are not (https://aws.amazon.com/kms/pricing/)."""
PAID_GROUPS = ("AWSManagedRulesBotControlRuleSet", "AWSManagedRulesATPRuleSet", "AWSManagedRulesACFPRuleSet")
"""Managed rule groups with a price of their own (https://aws.amazon.com/waf/pricing/)."""


@prices("aws_kms_key", "aws_kms_replica_key")
def key(resource: Resource, context: Context) -> Iterator[Line]:
    """A month of the key; with rotation, up to three versions in the years to come; and its uses."""
    rotated = resource.args.get("enable_key_rotation") in (True, "true")
    versions = Range(1, 1, ROTATED_VERSIONS) if rotated else fixed(1)
    note = "high: after two rotations" if rotated else ""
    yield context.line("KMS", "customer managed key (per key version)", versions, "key", note)
    yield context.line("KMS", "requests", context.use("key_requests"), "requests")


@prices("aws_secretsmanager_secret")
def secret(resource: Resource, context: Context) -> Iterator[Line]:
    """A month of the secret, and the calls of the instances of its component, or of all."""
    yield context.line("Secrets Manager", "secret", fixed(1), "secret")
    fleets = context.topology.fleets()
    readers = [f for f in fleets if f.component and f.component == resource.component] or fleets
    calls = ZERO
    for fleet in readers:
        calls = calls + context.instances(fleet) * context.use("secret_reads_per_instance", fleet)
    yield context.line("Secrets Manager", "API calls", calls, "API calls")


@prices("aws_ssm_parameter")
def parameter(resource: Resource, context: Context) -> Iterator[Line]:
    """Standard parameters are free; no price of advanced ones is in the files."""
    if resource.args.get("tier") == "Advanced":
        yield context.unknown("advanced parameter", "parameter-month", fixed(1), "no price in the files")


@prices("aws_wafv2_web_acl")
def web_acl(resource: Resource, context: Context) -> Iterator[Line]:
    """The ACL, each rule or managed group in it, and the requests it looks at."""
    rules = len(resource.blocks("rule"))
    yield context.line("WAF", "web ACL", fixed(1), "web ACL")
    yield context.line("WAF", "rule", fixed(rules), "rules", "a managed rule group counts as one")
    requests = waf_requests(resource, context)
    note = "" if requests != ZERO else "attached to nothing"
    yield context.line("WAF", "requests", requests, "requests", note)
    for name in PAID_GROUPS:
        if name in strings(resource.args.get("rule")):
            yield context.unknown(name, "month", fixed(1), "this managed group has a price of its own")


@prices("aws_wafv2_rule_group")
def rule_group(resource: Resource, context: Context) -> Iterator[Line]:
    """A rule group of one's own is paid like a rule, and so is each rule in it."""
    yield context.line("WAF", "rule", fixed(1 + len(resource.blocks("rule"))), "rules")
