"""What a blueprint expects to find on AWS already, made up on the emulators so that it is found there too."""

from __future__ import annotations

from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.rehearsal.contents import Clients


def make_stand_ins(client: Clients, graph: Graph) -> list[str]:
    """Make what is looked up by name and is not there; says what was made.

    Hosted zones (`domain: {zone: existing}`) so far. They go with the emulators, not with `giban down`: they are not the
    blueprint's own.
    """
    made = []
    for lookup in graph.all("aws_route53_zone", mode="data"):
        name = lookup.args.get("name")
        if not isinstance(name, str) or is_unknown(name) or lookup.args.get("private_zone"):
            continue
        wanted = name.rstrip(".") + "."
        there = client("route53").list_hosted_zones_by_name(DNSName=wanted)["HostedZones"]
        if all(zone["Name"] != wanted for zone in there):
            client("route53").create_hosted_zone(Name=wanted, CallerReference=f"stand-in {wanted}")
            made.append(f"hosted zone {name}, which {lookup.address} looks up")
    return made
