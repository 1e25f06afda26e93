"""What a blueprint expects to find on AWS already, made up on the emulators so that it is found there too."""

from __future__ import annotations

from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource
from giban.rehearsal.contents import Clients

_AMAZON_LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


def make_stand_ins(client: Clients, graph: Graph) -> list[str]:
    """Make what is looked up by name and is not there; says what was made, a line each.

    Hosted zones (`domain: {zone: existing}`), the user's own parameters (an image's, for instance) and images. `client` is of the
    region of the lookups. They go with the emulators, not with `giban down`: they are not the blueprint's own.
    """
    own = {str(zone.args.get("name")).rstrip(".") for zone in graph.all("aws_route53_zone")}
    # A root looks up what another root of the same blueprint makes: that one is no stand-in's business.
    wanted = (zone for zone in _lookups(graph, "aws_route53_zone") if zone.args["name"].rstrip(".") not in own)
    zones = (_zone(client, lookup) for lookup in wanted)
    made = {parameter.args.get("name") for parameter in graph.all("aws_ssm_parameter")}
    named = (parameter for parameter in _lookups(graph, "aws_ssm_parameter") if parameter.args["name"] not in made)
    parameters = (_parameter(client, graph, lookup) for lookup in named)
    images = (_image(client, lookup) for lookup in graph.all("aws_ami", mode="data"))
    return [line for line in (*zones, *parameters, *images) if line]


def _lookups(graph: Graph, type_: str) -> list[Resource]:
    found = graph.all(type_, mode="data")
    return [
        lookup for lookup in found if isinstance(lookup.args.get("name"), str) and not is_unknown(lookup.args["name"])
    ]


def _zone(client: Clients, lookup: Resource) -> str | None:
    name = lookup.args["name"].rstrip(".")
    if lookup.args.get("private_zone"):
        return None
    there = client("route53").list_hosted_zones_by_name(DNSName=name)["HostedZones"]
    if any(zone["Name"] == f"{name}." for zone in there):
        return None
    client("route53").create_hosted_zone(Name=name, CallerReference=f"stand-in {name}")
    return f"hosted zone {name}, which {lookup.address} looks up"


def _parameter(client: Clients, graph: Graph, lookup: Resource) -> str | None:
    name = lookup.args["name"]
    ssm = client("ssm")
    # Nobody can write those of AWS; the emulator has them, or has not.
    if name.startswith("/aws/") or ssm.get_parameters(Names=[name])["Parameters"]:
        return None
    boots = graph.referrers(lookup, "aws_instance", "aws_launch_template")
    value = ssm.get_parameter(Name=_AMAZON_LINUX)["Parameter"]["Value"] if boots else "stand-in"
    ssm.put_parameter(Name=name, Value=value, Type="String", Description="Made up for the rehearsal")
    return f"parameter {name} ({value}), which {lookup.address} looks up"


def _image(client: Clients, lookup: Resource) -> str | None:
    """An image of one's own that is looked up by tags, as `image: baked` does."""
    filters: dict[str, list[str]] = {str(block["name"]): block["values"] for block in lookup.blocks("filter")}
    tags = {name[4:]: values[0] for name, values in filters.items() if name.startswith("tag:")}
    if not tags or is_unknown(filters):
        return None
    ec2 = client("ec2")
    wanted = [{"Name": f"tag:{key}", "Values": [value]} for key, value in sorted(tags.items())]
    if ec2.describe_images(Owners=["self"], Filters=wanted)["Images"]:
        return None
    kind = filters.get("architecture", ["x86_64"])[0]
    base = client("ssm").get_parameter(Name=_AMAZON_LINUX.replace("x86_64", kind))["Parameter"]["Value"]
    name = f"stand-in {' '.join(tags.values())}".replace("/", " ")
    made = ec2.copy_image(Name=name, SourceImageId=base, SourceRegion=lookup.region)["ImageId"]
    ec2.create_tags(Resources=[made], Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())])
    return f"image {made}, which {lookup.address} looks up"
