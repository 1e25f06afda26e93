"""What ministack lacks and giban adds: query logging of a hosted zone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from giban.rehearsal.contents import Clients

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/route53/queries.example.com"


def test_create_get_list_delete(client: Clients) -> None:
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name="queries.example.com", CallerReference="queries")["HostedZone"]["Id"]
    made = route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=GROUP)
    config = made["QueryLoggingConfig"]
    assert config["HostedZoneId"] == zone.removeprefix("/hostedzone/")
    assert config["CloudWatchLogsLogGroupArn"] == GROUP
    assert made["Location"].endswith(config["Id"])
    assert route53.get_query_logging_config(Id=config["Id"])["QueryLoggingConfig"] == config
    assert route53.list_query_logging_configs()["QueryLoggingConfigs"] == [config]
    with pytest.raises(ClientError, match="already"):
        route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=GROUP)
    route53.delete_query_logging_config(Id=config["Id"])
    with pytest.raises(ClientError, match="NoSuchQueryLoggingConfig"):
        route53.get_query_logging_config(Id=config["Id"])
    route53.delete_hosted_zone(Id=zone)


def test_no_logging_without_a_zone(client: Clients) -> None:
    with pytest.raises(ClientError, match="NoSuchHostedZone"):
        client("route53").create_query_logging_config(HostedZoneId="Z0", CloudWatchLogsLogGroupArn=GROUP)
