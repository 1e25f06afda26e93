"""The part of EC2's API that is used here: four calls, and of an instance the seven fields that are read.

botocore builds its client from a description of the service. EC2's own has 800 calls in four megabytes, and reading it takes
longer than everything else of a look; and of each instance botocore would make sixty fields that nobody reads. Names and places
are those of the API reference: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html and the pages of
StartInstances, StopInstances and ModifyInstanceAttribute beside it. LaunchTime is left as text; making dates of thousands costs
as much again.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TEXT = {"shape": "Text"}


def _text(place: str) -> dict[str, str]:
    return {"shape": "Text", "locationName": place}


def _structure(**members: dict[str, str]) -> dict[str, Any]:
    return {"type": "structure", "members": members}


def _list(shape: str, place: str) -> dict[str, Any]:
    return {"type": "list", "member": {"shape": shape, "locationName": place}}


def _call(name: str, *, answers: bool = True) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": f"{name}Request"},
    }
    return {**made, "output": {"shape": f"{name}Result"}} if answers else made


_IDS = {"shape": "Ids", "locationName": "InstanceId"}

MODEL: dict[str, Any] = {
    "version": "2.0",
    "metadata": {
        "apiVersion": "2016-11-15",
        "endpointPrefix": "ec2",
        "protocol": "ec2",
        "protocols": ["ec2"],
        "serviceFullName": "Amazon Elastic Compute Cloud",
        "serviceId": "EC2",
        "signatureVersion": "v4",
        "uid": "ec2-2016-11-15",
        "xmlNamespace": "http://ec2.amazonaws.com/doc/2016-11-15",
        "auth": ["aws.auth#sigv4"],
    },
    "operations": {
        "DescribeInstances": _call("DescribeInstances"),
        "StartInstances": _call("StartInstances"),
        "StopInstances": _call("StopInstances"),
        "ModifyInstanceAttribute": _call("ModifyInstanceAttribute", answers=False),
    },
    "shapes": {
        "Text": {"type": "string"},
        "Number": {"type": "integer"},
        "Ids": _list("Text", "InstanceId"),
        "Values": _list("Text", "item"),
        "Filter": _structure(Name=_TEXT, Values={"shape": "Values", "locationName": "Value"}),
        "Filters": _list("Filter", "Filter"),
        "AttributeValue": _structure(Value=_text("value")),
        "DescribeInstancesRequest": _structure(
            InstanceIds=_IDS,
            Filters={"shape": "Filters", "locationName": "Filter"},
            NextToken=_text("nextToken"),
            MaxResults={"shape": "Number", "locationName": "maxResults"},
        ),
        "DescribeInstancesResult": _structure(
            NextToken=_text("nextToken"), Reservations={"shape": "Reservations", "locationName": "reservationSet"}
        ),
        "Reservations": _list("Reservation", "item"),
        "Reservation": _structure(Instances={"shape": "Instances", "locationName": "instancesSet"}),
        "Instances": _list("Instance", "item"),
        "Instance": _structure(
            InstanceId=_text("instanceId"),
            InstanceLifecycle=_text("instanceLifecycle"),
            InstanceType=_text("instanceType"),
            LaunchTime=_text("launchTime"),
            State={"shape": "State", "locationName": "instanceState"},
            StateReason={"shape": "StateReason", "locationName": "stateReason"},
            StateTransitionReason=_text("reason"),
        ),
        "State": _structure(Name=_text("name")),
        "StateReason": _structure(Code=_text("code")),
        "StartInstancesRequest": _structure(InstanceIds=_IDS),
        "StartInstancesResult": _structure(),
        "StopInstancesRequest": _structure(InstanceIds=_IDS),
        "StopInstancesResult": _structure(),
        "ModifyInstanceAttributeRequest": _structure(
            InstanceId=_text("instanceId"), InstanceType={"shape": "AttributeValue", "locationName": "instanceType"}
        ),
    },
}
"""In the form of botocore's service-2.json."""
