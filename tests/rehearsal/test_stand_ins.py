"""What is made up because a blueprint expects it."""

from __future__ import annotations

from giban.graph.graph import Graph
from giban.graph.stack import Stack
from giban.rehearsal.contents import Clients
from giban.rehearsal.stand_ins import make_stand_ins


def test_a_zone_that_is_looked_up_is_made_once(client: Clients) -> None:
    stack = Stack("global", None)
    stack.data("aws_route53_zone", "main", name="there.example.com", private_zone=False)
    stack.data("aws_route53_zone", "inside", name="inside.example.com", private_zone=True)
    stack.data("aws_route53_zone", "computed", name="${data.aws_route53_zone.main.name}")
    graph = Graph("t", [stack])
    assert make_stand_ins(client, graph) == ["hosted zone there.example.com, which data.aws_route53_zone.main looks up"]
    assert make_stand_ins(client, graph) == []
    (zone,) = client("route53").list_hosted_zones()["HostedZones"]
    assert zone["Name"] == "there.example.com."
    client("route53").delete_hosted_zone(Id=zone["Id"])


def test_a_parameter_that_is_looked_up_is_made_once(client: Clients) -> None:
    stack = Stack("ap-northeast-2", "ap-northeast-2")
    image = stack.data("aws_ssm_parameter", "image", name="/team/image")
    stack.data("aws_ssm_parameter", "other", name="/team/other")
    stack.data("aws_ssm_parameter", "public", name="/aws/service/nobody/image")
    stack.add("aws_launch_template", "web", image_id=image.ref("value"))
    graph = Graph("t", [stack])
    said = make_stand_ins(client, graph)
    assert [line.split(" (")[0] for line in said] == ["parameter /team/image", "parameter /team/other"]
    ssm = client("ssm")
    assert ssm.get_parameter(Name="/team/image")["Parameter"]["Value"].startswith("ami-")
    assert ssm.get_parameter(Name="/team/other")["Parameter"]["Value"] == "stand-in"
    assert make_stand_ins(client, graph) == []
    ssm.delete_parameters(Names=["/team/image", "/team/other"])


def test_what_another_root_makes_is_left_to_it(client: Clients) -> None:
    world, region = Stack("global", None), Stack("ap-northeast-2", "ap-northeast-2")
    world.add("aws_route53_zone", "main", name="own.example.com")
    world.add("aws_ssm_parameter", "version", name="/team/version", type="String", value="1")
    region.data("aws_route53_zone", "main", name="own.example.com")
    region.data("aws_ssm_parameter", "version", name="/team/version")
    assert make_stand_ins(client, Graph("t", [world, region])) == []


def test_an_image_that_is_looked_up_by_tag_is_made_once(client: Clients) -> None:
    stack = Stack("ap-northeast-2", "ap-northeast-2")
    tag, kind = {"name": "tag:giban:image", "values": ["t/dev"]}, {"name": "architecture", "values": ["arm64"]}
    stack.data("aws_ami", "baked", owners=["self"], most_recent=True, filter=[tag, kind])
    graph = Graph("t", [stack])
    (said,) = make_stand_ins(client, graph)
    assert said.endswith("which data.aws_ami.baked looks up")
    assert make_stand_ins(client, graph) == []
    ec2 = client("ec2")
    (image,) = ec2.describe_images(Owners=["self"], Filters=[{"Name": "tag:giban:image", "Values": ["t/dev"]}])[
        "Images"
    ]
    assert image["Architecture"] == "arm64"
    ec2.deregister_image(ImageId=image["ImageId"])
