"""A project whose workstation is up on the rehearsal, made without Terraform in a few seconds.

There is the real admin function behind its API, a table, two secrets, and an instance whose stand-in host runs the real agent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from giban.components.code import function_code
from giban.lifecycle.pipeline import compile_blueprint
from giban.lifecycle.rehearsed import EMULATORS
from giban.lifecycle.workstation import workstations
from giban.rehearsal.contents import clients
from giban.rehearsal.process import Rehearsal
from giban.rehearsal.services import ACCOUNT, WORLD

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "workstation" / "giban.yaml"
REGION = "ap-northeast-2"
HOST = "dev-admin.scv.example.com"


class Project:
    """The folder of a user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(EXAMPLE, folder / "giban.yaml")
        self.rehearsal = Rehearsal(str(folder / ".giban" / EMULATORS))

    def bring_up(self) -> None:
        """What `giban up` makes of the workstation, as far as its commands need it."""
        running = self.rehearsal.start(REGION)
        self.port = running.ports[WORLD]
        self.client = client = clients(running, REGION)
        client("dynamodb").create_table(
            TableName="scv-workstations",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        # The keeper fills this one in at its first tick; the other is the admin function's to fill in.
        first = json.dumps({"agent_key": os.urandom(32).hex(), "password": os.urandom(16).hex()})
        host = client("secretsmanager").create_secret(Name="scv/dev/host", SecretString=first)["ARN"]
        pairing = client("secretsmanager").create_secret(Name="scv/dev/pairing")["ARN"]
        tags = {"giban:workstation": "scv/dev", "giban:admin": HOST, "giban:host-secret": host}
        image = client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = client("ec2").run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.large",
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            ],
        )
        self.instance = made["Instances"][0]["InstanceId"]
        graph = compile_blueprint(str(EXAMPLE)).graph
        declared = graph.get("aws_lambda_function.dev_admin")
        assert declared is not None
        given = {
            "GIBAN_TABLE": "scv-workstations",
            "GIBAN_INSTANCE": self.instance,
            "GIBAN_HOST_SECRET": host,
            "GIBAN_PAIRING_SECRET": pairing,
        }
        function = client("lambda").create_function(
            FunctionName=workstations(graph)[0].function,
            Runtime="python3.12",
            Role=f"arn:aws:iam::{ACCOUNT}:role/x",
            Handler=declared.value("handler"),
            Timeout=25,
            Code={"ZipFile": function_code("admin", "power")},
            Environment={"Variables": declared.value("environment", "variables") | given},
        )["FunctionArn"]
        gateway = client("apigatewayv2")
        api = gateway.create_api(Name="scv-dev-admin", ProtocolType="HTTP")["ApiId"]
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")
        gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        gateway.create_domain_name(DomainName=HOST, DomainNameConfigurations=[{"EndpointType": "REGIONAL"}])
        gateway.create_api_mapping(ApiId=api, DomainName=HOST, Stage="$default")

    @property
    def page(self) -> str:
        """The admin page's address here."""
        return f"http://{HOST}.localhost:{self.port}/"

    def run(self, *words: str, code: int = 0, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """`giban workstation …` in a pipe."""
        answer = subprocess.run(
            command(*words),
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            input=stdin if stdin is not None else "",
        )
        assert answer.returncode == code, f"{words}: {answer.returncode}\n{answer.stdout}\n{answer.stderr}"
        assert "Traceback" not in answer.stderr + answer.stdout
        assert "\x1b" not in answer.stderr + answer.stdout, "no colours and no moving lines in pipes"
        return answer

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def register(self, code: str, totp: str, name: str) -> int:
        """What the page does when somebody fills in its form; the HTTP status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Host": f"{HOST}.localhost:{self.port}", "Content-Type": "application/json"}
        body = json.dumps({"code": code, "totp": totp, "name": name})
        try:
            connection.request("POST", "/service/devices", body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def files(self) -> str:
        """Everything written down beside the blueprint, logs too."""
        found = [path for path in (self.folder / ".giban").rglob("*") if path.is_file()]
        return "\n".join(path.read_bytes().decode(errors="replace") for path in found)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "giban", "workstation", *words]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY")}
    return kept | {"TERM": "xterm-256color", "TZ": "UTC", "COLUMNS": "120", "LINES": "60"}


class Terminal:
    """A command at a terminal: what it shows, and what somebody types."""

    def __init__(self, project: Project, *words: str) -> None:
        self.shown = ""
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command(*words),
            cwd=project.folder,
            env=environment(),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def until(self, pattern: str, seconds: float = 60.0) -> re.Match[str]:
        """Read on until the screen has shown this."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.shown)
            if found:
                return found
            if not self._read():
                break
        raise AssertionError(f"{pattern!r} was not shown:\n{self.shown}")

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def press_until(self, key: str, pattern: str) -> None:
        """Press a key as often as it takes: what is typed before the command listens is thrown away."""
        while not re.search(pattern, self.shown):
            self.type(key)
            self._read()

    def end(self, seconds: float = 60.0) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._read():
            pass
        code = self.process.wait(seconds)
        os.close(self._master)
        return code

    def _read(self) -> bool:
        """Whether more may come."""
        ready, _, _ = select.select([self._master], [], [], 0.5)
        if not ready:
            return True
        try:
            read = os.read(self._master, 65536)
        except OSError:
            return False  # Linux says so when the other side has closed
        self.shown += read.decode(errors="replace")
        return bool(read)


def one_time_password(secret: str, at: float) -> str:
    """RFC 6238 with SHA-1, 30 seconds, six digits: what an authenticator app does."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, int(at // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def eventually(ask: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.3)


__all__ = ["EXAMPLE", "HOST", "Project", "Terminal", "eventually", "one_time_password"]
