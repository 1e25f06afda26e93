"""One child process of the rehearsal: `python -m giban.rehearsal.serve NAME --folder STATE [--port N]`.

Binds loopback only, puts the guard in front of an emulator, writes `NAME.port` into the state folder once it answers, and ends
at SIGTERM. It reads the run's token from `token` in that folder, so that no secret stands in a command line.

The three start side by side; who needs another waits for that one's port file.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from giban.rehearsal.guard import Guard, guard_asgi, guard_wsgi
from giban.rehearsal.record import read_token
from giban.rehearsal.services import ACCOUNT, PROCESSES, SECRET, endpoint_variables

if TYPE_CHECKING:
    from types import FrameType

LOOPBACK = "127.0.0.1"
_GRACE = 5.0
"""Seconds that requests under way get to finish at SIGTERM."""
_WATCH = 5.0
"""Seconds between two looks whether the state folder is still this run's."""


def main(argv: list[str] | None = None) -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="giban.rehearsal.serve")
    parser.add_argument("name", choices=PROCESSES)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--region", default="ap-northeast-2")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args(argv)
    token = read_token(options.folder)
    if token is None:
        parser.error(f"{options.folder} has no token")
    listener = _listen(options.port)
    port = listener.getsockname()[1]
    guard = Guard(port, token)
    _end_with(options.folder, token)
    announce = os.path.join(options.folder, f"{options.name}.port")
    if options.name == "moto":
        _serve_moto(listener, port, guard, announce, options.folder, token)
    elif options.name == "ministack":
        _serve_ministack(listener, port, guard, announce, options.folder, options.region, token)
    else:
        _serve_world(listener, port, announce, options.folder, token)


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback: at the port if it is free, else at any."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        if not port:
            raise
        listener.bind((LOOPBACK, 0))
    listener.listen(128)
    return listener


def _port_of(folder: str, name: str) -> int:
    """Where another of the processes is reached, 0 while it has not said so."""
    try:
        with open(os.path.join(folder, f"{name}.port"), encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def _wait_for(folder: str, name: str) -> int:
    """The port of another process, which is starting. Whoever starts them all gives up first, and ends this one."""
    while not (port := _port_of(folder, name)):
        time.sleep(0.02)
    return port


def _end_with(folder: str, token: str) -> None:
    """End when the state folder is gone or belongs to another run: nobody could find this process any more."""

    def watch() -> None:
        while read_token(folder) == token:
            time.sleep(_WATCH)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="folder", daemon=True).start()


def _announce(path: str, port: int) -> None:
    """Write the port file in one step, so that a reader never sees half of it."""
    with open(f"{path}.new", "w", encoding="ascii") as file:
        file.write(str(port))
    os.replace(f"{path}.new", path)


def _serve_moto(listener: socket.socket, port: int, guard: Guard, announce: str, folder: str, token: str) -> None:
    os.environ.update(
        MOTO_PORT=str(port),
        MOTO_ACCOUNT_ID=ACCOUNT,
        # AWS's own policies exist, so that attaching one works.
        MOTO_IAM_LOAD_MANAGED_POLICIES="true",
        # A certificate is issued at once instead of after a minute.
        MOTO_ACM_VALIDATION_WAIT="0",
        MOTO_DISABLE_GLOBAL_CORS="true",
    )
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    from giban.rehearsal import (
        aws_events,
        corrections_moto,
        instance_states,
        monitor,
        monitor_databases,
        monitor_groups,
        monitor_logs,
    )
    from giban.rehearsal.backstage import with_machines
    from giban.rehearsal.clock import Clock
    from giban.rehearsal.one_at_a_time import one_at_a_time
    from giban.rehearsal.unsupported import answer_plainly

    lock = threading.Lock()
    ministack = aws_events.Emulator(lambda: _port_of(folder, "ministack"), token)
    states = instance_states.States(lock, aws_events.sender(lambda: _port_of(folder, "ministack"), token))
    clock = Clock(folder)
    watching = monitor.Monitor(lock, clock, ministack.ask)
    if corrections_moto.apply():
        instance_states.install(states)
        monitor.install(watching, clock)
        monitor_logs.install(watching.notify, clock)
        monitor_databases.install(monitor_databases.Databases(watching, clock))
        monitor_groups.install(watching, clock)
    # A line per request would bury what it says when it fails.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    application = DomainDispatcherApplication(lambda service: answer_plainly(create_backend_app(service), service))

    def interrupt(instance: str) -> bool:
        return monitor_groups.interrupt(watching, instance)

    server = make_server(
        LOOPBACK,
        port,
        guard_wsgi(with_machines(one_at_a_time(application, lock), lock, interrupt), guard),
        threaded=True,
        request_handler=MotoRequestHandler,
        fd=listener.fileno(),
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # Not shutdown(): it would wait for the loop that this handler interrupts.
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    states.start()
    watching.start()
    _announce(announce, port)
    server.serve_forever()


def _serve_ministack(
    listener: socket.socket, port: int, guard: Guard, announce: str, folder: str, region: str, token: str
) -> None:
    os.environ.update(
        GATEWAY_PORT=str(port),
        BIND_HOST=LOOPBACK,
        # Listeners of its own that would bind every address.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        # Never looks for Docker: the rehearsal does without.
        DOCKER_HOST=f"unix://{os.path.join(folder, 'no-docker')}",
        LAMBDA_EXECUTOR="local",
        MINISTACK_REGION=region,
        MINISTACK_ACCOUNT_ID=ACCOUNT,
        LOG_LEVEL="WARNING",
        # Functions call back with these; without the token the guard would refuse them.
        AWS_ACCESS_KEY_ID=ACCOUNT,
        AWS_SECRET_ACCESS_KEY=SECRET,
        AWS_SESSION_TOKEN=token,
        # There is no instance metadata to ask, and looking for it takes seconds.
        AWS_EC2_METADATA_DISABLED="true",
    )
    import asyncio

    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from giban.rehearsal import api_stages, corrections_ministack, telemetry
    from giban.rehearsal.clock import VARIABLE, Clock
    from giban.rehearsal.inbox import INBOX, PORT_FILE

    clock = Clock(folder)
    if corrections_ministack.apply():
        # Before what counts requests: those that are held back count too.
        api_stages.install(clock, telemetry.tell)
        telemetry.install(clock)
    from ministack.app import app

    from giban.rehearsal.backstage import with_visits_and_events

    # Functions run here and reach what is played by the other emulator there.
    os.environ.update(endpoint_variables(f"http://{LOOPBACK}:{_wait_for(folder, 'moto')}"))
    os.environ.update({VARIABLE: clock.path, INBOX: f"http://{LOOPBACK}:{_wait_for(folder, PORT_FILE)}"})
    application = with_visits_and_events(cast(Any, app), clock)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.graceful_timeout = _GRACE
    config.loglevel = "WARNING"

    async def run() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stopping.set)
        loop.add_signal_handler(signal.SIGINT, lambda: None)

        _announce(announce, port)
        await serve(cast(Any, guard_asgi(application, guard)), config, shutdown_trigger=stopping.wait)

    asyncio.run(run())


def _serve_world(listener: socket.socket, port: int, announce: str, folder: str, token: str) -> None:
    from giban.rehearsal.inbox import PORT_FILE
    from giban.rehearsal.world import World

    # At the port it had: functions know it from the start of theirs, so ministack waits for it.
    inbox = _listen(_port_of(folder, PORT_FILE))
    _announce(os.path.join(folder, f"{PORT_FILE}.port"), inbox.getsockname()[1])
    world = World(
        listener, inbox, folder, token, moto=_wait_for(folder, "moto"), ministack=_wait_for(folder, "ministack")
    )
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: ending.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _announce(announce, port)
    world.run(ending)


if __name__ == "__main__":
    main()
