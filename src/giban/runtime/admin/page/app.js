// The page's life: looks again and again, carries out what is tapped, says what went wrong.

import { ask } from "/api.js";
import { devices, events, leases } from "/lists.js";
import { keepDialog, laterDialog, pairing } from "/forms.js";
import { announce, clockAndRelative, dialog, find, h, hideToast, live, now, relative, show, still, tick, toast, translate, write } from "/parts.js";
import { isMoving, modeOf, part, render, whatWouldEnd } from "/view.js";
import { say } from "/words.js";

const SOON = 2, CALM = 15, MOST = 60; // seconds between looks: while something moves, else, and at most after failures
const GRACE = 5; // seconds in which a stop can be undone
const SETTLE = 600; // ms in which a button that has just appeared takes no tap: it was meant for the one before

const hostName = location.hostname.split(".")[0].replace(/-admin$/, ""); // the workstation's, before the API may be asked

const actions = document.querySelector(".hero .actions");

let status = null; // the newest answer
let asked = 0, answered = 0; // requests are numbered, so that a slow old answer never covers a newer one
let timer = null, failures = 0, heard = null; // heard: when the API answered last, by this device's clock
let settled = null; // the timer that lets buttons take taps after others took the place of those before
let hold = 0; // seconds the API asked us to wait
let grace = null; // {send, drop} while a stop can still be undone

const soon = (seconds) => new Date(now() + seconds * 1000).toISOString();

// ---- looking

const offers = () => [...document.querySelectorAll(".actions > :not([hidden])")].map((one) => one.id).join();

// Said to assistive technology too, and to whatever drives the page: they wait instead of tapping into nothing.
function settle() {
  clearTimeout(settled);
  actions.setAttribute("aria-disabled", "true");
  settled = setTimeout(() => actions.removeAttribute("aria-disabled"), SETTLE);
}

function apply(document_, number) {
  if (number < answered) return;
  answered = number;
  const before = status;
  const active = document.activeElement;
  const offered = offers();
  status = document_;
  failures = 0;
  heard = Date.now();
  part("workstation");
  render(status);
  leases(status, act);
  for (const hours of [1, 2]) write(find(`keep-${hours}`), say("keep_hours", { n: hours }));
  if (before && offers() !== offered) settle();
  // A button that vanished under the finger leaves the focus on what it led to.
  if (active && active.hidden) find("state").focus({ preventScroll: true });
  contact();
  if (find("events").open && (!before || before.version !== status.version)) load(() => events());
}

async function look() {
  clearTimeout(timer);
  if (document.hidden) return;
  const number = ++asked;
  try {
    apply(await ask("GET", "/service/status"), number);
  } catch (problem) {
    if (number > answered) failed(problem);
  }
  again();
}

function again() {
  clearTimeout(timer);
  if (document.hidden || find("workstation").hidden && find("loading").hidden) return;
  const pause = hold || (failures ? Math.min(MOST, SOON * 2 ** (failures - 1)) : status && isMoving(status) ? SOON : CALM);
  timer = setTimeout(() => { hold = 0; look(); }, pause * 1000);
  if (failures || hold) contact(soon(pause));
}

// Says whether the API is heard, and what happens next when it is not.
function contact(next = null) {
  const lost = failures > 1 || (failures > 0 && !status);
  const waiting = next !== null && hold > 0;
  show(find("banner"), lost || waiting || !navigator.onLine);
  if (!navigator.onLine) still(find("banner-text"), say("offline"));
  else if (waiting) live(find("banner-text"), () => say("waiting", { time: relative(next) }));
  else if (lost && next) live(find("banner-text"), () => say("lost", { time: relative(next) }));
  find("contact").dataset.state = lost || !navigator.onLine ? "lost" : "live";
  if (!lost && navigator.onLine) still(find("contact"), heard ? say("live") : "");
  else if (heard) live(find("contact"), () => say("last_heard", { time: relative(new Date(heard + now() - Date.now()).toISOString()) }));
  else still(find("contact"), say("contact_lost"));
}

// What a problem means for the page: not paired, not allowed, told to wait, no contact. True when the page is another now.
function failed(problem) {
  if (problem.status === 401) forgotten(status ? say("forgotten") : "");
  else if (problem.status === 403) refused(problem);
  else if (problem.status === 429) hold = problem.retryAfter || CALM;
  else failures += 1;
  return problem.status === 401;
}

function refused(problem) {
  write(find("refused-text"), problem.sentence());
  status = null;
  show(find("banner"), false);
  part("refused");
}

function forgotten(text) {
  write(find("name"), hostName);
  write(find("pair-command"), `giban workstation pair ${hostName}`);
  clearTimeout(timer);
  dropGrace();
  hideToast();
  status = null;
  answered = ++asked; // whatever is still under way was asked by a device that is none any more
  show(find("banner"), false);
  still(find("contact"), "");
  part("pairing");
  pairing(text, look);
}

// ---- acting

// Does one thing and shows what was observed. Answers with what the API said, or null when it refused; it has told so then.
async function act(method, path, body, { button = null, last = false } = {}) {
  if (button) {
    if (button.getAttribute("aria-busy") === "true") return null;
    button.setAttribute("aria-busy", "true");
  }
  const number = ++asked;
  try {
    const answer = await ask(method, path, body, { last });
    if (answer.progress) apply(answer, number);
    else look();
    again();
    return answer;
  } catch (problem) {
    if (problem.status === 401) failed(problem);
    else {
      if (problem.body.workstation) apply(problem.body.workstation, number); // what is really happening
      toast(problem.sentence(), null, 12);
      look();
    }
    return null;
  } finally {
    if (button) button.removeAttribute("aria-busy");
  }
}

// For lists that are only shown: what fails is told, nothing else changes.
async function load(request) {
  try {
    await request();
  } catch (problem) {
    if (!failed(problem)) toast(problem.sentence());
  }
}

const stopIn = (minutes, options) => act("PUT", `/service/shutdown?after_min=${minutes}`, undefined, options);

function dropGrace() {
  if (grace) grace.drop();
}

// Stops in five seconds unless undone; at once when the page goes away, because whoever taps stop and pockets the phone means it.
function stopWithGrace(byKeyboard) {
  if (grace) return;
  let left = GRACE;
  const undo = () => { dropGrace(); announce(say("stop_undone")); };
  toast(say("stop_grace", { n: left }), undo, 0);
  find("stop").disabled = true;
  if (byKeyboard) find("undo").focus();
  const count = setInterval(() => {
    left -= 1;
    if (left > 0) write(find("toast-text"), say("stop_grace", { n: left }));
    else grace.send();
  }, 1000);
  const drop = () => { clearInterval(count); grace = null; find("stop").disabled = false; hideToast(); };
  grace = { drop, send: (last = false) => { drop(); return stopIn(0, { button: find("stop"), last }); } };
}

async function stop(event) {
  const ends = modeOf(status) === "on" ? whatWouldEnd(status) : [];
  if (!ends.length) return stopWithGrace(event.detail === 0);
  const choice = await dialog({
    title: say("stop_title"),
    body: [h("p", {}, say("stop_text")), h("ul", {}, ends.map((one) => h("li", {}, one)))],
    buttons: [{ value: null, label: say("cancel") }, { value: 15, label: say("stop_in_15") }, { value: 0, label: say("stop_sure"), kind: "danger" }],
  });
  if (choice === 0) return stopIn(0, { button: find("stop") });
  if (choice) await later(choice);
  return null;
}

async function later(minutes) {
  const answer = await stopIn(minutes, { button: find("later") });
  if (answer) toast(say("later_done", { time: clockAndRelative(answer.scheduled_stop || soon(minutes * 60)) }), () => unplan());
}

// A start of what runs already takes back a planned stop.
async function unplan() {
  if (await act("PUT", "/service/start", undefined, { button: find("later") })) toast(say("later_removed"));
}

async function keep(hours, reason, button) {
  const before = new Set((status.leases || []).map((lease) => lease.id));
  const answer = await act("POST", "/service/leases", { minutes: Math.round(hours * 60), for: reason }, { button });
  if (!answer) return;
  const made = ((answer.leases || status.leases) || []).find((lease) => !before.has(lease.id));
  toast(say("keep_done", { time: clockAndRelative(made ? made.until : soon(hours * 3600)) }),
    made ? () => act("DELETE", `/service/leases/${encodeURIComponent(made.id)}`) : null);
}

async function automatic() {
  const on = find("auto").getAttribute("aria-checked") !== "true";
  if (await act("PUT", "/service/auto-stop", { on }, { button: find("auto") })) announce(say(on ? "auto_done_on" : "auto_done_off"));
}

async function newPassword() {
  const answer = await act("PUT", "/service/password", { generate: true }, { button: find("password-new") });
  if (!answer || !answer.password) return;
  write(find("password-value"), answer.password);
  show(find("password-shown"), true);
  toast(say("password_done"));
}

async function logout() {
  if (await act("POST", "/service/logout")) forgotten(say("signed_out"));
}

// ---- wiring

translate();
const on = (id, kind, action) => find(id).addEventListener(kind, action);
actions.addEventListener("click", (event) => {
  if (!actions.hasAttribute("aria-disabled")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
on("start", "click", () => act("PUT", "/service/start", undefined, { button: find("start") }));
on("stop", "click", stop);
on("later", "click", async () => {
  const minutes = await laterDialog(status);
  if (minutes === "never") await unplan();
  else if (minutes) await later(minutes);
});
for (const hours of [1, 2]) on(`keep-${hours}`, "click", () => keep(hours, say("keep_default"), find(`keep-${hours}`)));
on("keep-other", "click", async () => {
  const wish = await keepDialog();
  if (wish) await keep(wish.hours, wish.reason, find("keep-other"));
});
on("auto", "click", automatic);
on("retry", "click", look);
on("refused-retry", "click", look);
on("devices", "toggle", () => find("devices").open && load(() => devices(act, () => forgotten(""))));
on("events", "toggle", () => find("events").open && status && load(() => events()));
on("events-more", "click", () => load(() => events(true)));
on("password", "toggle", () => { if (!find("password").open) { show(find("password-shown"), false); write(find("password-value"), ""); } });
on("password-new", "click", newPassword);
on("password-copy", "click", async () => { await navigator.clipboard.writeText(find("password-value").textContent); toast(say("copied")); });
on("logout", "click", logout);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return void look();
  clearTimeout(timer);
  if (grace) grace.send(true);
});
addEventListener("pagehide", () => grace && grace.send(true));
addEventListener("pageshow", (event) => event.persisted && look());
addEventListener("online", () => { failures = 0; contact(); look(); });
addEventListener("offline", () => contact());
if (matchMedia("(min-width: 56rem)").matches) find("events").open = true;
setInterval(tick, 1000);
look();
