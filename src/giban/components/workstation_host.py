"""The host of a workstation: instance, home volume, security group, role, DNS records."""

from __future__ import annotations

import msgspec

from giban.blueprint.instance_types import architecture
from giban.blueprint.types_workstations import sizes_of
from giban.components.alarm_agent import agent_statements
from giban.components.alarm_parts import has_alarms
from giban.components.buckets import artifact_bucket
from giban.components.dns import zone
from giban.components.encryption import decrypt
from giban.components.environment import Environment, Scope, part
from giban.components.images import image, ubuntu
from giban.components.network import ANYWHERE, network
from giban.components.policies import Statement, allow, document
from giban.components.role import host_role, profile
from giban.components.workstation_boot import TUNNEL_PORT, boot_settings, tunnel_address, user_data
from giban.components.workstation_image import packer_template
from giban.components.workstation_parts import (
    admin_host,
    editor_host,
    host_secret,
    vpn_secret,
    workstation,
    workstation_scope,
)
from giban.graph.resource import Resource

HOME_DEVICE = "/dev/sdf"
"""What EC2 is told; the host finds the volume by its number (https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html)."""


class Host(msgspec.Struct, frozen=True):
    """What others need of a host."""

    instance: Resource
    home: Resource


@part
def host(env: Environment, name: str) -> Host:
    """The host and everything that is its own."""
    scope = workstation_scope(env, name)
    settings = workstation(env, name)
    sizes = sizes_of(settings)
    home = _home(scope)
    boot_settings(env, name, home)
    packer_template(env, name)
    tag = f"{env.prefix}/{name}"
    instance = scope.add(
        "aws_instance",
        ami=_image(env, name),
        instance_type=sizes[0],
        subnet_id=network(env).subnets["public"][0].id,
        vpc_security_group_ids=[_group(scope).id],
        iam_instance_profile=_profile(env, name).ref("name"),
        user_data_base64=user_data(env, name),
        # What the host does when its agent switches it off: it must come back with its disks.
        instance_initiated_shutdown_behavior="stop",
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            # Programs on the host get its role, containers do not.
            "http_put_response_hop_limit": 1,
        },
        root_block_device={"volume_type": "gp3", "volume_size": settings.system_disk, "encrypted": True},
        tags={
            "Name": scope.name,
            "giban:admin": admin_host(env, name),
            "giban:host-secret": host_secret(env, name).arn,
            "giban:power": tag,
            "giban:workstation": tag,
        },
        # A newer image or start script is for the next rebuild; with several sizes the keeper chooses the type.
        lifecycle={"ignore_changes": ["ami", "user_data_base64", *(["instance_type"] if len(sizes) > 1 else [])]},
    )
    scope.add(
        "aws_volume_attachment",
        "home",
        device_name=HOME_DEVICE,
        instance_id=instance.id,
        volume_id=home.id,
        # A rebuild: the file system is closed by a stop, not torn off.
        stop_instance_before_detaching=True,
    )
    address = scope.add("aws_eip", domain="vpc")
    # AWS asks for the internet gateway to be there before an address is used.
    gateway = "aws_internet_gateway.main"
    scope.add("aws_eip_association", instance_id=instance.id, allocation_id=address.id, depends_on=[gateway])
    _records(env, name, address)
    env.region.output(
        f"{scope.label}_url", f"https://{editor_host(env, name)}", f"The editor of {name}, while it runs."
    )
    return Host(instance, home)


def _home(scope: Scope) -> Resource:
    """The home volume. It has AWS's own key, so that its last snapshot can be read when the environment's key is gone, and
    starting the instance needs no right to any key."""
    env = scope.env
    return scope.add(
        "aws_ebs_volume",
        "home",
        availability_zone=network(env).subnets["public"][0].availability_zone,
        type="gp3",
        size=workstation(env, scope.component.split(".", 1)[1]).disk,
        encrypted=True,
        final_snapshot=True,
        lifecycle={"prevent_destroy": True},
    )


def _image(env: Environment, name: str) -> str:
    settings = workstation(env, name)
    size = sizes_of(settings)[0]
    if settings.image == "baked":
        baked = workstation_scope(env, name).data(
            "aws_ami",
            f"{name.replace('-', '_')}_baked",
            owners=["self"],
            most_recent=True,
            filter=[
                {"name": "tag:giban:image", "values": [f"{env.prefix}/{name}"]},
                {"name": "architecture", "values": [architecture(size)]},
            ],
        )
        return str(baked.id)
    return image(env, settings.image, size) if settings.image else ubuntu(env, size)


def _group(scope: Scope) -> Resource:
    """Who may reach the host: the editor, or with a VPN the tunnel alone. SSH is for Session Manager and the tunnel."""
    env = scope.env
    settings = workstation(env, scope.component.split(".", 1)[1])
    group = scope.add(
        "aws_security_group",
        name=scope.name,
        description=f"Workstation {scope.label}",
        vpc_id=network(env).vpc.id,
    )
    what, protocol, port = ("tunnel", "udp", TUNNEL_PORT) if settings.vpn == "wireguard" else ("editor", "tcp", 443)
    for index, cidr in enumerate(cidr for cidr in settings.allow if ":" not in cidr):
        scope.add(
            "aws_vpc_security_group_ingress_rule",
            f"{what}_{index}",
            security_group_id=group.id,
            description=f"{what.capitalize()} from {cidr}",
            cidr_ipv4=cidr,
            ip_protocol=protocol,
            from_port=port,
            to_port=port,
        )
    scope.add(
        "aws_vpc_security_group_egress_rule",
        "out",
        security_group_id=group.id,
        description="Developers reach everything",
        cidr_ipv4=ANYWHERE,
        ip_protocol="-1",
    )
    return group


@part
def workstation_role(env: Environment, name: str) -> Resource:
    """The role of the host."""
    return host_role(workstation_scope(env, name))


def _profile(env: Environment, name: str) -> Resource:
    scope = workstation_scope(env, name)
    role = workstation_role(env, name)
    scope.add(
        "aws_iam_role_policy",
        name="host",
        role=role.id,
        policy=document(
            allow(
                "Boot",
                ["s3:GetObject"],
                [f"{artifact_bucket(env).arn}/workstations/{part_}/*" for part_ in ("boot", name)],
            ),
            *_secrets(env, name),
            decrypt(env, "s3", "secretsmanager"),
            *_certificate(env, name),
            *(agent_statements(env) if has_alarms(env) else ()),
        ),
    )
    return profile(scope, role)


def _secrets(env: Environment, name: str) -> list[Statement]:
    read = ["secretsmanager:GetSecretValue"]
    settings = workstation(env, name)
    statements = [allow("HostSecret", read, host_secret(env, name).arn)]
    if settings.git_token is not None:
        # Six characters that Secrets Manager adds to the name
        # (https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen).
        arn = f"arn:aws:secretsmanager:{env.region_name}:{env.account_id}:secret:{settings.git_token}-??????"
        statements.append(allow("GitToken", read, arn))
    if settings.vpn == "wireguard":
        statements.append(allow("Tunnel", [*read, "secretsmanager:PutSecretValue"], vpn_secret(env, name).arn))
    return statements


def _certificate(env: Environment, name: str) -> list[Statement]:
    """What ACME's DNS challenge needs (https://go-acme.github.io/lego/dns/route53/), for the one name it is about."""
    challenge = f"_acme-challenge.{editor_host(env, name)}"
    return [
        allow(
            "Challenge",
            ["route53:ChangeResourceRecordSets"],
            zone(env).arn,
            Condition={
                "ForAllValues:StringEquals": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": [challenge],
                    "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
                }
            },
        ),
        allow("Records", ["route53:ListResourceRecordSets"], zone(env).arn),
        allow("Change", ["route53:GetChange"], "arn:aws:route53:::change/*"),
    ]


def _records(env: Environment, name: str, address: Resource) -> None:
    """The editor's name leads to the host, or with a VPN into the tunnel, whose own end has a name too."""
    scope = workstation_scope(env, name)
    names = {"": (editor_host(env, name), str(address.public_ip))}
    if workstation(env, name).vpn == "wireguard":
        names = {
            "": (editor_host(env, name), tunnel_address(workstation(env, name).vpn_cidr)),
            "vpn": (editor_host(env, f"{name}-vpn"), str(address.public_ip)),
        }
    for suffix, (record, value) in names.items():
        scope.add(
            "aws_route53_record", suffix, zone_id=zone(env).zone_id, name=record, type="A", ttl=300, records=[value]
        )
