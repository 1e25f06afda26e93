"""Containers and pods: at work when they use CPU, and never when they belong to the machine itself."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.agent.giban_agent import Observer, container_id, pod_uid
from tests.runtime.agent.machine import Machine

APP, PROXY, KUBE = "a" * 64, "b" * 64, "c" * 64
USER_POD, DNS_POD = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"


class Docker:
    """A Docker socket that answers `GET /containers/json` with what a test sets, as raw bytes."""

    def __init__(self, path: str) -> None:
        self.asked = 0
        self.containers: list[dict[str, object]] = []
        self.raw: bytes | None = None
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(path)
        self._server.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                request = connection.recv(4096)
                assert request.startswith(b"GET /containers/json HTTP/1.1\r\n")
                self.asked += 1
                body = json.dumps(self.containers).encode()
                chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
                head = b"HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nTransfer-Encoding: chunked\r\n\r\n"
                connection.sendall(self.raw if self.raw is not None else head + chunks)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread; a closed number may be another socket's already
        self._thread.join()
        self._server.close()


@pytest.fixture
def docker(machine: Machine) -> Iterator[Docker]:
    (machine.root / "var/run").mkdir(parents=True)
    made = Docker(str(machine.root / "var/run/docker.sock"))
    made.containers = [
        {"Id": APP, "Names": ["/app-db-1"], "Labels": {"com.docker.compose.project": "app"}},
        {"Id": PROXY, "Names": ["/edge"], "Labels": {"giban.base": "true"}},
        {"Id": KUBE, "Names": ["/minikube"], "Labels": {"created_by.minikube.sigs.k8s.io": "true"}},
    ]
    yield made
    made.close()


def scope(container: str) -> str:
    return f"system.slice/docker-{container}.scope"


def spend(machine: Machine, observer: Observer, cores: dict[str, float], total: float = 0.0) -> dict[str, object]:
    """Look, let a minute pass in which each cgroup uses so many cores, look again."""
    for path in cores:
        machine.group(path, 100.0)
    machine.look(observer)
    machine.tick(60, cores=total)
    for path, used in cores.items():
        machine.group(path, 100.0 + 60 * used)
    work = machine.look(observer)["work"]
    assert isinstance(work, dict)
    return work


def test_a_container_at_work(machine: Machine, docker: Docker) -> None:
    work = spend(machine, machine.observer(), {scope(APP): 0.35})
    assert work["containers"] == [{"name": "app-db-1", "cpu_percent": 35.0}]
    assert work["working_age"] == 0.0


def test_a_container_that_waits_does_not_work(machine: Machine, docker: Docker) -> None:
    work = spend(machine, machine.observer(), {scope(APP): 0.03})
    assert (work["containers"], work["working_age"]) == ([], None)


@pytest.mark.parametrize(
    "path", [scope(APP), f"docker/{APP}", f"user.slice/user-1000.slice/user@1000.service/libpod-{APP}.scope"]
)
def test_wherever_the_runtime_puts_it(machine: Machine, docker: Docker, path: str) -> None:
    assert spend(machine, machine.observer(), {path: 0.5})["containers"] == [{"name": "app-db-1", "cpu_percent": 50.0}]


def test_the_machines_own_containers_are_no_work(machine: Machine, docker: Docker) -> None:
    work = spend(machine, machine.observer(), {scope(PROXY): 0.9}, total=1.0)
    assert (work["containers"], work["working_age"]) == ([], None)
    work = spend(machine, machine.observer(), {scope(PROXY): 0.9}, total=1.5)
    assert work["working_age"] == 0.0  # something else used 0.6


def test_a_name_of_the_configuration_is_the_machines_own(machine: Machine, docker: Docker) -> None:
    observer = machine.observer(base={"containers": ["app-db-1"]})
    assert spend(machine, observer, {scope(APP): 0.9}, total=0.9)["working_age"] is None


def test_docker_is_asked_when_a_container_is_new_and_not_else(machine: Machine, docker: Docker) -> None:
    observer = machine.observer()
    for _ in range(5):
        spend(machine, observer, {scope(APP): 0.5})
    assert docker.asked == 1
    spend(machine, observer, {scope(PROXY): 0.5})
    assert docker.asked == 2
    spend(machine, observer, {scope("d" * 64): 0.5})  # one Docker does not know: asked once
    spend(machine, observer, {scope("d" * 64): 0.5})
    assert docker.asked == 3


@pytest.mark.parametrize(
    "raw",
    [b"", b"nonsense", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
     b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n[1, null, {"Id":1}', b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n[]",
     b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n[{"Id":null}]'],
)  # fmt: skip
def test_a_docker_that_answers_nonsense(machine: Machine, docker: Docker, raw: bytes) -> None:
    docker.raw = raw
    work = spend(machine, machine.observer(), {scope(APP): 0.5})
    assert work["containers"] == [{"name": APP[:12], "cpu_percent": 50.0}]


def test_without_docker_the_id_is_the_name(machine: Machine) -> None:
    work = spend(machine, machine.observer(), {scope(APP): 0.5})
    assert work["containers"] == [{"name": APP[:12], "cpu_percent": 50.0}]


def pod(uid: str) -> str:
    return f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid.replace('-', '_')}.slice"


def test_pods_of_k3s(machine: Machine) -> None:
    machine.write(f"var/log/pods/shop_users-api-7c9_{USER_POD}/log", "")
    machine.write(f"var/log/pods/kube-system_coredns-5d_{DNS_POD}/log", "")
    inner = f"{pod(USER_POD)}/cri-containerd-{APP}.scope"
    work = spend(
        machine,
        machine.observer(),
        {pod(USER_POD): 0.4, inner: 0.4, pod(DNS_POD): 0.7, "system.slice/k3s.service": 0.3},
        total=1.4,
    )
    assert work["containers"] == [{"name": "shop/users-api-7c9", "cpu_percent": 40.0}]


def test_an_idle_cluster_keeps_no_machine_awake(machine: Machine) -> None:
    machine.write(f"var/log/pods/kube-system_coredns-5d_{DNS_POD}/log", "")
    work = spend(machine, machine.observer(), {pod(DNS_POD): 0.7, "system.slice/k3s.service": 0.3}, total=1.1)
    assert (work["containers"], work["working_age"]) == ([], None)


def test_k3s_with_cgroupfs(machine: Machine) -> None:
    machine.write(f"var/log/pods/shop_users-api_{USER_POD}/log", "")
    work = spend(machine, machine.observer(), {f"kubepods/besteffort/pod{USER_POD}": 0.4})
    assert work["containers"] == [{"name": "shop/users-api", "cpu_percent": 40.0}]


def test_minikube_itself_is_no_work_but_what_runs_in_it_is(machine: Machine, docker: Docker) -> None:
    logs = "var/lib/docker/volumes/minikube/_data/log/pods"
    machine.write(f"{logs}/default_train_{USER_POD}/log", "")
    machine.write(f"{logs}/kube-system_etcd-minikube_{'e' * 32}/log", "")
    etcd = f"{scope(KUBE)}/kubepods/burstable/pod{'e' * 32}"
    train = f"{scope(KUBE)}/kubepods/besteffort/pod{USER_POD}"
    work = spend(machine, machine.observer(), {scope(KUBE): 0.6, etcd: 0.3, train: 0.0}, total=0.7)
    assert (work["containers"], work["working_age"]) == ([], None)
    work = spend(machine, machine.observer(), {scope(KUBE): 1.2, etcd: 0.3, train: 0.6}, total=1.2)
    assert work["containers"] == [{"name": "default/train", "cpu_percent": 60.0}]


def test_updates_at_night_are_no_work(machine: Machine) -> None:
    work = spend(machine, machine.observer(), {"system.slice/apt-daily-upgrade.service": 0.9}, total=1.0)
    assert work["working_age"] is None


@given(st.text(max_size=120))
def test_names_of_folders_never_raise(name: str) -> None:
    assert isinstance(container_id(name), str)
    assert isinstance(pod_uid(name), str)


@pytest.mark.parametrize(
    "name", ["kubepods.slice", "kubepods-burstable.slice", "system.slice", "podman.service", "docker.service"]
)
def test_other_groups_are_neither(name: str) -> None:
    assert (container_id(name), pod_uid(name)) == ("", "")
