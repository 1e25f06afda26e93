"""Terraform asks forty things at once; none of them may fail or be done twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from giban.rehearsal.contents import clients
from giban.rehearsal.one_at_a_time import one_at_a_time
from giban.rehearsal.process import Running

WORKERS = 40


def test_forty_at_once(running: Running) -> None:
    client = clients(running, "ap-northeast-2")
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.97.0.0/16")["Vpc"]["VpcId"]
    groups = [
        ec2.create_security_group(GroupName=f"crowd-{n}", Description="crowd", VpcId=vpc)["GroupId"] for n in range(8)
    ]

    def permit(number: int) -> str:
        permission = {
            "IpProtocol": "tcp",
            "FromPort": 1000 + number,
            "ToPort": 1000 + number,
            "UserIdGroupPairs": [{"GroupId": groups[(number + 1) % len(groups)]}],
        }
        made = ec2.authorize_security_group_ingress(GroupId=groups[number % len(groups)], IpPermissions=[permission])
        ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [groups[number % len(groups)]]}])
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    with ThreadPoolExecutor(WORKERS) as pool:
        rules = list(pool.map(permit, range(200)))
    assert len(set(rules)) == 200
    for group in groups:
        permissions = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=permissions)
    for group in groups:
        ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)


def test_a_request_waits_for_the_one_before_it() -> None:
    inside: list[int] = []
    most: list[int] = []

    def slow(environ: dict[str, Any], _start: Any) -> list[bytes]:
        inside.append(1)
        most.append(len(inside))
        sum(range(20_000))
        inside.pop()
        return [environ["n"]]

    answer = one_at_a_time(slow, Lock())
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(lambda n: b"".join(answer({"n": str(n).encode()}, None)), range(200)))
    assert answers == [str(n).encode() for n in range(200)]
    assert max(most) == 1
