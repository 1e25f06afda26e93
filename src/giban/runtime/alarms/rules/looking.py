"""One look at a group: what it has to tell at a time, to whom, and when to look again."""

from __future__ import annotations

from . import groups as group_doc
from . import messages, quiet, routing
from .groups import FORGET, RECHECK
from .messages import Entry
from .records import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class Look:
    """A look at one group at one time."""

    def __init__(
        self,
        now: float,
        group: Mapping[str, Any],
        alerts: Mapping[str, Mapping[str, Any]],
        config: Mapping[str, Any],
        silences: Sequence[Mapping[str, Any]],
        mutes: Sequence[Mapping[str, Any]],
        firing: Sequence[Mapping[str, Any]],
    ) -> None:
        self.now = now
        self.before = group
        self.group = group_doc.copy(group)
        self.members: dict[str, dict[str, Any]] = self.group["members"]
        self.alerts = alerts
        self.config = config
        self.documents = (silences, mutes, firing)
        current = dict(routing.routes(config)).get(group["route_id"])
        if current is not None:
            self.group["route"] = {key: value for key, value in current.items() if key != "match"}
        self.route: Mapping[str, Any] = self.group["route"]
        self.timing = routing.Timing(self.route)
        self.outcome = Outcome()
        self.waits: list[float | None] = []
        self.digested = False
        """Whether this look tells what quiet hours held."""

    def look(self) -> Outcome:
        """Everything that is due, in this order: news, escalation, reminder, the end."""
        group = self.group
        if group["closed"] is None:
            if self._is_time():
                self._tell_news()
            self._drop_told_events()
            self._escalate()
            self._remind()
            self._forget()
            self._close()
            group["due"] = group_doc.next_due(self.now, group, self.waits, self.timing)
        self.outcome.group = group
        if group != self.before:
            self.outcome.groups[group["id"]] = group
        return self.outcome

    # News

    def _is_time(self) -> bool:
        """Whether news is told now: at the planned time; what only waits for a silence to end, as soon as somebody looks."""
        group = self.group
        if group["flush"] is None:
            return False
        free = group["sent"] is None or group["sent"] + self.timing.interval <= self.now
        return bool(group["flush"] <= self.now or (group["waiting"] and free))

    def _tell_news(self) -> None:
        group, over = self.group, self.group["over"]
        later: list[float] = []
        happened: list[Entry] = []
        recovered: list[Entry] = []
        self._release(later)
        for key in sorted(self.members):
            member = self.members[key]
            entry = self._news_of(key, member, later)
            if entry is None:
                continue
            (recovered if entry.state == "resolved" else happened).append(entry)
        fired = 0
        if over["fired"]:
            end = self._quiet_end(over["priority"] or "P4")
            if end is None:
                fired = over["fired"]
            else:
                later.append(end)
        open_before = (
            any(member["told"] in ("firing", "less") for member in self.members.values()) or over["count"] > fired
        )
        group["flush"] = None
        if happened or recovered or fired or (over["resolved"] and not over["count"]):
            self._told(happened, recovered, fired, open_before)
        if over["held"] or (over["fired"] and not later):
            later.append(self.now + RECHECK)
        group["waiting"] = bool(later)
        if later:
            soonest = min(later)
            if group["sent"] is not None:
                soonest = max(soonest, group["sent"] + self.timing.interval)
            group["flush"] = soonest if soonest > self.now else self.now + RECHECK

    def _news_of(self, key: str, member: dict[str, Any], later: list[float]) -> Entry | None:
        """What there is to tell of a member; what has to wait is added to `later`, what needs no telling is removed."""
        alert = self._alert(key, member)
        status, told = member["status"], member["told"]
        if (status == "firing" and told != "firing") or (status == "event" and member["times"]):
            stopped = self._suppression(alert)
            if stopped is not None:
                self._suppressed(key, member, stopped, later)
                return None
            if self._waits(key, member, later):
                return None
            return Entry(alert, "new" if status == "firing" else "event", member["priority"], max(1, member["times"]))
        if status != "resolved":
            return None
        night = member["held"] == "quiet" or (self.group["digest"] is not None and self.group["sent"] is None)
        if told not in ("firing", "less"):
            stopped = self._suppression(alert) if night else None
            if stopped is not None:
                self._suppressed(key, member, stopped, later)
                del self.members[key]
                return None
            if not night:
                del self.members[key]
                # With a reason on record (silence, mute, inhibition) another one would only confuse.
                if member["held"] is None:
                    self._note("suppressed", [key], reason="short", text=str(alert.get("title", "")))
                return None
        if self._waits(key, member, later):
            return None
        return Entry(alert, "resolved", member["priority"])

    def _suppressed(self, key: str, member: dict[str, Any], stopped: routing.Suppression, later: list[float]) -> None:
        if member["held"] != stopped.code or member["status"] == "event":
            self._note(
                "suppressed", [key], reason=stopped.reason, text=stopped.text, by=stopped.by, until=stopped.until
            )
        member["held"] = stopped.code
        if member["status"] == "event":
            # It happened and is over: there will be nothing to tell when the silence ends.
            member["times"] = 0
            if member["told"] is None:
                del self.members[key]
            return
        later.append(min(stopped.until or self.now + RECHECK, self.now + RECHECK))

    def _waits(self, key: str, member: dict[str, Any], later: list[float]) -> bool:
        """Whether quiet hours hold this member now."""
        end = self._quiet_end(member["priority"])
        if end is None:
            self.digested |= member["held"] == "quiet" and member["told"] is None
            return False
        if member["held"] != "quiet":
            self._note("held", [key], reason="quiet", until=end)
            member["held"] = "quiet"
        later.append(end)
        return True

    def _release(self, later: list[float]) -> None:
        """What is only counted and was kept from being told, and is no more, is news."""
        over = self.group["over"]
        silences, mutes, firing = self.documents
        holding = {
            *(f"silence:{found.get('id')}" for found in silences if routing.active(self.now, found)),
            *(f"mute:{found.get('id')}" for found in mutes if routing.active(self.now, found)),
            *(f"inhibited:{found.get('key')}" for found in firing if found.get("status") == "firing"),
        }
        for code in sorted(over["held"]):
            if code not in holding:
                count = over["held"].pop(code)
                over["count"] += count
                over["fired"] += count
                over["priority"] = over["priority"] or "P4"
        if over["held"]:
            later.append(self.now + RECHECK)

    def _told(self, happened: list[Entry], recovered: list[Entry], fired: int, open_before: bool) -> None:
        group, over = self.group, self.group["over"]
        digest = self.digested or (group["digest"] is not None and group["sent"] is None)
        known = [
            Entry(self._alert(key, member), "firing", member["priority"])
            for key, member in sorted(self.members.items())
            if member["status"] == "firing" and member["told"] == "firing"
        ]
        for entry in happened:
            member = self.members[str(entry.alert["key"])]
            state = "firing" if entry.state == "new" else "event"
            member.update({"told": state, "as": member["priority"], "times": 0, "held": None})
        for entry in recovered:
            del self.members[str(entry.alert["key"])]
        over["fired"] = over["resolved"] = 0
        firing = self._firing()
        news = bool(happened or fired)
        if news:
            self._something_new()
        held = {"from": group["opened"], "until": self.now} if digest else None
        if digest:
            self._say("digest", happened + recovered, firing=firing, fired=fired, held=held)
        elif firing or not recovered:
            kind = ("update" if open_before else "firing") if news else ("update" if firing else "resolved")
            self._say(kind, happened + known + recovered, firing=firing, fired=fired)
        else:
            # Nothing fires any more; what merely happened begins anew.
            self._say("resolved", recovered, firing=0)
            if happened:
                self._say("firing", happened, firing=0)
        group["sent"] = self.now

    def _something_new(self) -> None:
        group = self.group
        if group["acknowledged"]:
            self._note("unacknowledged", reason="new", by=group["acknowledged"]["by"])
            group["acknowledged"] = None
        spent = group["escalation"] is not None and group["escalation"]["next"] is None
        if self.timing.times and (group["escalation"] is None or spent):
            group["escalation"] = {"next": self.now + self.timing.after, "done": 0}

    # What goes on until somebody cares

    def _drop_told_events(self) -> None:
        """Events are over when they are told, unless an escalation still waits for somebody to see them."""
        escalation = self.group["escalation"]
        if self.timing.times and escalation is not None and escalation["next"] is not None:
            return
        for key in [key for key, member in self.members.items() if member["status"] == "event"]:
            if self.members[key]["told"] and not self.members[key]["times"]:
                del self.members[key]

    def _escalate(self) -> None:
        group, escalation = self.group, self.group["escalation"]
        if escalation is None:
            return
        telling = self._open()
        if not self.timing.times or not (telling or group["over"]["count"]):
            group["escalation"] = None
            self._drop_told_events()
            return
        if escalation["next"] is None or escalation["next"] > self.now:
            self.waits.append(escalation["next"])
            return
        entries = self._tellable(telling)
        if telling and not entries:
            return
        escalation["done"] += 1
        step = {"step": escalation["done"], "of": self.timing.times}
        self._say("escalation", entries, to=self.route["escalate"]["to"], firing=self._firing(), escalation=step)
        escalation["next"] = self.now + self.timing.after if step["step"] < step["of"] else None
        self.waits.append(escalation["next"])
        if escalation["next"] is None:
            self._note("exhausted", [str(entry.alert["key"]) for entry in entries])
            self._drop_told_events()

    def _remind(self) -> None:
        group = self.group
        if not self.timing.repeat or group["acknowledged"] or group["sent"] is None:
            return
        telling = [key for key in self._open() if self.members[key]["status"] == "firing"]
        if not telling and not group["over"]["count"]:
            return
        at = group["sent"] + self.timing.repeat
        if at > self.now:
            self.waits.append(at)
            return
        entries = self._tellable(telling)
        if entries or not telling:
            self._say("reminder", entries, firing=self._firing())
            group["sent"] = self.now
            self.waits.append(self.now + self.timing.repeat)

    def _tellable(self, keys: list[str]) -> list[Entry]:
        """Those of told members that may be told again now; when none may, `waits` knows when to look again."""
        entries, later = [], []
        for key in keys:
            member = self.members[key]
            alert = self._alert(key, member)
            end = self._quiet_end(member["priority"])
            if end is not None:
                later.append(end)
            elif self._suppression(alert) is not None:
                later.append(self.now + RECHECK)
            else:
                entries.append(Entry(alert, "firing" if member["status"] == "firing" else "event", member["priority"]))
        if later and not entries:
            self.waits.append(min(later))
        return entries

    # The end

    def _forget(self) -> None:
        old = [key for key, member in sorted(self.members.items()) if member["at"] + FORGET <= self.now]
        for key in old:
            del self.members[key]
        over = self.group["over"]
        if not self.members and over["count"] and (self.group["sent"] or self.now) + FORGET <= self.now:
            over.update(count=0, fired=0, resolved=0, held={})
        if old:
            self._note("closed", old, reason="expired")

    def _close(self) -> None:
        group = self.group
        if group_doc.is_empty(group):
            group["flush"] = group["escalation"] = None
            if group["sent"] is None or group["sent"] + self.timing.interval <= self.now:
                group["closed"] = self.now

    # Small things

    def _open(self) -> list[str]:
        """Told, and not over."""
        return [
            key for key, member in sorted(self.members.items()) if member["told"] and member["status"] != "resolved"
        ]

    def _firing(self) -> int:
        told = [member for member in self.members.values() if member["status"] == member["told"] == "firing"]
        return len(told) + int(self.group["over"]["count"])

    def _quiet_end(self, priority: str) -> float | None:
        """When the quiet hours that hold this priority end. A night's digest goes out at its end, whatever follows."""
        if self.group["digest"] is not None and self.group["sent"] is None and self.now >= self.group["digest"]:
            return None
        found = self.route.get("quiet")
        return quiet.until(self.now, found) if quiet.holds(priority, found) else None

    def _suppression(self, alert: Mapping[str, Any]) -> routing.Suppression | None:
        silences, mutes, firing = self.documents
        return routing.suppression(self.now, alert, self.config, silences, mutes, firing)

    def _alert(self, key: str, member: Mapping[str, Any]) -> Mapping[str, Any]:
        """The stored alert, or what the group knows of it when somebody removed that."""
        known = {
            "key": key,
            "title": key,
            "priority": member["priority"],
            "since": member["since"],
            "status": member["status"],
        }
        return self.alerts.get(key) or known

    def _say(
        self,
        kind: str,
        entries: list[Entry],
        *,
        firing: int,
        fired: int = 0,
        to: Sequence[str] = (),
        escalation: dict[str, int] | None = None,
        held: dict[str, float] | None = None,
    ) -> None:
        group = self.group
        group["sequence"] += 1
        channels = messages.known_channels(to or self.route.get("to") or (), self.config)
        if kind == "resolved":
            configured = self.config.get("channels") or {}
            channels = sorted({*channels, *(name for name in group["told"] if name in configured)})
        group["told"] = sorted({*group["told"], *channels})
        self.outcome.messages += messages.compose(
            self.now,
            group,
            kind,
            channels,
            entries,
            firing=firing,
            uncounted=int(group["over"]["count"]) or fired,
            fired=fired,
            escalation=escalation,
            held=held,
        )
        group.update(title=self.outcome.messages[-1]["title"], priority=self.outcome.messages[-1]["priority"])
        self._note("message", reason=kind, text=f"{group['thread']}/{group['sequence']}")

    def _note(
        self,
        what: str,
        keys: Sequence[str] = (),
        *,
        reason: str = "",
        text: str = "",
        by: str = "",
        until: float | None = None,
    ) -> None:
        self.outcome.note(self.now, what, keys, group=self.group["id"], reason=reason, text=text, by=by, until=until)
