// Small parts everything else is made of: elements, times that keep themselves right, the toast and the one dialog.

import { language, say, tag } from "/words.js";

export const find = (id) => document.getElementById(id);

// h("button", {type: "button", onclick: f}, "text"): an element. A property that is null or false is left out.
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Rebuilds a list only when its data changed, so that focus and selection stay where they are.
export function fill(element, data, build) {
  const key = JSON.stringify(data);
  if (element.dataset.key === key) return;
  element.dataset.key = key;
  element.replaceChildren(...build(data));
}

// ---- times: the server's clock, whatever this device's says

let ahead = 0; // ms the server's clock is ahead of this device's
export const setClock = (iso) => { const now = Date.parse(iso); if (now) ahead = now - Date.now(); };
export const now = () => Date.now() + ahead;

export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [d, hr, m] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  const say2 = (big, bigKey, small, smallKey) => say(bigKey, { n: big }) + (small ? ` ${say(smallKey, { n: small })}` : "");
  if (d) return say2(d, "days", hr, "hours");
  if (hr) return say2(hr, "hours", m, "minutes");
  return m ? say("minutes", { n: m }) : say("seconds", { n: whole });
}

export function relative(iso) {
  const seconds = (Date.parse(iso) - now()) / 1000;
  if (Math.abs(seconds) < 10) return say("now");
  if (seconds < 0) return say("ago", { duration: duration(seconds > -60 ? Math.floor(-seconds / 10) * 10 : -seconds) });
  return say("in_time", { duration: duration(seconds) });
}

// When something may be tried again: whole minutes are rounded up, so that nobody comes too early.
export const after = (seconds) => (seconds === null ? "" : say("in_time", { duration: duration(seconds > 60 ? Math.ceil(seconds / 60) * 60 : seconds) }));

const midnight = (time) => new Date(new Date(time).setHours(0, 0, 0, 0)).getTime();

const form = (at, parts) => new Intl.DateTimeFormat(tag, parts).format(at);

// "14:30", "tomorrow 14:30", "Mon 14:30" within a week, "24 Nov 14:30" beyond.
export function clock(iso) {
  const at = Date.parse(iso);
  const time = form(at, { hour: "numeric", minute: "2-digit" });
  const days = Math.round((midnight(at) - midnight(now())) / 86400000);
  if (days === 0) return time;
  if (days === 1) return say("tomorrow", { time });
  if (days === -1) return say("yesterday", { time });
  const day = Math.abs(days) < 7 ? { weekday: language === "ko" ? "long" : "short" } : { month: "short", day: "numeric" };
  return `${form(at, day)} ${time}`;
}

// "14:30 (in 24 min)"
export const clockAndRelative = (iso) => `${clock(iso)} (${relative(iso)})`;

// Text with a time in it: written now, and again every second while it is in the document.
export function live(element, text) {
  element.dataset.live = "";
  element.says = text;
  write(element, text());
  return element;
}

export function still(element, text) {
  delete element.dataset.live;
  write(element, text);
}

export function tick() {
  for (const element of document.querySelectorAll("[data-live]")) if (element.says) write(element, element.says());
}

// ---- speaking up

export function announce(text) {
  write(find("live"), text);
}

let toastEnds = null;

// A short message at the bottom, with an undo where there is one. Gone after 8 seconds, or when `hide` is called.
export function toast(text, undo = null, seconds = 8) {
  const box = find("toast");
  announce(text);
  write(find("toast-text"), text);
  show(find("undo"), undo !== null);
  find("undo").onclick = () => { hideToast(); if (undo) undo(); };
  show(box, true);
  clearTimeout(toastEnds);
  toastEnds = seconds ? setTimeout(hideToast, seconds * 1000) : null;
}

export function hideToast() {
  clearTimeout(toastEnds);
  show(find("toast"), false);
}

// The dialog: resolves to the value of the button pressed, or null when it was left. `check(value)` may refuse with a sentence.
// A field has the focus, else the first button, so the harmless one comes first.
export function dialog({ title, body, buttons, check = () => "" }) {
  const [box, form, error] = [find("ask"), find("ask-form"), find("ask-error")];
  write(find("ask-title"), title);
  show(error, false);
  find("ask-body").replaceChildren(...body);
  return new Promise((resolve) => {
    const leave = (value) => {
      if (value !== null) {
        const refusal = check(value);
        write(error, refusal);
        show(error, Boolean(refusal));
        if (refusal) return;
      }
      box.onclose = null;
      if (box.open) box.close();
      resolve(value);
    };
    const main = buttons.find((button) => button.kind === "primary"); // Enter in a field presses it
    const made = buttons.map(({ value, label, kind = null }) =>
      h("button", { type: kind === "primary" ? "submit" : "button", class: kind, onclick: kind === "primary" ? null : () => leave(value) }, label));
    find("ask-buttons").replaceChildren(...made);
    form.onsubmit = (event) => { event.preventDefault(); if (main) leave(main.value); };
    box.onclose = () => leave(null);
    box.showModal();
    const field = box.querySelector("input");
    (field || made[0]).focus();
    if (field) field.select();
  });
}

// Everything static, in this browser's language.
export function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) write(element, say(element.dataset.word));
}

