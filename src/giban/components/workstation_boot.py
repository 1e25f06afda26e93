"""How a workstation becomes one: a few lines of user data fetch everything else from the artifact bucket at every boot.

    files/workstation/start.sh      user data: the first boot, and the service that runs at each
    workstations/boot/*             in the bucket: scripts and the agent, the same for every workstation
    workstations/<name>/settings    in the bucket: what this one is, as shell variables

So a change of either is there after the next start, without a new machine, and user data stay far below their 16 KB.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from giban.blueprint.durations import seconds_of
from giban.blueprint.ranges import parse, written
from giban.blueprint.types import Workstation
from giban.blueprint.validate_workstations import folder_of
from giban.components.alarm_parts import has_alarms
from giban.components.boot import assignments, read, script
from giban.components.buckets import artifact_bucket
from giban.components.code import runtime_text
from giban.components.dns import zone
from giban.components.environment import Environment, part
from giban.components.workstation_parts import (
    admin_host,
    editor_host,
    host_secret,
    vpn_secret,
    workstation,
    workstation_scope,
)
from giban.graph.resource import Resource

TUNNEL_PORT = 51820
"""UDP, WireGuard's own (https://www.wireguard.com/quickstart/)."""
FOLDER = "files/workstation"
OWN_FILES = (
    "configure.sh",
    "editor.sh",
    "git-credential-giban",
    "home.sh",
    "host-secret",
    "install.sh",
    "kubernetes.sh",
    "tunnel.sh",
)
"""Scripts of this package, by their names in the bucket and on the host."""
MEASURE = "measure"
"""One more, where somebody watches memory and disks."""
AGENT_FILES = {"giban-agent.service": "agent/giban-agent.service", "giban_agent.py": "agent/giban_agent.py"}
"""Files of `runtime`."""


def user_data(env: Environment, name: str) -> str:
    """The user data: where the rest is."""
    scope = workstation_scope(env, name)
    bucket = str(artifact_bucket(env).bucket)
    return script(scope, {"NAME": name, "REGION": env.region_name, "BUCKET": bucket}, "workstation/start.sh")


@part
def boot_files(env: Environment) -> Resource:
    """Scripts and agent in the bucket: one resource, an object for each."""
    scope = env.scope("workstations", label="workstations-boot")
    scope.stack.files.update({f"{FOLDER}/{name}": content for name, content in files(env).items()})
    names = ", ".join(f'"{name}"' for name in sorted(files(env)))
    each = f"{FOLDER}/${{each.value}}"
    return scope.add(
        "aws_s3_object",
        for_each=f"${{toset([{names}])}}",
        bucket=artifact_bucket(env).id,
        key="workstations/boot/${each.value}",
        source=each,
        source_hash=f'${{filemd5("{each}")}}',
        content_type="text/plain; charset=utf-8",
    )


def files(env: Environment) -> dict[str, str | Callable[[], bytes]]:
    """The same files by name: what Terraform uploads, and what Packer runs."""
    own = (*OWN_FILES, MEASURE) if has_alarms(env) else OWN_FILES
    return {
        **{name: read(f"workstation/{name}") for name in own},
        **{name: partial(_agent_file, place) for name, place in AGENT_FILES.items()},
    }


def _agent_file(place: str) -> bytes:
    return runtime_text(place).encode()


def boot_settings(env: Environment, name: str, home: Resource) -> Resource:
    """What this workstation is, in the bucket. Names and addresses; secrets are read by the host's role."""
    boot_files(env)
    content = assignments(_settings(env, name, home)) + "\n"
    return workstation_scope(env, name).add(
        "aws_s3_object",
        "settings",
        bucket=artifact_bucket(env).id,
        key=f"workstations/{name}/settings",
        content=content,
        content_type="text/plain; charset=utf-8",
    )


def _settings(env: Environment, name: str, home: Resource) -> dict[str, str]:
    found = workstation(env, name)
    tunnel = found.vpn == "wireguard"
    return {
        "FILES": " ".join(sorted(files(env))),
        "NAME": name,
        "HOST": editor_host(env, name),
        "ADMIN": admin_host(env, name),
        "REGION": env.region_name,
        "ZONE": str(zone(env).zone_id),
        "VOLUME": str(home.id),
        "IMAGE": "baked" if found.image == "baked" else "plain",
        "HOST_SECRET": str(host_secret(env, name).arn),
        "GIT_SECRET": found.git_token or "",
        "GIT_HOSTS": " ".join(sorted({url.split("/")[2] for url in found.repositories})),
        "REPOSITORIES": "\n".join(f"{folder_of(url)} {url}" for url in found.repositories),
        "KUBERNETES": found.kubernetes,
        "VPN": found.vpn,
        "VPN_SECRET": str(vpn_secret(env, name).arn) if tunnel else "",
        "VPN_ENDPOINT": f"{editor_host(env, f'{name}-vpn')}:{TUNNEL_PORT}" if tunnel else "",
        "VPN_ADDRESS": tunnel_address(found.vpn_cidr),
        "VPN_CIDR": found.vpn_cidr,
        "VPN_PORT": str(TUNNEL_PORT),
        "VPN_PEERS": "\n".join(_peers(found)),
        "MAX_UPTIME": str(seconds_of(found.auto_stop.max_uptime)),
        **({"NAMESPACE": env.prefix} if has_alarms(env) else {}),
    }


def _peers(found: Workstation) -> list[str]:
    return [
        f"{peer.name} {peer.public_key} {tunnel_address(found.vpn_cidr, number)}"
        for number, peer in enumerate(found.peers, start=2)
    ]


def tunnel_address(cidr: str, number: int = 1) -> str:
    """The nth address of the tunnel; the first is the host's."""
    first, _ = parse(cidr)
    return written(first + number, 32).partition("/")[0]
