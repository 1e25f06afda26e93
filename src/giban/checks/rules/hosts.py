"""Checks of single machines that people work on, and of what runs on instances."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.firewalls import firewalls, groups_of
from giban.checks.registry import Hit, check
from giban.checks.values import number
from giban.graph.graph import Graph
from giban.graph.power import switched


@check(
    "GB118",
    "notice",
    fix="Set http_put_response_hop_limit to 1, or keep containers from the metadata by a role of their own.",
)
def containers_reach_the_role(graph: Graph) -> Iterator[Hit]:
    """Containers reach the credentials of the instance.

    ## What it finds
    A launch template or instance whose `metadata_options.http_put_response_hop_limit` is more than 1.

    ## Why it matters
    The answer of the metadata service then travels on through a container's network. Whoever breaks out of an application in any
    container, or talks it into fetching an address, has the role of the whole machine.

    ## Example
    ```json
    {"resource": {"aws_instance": {"dev": {"instance_type": "t3.large",
      "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 2}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_instance": {"dev": {"instance_type": "t3.large",
      "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
    """
    for host in graph.all("aws_launch_template", "aws_launch_configuration", "aws_instance"):
        hops = number(host, "metadata_options", "http_put_response_hop_limit", default=1)
        if hops is not None and hops > 1:
            yield host, f"A container on it, {hops - 1:g} hop away, gets the credentials of its role."


@check("GB119", "warning", fix="Set allow to the networks you come from, or reach it through WireGuard.")
def workplace_open_to_the_world(graph: Graph) -> Iterator[Hit]:
    """Machine that people work on is open to the world.

    ## What it finds
    An instance that is started and stopped for people who work on it (tag `giban:power`), with a TCP port that a security group
    of it opens to `0.0.0.0/0` or `::/0`.

    ## Why it matters
    An editor in the browser is a shell: whoever gets past its login has the code, the tokens and the role of the machine. Nobody
    but those who work on it has to see even the login page.

    ## Example
    ```yaml
    workstations:
      dev: {instance: t3.large, allow: [0.0.0.0/0]}
    ```
    Use instead:
    ```yaml
    workstations:
      dev: {instance: t3.large, allow: [203.0.113.0/24]}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    index = firewalls(graph)
    for host in graph.all("aws_instance"):
        if not switched(host):
            continue
        for group in groups_of(graph, host).known:
            for rule in index.rules(group, "ingress"):
                if rule.world and not rule.uncertain and rule.protocol in ("tcp", "all"):
                    yield rule.holder, f"Everybody may reach {rule.ports} of {host.address}."
