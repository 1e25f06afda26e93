"""The host agent on a busy machine: memory and CPU of its steady state, over TLS, with 500 processes around it.

The real file runs as its systemd unit runs it (compiled first), looks once a second instead of once a minute, and reports to a
real HTTPS server. What one look and report costs, once a minute, is its share of a core.
"""

from __future__ import annotations

import http.server
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import msgspec

AGENT = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src", "giban", "runtime", "agent", "giban_agent.py"
)
PROCESSES = 500
ROUNDS = 30
MEMORY, SHARE = 20.0, 0.2


class Cost(msgspec.Struct, frozen=True):
    """Steady state: resident memory now and at its highest (MB), CPU of one look with its report (ms), and that as percent
    of a core when it happens once a minute."""

    python: str
    resident: float
    highest: float
    milliseconds: float
    share: float


class Api(http.server.BaseHTTPRequestHandler):
    """Takes reports and counts them."""

    reports = 0

    def do_POST(self) -> None:
        """One report."""
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).reports += 1
        answer = json.dumps({"decision": {"action": "stay", "reason": "ssh"}, "max_uptime": 259200}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


class Server(http.server.ThreadingHTTPServer):
    """Answers every connection in a thread of its own; TLS is negotiated there."""

    daemon_threads = True


def certificate(folder: str) -> str:
    """A key and a certificate for localhost, and beside it a folder of hashed certificates: the machine's and this one."""
    pair = os.path.join(folder, "pair.pem")
    authorities = os.path.join(folder, "certs")
    os.mkdir(authorities)
    what = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        ["openssl", *what.split(), "-keyout", pair, "-out", f"{authorities}/own.pem"], check=True, capture_output=True
    )
    with open(pair, "a", encoding="ascii") as file, open(f"{authorities}/own.pem", encoding="ascii") as own:
        file.write(own.read())
    system = ssl.get_default_verify_paths().openssl_capath
    for name in os.listdir(system):
        if name.endswith(".0"):
            os.symlink(os.path.join(system, name), os.path.join(authorities, name))
    digest = subprocess.run(
        ["openssl", "x509", "-noout", "-hash", "-in", f"{authorities}/own.pem"],
        check=True,
        capture_output=True,
        text=True,
    )
    os.symlink("own.pem", os.path.join(authorities, f"{digest.stdout.strip()}.0"))
    return pair


def crowd() -> subprocess.Popen[bytes]:
    """Many processes that do nothing, all children of one."""
    text = (
        "import os, signal\n"
        f"children = [pid for _ in range({PROCESSES}) if (pid := os.fork()) or signal.pause()]\n"
        "print(flush=True)\n"
        "signal.pause()\n"
    )
    process = subprocess.Popen([sys.executable, "-S", "-c", text], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def cpu_seconds(pid: int) -> float:
    """CPU time a process and its children took."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> float:
    """A line of /proc/<pid>/status, in MB."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(name + ":"))


def measure(python: str = sys.executable) -> Cost:
    """Run the agent with one interpreter for `ROUNDS` looks."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(("127.0.0.1", 0), Api)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        key, config = os.path.join(folder, "key"), os.path.join(folder, "agent.json")
        settings = {
            "api": f"https://localhost:{server.server_address[1]}",
            "key_file": key,
            "interval": 1,
            "ide": "http://127.0.0.1:9/healthz",  # nobody listens there
            "paths": {"state": os.path.join(folder, "state.json")},
        }
        for path, text in ((key, "ab" * 32), (config, json.dumps(settings))):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
                file.write(text)
        compiled = os.path.join(folder, "agent.pyc")
        text = f"import py_compile; py_compile.compile({AGENT!r}, {compiled!r}, doraise=True)"
        subprocess.run([python, "-I", "-S", "-c", text], check=True)
        environment = {"PATH": os.environ["PATH"], "SSL_CERT_DIR": os.path.join(folder, "certs")}
        others = crowd()
        agent = subprocess.Popen([python, "-I", "-S", compiled, "--config", config], env=environment)
        try:
            wait_for_reports(agent, 3)  # imports, the first TLS context: not steady state
            begin, before = cpu_seconds(agent.pid), Api.reports
            wait_for_reports(agent, ROUNDS)
            each = (cpu_seconds(agent.pid) - begin) / (Api.reports - before)
            resident, highest = memory(agent.pid, "VmRSS"), memory(agent.pid, "VmHWM")
        finally:
            agent.kill()
            agent.wait()
            os.killpg(others.pid, signal.SIGKILL)
            others.wait()
            server.shutdown()
            server.server_close()
    version = subprocess.run([python, "-V"], check=True, capture_output=True, text=True).stdout.split()[-1]
    return Cost(version, resident, highest, each * 1000, each / 60 * 100)


def wait_for_reports(agent: subprocess.Popen[bytes], count: int) -> None:
    """Until so many more reports have come; fails when the agent ends."""
    goal = Api.reports + count
    while Api.reports < goal:
        if agent.poll() is not None:
            raise RuntimeError(f"the agent ended with {agent.returncode}")
        time.sleep(0.1)


def report() -> list[str]:
    """The section of the benchmark report."""
    cost = measure()
    good = cost.resident <= MEMORY and cost.share <= SHARE
    return [
        "## Host agent",
        "",
        f"Steady state over TLS, {PROCESSES} processes on the machine, {ROUNDS} reports, Python {cost.python}.",
        "",
        "| what | measured | wanted |",
        "|---|---|---|",
        f"| resident memory | {cost.resident:.1f} MB (highest {cost.highest:.1f}) | {MEMORY:g} MB |",
        f"| CPU of one look and report | {cost.milliseconds:.1f} ms | |",
        f"| share of a core, once a minute | {cost.share:.3f} % | {SHARE:g} % |",
        "",
        "Both hold." if good else "**Missed.**",
    ]


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(measure(path))
    if len(sys.argv) == 1:
        print("\n".join(report()))
