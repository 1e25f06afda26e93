"""What moto lacks and giban adds: an instance refresh replaces instances by ones of the new template."""

from __future__ import annotations

import base64

from giban.rehearsal.contents import Clients


def test_instances_are_replaced_by_the_new_template(client: Clients) -> None:
    ec2, groups = client("ec2"), client("autoscaling")
    script = base64.b64encode(b"#!/bin/bash\necho ready\n").decode()
    image = {"ImageId": "ami-12c6146b", "UserData": script}
    template = ec2.create_launch_template(
        LaunchTemplateName="refreshed", LaunchTemplateData={**image, "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    place = ec2.describe_subnets()["Subnets"][0]
    targets = client("elbv2").create_target_group(Name="refreshed", Protocol="HTTP", Port=80, VpcId=place["VpcId"])
    target_group = targets["TargetGroups"][0]["TargetGroupArn"]
    groups.create_auto_scaling_group(
        AutoScalingGroupName="refreshed",
        MinSize=2,
        MaxSize=2,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        VPCZoneIdentifier=place["SubnetId"],
        TargetGroupARNs=[target_group],
    )

    def instances() -> dict[str, str]:
        found = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["refreshed"])["AutoScalingGroups"][0]
        ids = [item["InstanceId"] for item in found["Instances"]]
        described = ec2.describe_instances(InstanceIds=ids)["Reservations"]
        return {item["InstanceId"]: item["InstanceType"] for group in described for item in group["Instances"]}

    before = instances()
    ec2.create_launch_template_version(
        LaunchTemplateId=template, LaunchTemplateData={**image, "InstanceType": "t3.large"}
    )
    groups.update_auto_scaling_group(
        AutoScalingGroupName="refreshed", LaunchTemplate={"LaunchTemplateId": template, "Version": "2"}
    )
    started = groups.start_instance_refresh(AutoScalingGroupName="refreshed")["InstanceRefreshId"]
    after = instances()
    assert len(after) == 2
    assert not before.keys() & after.keys()
    assert set(before.values()) == {"t3.micro"}
    assert set(after.values()) == {"t3.large"}
    health = client("elbv2").describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    assert {item["Target"]["Id"] for item in health} == after.keys()
    history = groups.describe_instance_refreshes(AutoScalingGroupName="refreshed")["InstanceRefreshes"]
    assert [(item["InstanceRefreshId"], item["Status"]) for item in history] == [(started, "Successful")]
    groups.delete_auto_scaling_group(AutoScalingGroupName="refreshed", ForceDelete=True)
    client("elbv2").delete_target_group(TargetGroupArn=target_group)
    ec2.delete_launch_template(LaunchTemplateId=template)
