"""`access`: the way in, one of Session Manager, bastion, WireGuard or OpenVPN. Sessions leave a record in a bucket."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.blueprint.types import Bastion, OpenVpn, WireGuard
from giban.components.balancer import balancer
from giban.components.boot import script
from giban.components.encryption import decrypt, key
from giban.components.environment import Environment, Scope
from giban.components.images import debian, image
from giban.components.instances import instances_group
from giban.components.logs import log_bucket
from giban.components.network import ANYWHERE, network
from giban.components.policies import allow, document
from giban.components.role import host_role, profile, service_role
from giban.components.workstation_host import workstation_role
from giban.graph.resource import Resource


def expand(env: Environment) -> None:
    """The one way in that the blueprint chooses."""
    way = env.blueprint.access
    if isinstance(way, str):
        _session_manager(env)
    elif way.bastion is not None:
        _bastion(env, way.bastion)
    elif way.wireguard is not None:
        _wireguard(env, way.wireguard)
    elif way.openvpn is not None:
        _openvpn(env, way.openvpn)


def _session_manager(env: Environment) -> None:
    """A session document of our own: the account's default document may be somebody else's."""
    scope = env.scope("access", label="session")
    logs = log_bucket(env)
    content = {
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html
        "schemaVersion": "1.0",
        "description": f"{env.prefix}: shell with a record in the log bucket",
        "sessionType": "Standard_Stream",
        "inputs": {
            "s3BucketName": str(logs.id),
            "s3KeyPrefix": "sessions",
            "s3EncryptionEnabled": True,
            "kmsKeyId": str(key(env).arn),
            "idleSessionTimeout": "20",
            "maxSessionDuration": "480",
            "runAsEnabled": False,
        },
    }
    session = scope.add(
        "aws_ssm_document",
        name=f"{env.prefix}-session",
        document_type="Session",
        document_format="JSON",
        content=msgspec.json.encode(content).decode(),
    )
    policy = scope.add(
        "aws_iam_policy",
        name=f"{env.prefix}-session-record",
        description="Hosts write the record of sessions to the log bucket",
        policy=document(
            allow("Record", ["s3:PutObject"], f"{logs.arn}/sessions/*"),
            allow("Encryption", ["s3:GetEncryptionConfiguration"], logs.arn),
            allow("Session", ["kms:Decrypt"], key(env).arn),
        ),
    )
    roles = {name: service_role(env, name) for name in sorted(env.blueprint.services)}
    roles |= {name: workstation_role(env, name) for name in sorted(env.blueprint.workstations)}
    for name, role in roles.items():
        env.scope("access", label=f"session-{name}").add(
            "aws_iam_role_policy_attachment", role=role.ref("name"), policy_arn=policy.arn
        )
    env.region.output(
        "session",
        f"aws ssm start-session --region {env.region_name} --document-name {session.ref('name')} --target INSTANCE_ID",
        "How to open a shell on a host.",
    )


def _bastion(env: Environment, settings: Bastion) -> None:
    scope = env.scope("access", "bastion")
    rules = {"ssh": ("tcp", 22)}
    group = _host_group(scope, settings.allow, rules)
    logs = log_bucket(env)
    role = host_role(scope)
    scope.add(
        "aws_iam_role_policy",
        name="record",
        role=role.id,
        policy=document(allow("Record", ["s3:PutObject"], f"{logs.arn}/sessions/bastion/*")),
    )
    host = _host(
        scope,
        settings.instance,
        image(env, None, settings.instance),
        group,
        profile(scope, role),
        script(
            scope,
            {"REGION": env.region_name, "RECORDS": f"s3://{logs.bucket}/sessions/bastion"},
            "bastion.sh",
        ),
        key_name=settings.key,
    )
    _let_in(env, scope, group, "ssh", 22)
    env.region.output("bastion", host.public_ip, "Address of the bastion.")


def _wireguard(env: Environment, settings: WireGuard) -> None:
    scope = env.scope("access", "wireguard")
    group = _host_group(scope, settings.allow, {"wireguard": ("udp", settings.port)})
    secret, role = _vpn_secret(scope, "The server's private and public key")
    peers = "\n".join(f"{peer.name} {peer.public_key}" for peer in settings.peers)
    host = _host(
        scope,
        settings.instance,
        debian(env, settings.instance),
        group,
        profile(scope, role),
        script(
            scope,
            {
                "REGION": env.region_name,
                "SECRET": str(secret.arn),
                "PORT": str(settings.port),
                "CIDR": settings.cidr,
                "NETWORK": env.blueprint.network.cidr,
                "PEERS": peers,
            },
            "wireguard.sh",
            "vpn-routes.sh",
        ),
    )
    _vpn_reaches(env, scope, group)
    env.region.output("vpn", host.public_ip, "Address of the VPN server.")


def _openvpn(env: Environment, settings: OpenVpn) -> None:
    scope = env.scope("access", "openvpn")
    group = _host_group(scope, settings.allow, {"openvpn": ("udp", settings.port)})
    secret, role = _vpn_secret(scope, "The certificate authority and the profiles of devices")
    host = _host(
        scope,
        settings.instance,
        debian(env, settings.instance),
        group,
        profile(scope, role),
        script(
            scope,
            {
                "REGION": env.region_name,
                "SECRET": str(secret.arn),
                "PORT": str(settings.port),
                "CIDR": settings.cidr,
                "NETWORK": env.blueprint.network.cidr,
                "CLIENTS": "\n".join(settings.clients),
            },
            "openvpn.sh",
            "vpn-routes.sh",
        ),
    )
    _vpn_reaches(env, scope, group)
    env.region.output("vpn", host.public_ip, "Address of the VPN server.")


def _host_group(scope: Scope, ranges: list[str], ports: dict[str, tuple[str, int]]) -> Resource:
    group = scope.add(
        "aws_security_group",
        name=scope.name,
        description=f"Way in: {scope.label}",
        vpc_id=network(scope.env).vpc.id,
    )
    for name, (protocol, port) in ports.items():
        for index, cidr in enumerate(ranges):
            scope.add(
                "aws_vpc_security_group_ingress_rule",
                f"{name}_{index}",
                security_group_id=group.id,
                description=f"{name} from {cidr}",
                cidr_ipv4=cidr,
                ip_protocol=protocol,
                from_port=port,
                to_port=port,
            )
    scope.add(
        "aws_vpc_security_group_egress_rule",
        "https",
        security_group_id=group.id,
        description="HTTPS to AWS and to package sources",
        cidr_ipv4=ANYWHERE,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
    )
    return group


def _host(
    scope: Scope,
    instance: str,
    image_id: str,
    group: Resource,
    host_profile: Resource,
    user_data: str,
    **more: Any,
) -> Resource:
    """A host with a fixed address in the first public subnet. A newer image does not replace it behind your back."""
    net = network(scope.env)
    host = scope.add(
        "aws_instance",
        ami=image_id,
        instance_type=instance,
        subnet_id=net.subnets["public"][0].id,
        vpc_security_group_ids=[group.id],
        iam_instance_profile=host_profile.ref("name"),
        user_data_base64=user_data,
        ebs_optimized=True,
        monitoring=True,
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
        },
        root_block_device={"volume_type": "gp3", "volume_size": 10, "encrypted": True},
        lifecycle={"ignore_changes": ["ami"]},
        **more,
    )
    address = scope.add("aws_eip", domain="vpc")
    scope.add("aws_eip_association", instance_id=host.id, allocation_id=address.id)
    return address


def _let_in(env: Environment, scope: Scope, group: Resource, name: str, port: int) -> None:
    """Open a port of every service's instances for the host, and the host's way there."""
    for service in sorted(env.blueprint.services):
        label = service.replace("-", "_")
        target = instances_group(env, service)
        scope.add(
            "aws_vpc_security_group_egress_rule",
            f"{name}_to_{label}",
            security_group_id=group.id,
            description=f"{name} to {service}",
            referenced_security_group_id=target.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )
        scope.add(
            "aws_vpc_security_group_ingress_rule",
            f"{label}_{name}",
            security_group_id=target.id,
            description=f"{name} from {scope.label}",
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )


def _vpn_reaches(env: Environment, scope: Scope, group: Resource) -> None:
    """Devices come out of the VPN host's own address, so its group is what others let in: SSH and the balancers."""
    _let_in(env, scope, group, "ssh", 22)
    for service in sorted(env.blueprint.services):
        settings = env.blueprint.services[service]
        if settings.public or settings.port is None:
            continue
        label = service.replace("-", "_")
        target, port = balancer(env, service).group, balancer(env, service).port
        scope.add(
            "aws_vpc_security_group_egress_rule",
            f"alb_to_{label}",
            security_group_id=group.id,
            description=f"Devices to {service}",
            referenced_security_group_id=target.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )
        scope.add(
            "aws_vpc_security_group_ingress_rule",
            f"alb_{label}",
            security_group_id=target.id,
            description="Devices of the VPN",
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )


def _vpn_secret(scope: Scope, what: str) -> tuple[Resource, Resource]:
    """A secret that the host fills in itself, so that its value is in no state, and the role that may do so."""
    env = scope.env
    secret = scope.add(
        "aws_secretsmanager_secret",
        name_prefix=f"{env.prefix}/access/{scope.label}/",
        description=what,
        kms_key_id=key(env).arn,
        recovery_window_in_days=30 if env.production else 7,
    )
    role = host_role(scope)
    scope.add(
        "aws_iam_role_policy",
        name="secret",
        role=role.id,
        policy=document(
            allow("Secret", ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], secret.arn),
            decrypt(env, "secretsmanager"),
        ),
    )
    return secret, role
