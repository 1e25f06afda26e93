"""A document with what a workstation is made of, and the functions in it: real code that says what it was called with."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from giban.terraform.documents import PROVIDER_VERSION

REGION = "ap-northeast-2"
DOMAIN = "scv.example.com"
ADMIN = f"dev-admin.{DOMAIN}"

CODE = '''
import json

import boto3


def answer(event, context):
    """Says what it was called with, and what it sees on both emulators."""
    if event.get("rawPath") == "/slow":
        import time

        time.sleep(60)
    if event.get("rawPath") == "/broken":
        raise RuntimeError("broken on purpose")
    if event.get("rawPath") == "/bytes":
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "AP8AAQ==", "isBase64Encoded": True}
    if event.get("rawPath") == "/elsewhere":
        return {"statusCode": 303, "headers": {"location": "https://dev-admin.scv.example.com/next"}}
    if event.get("rawPath") == "/split":
        return {"statusCode": 200, "headers": {"x-split": "a\\r\\nset-cookie: b=c"}}
    instances = boto3.client("ec2").describe_instances()["Reservations"]
    tables = boto3.client("dynamodb").list_tables()["TableNames"]
    body = json.dumps({"event": event, "instances": len(instances), "tables": tables})
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "x-one": "1"},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": body,
    }


def note(event, context):
    """Writes down what it was called with."""
    table = boto3.resource("dynamodb").Table("scv-notes")
    table.put_item(Item={"pk": "seen", "sk": context.aws_request_id, "event": json.dumps(event)})
'''


def code() -> bytes:
    """The functions as a zip, the same bytes each time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(zipfile.ZipInfo("functions.py", (1980, 1, 1, 0, 0, 0)), CODE)
    return made.getvalue()


def _allow(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _function(name: str, handler: str, **rest: Any) -> dict[str, Any]:
    return {
        "function_name": name, "role": "${aws_iam_role.function.arn}", "handler": f"functions.{handler}",
        "runtime": "python3.12", "architectures": ["arm64"], "memory_size": 256, "timeout": 29,
        "filename": "${path.module}/code.zip", "source_code_hash": '${filebase64sha256("${path.module}/code.zip")}',
        "logging_config": [
            {
                "log_format": "JSON", "application_log_level": "INFO", "system_log_level": "WARN",
                "log_group": f"/aws/lambda/{name}",
            }
        ],
        "tracing_config": [{"mode": "PassThrough"}],
        "depends_on": ["aws_cloudwatch_log_group.admin", "aws_cloudwatch_log_group.notes"],
        **rest,
    }  # fmt: skip


def document() -> dict[str, Any]:
    """One root: an instance with its volume and address, two functions, an API with its own name, a table, a schedule, rules."""
    image = "${data.aws_ssm_parameter.image.value}"
    attributes = [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}]
    access = json.dumps({"ip": "$context.identity.sourceIp", "status": "$context.status", "key": "$context.routeKey"})
    states = {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}
    warnings = {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]}
    return {
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}},
            "backend": {"local": {}},
        },
        "provider": {"aws": [{"region": REGION, "default_tags": {"tags": {"Project": "scv"}}}]},
        "data": {
            "aws_ssm_parameter": {
                "image": {"name": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
            }
        },
        "output": {"instance": {"value": "${aws_instance.dev.id}"}, "secret": {"value": "${aws_secretsmanager_secret.host.arn}"}},
        "resource": {
            "aws_vpc": {"main": {"cidr_block": "10.30.0.0/16"}},
            "aws_subnet": {
                "a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.30.0.0/24", "availability_zone": f"{REGION}a"}
            },
            "aws_internet_gateway": {"main": {"vpc_id": "${aws_vpc.main.id}"}},
            "aws_security_group": {"dev": {"name": "dev", "description": "dev", "vpc_id": "${aws_vpc.main.id}"}},
            "aws_iam_role": {
                "host": {"name": "host", "assume_role_policy": _allow("ec2.amazonaws.com")},
                "function": {"name": "function", "assume_role_policy": _allow("lambda.amazonaws.com")},
                "schedule": {"name": "schedule", "assume_role_policy": _allow("scheduler.amazonaws.com")},
            },
            "aws_iam_role_policy": {
                "schedule": {
                    "name": "invoke", "role": "${aws_iam_role.schedule.id}",
                    "policy": json.dumps({"Version": "2012-10-17", "Statement": [
                        {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "${aws_lambda_function.notes.arn}"}
                    ]}),
                }
            },
            "aws_iam_instance_profile": {"host": {"name": "host", "role": "${aws_iam_role.host.name}"}},
            "aws_instance": {
                "dev": {
                    "ami": image, "instance_type": "t3.large", "subnet_id": "${aws_subnet.a.id}",
                    "vpc_security_group_ids": ["${aws_security_group.dev.id}"],
                    "iam_instance_profile": "${aws_iam_instance_profile.host.name}",
                    "user_data": "#!/bin/sh\necho hello\n", "user_data_replace_on_change": False, "ebs_optimized": True,
                    "instance_initiated_shutdown_behavior": "stop",
                    "root_block_device": [{"volume_type": "gp3", "volume_size": 20, "encrypted": True}],
                    "metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 1}],
                    "tags": {
                        "Name": "scv-dev", "giban:workstation": "scv/dev", "giban:admin": ADMIN,
                        "giban:host-secret": "${aws_secretsmanager_secret.host.arn}",
                    },
                    "lifecycle": [{"ignore_changes": ["instance_type", "ami"]}],
                }
            },
            "aws_eip": {"dev": {"domain": "vpc", "depends_on": ["aws_internet_gateway.main"]}},
            "aws_eip_association": {
                "dev": {"instance_id": "${aws_instance.dev.id}", "allocation_id": "${aws_eip.dev.id}"}
            },
            "aws_ebs_volume": {
                "dev_home": {
                    "availability_zone": f"{REGION}a", "size": 50, "type": "gp3", "encrypted": True,
                    "iops": 3000, "throughput": 125, "final_snapshot": False, "tags": {"Name": "scv-dev-home"},
                }
            },
            "aws_volume_attachment": {
                "dev_home": {
                    "device_name": "/dev/sdf", "instance_id": "${aws_instance.dev.id}",
                    "volume_id": "${aws_ebs_volume.dev_home.id}", "stop_instance_before_detaching": True,
                }
            },
            "aws_secretsmanager_secret": {"host": {"name": "scv/dev/host", "recovery_window_in_days": 0}},
            "aws_dynamodb_table": {
                "notes": {
                    "name": "scv-notes", "billing_mode": "PAY_PER_REQUEST", "hash_key": "pk", "range_key": "sk",
                    "attribute": attributes, "ttl": [{"attribute_name": "expires", "enabled": True}],
                    "point_in_time_recovery": [{"enabled": True, "recovery_period_in_days": 35}],
                    "server_side_encryption": [{"enabled": True}], "deletion_protection_enabled": False,
                }
            },
            "aws_cloudwatch_log_group": {
                name: {"name": path, "retention_in_days": 30}
                for name, path in (("admin", "/aws/lambda/scv-admin"), ("notes", "/aws/lambda/scv-notes"), ("api", "/scv/api"))
            },
            "aws_lambda_function": {
                "admin": _function(
                    "scv-admin", "answer", reserved_concurrent_executions=10,
                    environment=[{"variables": {"GIBAN_ALLOW": "203.0.113.0/24,2001:db8::/32"}}],
                ),
                "notes": _function("scv-notes", "note"),
            },
            "aws_lambda_function_event_invoke_config": {
                "notes": {
                    "function_name": "${aws_lambda_function.notes.function_name}", "maximum_retry_attempts": 0,
                    "maximum_event_age_in_seconds": 60,
                }
            },
            "aws_lambda_permission": {
                "api": {
                    "statement_id": "api", "action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com",
                    "function_name": "${aws_lambda_function.admin.function_name}",
                    "source_arn": "${aws_apigatewayv2_api.admin.execution_arn}/*/*",
                },
                "states": {
                    "statement_id": "states", "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com",
                    "function_name": "${aws_lambda_function.notes.function_name}",
                    "source_arn": "${aws_cloudwatch_event_rule.states.arn}",
                },
            },
            "aws_apigatewayv2_api": {
                "admin": {
                    "name": "scv-dev-admin", "protocol_type": "HTTP", "description": "Admin API of dev",
                    "disable_execute_api_endpoint": True,
                }
            },
            "aws_apigatewayv2_integration": {
                "admin": {
                    "api_id": "${aws_apigatewayv2_api.admin.id}", "integration_type": "AWS_PROXY",
                    "integration_uri": "${aws_lambda_function.admin.invoke_arn}", "payload_format_version": "2.0",
                    "timeout_milliseconds": 30000,
                }
            },
            "aws_apigatewayv2_route": {
                "admin": {
                    "api_id": "${aws_apigatewayv2_api.admin.id}", "route_key": "$default",
                    "target": "integrations/${aws_apigatewayv2_integration.admin.id}",
                }
            },
            "aws_apigatewayv2_stage": {
                "admin": {
                    "api_id": "${aws_apigatewayv2_api.admin.id}", "name": "$default", "auto_deploy": True,
                    "default_route_settings": [{"throttling_burst_limit": 20, "throttling_rate_limit": 10}],
                    "access_log_settings": [
                        {"destination_arn": "${aws_cloudwatch_log_group.api.arn}", "format": access}
                    ],
                }
            },
            "aws_acm_certificate": {"admin": {"domain_name": ADMIN, "validation_method": "DNS"}},
            "aws_apigatewayv2_domain_name": {
                "admin": {
                    "domain_name": ADMIN,
                    "domain_name_configuration": [
                        {
                            "certificate_arn": "${aws_acm_certificate.admin.arn}", "endpoint_type": "REGIONAL",
                            "security_policy": "TLS_1_2",
                        }
                    ],
                }
            },
            "aws_apigatewayv2_api_mapping": {
                "admin": {
                    "api_id": "${aws_apigatewayv2_api.admin.id}", "stage": "${aws_apigatewayv2_stage.admin.id}",
                    "domain_name": "${aws_apigatewayv2_domain_name.admin.id}",
                }
            },
            "aws_route53_zone": {"main": {"name": DOMAIN}},
            "aws_route53_record": {
                "admin": {
                    "zone_id": "${aws_route53_zone.main.zone_id}", "name": ADMIN, "type": "A",
                    "alias": [
                        {
                            "name": "${aws_apigatewayv2_domain_name.admin.domain_name_configuration[0].target_domain_name}",
                            "zone_id": "${aws_apigatewayv2_domain_name.admin.domain_name_configuration[0].hosted_zone_id}",
                            "evaluate_target_health": False,
                        }
                    ],
                },
                "dev": {
                    "zone_id": "${aws_route53_zone.main.zone_id}", "name": f"dev.{DOMAIN}", "type": "A", "ttl": 60,
                    "records": ["${aws_eip.dev.public_ip}"],
                },
            },
            "aws_scheduler_schedule_group": {"main": {"name": "scv"}},
            "aws_scheduler_schedule": {
                "tick": {
                    "name": "scv-tick", "group_name": "${aws_scheduler_schedule_group.main.name}",
                    "schedule_expression": "rate(1 minutes)", "flexible_time_window": [{"mode": "OFF"}],
                    "target": [
                        {
                            "arn": "${aws_lambda_function.notes.arn}", "role_arn": "${aws_iam_role.schedule.arn}",
                            "input": json.dumps({"tick": True}),
                            "retry_policy": [{"maximum_retry_attempts": 0, "maximum_event_age_in_seconds": 60}],
                        }
                    ],
                }
            },
            "aws_cloudwatch_event_rule": {
                "states": {"name": "scv-states", "description": "Instances", "event_pattern": json.dumps(states)},
                "warnings": {"name": "scv-warnings", "event_pattern": json.dumps(warnings)},
            },
            "aws_cloudwatch_event_target": {
                name: {
                    "rule": f"${{aws_cloudwatch_event_rule.{name}.name}}", "arn": "${aws_lambda_function.notes.arn}",
                    "target_id": "notes",
                    "retry_policy": [{"maximum_retry_attempts": 0, "maximum_event_age_in_seconds": 60}],
                }
                for name in ("states", "warnings")
            },
            "aws_cloudwatch_metric_alarm": {
                "errors": {
                    "alarm_name": "scv-admin-errors", "comparison_operator": "GreaterThanThreshold",
                    "evaluation_periods": 1, "threshold": 0, "period": 300, "statistic": "Sum",
                    "namespace": "AWS/Lambda", "metric_name": "Errors", "treat_missing_data": "notBreaching",
                    "dimensions": {"FunctionName": "${aws_lambda_function.admin.function_name}"},
                }
            },
        },
    }  # fmt: skip
