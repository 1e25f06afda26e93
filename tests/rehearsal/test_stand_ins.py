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
