"""The alarm router: 10,000 events in bursts, a fifth of them delivered twice, to receivers that fail a third of the time.

Several processes are the function's concurrent copies; events reach them in batches as SQS hands them over, wake-ups go through a
real queue, the table is real (both on ministack, whose processor time is not theirs). The receivers answer 500, or 429 with
Retry-After, or hang, or accept and hang. Then the receivers' books are compared with what was sent.

The peer is what is commonly deployed instead: a function that posts each notice to each webhook and tries three times
(`peer_router.py`). Prometheus Alertmanager would be the fairer one, but it comes as a binary or an image, not as a package, and
has no outbox that several copies share on a table.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from giban.rehearsal.contents import Clients, clients
from giban.rehearsal.process import Rehearsal, Running
from giban.rehearsal.services import ACCOUNT, SECRET, endpoint_variables

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)
REGION = "ap-northeast-2"
EVENTS = 10_000
TWICE = 0.2
ALONE = 0.05
"""Part of the events that is told one by one (P1); the others are grouped by service."""
SERVICES = 40
BURST = 500
BATCH = 50
"""Notices of one invocation; the event source gathers them for a second."""
WORKERS = 3
PATIENCE = 0.5
HANGS = 0.8
"""Seconds a sender waits in this benchmark, and a receiver keeps it waiting; deployed it is eight."""
FAILURES = ((0.10, "500"), (0.20, "429"), (0.25, "hang"), (0.30, "accept and hang"))
"""Up to which number between 0 and 1 a request fails how: 30 % in all."""
CHANNELS: dict[str, tuple[str, ...]] = {"alone": ("page", "hook"), "grouped": ("team", "copy")}


class Result(msgspec.Struct, frozen=True):
    """What came of one contender."""

    what: str
    events: int
    taken: float
    """Seconds until every event was taken."""
    finished: float
    """Seconds until everything was delivered, or given up."""
    cpu: float
    requests: int
    lost: int
    twice: int
    unsure: int
    """Of those that arrived twice, how many because the receiver had accepted without saying so."""


class Books:
    """What the receivers accepted, by channel: identities of messages, and the events in them."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.lock = threading.Lock()
        self.requests = 0
        self.messages: dict[str, Counter[str]] = {}
        self.unsure: dict[str, Counter[str]] = {}
        self.alone: dict[str, Counter[str]] = {}
        self.grouped: dict[str, dict[str, int]] = {}

    def take(self, path: str, identity: str, document: dict[str, Any]) -> str:
        """Decide how to answer; write down what was accepted."""
        channel = path.strip("/").split("/")[-1]
        with self.lock:
            self.requests += 1
            number = self.dice.random()
            how = next((how for most, how in FAILURES if number < most), "ok")
            if how not in ("ok", "accept and hang"):
                return how
            seen = self.messages.setdefault(channel, Counter())
            seen[identity] += 1
            if how != "ok":
                self.unsure.setdefault(channel, Counter())[identity] += 1
            if seen[identity] > 1:
                return how
            if channel in CHANNELS["alone"]:
                self.alone.setdefault(channel, Counter()).update(alert["name"] for alert in document["alerts"])
            else:
                self.grouped.setdefault(channel, {})[identity] = int(document["count"])
            return how


@contextmanager
def receiving(books: Books) -> Iterator[str]:
    """Receivers on loopback; yields their address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """A message."""
            document = json.loads(self.rfile.read(int(self.headers["content-length"])))
            how = books.take(self.path, self.headers["x-giban-id"], document)
            if how.endswith("hang"):
                time.sleep(HANGS)
            try:
                self.send_response({"500": 500, "429": 429}.get(how, 200))
                if how == "429":
                    self.send_header("retry-after", "1")
                self.send_header("content-length", "0")
                self.end_headers()
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *arguments: Any) -> None:
            """The books are the log."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 512

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A sender that lost patience."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def events(count: int, seed: int) -> tuple[list[str], list[list[str]]]:
    """Names of the events, and SQS bodies of each burst with the duplicates among them; the odd ones are copies of SNS's own."""
    dice = random.Random(seed)
    names = [f"e{number:05}" for number in range(count)]
    bodies = []
    for number, name in enumerate(names):
        post = {
            "title": f"Event {name}", "text": "Something happened.", "name": name, "key": name, "status": "event",
            "service": f"services.s{number % SERVICES:02}", "priority": "P1" if number < count * ALONE else "P3",
        }  # fmt: skip
        identity = f"sns-{number}"
        envelope = {
            "Type": "Notification",
            "MessageId": identity,
            "TopicArn": "arn:aws:sns:r:0:t",
            "Message": json.dumps(post),
        }
        bodies += [json.dumps(envelope)] * (2 if dice.random() < TWICE else 1)
    dice.shuffle(bodies)
    return names, [bodies[first : first + BURST] for first in range(0, len(bodies), BURST)]


def config() -> dict[str, Any]:
    """Two routes, each with two channels."""
    channels = {name: {"kind": "webhook", "secret": f"bench-{name}"} for names in CHANNELS.values() for name in names}
    return {
        "environment": "bench", "region": REGION, "channels": channels,
        "routes": [
            {
                "match": {"priority": "P1"}, "to": list(CHANNELS["alone"]), "repeat": 0,
                "group": {"by": ["name"], "wait": 0, "interval": 0},
            },
            {"to": list(CHANNELS["grouped"]), "group": {"by": ["service"], "wait": 1, "interval": 5}, "repeat": 0},
        ],
    }  # fmt: skip


def measure(running: Running, folder: str, count: int, what: str, seed: int = 1) -> Result:
    """One contender over all events."""
    client = clients(running, REGION)
    books = Books(seed)
    names, bursts = events(count, seed)
    stop = os.path.join(folder, f"{what}-stop")
    with receiving(books) as inbox:
        environment = {**_environment(running), "GIBAN_INBOX": inbox, **_place(client, what)}
        children, begin = [], time.monotonic()
        for worker in range(WORKERS):
            path = os.path.join(folder, f"{what}-{worker}.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump([burst[worker::WORKERS] for burst in bursts], file)
            command = [sys.executable, os.path.abspath(__file__), what, path, stop]
            children.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        while not all(os.path.exists(f"{stop}-{child.pid}") for child in children):
            _check(children)
            time.sleep(0.1)
        taken = time.monotonic() - begin
        finished = taken
        if what == OURS:
            finished = _until_quiet(client, environment["GIBAN_ALARMS_TABLE"], children, begin)
        with open(stop, "w", encoding="ascii"):
            pass
        cpu = 0.0
        for child in children:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                raise SystemExit(f"{what} ended with {child.returncode}")
            cpu += usage.ru_utime + usage.ru_stime
    return _compared(what, books, names, count, (taken, finished, cpu))


def _compared(what: str, books: Books, names: list[str], count: int, times: tuple[float, float, float]) -> Result:
    alone = set(names[: int(count * ALONE)])
    lost = twice = unsure = 0
    for channel in CHANNELS["alone"]:
        found = books.alone.get(channel, Counter())
        lost += len(alone - set(found))
        twice += sum(times - 1 for times in found.values())
    for channel in CHANNELS["grouped"]:
        told = sum(books.grouped.get(channel, {}).values())
        lost += max(0, count - len(alone) - told)
        twice += max(0, told - (count - len(alone)))
    for channel, seen in books.messages.items():
        again = {identity: times - 1 for identity, times in seen.items() if times > 1}
        twice += sum(again.values())
        accepted = books.unsure.get(channel, Counter())
        unsure += sum(min(times, accepted[identity]) for identity, times in again.items())
    return Result(what, count, *times, books.requests, lost, twice, unsure)


OURS, PEER = "giban", "peer"


def _until_quiet(client: Clients, table: str, children: list[subprocess.Popen[bytes]], begin: float) -> float:
    """Seconds until nothing waits any more; the peer has nothing that could wait."""
    last, quiet = time.monotonic(), 0
    deadline = begin + 3600
    while time.monotonic() < deadline:
        _check(children)
        waiting = sum(_count(client, table, f"outbox/{name}") for names in CHANNELS.values() for name in names)
        if waiting:
            last, quiet = time.monotonic(), 0
        else:
            quiet += 1
        # A group tells what came meanwhile when its interval is over: nothing may come for longer than that.
        if quiet and time.monotonic() - last > 12:
            return last - begin
        time.sleep(0.5)
    raise SystemExit("Not delivered within an hour.")


def _count(client: Clients, table: str, pk: str) -> int:
    values = {":pk": {"S": pk}}
    return int(
        client("dynamodb").query(
            TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values, Select="COUNT"
        )["Count"]
    )


def _check(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is not None:
            raise SystemExit(f"A worker ended with {child.returncode}.")


def _place(client: Clients, what: str) -> dict[str, str]:
    """Table, queues and secrets of one run."""
    name = f"bench-{what}-{os.getpid()}"
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    queues = [client("sqs").create_queue(QueueName=f"{name}-{part}")["QueueUrl"] for part in ("in", "dead")]
    for names in CHANNELS.values():
        for channel in names:
            secret = f"bench-{channel}"
            try:
                client("secretsmanager").create_secret(Name=secret, SecretString=f"https://inbox/{channel}")
            except client("secretsmanager").exceptions.ResourceExistsException:
                continue
    return {"GIBAN_ALARMS_TABLE": name, "GIBAN_ALARMS_QUEUE": queues[0], "GIBAN_ALARMS_DEAD": queues[1]}


def _environment(running: Running) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": REPOSITORY, "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": running.token, "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": running.url("ministack"), **endpoint_variables(running.url("moto")),
    }  # fmt: skip


def work(what: str, path: str, stop: str) -> None:
    """A worker: one copy of the function. Its share of each burst as batches, then what the queue brings, until told to stop."""
    with open(path, encoding="utf-8") as file:
        bursts: list[list[str]] = json.load(file)
    take = _taker(what)
    numbers = iter(range(10**9))
    for burst in bursts:
        for first in range(0, len(burst), BATCH):
            records = [_record(f"{os.getpid()}-{next(numbers)}", body) for body in burst[first : first + BATCH]]
            while records:
                failed = take({"Records": records})
                records = [record for record in records if record["messageId"] in failed]
    with open(f"{stop}-{os.getpid()}", "w", encoding="ascii"):
        pass
    while what != OURS and not os.path.exists(stop):
        time.sleep(0.2)
    from giban.runtime.common.aws import client

    queue, url, ticked = client("sqs"), os.environ["GIBAN_ALARMS_QUEUE"], time.monotonic()
    while not os.path.exists(stop):
        found = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        if found:
            take({"Records": [_record(message["MessageId"], message["Body"]) for message in found]})
            for message in found:
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if time.monotonic() - ticked > 10:
            take({"tick": True})
            ticked = time.monotonic()


def _taker(what: str) -> Any:
    if what != OURS:
        from benchmarks.peer_router import handle

        return partial(handle, channels=CHANNELS, patience=PATIENCE)
    from giban.runtime.alarms.handler import run
    from giban.runtime.alarms.sending import Sender
    from giban.runtime.alarms.web import post
    from giban.runtime.alarms.world import World
    from giban.runtime.common.aws import client

    world = World(os.environ, config(), client, time.time, os.urandom)
    sender = Sender(world, partial(post, timeout=PATIENCE))

    def take(event: dict[str, Any]) -> set[str]:
        # Lambda gives a copy sixty seconds; what is left over is left to the next invocation.
        end = time.monotonic() + 40
        answer = run(world, event, lambda: time.monotonic() > end, sender)
        return {entry["itemIdentifier"] for entry in answer.get("batchItemFailures", ())}

    return take


def _record(identity: str, body: str) -> dict[str, Any]:
    return {
        "messageId": identity,
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }


def report(count: int = EVENTS) -> list[str]:
    """Lines of the report."""
    with tempfile.TemporaryDirectory() as folder:
        rehearsal = Rehearsal(os.path.join(folder, "emulators"))
        try:
            running = rehearsal.start(REGION)
            # A tenth for the peer, which waits for every receiver: all of them would take it half an hour.
            rows = [measure(running, folder, count, OURS), measure(running, folder, count // 10, PEER)]
        finally:
            rehearsal.stop()
    names = {OURS: "giban alarm router", PEER: "one notice, one POST, three tries"}
    lines = [
        "## Alarm router",
        "",
        f"{count:,} events (a tenth for the peer) in bursts of {BURST}, {TWICE:.0%} delivered twice, to {WORKERS} copies of the",
        "function; four webhooks that fail 30 % of the time (500, 429 with Retry-After, hang, accept and hang).",
        f"{ALONE:.0%} are told one by one to two of them, the rest in {SERVICES} groups to the other two. Wanted: nothing lost,",
        "nothing twice but what was accepted without an answer.",
        "",
        "| what | events | taken, 1/s | all delivered, s | CPU an event, ms | requests | lost | twice | of it unanswered |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {names[row.what]} | {row.events} | {row.events / row.taken:.0f} | {row.finished:.0f} | "
            f"{row.cpu / row.events * 1e3:.1f} | {row.requests} | {row.lost} | {row.twice} | {row.unsure} |"
        )
    ours = rows[0]
    holds = ours.lost == 0 and ours.twice == ours.unsure
    return [*lines, "", "Holds." if holds else "DOES NOT HOLD."]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    if len(sys.argv) == 4:
        sys.path.insert(0, REPOSITORY)
        work(*sys.argv[1:])
    else:
        print("\n".join(report(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)))
