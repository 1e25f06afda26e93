"""Switching off the protections of what stands on the emulators, so that `giban down` need not wait for it.

Through Terraform, taking the deletion protection off a database is a modification, and the provider waits 80 s after
each. On the rehearsal there is nothing to wait for.
"""

from __future__ import annotations

from giban.rehearsal.contents import Clients


def release(client: Clients) -> list[str]:
    """Take the deletion protection off every database and load balancer there is; their names, sorted."""
    released = []
    rds = client("rds")
    for database in rds.describe_db_instances()["DBInstances"]:
        if database.get("DeletionProtection"):
            name = database["DBInstanceIdentifier"]
            rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
            released.append(name)
    balancers = client("elbv2")
    for balancer in balancers.describe_load_balancers()["LoadBalancers"]:
        arn, name = balancer["LoadBalancerArn"], balancer["LoadBalancerName"]
        attributes = balancers.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        if any(item == {"Key": "deletion_protection.enabled", "Value": "true"} for item in attributes):
            off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
            balancers.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)
            released.append(name)
    return sorted(released)
