"""What moto gets wrong and giban puts right: a group with Spot instances has as many as it should, some of them on Spot."""

from __future__ import annotations

import pytest

from giban.rehearsal.contents import Clients
from giban.rehearsal.mixed_groups import on_demand


@pytest.mark.parametrize(
    ("number", "base", "percent", "expected"),
    [
        (2, 1, 30, 2),
        (3, 1, 30, 2),
        (6, 1, 30, 3),
        (4, 0, 0, 0),
        (4, 2, 0, 2),
        (1, 2, 0, 1),
        (0, 1, 50, 0),
        (5, 0, 100, 5),
    ],
)
def test_the_part_on_demand(number: int, base: int, percent: int, expected: int) -> None:
    assert on_demand(number, base, percent) == expected


def test_a_mixed_group_has_its_instances(client: Clients) -> None:
    ec2, groups = client("ec2"), client("autoscaling")
    ec2.create_launch_template(
        LaunchTemplateName="mixed", LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.small"}
    )
    groups.create_auto_scaling_group(
        AutoScalingGroupName="mixed",
        MinSize=2,
        MaxSize=6,
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "mixed", "Version": "1"},
                "Overrides": [{"InstanceType": "t3.small"}, {"InstanceType": "t3a.small"}],
            },
            "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0},
        },
        VPCZoneIdentifier=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
    )

    def kinds() -> list[str]:
        found = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["mixed"])["AutoScalingGroups"][0]
        if not found["Instances"]:
            return []
        described = ec2.describe_instances(InstanceIds=[item["InstanceId"] for item in found["Instances"]])
        instances = [instance for each in described["Reservations"] for instance in each["Instances"]]
        return sorted(instance.get("InstanceLifecycle", "on-demand") for instance in instances)

    assert kinds() == ["on-demand", "spot"]
    groups.set_desired_capacity(AutoScalingGroupName="mixed", DesiredCapacity=4)
    assert kinds() == ["on-demand", "spot", "spot", "spot"]
    groups.update_auto_scaling_group(AutoScalingGroupName="mixed", MinSize=0, MaxSize=0, DesiredCapacity=0)
    assert kinds() == []
    groups.update_auto_scaling_group(AutoScalingGroupName="mixed", MinSize=2, MaxSize=6, DesiredCapacity=3)
    assert kinds() == ["on-demand", "spot", "spot"], "an update of something else leaves the policy alone"
    groups.delete_auto_scaling_group(AutoScalingGroupName="mixed", ForceDelete=True)
