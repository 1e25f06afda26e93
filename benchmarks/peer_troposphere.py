"""The peer: troposphere builds COUNT resources of the kinds giban generates and writes the template to FILE.

Run as `python peer_troposphere.py COUNT FILE` in a process of its own, like `giban export`.
"""

from __future__ import annotations

import sys

from troposphere import GetAtt, Ref, Tags, Template, autoscaling, ec2, iam, s3
from troposphere import elasticloadbalancingv2 as elb

LIMIT = 500


def build(count: int) -> Template:
    """A template with `count` resources: a VPC, then groups of what a service needs."""
    template = Template()
    vpc = template.add_resource(ec2.VPC("Main", CidrBlock="10.0.0.0/16", Tags=Tags(Name="bench")))
    number = 0
    while len(template.resources) < count:
        number += 1
        name = f"App{number}"
        made = [
            ec2.Subnet(f"{name}Subnet", VpcId=Ref(vpc), CidrBlock=f"10.{number % 250}.0.0/24", Tags=Tags(Name=name)),
            ec2.SecurityGroup(
                f"{name}Group",
                GroupDescription=name,
                VpcId=Ref(vpc),
                SecurityGroupIngress=[
                    ec2.SecurityGroupRule(IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/16")
                ],
            ),
            s3.Bucket(
                f"{name}Bucket",
                VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
                PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                    BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
                ),
            ),
            iam.Role(
                f"{name}Role",
                AssumeRolePolicyDocument={
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "ec2.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
            ),
            iam.InstanceProfile(f"{name}Profile", Roles=[Ref(f"{name}Role")]),
            ec2.LaunchTemplate(
                f"{name}Template",
                LaunchTemplateData=ec2.LaunchTemplateData(
                    ImageId="ami-0123456789abcdef0",
                    InstanceType="t3.small",
                    IamInstanceProfile=ec2.IamInstanceProfile(Arn=GetAtt(f"{name}Profile", "Arn")),
                    MetadataOptions=ec2.MetadataOptions(HttpTokens="required"),
                ),
            ),
            elb.TargetGroup(f"{name}Targets", Port=8080, Protocol="HTTP", VpcId=Ref(vpc), HealthCheckPath="/healthz"),
            elb.LoadBalancer(f"{name}Balancer", Subnets=[Ref(f"{name}Subnet")], SecurityGroups=[Ref(f"{name}Group")]),
            elb.Listener(
                f"{name}Listener",
                LoadBalancerArn=Ref(f"{name}Balancer"),
                Port="443",
                Protocol="HTTPS",
                Certificates=[elb.Certificate(CertificateArn="arn:aws:acm:ap-northeast-2:000000000000:certificate/x")],
                DefaultActions=[elb.Action(Type="forward", TargetGroupArn=Ref(f"{name}Targets"))],
            ),
            autoscaling.AutoScalingGroup(
                f"{name}Scaling",
                MinSize="2",
                MaxSize="6",
                VPCZoneIdentifier=[Ref(f"{name}Subnet")],
                TargetGroupARNs=[Ref(f"{name}Targets")],
                LaunchTemplate=autoscaling.LaunchTemplateSpecification(
                    LaunchTemplateId=Ref(f"{name}Template"), Version=GetAtt(f"{name}Template", "LatestVersionNumber")
                ),
            ),
        ]
        for resource in made[: count - len(template.resources)]:
            template.add_resource(resource)
    return template


if __name__ == "__main__":
    count = int(sys.argv[1])
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        # CloudFormation allows 500 resources in a template, so a larger count is several of them.
        for part in range(0, count, LIMIT):
            file.write(build(min(LIMIT, count - part)).to_json())
