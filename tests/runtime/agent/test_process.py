"""The agent as a process: signals, restarts, disks, certificates, and what people see of it."""

from __future__ import annotations

import ast
import datetime
import ipaddress
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from giban.runtime.agent import giban_agent
from tests.runtime.agent.api import KEY, Api, problem
from tests.runtime.agent.machine import Machine

FILE = Path(giban_agent.__file__)


class Started:
    """Agents as processes, each ended at the end of the test."""

    def __init__(self, machine: Machine, api: Api) -> None:
        self.machine = machine
        self.api = api
        self.config = machine.root / "agent.json"
        self.key = machine.write("agent.key", KEY.hex())
        self.key.chmod(0o600)
        self.processes: list[subprocess.Popen[str]] = []
        self.write()

    def write(self, **settings: Any) -> None:
        """The configuration."""
        document = {
            "api": self.api.url,
            "key_file": str(self.key),
            "interval": 1,
            "ide": f"{self.api.url}/healthz",
            "root": str(self.machine.root),
            **settings,
        }
        handle = os.open(self.config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(document, file)

    def run(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """Start one."""
        environment = {**os.environ, **more.pop("environment", {})}
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(FILE), "--config", str(self.config), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            **more,
        )
        self.processes.append(process)
        return process


@pytest.fixture
def started(machine: Machine, api: Api) -> Iterator[Started]:
    made = Started(machine, api)
    yield made
    for process in made.processes:
        process.kill()
        process.communicate()


def wait_until(good: Any, seconds: float = 30) -> None:
    """Until a condition holds."""
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_it_reports_until_sigterm_ends_it_at_once(started: Started, api: Api) -> None:
    process = started.run()
    api.wait(3)
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM
    assert json.loads((started.machine.root / "var/lib/giban-agent/state.json").read_text())["sequence"] >= 1


def test_sigterm_ends_it_in_the_middle_of_a_request(started: Started) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        started.write(api=f"http://127.0.0.1:{door.getsockname()[1]}")
        process = started.run()
        connection, _ = door.accept()
        with connection:
            process.terminate()
            assert process.wait(10) == -signal.SIGTERM


def test_killed_and_started_again_it_goes_on(started: Started, api: Api) -> None:
    started.machine.heartbeat(age=-(time.time() - started.machine.wall) + 30)
    process = started.run()
    api.wait(2)
    process.kill()
    process.wait()
    started.run()
    api.wait(len(api.reports) + 2)
    numbers = [report["sequence"] for report in api.reports]
    assert numbers == sorted(set(numbers))
    assert all(report["web"]["connected_age"] >= 30 for report in api.reports)


def test_sighup_reads_the_configuration_again(started: Started, api: Api) -> None:
    started.write(interval=3600)
    process = started.run()
    api.wait(1)
    # The first look comes again after at most 10 s while no IDE has answered; here one answers, so it sleeps an hour.
    started.write(interval=1)
    wait_until(lambda: (started.machine.root / "var/lib/giban-agent/state.json").exists())
    process.send_signal(signal.SIGHUP)
    api.wait(3)
    started.config.write_text("{")
    process.send_signal(signal.SIGHUP)
    api.wait(len(api.reports) + 2)
    assert process.poll() is None


def test_a_full_disk(started: Started, api: Api) -> None:
    """No byte can be written to any file: what a full disk does, by a limit of the process."""
    process = started.run(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    api.wait(3)
    process.terminate()
    assert "state cannot be" in process.communicate()[1]


def test_a_closed_journal(started: Started, api: Api) -> None:
    process = started.run()
    assert process.stderr is not None
    process.stderr.close()
    api.script = [problem(500, "broken"), problem(503, "busy")]
    api.wait(3)
    assert process.poll() is None
    process.stderr = None


def test_an_api_that_is_away_and_comes_back(started: Started, api: Api) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    started.write(api=f"http://127.0.0.1:{port}", ide="")
    process = started.run()
    wait_until(lambda: (started.machine.root / "var/lib/giban-agent/state.json").exists())
    assert process.poll() is None
    started.write()
    process.send_signal(signal.SIGHUP)
    api.wait(2)


def test_the_maximum_without_an_api(started: Started) -> None:
    done = started.machine.root / "done"
    started.write(api="http://127.0.0.1:9", max_uptime=60, grace=0, shutdown=["touch", str(done)])
    started.run()
    wait_until(done.exists)


def test_systemd_is_told(started: Started, api: Api, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(30)
        started.run(environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert channel.recv(100) == b"READY=1\nWATCHDOG=1"
        assert channel.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("broken", ["config", "key", "key is missing", "api", "json"])
def test_it_refuses_to_start(started: Started, broken: str) -> None:
    word = "chmod 600"
    if broken == "config":
        started.config.chmod(0o644)
    elif broken == "key":
        started.key.chmod(0o644)
    elif broken == "key is missing":
        started.write(key_file="")
        word = "api and key_file are needed"
    elif broken == "api":
        started.write(api="http://dev-admin.example.com")
        word = "in the clear"
    else:
        started.config.write_text("{")
        word = "not JSON"
    process = started.run()
    _, said = process.communicate(timeout=30)
    assert (process.returncode, word in said, KEY.hex() in said) == (2, True, False), said


def test_once(started: Started, api: Api) -> None:
    process = started.run("--once")
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "Taken. stay (ssh)\n")
    process = started.run("--once", "--json")
    assert json.loads(process.communicate(timeout=30)[0])["max_uptime"] == 259200
    api.script = [problem(403, "address")]
    process = started.run("--once")
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out, "HTTP 403" in said) == (1, "", True)
    assert len(api.reports) == 2


def test_print(started: Started, api: Api) -> None:
    started.machine.process(600, "sshd", arguments=["sshd: /usr/sbin/sshd [listener]"], inodes=[11])
    started.machine.sockets([(22, "0A", 11), (22, "01", 21)])
    started.machine.process(5000, "make", pts=0)
    process = started.run("--print")
    out, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == ""
    lines = {line[:13].strip(): line[14:] for line in out.splitlines()}
    assert lines["SSH"] == "1 session"
    assert lines["Working"] == "now: make"
    assert lines["IDE"] == f"answers at {api.url}/healthz"
    assert lines["Machine"] == "up 16 min, CPU 0 %, load 0.42"
    assert api.reports == []
    process = started.run("--print", "--json")
    assert json.loads(process.communicate(timeout=30)[0])["ssh"] == {"sessions": 1}


@pytest.mark.parametrize("words", [["--nonsense"], ["--config"], ["--print", "--once"], ["--root"]])
def test_wrong_words(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-I", str(FILE), *words], capture_output=True, text=True, check=False)
    assert (done.returncode, "--print" in done.stdout + done.stderr) == (2, True)


def test_help_and_version() -> None:
    for word in ("--help", "-h"):
        done = subprocess.run([sys.executable, "-I", str(FILE), word], capture_output=True, text=True, check=True)
        assert "SIGHUP" in done.stdout
    done = subprocess.run([sys.executable, "-I", str(FILE), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == giban_agent.VERSION


def test_the_command_of_giban(started: Started, api: Api) -> None:
    giban = [sys.executable, "-m", "giban", "agent"]
    done = subprocess.run(
        [*giban, "--print", "--config", str(started.config)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Reports to" in done.stdout) == (0, True)
    done = subprocess.run(
        [*giban, "--once", "--json", "--config", str(started.config)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, json.loads(done.stdout)["password_version"]) == (0, 0)
    api.script = [problem(500, "broken")]
    done = subprocess.run(
        [*giban, "--once", "--config", str(started.config)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    done = subprocess.run(giban, capture_output=True, text=True, check=False)
    assert (done.returncode, "--print" in done.stderr) == (2, True)
    done = subprocess.run([*giban, "--print", "--config", "/no/such"], capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


class TestCertificates:
    """Real TLS, with certificates made here: what is not trusted, or named otherwise, gets no report."""

    def certificate(self, folder: Path, host: str) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        now = datetime.datetime.now(datetime.UTC)
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host[0].isdigit():
            names = [x509.IPAddress(ipaddress.ip_address(host))]
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / f"{host}.pem"
        path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        return path

    def serve(self, api: Api, pair: Path) -> int:
        """An HTTPS door before the API."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        api.close()
        api.server = type(api.server)(("127.0.0.1", 0), api.server.RequestHandlerClass)
        api.server.socket = context.wrap_socket(api.server.socket, server_side=True)
        api.thread = threading.Thread(target=api.server.serve_forever, args=(0.02,), daemon=True)
        api.thread.start()
        return api.server.server_address[1]

    @pytest.mark.parametrize(
        ("host", "trusted", "taken"),
        [("localhost", True, True), ("localhost", False, False), ("dev-admin.example.com", True, False)],
    )
    def test_a_certificate_is_verified(
        self, started: Started, api: Api, tmp_path: Path, host: str, trusted: bool, taken: bool
    ) -> None:
        pair = self.certificate(tmp_path, host)
        started.write(api=f"https://localhost:{self.serve(api, pair)}", ide="")
        process = started.run("--once", environment={"SSL_CERT_FILE": str(pair)} if trusted else {})
        _, said = process.communicate(timeout=30)
        assert (process.returncode, len(api.reports)) == ((0, 1) if taken else (1, 0)), said
        assert taken or "certificate verify failed" in said.lower()


def test_it_is_one_file_of_the_standard_library_for_python_39() -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 9))
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add((node.module or "").split(".")[0])
    assert modules <= sys.stdlib_module_names


def test_what_is_dear_is_imported_when_it_is_needed() -> None:
    """A look needs none of these; a report needs ssl and socket, and never the rest."""
    text = (
        f"import sys; sys.path.insert(0, {str(FILE.parent)!r}); import giban_agent as agent; before = set(sys.modules)\n"
        "agent.signature(bytes(32), 1, 'a', b''); agent.answers('http://127.0.0.1:9/'); agent.tls()\n"
        "print(json.dumps([sorted(before), sorted(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import json\n" + text], capture_output=True, text=True, check=True
    )
    before, after = (set(names) for names in json.loads(done.stdout))
    assert not before & {
        "ssl",
        "socket",
        "http.client",
        "urllib",
        "typing",
        "dataclasses",
        "subprocess",
        "argparse",
        "logging",
    }
    assert not after & {
        "http.client",
        "urllib.parse",
        "email",
        "typing",
        "dataclasses",
        "subprocess",
        "argparse",
        "logging",
    }
