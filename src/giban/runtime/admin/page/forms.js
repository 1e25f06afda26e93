// What is filled in: pairing a device, a later stop, a longer stay.

import { ask } from "/api.js";
import { clock, dialog, find, h, now, show, toast, write } from "/parts.js";
import { say } from "/words.js";

const MOST_MINUTES = 4320; // 72 hours, as everywhere in the API

// "Chrome on Android": a first suggestion, from what the browser says of itself.
function deviceName() {
  const agent = navigator.userAgent;
  const first = (names) => names.find(([pattern]) => pattern.test(agent))?.[1] || "?";
  const system = first([[/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/CrOS/, "ChromeOS"], [/Windows/, "Windows"], [/Mac OS/, "Mac"], [/Linux/, "Linux"]]);
  const browser = first([[/Edg/, "Edge"], [/Firefox|FxiOS/, "Firefox"], [/SamsungBrowser/, "Samsung Internet"], [/Chrome|CriOS/, "Chrome"], [/Safari/, "Safari"]]);
  return say("device_default", { browser, system });
}

let done = null;

// Shows the form with `text` above it; calls `paired` once the device has its cookie.
export function pairing(text, paired) {
  done = paired;
  const name = find("pair-name");
  if (!name.value) name.value = deviceName();
  complain(text);
  find("pair-form").onsubmit = send;
  find("pair-code").focus({ preventScroll: true });
}

function complain(text, field = null) {
  write(find("pair-error"), text);
  show(find("pair-error"), Boolean(text));
  for (const input of find("pair-form").querySelectorAll("input")) input.setAttribute("aria-invalid", String(input === field));
  if (field) field.focus();
}

async function send(event) {
  event.preventDefault();
  const [code, totp, name, button] = ["pair-code", "pair-totp", "pair-name", "pair-send"].map(find);
  const values = { code: code.value.replace(/[\s-]/g, "").toUpperCase(), totp: totp.value.replace(/\s/g, ""), name: name.value.trim() };
  const empty = [[values.code, code], [values.totp, totp], [values.name, name]].find(([value]) => !value);
  if (empty) return complain(say("pair_missing"), empty[1]);
  if (!/^\d{6}$/.test(values.totp)) return complain(say("pair_digits"), totp);
  button.disabled = true;
  write(button, say("pair_busy"));
  try {
    await ask("POST", "/service/devices", values);
    complain("");
    code.value = totp.value = "";
    toast(say("pair_done"));
    done();
  } catch (problem) {
    totp.value = ""; // a code of the second factor works once
    complain(problem.sentence(), totp);
  } finally {
    button.disabled = false;
    write(button, say("pair_send"));
  }
  return undefined;
}

// A number with quick choices beside it, and a line that says what it leads to.
function amount(id, label, value, attributes, choices, leadsTo) {
  const input = h("input", { id, type: "number", inputmode: "decimal", value, ...attributes });
  const result = h("p", { class: "hint", "aria-live": "polite" });
  const update = () => write(result, leadsTo(Number(input.value)));
  input.addEventListener("input", update);
  const chips = choices.map(([number, text]) => h("button", { type: "button", onclick: () => { input.value = number; update(); } }, text));
  update();
  return { input, nodes: [h("div", { class: "chips" }, chips), h("label", { for: id }, label), input, result] };
}

const isMinutes = (number) => Number.isInteger(number) && number >= 1 && number <= MOST_MINUTES;
const isHours = (number) => number > 0 && number <= MOST_MINUTES / 60;
const endsAt = (seconds) => clock(new Date(now() + seconds * 1000).toISOString());

// Minutes, "never" (take the planned stop back), or null.
export async function laterDialog(status) {
  const choices = [[15, say("minutes", { n: 15 })], [30, say("minutes", { n: 30 })], [60, say("hours", { n: 1 })], [120, say("hours", { n: 2 })]];
  const { input, nodes } = amount("ask-minutes", say("later_minutes"), 30, { min: 1, max: MOST_MINUTES, step: 1 }, choices,
    (n) => (isMinutes(n) ? say("later_done", { time: endsAt(n * 60) }) : ""));
  const planned = status.decision.reason === "reserved";
  const answer = await dialog({
    title: say("later_title"),
    body: [h("p", {}, say("later_text")), ...nodes],
    buttons: [{ value: null, label: say("cancel") }, ...(planned ? [{ value: "never", label: say("later_remove") }] : []),
      { value: "send", label: say("later_send"), kind: "primary" }],
    check: (value) => (value === "never" || isMinutes(Number(input.value)) ? "" : say("later_bad")),
  });
  return answer === "send" ? Number(input.value) : answer;
}

// {hours, reason}, or null.
export async function keepDialog() {
  const choices = [4, 8, 24].map((n) => [n, say("keep_hours", { n })]);
  const { input, nodes } = amount("ask-hours", say("keep_length"), 4, { min: 0.5, max: 72, step: 0.5 }, choices,
    (n) => (isHours(n) ? say("keep_done", { time: endsAt(n * 3600) }) : ""));
  const reason = h("input", { id: "ask-reason", maxlength: 100, autocomplete: "off", "aria-describedby": "ask-reason-hint" });
  const answer = await dialog({
    title: say("keep_dialog"),
    body: [...nodes, h("label", { for: "ask-reason" }, say("keep_for")), reason, h("p", { id: "ask-reason-hint", class: "hint" }, say("keep_for_hint"))],
    buttons: [{ value: null, label: say("cancel") }, { value: "send", label: say("keep_send"), kind: "primary" }],
    check: () => (!isHours(Number(input.value)) ? say("keep_bad") : reason.value.trim() ? "" : say("keep_why")),
  });
  return answer ? { hours: Number(input.value), reason: reason.value.trim() } : null;
}
