"""Each correction, seen through an ordinary AWS client on the real emulators."""

from __future__ import annotations

import http.client
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from giban.rehearsal import corrections_ministack, corrections_moto
from giban.rehearsal.contents import Clients
from giban.rehearsal.patching import put
from giban.rehearsal.process import Running
from giban.rehearsal.services import ACCOUNT
from giban.rehearsal.unsupported import body


@pytest.fixture(scope="module")
def network(client: Clients) -> Iterator[dict[str, str]]:
    """A network with a subnet and two security groups, as numbers by name."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.1.0/24", AvailabilityZone="ap-northeast-2a")["Subnet"]
    groups = {
        name: ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("a", "b")
    }
    yield {"vpc": vpc, "subnet": subnet["SubnetId"], **groups}
    for group in groups.values():
        ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc)


@pytest.fixture
def instance(client: Clients, network: dict[str, str]) -> Iterator[str]:
    """An instance whose group is given with its network interface, as Terraform does for one with a public address."""
    ec2 = client("ec2")
    interface = {
        "DeviceIndex": 0,
        "SubnetId": network["subnet"],
        "Groups": [network["a"]],
        "AssociatePublicIpAddress": True,
    }
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, NetworkInterfaces=[interface])["Instances"][0]
    yield made["InstanceId"]
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])


def described(client: Clients, instance: str) -> dict[str, Any]:
    found: dict[str, Any] = client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return found


def test_monitoring_of_instances(client: Clients, instance: str) -> None:
    client("ec2").monitor_instances(InstanceIds=[instance])
    assert described(client, instance)["Monitoring"]["State"] == "enabled"
    client("ec2").unmonitor_instances(InstanceIds=[instance])
    assert described(client, instance)["Monitoring"]["State"] == "disabled"


def test_groups_of_instances(client: Clients, instance: str, network: dict[str, str]) -> None:
    assert [group["GroupId"] for group in described(client, instance)["SecurityGroups"]] == [network["a"]]


def test_size_of_root_volumes(client: Clients, network: dict[str, str]) -> None:
    ec2 = client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp3", "Encrypted": True}}
    made = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, SubnetId=network["subnet"], BlockDeviceMappings=[disk]
    )["Instances"][0]["InstanceId"]
    volume = described(client, made)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Size"] == 8
    ec2.terminate_instances(InstanceIds=[made])


def test_description_of_group_rules(client: Clients, network: dict[str, str]) -> None:
    ec2 = client("ec2")
    pair = {"GroupId": network["b"], "Description": "from b"}
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}
    made = ec2.authorize_security_group_ingress(GroupId=network["a"], IpPermissions=[permission])
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def read() -> Any:
        return ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"][0].get(
            "Description"
        )

    assert read() == "from b"
    changed = {
        "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "ReferencedGroupId": network["b"], "Description": "changed",
    }  # fmt: skip
    ec2.modify_security_group_rules(
        GroupId=network["a"], SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": changed}]
    )
    assert read() == "changed"
    ec2.revoke_security_group_ingress(GroupId=network["a"], SecurityGroupRuleIds=[rule])


def test_tags_of_launch_templates(client: Clients) -> None:
    ec2 = client("ec2")

    def tags(kind: str) -> dict[str, Any]:
        return {"ResourceType": kind, "Tags": [{"Key": "of", "Value": kind}]}

    data = {"InstanceType": "t3.small", "TagSpecifications": [tags("instance"), tags("volume")]}
    ec2.create_launch_template(
        LaunchTemplateName="tagged", LaunchTemplateData=data, TagSpecifications=[tags("launch-template")]
    )
    ec2.create_launch_template(
        LaunchTemplateName="plain",
        LaunchTemplateData={"InstanceType": "t3.small"},
        TagSpecifications=[tags("launch-template")],
    )

    def kinds(name: str) -> list[str]:
        version = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"][0]
        return [item["ResourceType"] for item in version["LaunchTemplateData"].get("TagSpecifications", [])]

    assert kinds("tagged") == ["instance", "volume"]
    assert kinds("plain") == []
    own = ec2.describe_launch_templates(LaunchTemplateNames=["tagged"])["LaunchTemplates"][0]["Tags"]
    assert own == [{"Key": "of", "Value": "launch-template"}]
    for name in ("tagged", "plain"):
        ec2.delete_launch_template(LaunchTemplateName=name)


@pytest.fixture
def group(client: Clients, network: dict[str, str]) -> Iterator[str]:
    """An empty auto scaling group."""
    image = client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    client("ec2").create_launch_template(LaunchTemplateName="group", LaunchTemplateData={"ImageId": image})
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="group",
        LaunchTemplate={"LaunchTemplateName": "group"},
        MinSize=0,
        MaxSize=2,
        VPCZoneIdentifier=network["subnet"],
        DefaultInstanceWarmup=60,
        MaxInstanceLifetime=86400,
    )
    yield "group"
    client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="group", ForceDelete=True)
    client("ec2").delete_launch_template(LaunchTemplateName="group")


def test_settings_of_groups(client: Clients, group: str) -> None:
    scaling = client("autoscaling")

    def read() -> tuple[int, int]:
        found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"][0]
        return found["DefaultInstanceWarmup"], found["MaxInstanceLifetime"]

    assert read() == (60, 86400)
    scaling.update_auto_scaling_group(AutoScalingGroupName=group, DefaultInstanceWarmup=90)
    assert read() == (90, 86400)


def test_state_of_policies(client: Clients, group: str) -> None:
    scaling = client("autoscaling")
    tracking = {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "TargetValue": 50.0,
    }
    for name, more in (("on", {}), ("off", {"Enabled": False})):
        scaling.put_scaling_policy(
            AutoScalingGroupName=group,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration=tracking,
            **more,
        )
    policies = {item["PolicyName"]: item for item in scaling.describe_policies()["ScalingPolicies"]}
    assert [policies[name]["Enabled"] for name in ("on", "off")] == [True, False]
    assert "PredictiveScalingConfiguration" not in policies["on"]
    for name in policies:
        scaling.delete_policy(AutoScalingGroupName=group, PolicyName=name)


@pytest.fixture
def database(client: Clients) -> Iterator[dict[str, Any]]:
    made = client("rds").create_db_instance(
        DBInstanceIdentifier="corrected",
        Engine="postgres",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="app",
        ManageMasterUserPassword=True,
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=7,
        BackupRetentionPeriod=0,
    )
    yield made["DBInstance"]
    client("rds").delete_db_instance(DBInstanceIdentifier="corrected", SkipFinalSnapshot=True)


def test_certificate_of_databases(database: dict[str, Any]) -> None:
    assert database["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


def test_numbers_of_databases(client: Clients, database: dict[str, Any]) -> None:
    rds = client("rds")
    other = rds.create_db_instance(
        DBInstanceIdentifier="other",
        Engine="mysql",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="app",
        ManageMasterUserPassword=True,
        BackupRetentionPeriod=0,
    )["DBInstance"]
    assert other["DbiResourceId"] != database["DbiResourceId"]
    by_number = [{"Name": "dbi-resource-id", "Values": [database["DbiResourceId"]]}]
    (found,) = rds.describe_db_instances(Filters=by_number)["DBInstances"]
    assert found["DBInstanceIdentifier"] == "corrected"
    rds.delete_db_instance(DBInstanceIdentifier="other", SkipFinalSnapshot=True)


def test_performance_insights(client: Clients, database: dict[str, Any]) -> None:
    assert (database["PerformanceInsightsEnabled"], database["PerformanceInsightsRetentionPeriod"]) == (True, 7)
    client("rds").modify_db_instance(DBInstanceIdentifier="corrected", EnablePerformanceInsights=False)
    assert client("rds").describe_db_instances()["DBInstances"][0]["PerformanceInsightsEnabled"] is False


def test_source_of_parameters(client: Clients) -> None:
    rds = client("rds")
    rds.create_db_parameter_group(DBParameterGroupName="p", DBParameterGroupFamily="postgres16", Description="p")
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="p", Parameters=[parameter])
    read = rds.describe_db_parameters(DBParameterGroupName="p")["Parameters"]
    assert read == [{**parameter, "Source": "user", "IsModifiable": True}]
    rds.delete_db_parameter_group(DBParameterGroupName="p")


@pytest.mark.parametrize(
    ("name", "processor"),
    [
        ("/aws/service/debian/release/12/latest/arm64", "arm64"),
        ("/aws/service/debian/release/12/latest/amd64", "x86_64"),
        ("/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id", "x86_64"),
    ],
)
def test_images_of_other_publishers(client: Clients, name: str, processor: str) -> None:
    ssm = client("ssm")
    linux = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{processor}"
    found = ssm.get_parameter(Name=name)["Parameter"]
    assert found["Name"] == name
    assert found["Value"] == ssm.get_parameter(Name=linux)["Parameter"]["Value"]
    assert ssm.get_parameters(Names=[name])["Parameters"][0]["Value"] == found["Value"]
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/aws/service/nobody/image")


def test_what_moto_lacks_is_refused_plainly(client: Clients) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        client("ec2").describe_bundle_tasks()
    error = caught.value.response
    assert error["Error"]["Code"] == "UnsupportedOperation"
    assert "BundleTasks" in error["Error"]["Message"] or "bundle" in error["Error"]["Message"]
    # Clients repeat 500 and 503, not 501.
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize(
    ("service", "content_type", "start"),
    [
        ("ec2", "application/x-www-form-urlencoded", "<Response><Errors><Error><Code>UnsupportedOperation</Code>"),
        ("rds", "application/x-www-form-urlencoded", "<ErrorResponse><Error><Code>UnsupportedOperation</Code>"),
        ("ssm", "application/x-amz-json-1.1", '{"__type": "UnsupportedOperation"'),
    ],
)
def test_the_refusal_has_the_form_of_the_service(service: str, content_type: str, start: str) -> None:
    text, kind = body(service, content_type, "a < b")
    assert text.startswith(start)
    assert ("json" in kind) == ("json" in content_type)
    assert "a &lt; b" in text or "json" in kind


def test_changes_of_records_are_done(running: Running, client: Clients) -> None:
    dns = client("route53")
    made = dns.create_hosted_zone(Name="corrected.example", CallerReference="1")
    assert made["ChangeInfo"]["Status"], "ordinary clients still get what the service promises"
    zone = made["HostedZone"]["Id"]
    port = running.ports["ministack"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    change = (
        "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet>"
        "<Name>a.corrected.example</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord>"
        "<Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch>"
        "</ChangeResourceRecordSetsRequest>"
    )
    headers = {
        "User-Agent": "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 terraform-provider-aws/5.100.0",
        "X-Amz-Security-Token": running.token,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20261121/us-east-1/route53/aws4_request, SignedHeaders=host",
    }
    connection.request("POST", f"/2013-04-01{zone}/rrset/", change, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200
    assert "ChangeInfo" not in text
    names = [item["Name"] for item in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]]
    assert "a.corrected.example." in names
    undo = {"Name": "a.corrected.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    changes = [{"Action": "DELETE", "ResourceRecordSet": undo}]
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    dns.delete_hosted_zone(Id=zone)


def test_query_logging_of_zones(client: Clients) -> None:
    from botocore.exceptions import ClientError

    dns = client("route53")
    zone = dns.create_hosted_zone(Name="logged.example", CallerReference="2")["HostedZone"]["Id"]
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/route53/logged"
    wanted = {"HostedZoneId": zone.removeprefix("/hostedzone/"), "CloudWatchLogsLogGroupArn": group}
    made = dns.create_query_logging_config(**wanted)["QueryLoggingConfig"]
    assert {key: made[key] for key in wanted} == wanted
    with pytest.raises(ClientError, match="has a configuration already"):
        dns.create_query_logging_config(**wanted)
    assert dns.list_query_logging_configs()["QueryLoggingConfigs"] == [made]
    assert dns.get_query_logging_config(Id=made["Id"])["QueryLoggingConfig"] == made
    dns.delete_query_logging_config(Id=made["Id"])
    with pytest.raises(ClientError, match="NoSuchQueryLoggingConfig"):
        dns.get_query_logging_config(Id=made["Id"])
    with pytest.raises(ClientError, match="NoSuchHostedZone"):
        dns.create_query_logging_config(HostedZoneId="Z0", CloudWatchLogsLogGroupArn=group)
    dns.delete_hosted_zone(Id=zone)


def test_shutdown_behaviour_of_instances(client: Clients, instance: str, network: dict[str, str]) -> None:
    ec2 = client("ec2")
    ec2.modify_instance_attribute(InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    assert [group["GroupId"] for group in described(client, instance)["SecurityGroups"]] == [network["a"]]
    name = "instanceInitiatedShutdownBehavior"
    found = ec2.describe_instance_attribute(InstanceId=instance, Attribute=name)
    assert found["InstanceInitiatedShutdownBehavior"] == {"Value": "terminate"}
    ec2.modify_instance_attribute(InstanceId=instance, Groups=[network["b"]])
    assert [group["GroupId"] for group in described(client, instance)["SecurityGroups"]] == [network["b"]]


def test_elastic_addresses_stay(client: Clients, instance: str) -> None:
    ec2 = client("ec2")
    first = described(client, instance)["PublicIpAddress"]
    address = ec2.allocate_address(Domain="vpc")
    made = ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)["AssociationId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
    assert described(client, instance)["PublicIpAddress"] == address["PublicIp"] != first
    ec2.start_instances(InstanceIds=[instance])
    assert described(client, instance)["PublicIpAddress"] == address["PublicIp"]
    ec2.disassociate_address(AssociationId=made)
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
    ec2.stop_instances(InstanceIds=[instance])
    assert "PublicIpAddress" not in described(client, instance), "one of its own goes back to the pool"


def test_days_of_backups(client: Clients) -> None:
    tables = client("dynamodb")
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    kinds = [{"AttributeName": "pk", "AttributeType": "S"}]
    tables.create_table(TableName="backed-up", KeySchema=key, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")

    def found() -> dict[str, Any]:
        answer: dict[str, Any] = tables.describe_continuous_backups(TableName="backed-up")
        made: dict[str, Any] = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return made

    assert found() == {"PointInTimeRecoveryStatus": "DISABLED"}
    for wanted, days in (({}, 35), ({"RecoveryPeriodInDays": 7}, 7)):
        on = {"PointInTimeRecoveryEnabled": True, **wanted}
        tables.update_continuous_backups(TableName="backed-up", PointInTimeRecoverySpecification=on)
        assert found()["RecoveryPeriodInDays"] == days
    tables.delete_table(TableName="backed-up")


def test_address_families_of_apis(client: Clients) -> None:
    apis = client("apigatewayv2")
    plain = apis.create_api(Name="plain", ProtocolType="HTTP")["ApiId"]
    both = apis.create_api(Name="both", ProtocolType="HTTP", IpAddressType="dualstack")["ApiId"]
    assert apis.get_api(ApiId=plain)["IpAddressType"] == "ipv4"
    assert apis.get_api(ApiId=both)["IpAddressType"] == "dualstack"
    apis.update_api(ApiId=both, Description="another")
    assert apis.get_api(ApiId=both)["IpAddressType"] == "dualstack"
    apis.update_api(ApiId=both, IpAddressType="ipv4")
    assert apis.get_api(ApiId=both)["IpAddressType"] == "ipv4"
    apis.delete_api(ApiId=plain)
    apis.delete_api(ApiId=both)


def test_scripts_of_the_machine_are_not_run() -> None:
    corrections_ministack.no_start_scripts()
    from ministack import app

    assert app._collect_scripts("/etc", "/bin") == []


def test_the_corrections_are_those_of_the_installed_releases() -> None:
    from importlib.metadata import version

    assert version("moto") == corrections_moto.VERSION
    assert version("ministack") == corrections_ministack.VERSION


def test_every_correction_says_what_was_wrong() -> None:
    for correction in (*corrections_moto.CORRECTIONS, *corrections_ministack.CORRECTIONS):
        assert correction.__doc__, correction.__name__


@pytest.mark.parametrize("module", [corrections_moto, corrections_ministack])
def test_no_correction_is_forgotten(module: ModuleType) -> None:
    written = {name for name, value in vars(module).items() if inspect.isfunction(value) and name[0] != "_"}
    assert written - {"apply"} == {correction.__name__ for correction in module.CORRECTIONS}


def test_a_correction_that_no_longer_fits_is_noticed() -> None:
    class Theirs:
        there = 1

    with pytest.raises(AttributeError, match="no longer fits"):
        put(Theirs, "gone", 1)
    with pytest.raises(AttributeError, match="no longer fits"):
        put(Theirs, "there", 1, new=True)
