"""What to write in the blueprint against a finding, where the check itself can only say what to write in Terraform."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from giban.checks.registry import Finding

FIXES = {
    "GB001": "Set `network: {nat: per-zone}`.",
    "GB006": "Set `network: {flow_logs: true}`.",
    "GB014": "The gateway endpoints are always there: look at what `patch:` changes.",
    "GB015": "Set `network: {nat: single}`, or `endpoints: [ssm, ssmmessages, ec2messages, secretsmanager, kms]`.",
    "GB024": "Say who may connect: `allow: [SERVICE]`, or `uses: [services.NAME]` in the one that does.",
    "GB025": "Set `network: {zones: 2}` or more.",
    "GB026": "Set `domain`: a name is what HTTPS needs a certificate for.",
    "GB029": "Leave protection to `stage: production`, or `patch:` the load balancer with `enable_deletion_protection: true`.",
    "GB032": "Set `network: {zones: 2}` or more.",
    "GB038": "Choose a larger `network.cidr`, or a lower `scale.max`.",
    "GB039": "Set `scale.max` above `scale.min`.",
    "GB042": "Set `protect: true` on the database.",
    "GB043": "Set `backup_days` to 7 or more on the database.",
    "GB044": "Set `multi_az: true` on the database.",
    "GB052": "Set `protect: true` on the bucket.",
    "GB053": "Set `versioning: true` on the bucket.",
    "GB073": "Set `waf: true`.",
    "GB076": "Set `waf: {count_only: false}` once its log shows no false alarms.",
    "GB085": "Set `owner`.",
    "GB101": "Choose a larger `network.cidr`, more zones, or a lower `scale.max`.",
}
"""ID of a check to one sentence in the words of the blueprint."""


def in_words_of_the_blueprint(findings: Iterable[Finding]) -> list[Finding]:
    """The findings with a fix that names the key of the blueprint. Raw Terraform keeps the words of Terraform."""
    return [
        msgspec.structs.replace(item, fix=FIXES[item.check])
        if item.check in FIXES and item.component != "terraform"
        else item
        for item in findings
    ]
