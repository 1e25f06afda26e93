"""Functions before their first call of AWS (a workstation's two, the alarm router): time and memory of a cold start, archives.

Each archive is unpacked as Lambda does it and its handler gets a real event, in a process of its own, until it wants a client
of AWS. Lambda's file system is read-only and the archive has no compiled modules, so the source is compiled every time; the
second figure is with compiled modules, as a machine that starts the same handler again has it.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO

import msgspec

from giban.components.code import function_code

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)
CHILD = os.path.join(HERE, "first_client.py")
PEER = os.path.join(REPOSITORY, ".venv-powertools", "bin", "python")
RUNS = 21

SORTS = ("from the archive", "compiled modules")

REQUEST = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/service/status",
    "rawQueryString": "",
    "headers": {"host": "dev-admin.scv.example.com", "accept": "application/json"},
    "cookies": [f"__Host-giban-dev=0123456789abcdef0123.{'a' * 43}"],
    "requestContext": {
        "http": {"method": "GET", "path": "/service/status", "sourceIp": "203.0.113.7", "userAgent": "browser"},
        "stage": "$default",
        "requestId": "x",
    },
    "isBase64Encoded": False,
}
SETTINGS = {"idle": 1800, "max_uptime": 259200, "silent": 900, "tab": 7200, "sizes": ["t3.large"]}
SECRET = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:scv"
SHARED = {"GIBAN_TABLE": "scv-workstations", "AWS_DEFAULT_REGION": "ap-northeast-2"}
NOTICE = {
    "Records": [
        {
            "messageId": "m",
            "body": json.dumps(
                {
                    "Type": "Notification",
                    "MessageId": "s",
                    "Message": json.dumps({"title": "The disk is full", "service": "services.web", "priority": "P2"}),
                }
            ),
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
        }
    ]
}
ROUTER = {
    "environment": "scv",
    "channels": {"team": {"kind": "slack", "secret": "scv/slack"}},
    "routes": [{"to": ["team"], "group": {"by": ["service"], "wait": 30, "interval": 300}}],
}
FUNCTIONS: dict[str, tuple[tuple[str, ...], str, object, dict[str, str]]] = {
    "admin": (
        ("admin", "power"),
        "runtime.admin.handler",
        REQUEST,
        {
            **SHARED,
            "GIBAN_WORKSTATION": "dev",
            "GIBAN_ALLOW": "203.0.113.0/24,2001:db8::/32",
            "GIBAN_INSTANCE": "i-0123456789abcdef0",
            "GIBAN_HOST_SECRET": f"{SECRET}-host",
            "GIBAN_PAIRING_SECRET": f"{SECRET}-pairing",
            "GIBAN_SETTINGS": json.dumps(SETTINGS),
            "GIBAN_IDE_URL": "https://dev.scv.example.com",
        },
    ),
    "keeper": (
        ("power",),
        "runtime.power.keeper",
        {"tick": True},
        {
            **SHARED,
            "GIBAN_PREFIX": "scv",
            "GIBAN_WORKSTATIONS": json.dumps(
                {"dev": {"instance": "i-0123456789abcdef0", "host_secret": f"{SECRET}-host", "settings": SETTINGS}}
            ),
        },
    ),
    "alarms": (
        ("alarms",),
        "runtime.alarms.handler",
        NOTICE,
        {
            "AWS_DEFAULT_REGION": "ap-northeast-2",
            "GIBAN_PREFIX": "scv",
            "GIBAN_ALARMS_TABLE": "scv-alarms",
            "GIBAN_ALARMS_QUEUE": "https://sqs.ap-northeast-2.amazonaws.com/123456789012/scv-alarms",
            "GIBAN_ALARMS_DEAD": "https://sqs.ap-northeast-2.amazonaws.com/123456789012/scv-alarms-dead",
        },
    ),
}
"""Packages in the archive, module of the handler, an event, and the function's environment."""


EXTRA = {"alarms": {"runtime/alarms/config.json": json.dumps(ROUTER).encode()}}
"""Further files of an archive."""


class Start(msgspec.Struct, frozen=True):
    """One cold start: milliseconds of processor time, and megabytes on top of the interpreter's own."""

    milliseconds: float
    megabytes: float
    stopped: str


def start(python: str, folder: str, module: str, event: object, variables: dict[str, str], *, compiled: bool) -> Start:
    """One process. Without `compiled` it writes no compiled modules, so that there are none at the next start either."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= variables
    flags = [] if compiled else ["-B"]
    done = subprocess.run(
        [python, *flags, CHILD, folder, module, "handle", json.dumps(event)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)
    return Start(found["seconds"] * 1e3, found["bytes"] / 1e6, found["stopped"])


def measure() -> dict[str, list[Start]]:
    """Every kind of start, in turns, so that a busy moment of the machine hits all of them."""
    with tempfile.TemporaryDirectory() as top:
        kinds: dict[str, Callable[[], Start]] = {}
        for name, (packages, module, event, variables) in FUNCTIONS.items():
            for compiled in (False, True):
                folder = os.path.join(top, f"{name}-{compiled}")
                with zipfile.ZipFile(BytesIO(function_code(*packages, extra=EXTRA.get(name)))) as archive:
                    archive.extractall(folder)

                kinds[f"{name}, {SORTS[compiled]}"] = _later(sys.executable, folder, module, event, variables, compiled)
        for compiled in (False, True) if os.path.exists(PEER) else ():
            folder = peer(os.path.join(top, f"peer-{compiled}"))
            kinds[f"the peer, powertools, {SORTS[compiled]}"] = _later(
                PEER, folder, "peer_powertools", REQUEST, {}, compiled
            )
        for kind in kinds.values():
            kind()  # the first run compiles and fills the file cache
        found: dict[str, list[Start]] = {name: [] for name in kinds}
        for _ in range(RUNS):
            for name, kind in kinds.items():
                found[name].append(kind())
        return found


def _later(
    python: str, folder: str, module: str, event: object, variables: dict[str, str], compiled: bool
) -> Callable[[], Start]:
    return lambda: start(python, folder, module, event, variables, compiled=compiled)


def peer(folder: str) -> str:
    """A folder with the peer's handler and what it imports, without compiled modules: its archive, unpacked."""
    done = subprocess.run(
        [PEER, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        capture_output=True,
        check=True,
        text=True,
    )
    os.makedirs(folder)
    shutil.copy(os.path.join(HERE, "peer_powertools.py"), folder)
    bare = shutil.ignore_patterns("__pycache__")
    for name in ("aws_lambda_powertools", "jmespath"):
        shutil.copytree(os.path.join(done.stdout.strip(), name), os.path.join(folder, name), ignore=bare)
    shutil.copy(os.path.join(done.stdout.strip(), "typing_extensions.py"), folder)
    return folder


def archives() -> list[str]:
    """A line for each archive: its size, and whether a second process builds the same bytes."""
    lines = []
    for name, (packages, *_) in FUNCTIONS.items():
        program = f"import sys; from giban.components.code import function_code as f; sys.stdout.buffer.write(f(*{packages!r}))"
        content, other = (
            subprocess.run(
                [sys.executable, "-c", program],
                env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
                umask=umask,
                capture_output=True,
                check=True,
            ).stdout
            for seed, zone, umask in (("0", "UTC", 0o022), ("7", "Asia/Seoul", 0o077))
        )
        same = "the same bytes" if content == other else "OTHER BYTES"
        lines.append(f"| {name} | {len(content) / 1000:.1f} | {same} |")
    return lines


def report() -> list[str]:
    """Lines of the report."""
    lines = [
        "## Functions",
        "",
        f"Import of the handler and the first event, up to the first client of AWS; processor time of cold processes, "
        f"{RUNS} runs in turns. Wanted: 15 ms, 15 MB.",
        "",
        "| handler | best, ms | median, ms | memory, MB | stopped at |",
        "|---|---|---|---|---|",
    ]
    found = measure()
    for name, starts in found.items():
        times = [one.milliseconds for one in starts]
        memory = max(one.megabytes for one in starts)
        lines.append(
            f"| {name} | {min(times):.1f} | {statistics.median(times):.1f} | {memory:.1f} | {starts[0].stopped} |"
        )
    if not any("powertools" in name for name in found):
        lines += ["", "The peer was not measured: `make powertools` makes its environment."]
    return [
        *lines,
        "",
        "Archives, built twice in processes with another hash seed, time zone and umask. Wanted: 100 kB.",
        "",
        "| archive | kB | second build |",
        "|---|---|---|",
        *archives(),
    ]


if __name__ == "__main__":
    print("\n".join(report()))
