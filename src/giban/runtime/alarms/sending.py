"""One message to one channel: its secret, the link that acknowledges, the picture; the form is the channel's file's."""

from __future__ import annotations

from .channels import Job, module_of
from .faults import say
from .web import post

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .world import World

THREADED = ("slack_bot", "telegram")
"""Kinds that remember where the first message stands."""
SILENT = {
    "acknowledged": ("email", "grafana", "sms"),
    "unacknowledged": ("email", "grafana", "pagerduty", "sms"),
}
"""Kinds of message that these kinds of channel cannot show, or that would only wake people up: they are done without sending."""
LINKED = ("firing", "update", "reminder", "escalation", "unacknowledged")


class Sender:
    """Sends for the outbox; safe in several threads."""

    def __init__(self, world: World, reach: Any = post) -> None:
        self.world = world
        self.reach = reach

    def prepare(self) -> None:
        """Make what is not safe to be made in several threads at once: the clients that the channels need."""
        kinds = {str(entry.get("kind")) for entry in self.world.channels.values()}
        if kinds & {"email", "sms"}:
            self.world.client("sns")
        if any("secret" in entry for entry in self.world.channels.values()):
            self.world.client("secretsmanager")

    def __call__(
        self, channel: str, message: Mapping[str, Any], thread: Mapping[str, Any], plain: bool
    ) -> tuple[Mapping[str, Any] | None, Callable[[], None]]:
        """See outbox.Send."""
        from .channels import Refused

        entry = self.world.channels.get(channel)
        if entry is None:
            raise Refused(f'There is no channel "{channel}" any more.', final=True)
        kind = str(entry.get("kind") or "")
        if kind in SILENT.get(str(message.get("kind")), ()):
            return None, _nothing
        module = module_of(kind)
        job = self._job(channel, entry, message, thread, plain)
        remember: Mapping[str, Any] | None = module.send(job)
        if kind not in THREADED:
            return None, _nothing
        if remember and hasattr(module, "picture") and message.get("kind") == "firing":
            return remember, lambda: _picture(module, job, dict(remember), channel)
        return remember, _nothing

    def _job(
        self,
        channel: str,
        entry: Mapping[str, Any],
        message: Mapping[str, Any],
        thread: Mapping[str, Any],
        plain: bool,
    ) -> Job:
        world, now = self.world, self.world.now()
        secret = world.secrets.value(str(entry["secret"]), now) if entry.get("secret") else ""
        if entry.get("topic"):
            entry = {**entry, "topic_arn": world.topic_arn(str(entry["topic"]))}
        return Job(
            message,
            entry,
            world.view,
            now,
            reach=self.reach,
            secret=secret,
            thread=thread,
            ack=self._link(channel, message, now),
            publish=lambda **request: world.client("sns").publish(**request),
            chart=lambda: self._chart(message),
            plain=plain,
        )

    def _link(self, channel: str, message: Mapping[str, Any], now: float) -> str | None:
        """Where to acknowledge; None where there is nothing to acknowledge. Without the key the message goes out all the same."""
        world = self.world
        if not world.api or not world.secret_arn or message.get("kind") not in LINKED:
            return None
        if not message.get("firing") and not any(alert.get("ends") == "ack" for alert in message.get("alerts") or ()):
            return None
        from .links import token_of

        try:
            key = world.signing_key()
        except Exception as error:
            say(error, doing="the key of the links")
            return None
        thread = str(message.get("thread") or message.get("group") or "")
        return f"{world.api}/ack/{token_of(key, thread, channel, world.channels, now)}"

    def _chart(self, message: Mapping[str, Any]) -> bytes | None:
        alert = next((alert for alert in message.get("alerts") or () if alert.get("metric")), None)
        if alert is None:
            return None
        from .chart import picture_of

        try:
            return picture_of(self.world.client("cloudwatch"), alert, self.world.now())
        except Exception as error:
            # A picture is a kindness; the message is the point.
            say(error, doing="the chart")
            return None


def _picture(module: Any, job: Job, thread: dict[str, Any], channel: str) -> None:
    try:
        module.picture(job, thread)
    except Exception as error:
        say(error, doing="the chart", channel=channel)


def _nothing() -> None:
    """There is nothing left to do."""
