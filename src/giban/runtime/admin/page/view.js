// The status document on the page: what is shown, nothing that is asked. Called with every answer; writes only what differs.

import { announce, clock, duration, fill, find, h, live, now, relative, setClock, show, still, write } from "/parts.js";
import { has, say, theirs } from "/words.js";

const STEPS = ["asked", "starting", "booting", "ready"];

// off | up | on | stopping | gone: what the whole page is coloured by, and which buttons there are.
export function modeOf(status) {
  if (["missing", "terminated"].includes(status.state)) return "gone";
  const phase = status.progress.phase;
  if (phase === "stopping" || status.state === "stopping") return "stopping";
  if (phase === "off") return "off";
  return phase === "ready" ? "on" : "up";
}

// Whether the next look is worth taking soon.
export const isMoving = (status) => ["up", "stopping"].includes(modeOf(status)) && !isQuiet(status);

// On for longer than any boot takes, and the IDE still does not answer: no progress any more, a condition.
const isQuiet = (status) => status.state === "running" && status.progress.phase === "booting" && status.uptime_seconds > 900;

function heroTexts(status, mode) {
  if (mode === "gone") return [say("state_gone"), null];
  const phase = { off: "off", on: "ready", stopping: "stopping" }[mode] || status.progress.phase;
  const title = isQuiet(status) ? say("state_ready") : say(`state_${phase}`);
  if (!status.since) return [title, null];
  const long = () => duration((now() - Date.parse(status.since)) / 1000);
  if (mode === "on" || isQuiet(status)) {
    const up = status.uptime_seconds ? new Date(Date.parse(status.now) - status.uptime_seconds * 1000).toISOString() : status.since;
    return [title, () => say("on_since", { duration: duration((now() - Date.parse(up)) / 1000), time: clock(up) })];
  }
  return [title, mode === "off" ? () => say("off_since", { time: clock(status.since) }) : () => say("moving_since", { duration: long() })];
}

function noteOf(status, mode) {
  if (mode === "gone") return say("gone_text");
  const notice = theirs(status.progress, "notice");
  if (notice) return notice;
  if (mode === "stopping" && status.want === "on") return say("stopping_then_start");
  if (mode === "up" && status.want === "off") return say("starting_then_stop");
  if (isQuiet(status)) return say("ide_quiet");
  return "";
}

// A progress that never reads 100 before the IDE answers, so that nobody taps too early.
const percentOf = (status, mode) => (mode === "on" ? 100 : mode === "up" ? Math.max(4, Math.min(99, status.progress.percent || 0)) : 0);

function hero(status, mode) {
  const [title, since] = heroTexts(status, mode);
  if (find("state").textContent && find("state").textContent !== title) announce(title);
  write(find("state"), title);
  if (since) live(find("since"), since);
  else still(find("since"), "");
  const note = noteOf(status, mode);
  write(find("note"), note);
  show(find("note"), Boolean(note));
  const percent = percentOf(status, mode);
  find("arc").setAttribute("stroke-dasharray", `${mode === "stopping" ? 25 : percent} 100`);
  write(find("percent"), mode === "up" && !isQuiet(status) ? `${percent}%` : "");
  show(find("progress"), mode === "up" && !isQuiet(status));
  find("bar").value = percent;
  find("bar").setAttribute("aria-label", say("progress_label"));
  const reached = STEPS.indexOf(status.progress.phase);
  fill(find("steps"), [reached], () => STEPS.map((step, place) =>
    h("li", { class: place < reached ? "done" : place === reached ? "current" : null, "aria-current": place === reached ? "step" : null }, say(`step_${step}`))));
  const short = { off: say("title_off"), on: say("title_on"), up: say("title_moving", { percent }) }[mode] || title;
  document.title = `${status.workstation} · ${short}`;
}

// The address of the IDE comes from the API; anything but a web address is not made a link.
const webAddress = (url) => (/^https?:\/\//.test(url || "") ? url : null);

function buttons(status, mode) {
  const url = webAddress(status.ide.url);
  const open = find("open");
  show(open, Boolean(url) && (mode === "on" || isQuiet(status)));
  if (url) open.href = url;
  else open.removeAttribute("href");
  open.setAttribute("aria-label", `${say("open_ide")} ${say("new_tab")}`);
  const start = find("start");
  const asked = mode === "stopping" && status.want === "on";
  show(start, mode === "off" || (mode === "stopping" && !asked));
  write(start, say(mode === "stopping" ? "start_again" : "start"));
  const stop = find("stop");
  show(stop, mode === "on" || (mode === "up" && status.want !== "off"));
  write(stop, say(mode === "up" && !isQuiet(status) ? "stop_cancel" : "stop"));
  show(find("later"), mode === "on");
  write(find("later"), say(status.decision.reason === "reserved" ? "stop_later_change" : "stop_later"));
}

// Rows of [word, text or a function that says it anew each second, the same for a second line].
function facts(list, rows) {
  const said = (text) => (typeof text === "function" ? text() : text);
  const put = (element, text) => (typeof text === "function" ? live(element, text) : (write(element, text), element));
  fill(list, rows.map((row) => row.map(said)), () => rows.map(([name, text, more]) =>
    h("div", {}, h("dt", {}, say(name)), h("dd", {}, put(h("span"), text), more ? put(h("span", { class: "soft" }), more) : null))));
}

const when = (name, iso) => [name, () => clock(iso), () => relative(iso)];

function stopRows(status) {
  const { decision, auto_stop: auto } = status;
  const at = status.scheduled_stop || (decision.stops_at === auto.max_uptime_at ? null : decision.stops_at);
  const rows = [];
  if (at) rows.push(when(decision.reason === "reserved" ? "stops_reserved" : "stops_idle", at));
  else if (decision.until) rows.push(when(decision.reason === "active" ? "stops_idle" : "stops_not_before", decision.until));
  else rows.push(["stops_none", say("stops_none_value")]);
  if (auto.max_uptime_at && auto.max_uptime_at !== at) rows.push(when("stops_latest", auto.max_uptime_at));
  return rows;
}

// "from the blueprint · until 14:30"; a source that the text names already is not said twice.
function sourceOf(change, text) {
  const source = has(`source_${change.source}`) ? say(`source_${change.source}`) : change.source;
  const parts = [source && !text.includes(source) && say("source", { source }), change.until && say("until", { time: clock(change.until) })];
  return parts.filter(Boolean).join(" · ");
}

function change(one) {
  const text = theirs(one, "text") || one.what;
  return h("li", {}, h("span", { class: "what" }, text), h("span", { class: "soft" }, sourceOf(one, text)));
}

function why(status, mode) {
  write(find("why-title"), say({ on: "why_on", off: "why_off" }[mode] || "why_moving"));
  const reason = theirs(status.decision, "text");
  write(find("reason"), reason);
  show(find("why"), Boolean(reason) && mode !== "gone");
  const running = status.state === "running";
  const rows = running ? stopRows(status) : status.next_start && mode === "off" ? [when("starts_next", status.next_start)] : [];
  facts(find("stops"), rows);
  const changes = status.changes.length || status.decision.reason !== "active" ? status.changes : [{ what: "none", text: say("changes_none") }];
  show(find("changes-part"), changes.length > 0);
  fill(find("changes"), changes, () => changes.map(change));
}

function webText(web) {
  const used = web.interacting_at;
  if (web.state !== "off") return used ? `${say("web_connected")}, ${say("web_interacting", { time: relative(used) })}` : say("web_connected");
  return web.connected_at ? say("web_seen", { time: relative(web.connected_at) }) : say("web_off");
}

function workText(working) {
  const parts = [];
  if (working.cpu_percent !== null && working.cpu_percent !== undefined) parts.push(say("work_now", { percent: Math.round(working.cpu_percent) }));
  const names = [...(working.jobs || []), ...(working.containers || []).map((one) => one.name || one)];
  if (names.length) parts.push(names.join(", "));
  else if (working.at) parts.push(say("work_seen", { time: relative(working.at) }));
  return parts.join(" · ") || say("work_none");
}

function agentText(agent) {
  if (!agent.last_report) return say("agent_never");
  return say(agent.silent ? "agent_silent" : "agent_heard", { time: agent.silent ? clock(agent.last_report) : relative(agent.last_report) });
}

function activity(status) {
  facts(find("activity"), [
    ["ssh", status.ssh_sessions ? String(status.ssh_sessions) : say("none")],
    ["web", () => webText(status.web)],
    ["work", () => workText(status.working || {})],
    ["agent", () => agentText(status.agent)],
  ]);
}

function automatic(status) {
  const { on, idle_seconds: idle, max_uptime_seconds: maximum } = status.auto_stop;
  find("auto").setAttribute("aria-checked", String(on));
  write(find("auto-text"), say(on ? "auto_on_text" : "auto_off_text", { idle: duration(idle), maximum: duration(maximum) }));
}

// Everything in the status, except lists that have requests of their own.
export function render(status) {
  setClock(status.now);
  const mode = modeOf(status);
  document.body.dataset.mode = isQuiet(status) ? "on" : mode;
  write(find("name"), status.workstation);
  hero(status, mode);
  buttons(status, mode);
  why(status, mode);
  activity(status);
  automatic(status);
  show(find("keep"), mode === "on");
  show(find("activity-part"), status.state === "running");
}

// What stopping now would end, as sentences; empty when nobody is there.
export function whatWouldEnd(status) {
  const found = [];
  if (status.ssh_sessions) found.push(status.ssh_sessions === 1 ? say("stop_ssh_one") : say("stop_ssh", { n: status.ssh_sessions }));
  if (status.web.state === "connected") found.push(say("stop_web"));
  const working = status.working || {};
  const jobs = [...(working.jobs || []), ...(working.containers || []).map((one) => one.name || one)];
  if (jobs.length) found.push(say("stop_work", { jobs: jobs.join(", ") }));
  else if (working.at && now() - Date.parse(working.at) < 180000) found.push(say("stop_work_cpu", { percent: Math.round(working.cpu_percent || 0) }));
  return [...found, ...(status.leases || []).map((lease) => say("stop_lease", { for: lease.for }))];
}

// Which of the page's parts is there: loading, refused, pairing or workstation.
export function part(name) {
  for (const id of ["loading", "refused", "pairing", "workstation"]) show(find(id), id === name);
  if (name !== "workstation") {
    document.body.dataset.mode = name;
    document.title = say("workstation");
    if (find("ask").open) find("ask").close();
  }
}

export const whoName = (who) => (has(`who_${who}`) ? say(`who_${who}`) : who);
export const eventName = (what) => (has(`event_${what}`) ? say(`event_${what}`) : String(what).replaceAll(/[_-]/g, " "));
