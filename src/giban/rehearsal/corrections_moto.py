"""What moto 5.2.5 answers otherwise than AWS, put right before it serves; each was seen as an error or as drift.

One function a correction, with what Terraform showed without it. A correction stores and gives back what was written;
none pretends that something happens which does not (that is a gap: `gaps`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from giban.rehearsal.instance_refresh import add_to_autoscaling
from giban.rehearsal.mixed_groups import sizes_of_mixed_groups
from giban.rehearsal.patching import put as _set

VERSION = "5.2.5"
"""The release these corrections were made for; another one is not patched blindly (see `apply`)."""


def monitoring_of_instances() -> None:
    """MonitorInstances is not implemented: `aws_instance` with `monitoring = true` was retried for many minutes."""
    from moto.core.responses import ActionResult
    from moto.ec2.responses.monitoring import Monitoring

    def set_state(self: Any, state: str) -> ActionResult:
        self.error_on_dryrun()
        answer = []
        for instance_id in self._get_param("InstanceIds", []):
            self.ec2_backend.get_instance(instance_id).monitoring_state = state
            answer.append({"InstanceId": instance_id, "Monitoring": {"State": state}})
        return ActionResult({"InstanceMonitorings": answer})

    _set(Monitoring, "monitor_instances", lambda self: set_state(self, "enabled"))
    _set(Monitoring, "unmonitor_instances", lambda self: set_state(self, "disabled"))


def description_of_group_rules() -> None:
    """A rule that names a security group or a prefix list lost its description: drift at every plan."""
    from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule

    made = SecurityGroupRule.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        self.written_description = next(
            (part["Description"] for part in _rule_targets(args, kwargs) if part.get("Description")), None
        )

    def description(self: Any) -> str | None:
        written: str | None = self.ip_range.get("Description") or getattr(self, "written_description", None)
        return written

    modified = SecurityGroupBackend.modify_security_group_rules

    def modify(self: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        modified(self, group_id, rules)
        group = self.get_security_group_by_name_or_id(group_id)
        for rule_id, rule in rules.items():
            group.get_rule(rule_id).written_description = rule.get("Description")

    _set(SecurityGroupRule, "__init__", init)
    _set(SecurityGroupRule, "description", property(description))
    _set(SecurityGroupBackend, "modify_security_group_rules", modify)


def _rule_targets(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[dict[str, str]]:
    """The range, group and prefix list that a SecurityGroupRule is made with."""
    positions = {"ip_range": 5, "source_group": 6, "prefix_list_id": 7}
    found = [kwargs.get(name, args[index] if index < len(args) else None) for name, index in positions.items()]
    return [target for target in found if isinstance(target, dict)]


def tags_of_launch_templates() -> None:
    """The template's own tags were added to those for its instances: `tag_specifications` drifted."""
    from moto.ec2.models.launch_templates import LaunchTemplateBackend

    made = LaunchTemplateBackend.create_launch_template

    def create(self: Any, name: str, description: str, template_data: dict[str, Any], tag_spec: dict[str, Any]) -> Any:
        specifications = template_data.get("TagSpecifications", [])
        kept = [item for item in specifications if item.get("ResourceType") != "launch-template"]
        if kept:
            template_data["TagSpecifications"] = kept
        else:
            template_data.pop("TagSpecifications", None)
        return made(self, name, description, template_data, tag_spec)

    _set(LaunchTemplateBackend, "create_launch_template", create)


def user_data_of_new_versions() -> None:
    """User data of a launch template's second version was kept as plain text, and no instance could be made from it."""
    from moto.ec2.models.launch_templates import LaunchTemplateVersion
    from moto.ec2.utils import parse_user_data

    made = LaunchTemplateVersion.__init__

    def init(self: Any, template: Any, number: int, data: dict[str, Any], description: str) -> None:
        if type(data.get("UserData")) is str:
            data = {**data, "UserData": parse_user_data(data["UserData"])}
        made(self, template, number, data, description)

    _set(LaunchTemplateVersion, "__init__", init)


def settings_of_groups() -> None:
    """DefaultInstanceWarmup and others of an auto scaling group were forgotten: drift at every plan."""
    from moto.autoscaling.responses import AutoScalingResponse

    kept = {"DefaultInstanceWarmup": "default_instance_warmup", "MaxInstanceLifetime": "max_instance_lifetime"}

    def remembering(action: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def act(self: Any) -> Any:
            answer = action(self)
            group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
            for parameter, attribute in kept.items():
                value = self._get_int_param(parameter)
                if value is not None:
                    setattr(group, attribute, value)
            return answer

        return act

    for name in ("create_auto_scaling_group", "update_auto_scaling_group"):
        _set(AutoScalingResponse, name, remembering(getattr(AutoScalingResponse, name)))


def state_of_policies() -> None:
    """A scaling policy read back as disabled, and with an empty predictive part: drift at every plan."""
    from moto.autoscaling.models import FakeScalingPolicy
    from moto.autoscaling.responses import AutoScalingResponse

    put = AutoScalingResponse.put_scaling_policy

    def put_scaling_policy(self: Any) -> Any:
        answer = put(self)
        enabled = self._get_params().get("Enabled", True)
        policy = self.autoscaling_backend.policies[self._get_param("PolicyName")]
        policy.enabled = enabled
        policy.predictive_scaling_configuration = policy.predictive_scaling_configuration or None
        return answer

    _set(FakeScalingPolicy, "enabled", True, new=True)
    _set(AutoScalingResponse, "put_scaling_policy", put_scaling_policy)


def groups_of_instances() -> None:
    """An instance whose groups were given with its network interface showed none: `vpc_security_group_ids` drifted."""
    from moto.ec2.models.instances import Instance

    made = Instance.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        if not self.security_groups and 0 in self.nics:
            self.security_groups = list(self.nics[0].group_set)

    _set(Instance, "__init__", init)


def elastic_addresses_stay() -> None:
    """A stop took the elastic address from an instance in a public subnet, and the next start gave it another one."""
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface

    begin, end = NetworkInterface.start, NetworkInterface.stop

    def elastic(self: Any) -> bool:
        return any(address.eni is self for address in self.ec2_backend.addresses)

    def start(self: Any) -> None:
        if not elastic(self):
            begin(self)

    def stop(self: Any) -> None:
        if not elastic(self):
            end(self)

    _set(NetworkInterface, "start", start)
    _set(NetworkInterface, "stop", stop)


def shutdown_behaviour_of_instances() -> None:
    """Setting what an instance does when it shuts itself down took all its security groups away instead."""
    from moto.ec2.responses.instances import InstanceResponse

    set_groups = InstanceResponse._security_grp_instance_attribute_handler

    def handle(self: Any) -> bool:
        behaviour = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if behaviour is not None:
            self.error_on_dryrun()
            instance_id = self._get_param("InstanceId")
            self.ec2_backend.modify_instance_attribute(instance_id, "instance_initiated_shutdown_behavior", behaviour)
            return True
        return bool(self._get_param("Groups", [])) and bool(set_groups(self))

    _set(InstanceResponse, "_security_grp_instance_attribute_handler", handle)


def size_of_root_volumes() -> None:
    """A root volume without a size was refused ("must contain the parameter size"); AWS takes the size of the image."""
    from moto.ec2.responses.instances import InstanceResponse

    check = InstanceResponse._validate_block_device_mapping

    def validate(device: Any) -> None:
        disk = device.get("Ebs") or {}
        if device.get("DeviceName") in _ROOT_DEVICES and not disk.get("VolumeSize") and not disk.get("SnapshotId"):
            device["Ebs"] = {**disk, "VolumeSize": _IMAGE_SIZE}
        check(device)

    _set(InstanceResponse, "_validate_block_device_mapping", staticmethod(validate))


_ROOT_DEVICES = frozenset({"/dev/xvda", "/dev/sda1"})
_IMAGE_SIZE = 8
"""GiB: what Amazon Linux images have, and moto gives a root volume that nothing is said about."""


def numbers_of_databases() -> None:
    """All databases had the same resource ID, by which the provider finds them: of two, neither was found."""
    import secrets

    from moto.rds.models import DBInstance

    made = DBInstance.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        self.dbi_resource_id = f"db-{secrets.token_hex(13).upper()}"

    _set(DBInstance, "__init__", init)


def certificate_of_databases() -> None:
    """A database was made with the CA "rds-ca-default", which no region has: Terraform changed it at once, 80 s more.

    RDS takes rds-ca-rsa2048-g1 where none is asked for.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
    """
    from moto.rds.models import DBInstance

    made = DBInstance.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **{"ca_certificate_identifier": "rds-ca-rsa2048-g1", **kwargs})

    _set(DBInstance, "__init__", init)


def performance_insights() -> None:
    """Performance Insights of a database read back as switched off: drift at every plan."""
    from moto.rds.models import DBInstance

    made = DBInstance.__init__
    written = (
        "enable_performance_insights",
        "performance_insights_kms_key_id",
        "performance_insights_retention_period",
    )

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        for name in written:
            setattr(self, name, kwargs.get(name))

    _set(DBInstance, "__init__", init)
    # The answer's field has another name than the request's.
    enabled = property(lambda self: bool(self.enable_performance_insights))
    _set(DBInstance, "performance_insights_enabled", enabled, new=True)


def source_of_parameters() -> None:
    """Parameters of a group lacked who set them, and the provider takes only the user's: `parameter` drifted."""
    from moto.rds.models import DBParameterGroup

    update = DBParameterGroup.update_parameters

    def update_parameters(self: Any, new_parameters: Any) -> None:
        update(self, [{"Source": "user", "IsModifiable": True, **parameter} for parameter in new_parameters])

    _set(DBParameterGroup, "update_parameters", update_parameters)


def images_of_other_publishers() -> None:
    """The public parameters of Debian, Ubuntu, Bottlerocket and EKS images were not found; Amazon Linux ones are.

    Each gets the image of Amazon Linux 2023 for the same processor: an image that exists, since nothing boots here.
    """
    from copy import copy

    from moto.ssm.models import ParameterDict

    load = ParameterDict._check_loading_status

    def check(self: Any, key: str) -> None:
        load(self, key)
        name = str(key or "")
        # The class's own `in` and `[]` call this function.
        if name.startswith(_PUBLISHERS) and not dict.__contains__(self, name):
            processor = "arm64" if "arm64" in name or "aarch64" in name else "x86_64"
            image = self[f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{processor}"][-1]
            made = copy(image)
            made.name = name
            dict.__setitem__(self, name, [made])

    _set(ParameterDict, "_check_loading_status", check)


_PUBLISHERS = (
    "/aws/service/ami-windows-latest/",
    "/aws/service/bottlerocket/",
    "/aws/service/canonical/",
    "/aws/service/debian/",
    "/aws/service/eks/optimized-ami/",
)


CORRECTIONS: tuple[Callable[[], None], ...] = (
    monitoring_of_instances,
    description_of_group_rules,
    tags_of_launch_templates,
    user_data_of_new_versions,
    settings_of_groups,
    state_of_policies,
    groups_of_instances,
    elastic_addresses_stay,
    shutdown_behaviour_of_instances,
    size_of_root_volumes,
    numbers_of_databases,
    certificate_of_databases,
    performance_insights,
    source_of_parameters,
    images_of_other_publishers,
    add_to_autoscaling,
    sizes_of_mixed_groups,
)


def apply() -> bool:
    """Apply every correction; nothing, and False, when moto is not the release they were made for."""
    import moto

    if moto.__version__ != VERSION:
        return False
    for correction in CORRECTIONS:
        correction()
    return True
