"""What is taken for a secret in a text, and what is not."""

from __future__ import annotations

import base64
import gzip

import pytest

from giban.checks.secret_texts import secrets_in, texts_of_user_data
from giban.graph.resource import Resource
from giban.graph.stack import Stack

KEY = "AKIA" + "Z2Y3X4W5V6U7T2S3"  # made up


@pytest.mark.parametrize(
    "text",
    [
        f"aws configure set aws_access_key_id {KEY}",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "export DB_PASSWORD=correct-horse",
        "db_password: correct-horse",
        "  \"api_key\": \"0123456789abcdef\",",
        "MYSQL_ROOT_PASSWORD='correct horse'",
        "git clone https://" + "ghp_" + "a" * 36 + "@github.com/a/b",
        "redis://:correct-horse@cache:6379",
        "postgres://app:correct-horse@db/app",
        "TOKEN=${random_password.api.result}",
        "echo ${var.db_password} | mysql",
        "x=${data.aws_secretsmanager_secret_version.api.secret_string}",
    ],
)  # fmt: skip
def test_secrets(text: str) -> None:
    assert secrets_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "PASSWORD=$(aws secretsmanager get-secret-value --secret-id app)",
        'PASSWORD="$PASSWORD"',
        "PASSWORD=${PASSWORD:-}",
        "PASSWORD=",
        'password=""',
        "DB_PASSWORD=<fill in>",
        "DB_PASSWORD_FILE=/run/secrets/db",
        "SECRET_ARN=arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:app",
        "SECRET=${aws_secretsmanager_secret.db.arn}",
        "PasswordAuthentication no",
        "login = secret(place[\"password_secret\"])",
        'for key in ("username", "password"):',
        "postgres://app:$PASSWORD@db/app",
        "postgres://app:${PASSWORD}@db/app",
        "curl -H \"X-aws-ec2-metadata-token: $TOKEN\" http://169.254.169.254/latest/meta-data/",
        "TOKEN=`curl -X PUT http://169.254.169.254/latest/api/token`",
        "lock_passwd: true",
        "TOKEN_TTL=3600",
    ],
)  # fmt: skip
def test_no_secrets(text: str) -> None:
    assert secrets_in(text) == ()


def instance(**args: str) -> Resource:
    stack = Stack(".", "ap-northeast-2")
    stack.files["files/boot.sh"] = "from the file"
    return stack.insert("managed", "aws_instance", "a", dict(args), "", None, check=False)


def test_user_data_is_opened() -> None:
    encoded = base64.b64encode(b"#!/bin/sh\n").decode()
    packed = base64.b64encode(gzip.compress(b"#!/bin/sh\n")).decode()
    assert "#!/bin/sh\n" in list(texts_of_user_data(instance(user_data=encoded)))
    assert "#!/bin/sh\n" in list(texts_of_user_data(instance(user_data_base64=packed)))
    assert "from the file" in list(texts_of_user_data(instance(user_data='${file("files/boot.sh")}')))
    template = '${templatefile("${path.module}/files/boot.sh", {a = 1})}'
    assert "from the file" in list(texts_of_user_data(instance(user_data=template)))


def test_what_is_not_text_is_left() -> None:
    assert list(texts_of_user_data(instance(user_data="AAECAwQFBgcICf//"))) == ["AAECAwQFBgcICf//"]
    assert list(texts_of_user_data(instance())) == []
