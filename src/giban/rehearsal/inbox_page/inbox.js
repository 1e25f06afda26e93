// The inbox's page: asks for what is new every second and shows it in threads. All text is put in as text, never as HTML.
"use strict";

const NAMES = {
  slack: "Slack", slack_bot: "Slack", pagerduty: "PagerDuty", telegram: "Telegram", discord: "Discord", sms: "Text message",
  email: "E-mail", grafana: "Grafana", webhook: "Webhook",
};
const ICONS = {slack: "💬", slack_bot: "💬", pagerduty: "📟", telegram: "✈️", discord: "🎧", sms: "📱", email: "✉️", grafana: "📈", webhook: "🪝"};
const messages = new Map();
let change = 0;
let only = "";

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

async function look() {
  try {
    const answer = await fetch(`/inbox.json?after=${change}`);
    const found = await answer.json();
    for (const message of found.messages) {
      messages.set(message.number, message);
      change = Math.max(change, message.change);
    }
    if (found.messages.length) show();
    const left = found.faults.map((fault) => `${fault.host || "every receiver"} fails ${fault.times} more times`);
    document.getElementById("faults").textContent = left.join(" · ");
  } catch {
    note("The rehearsal does not answer; giban rehearsal status says why.");
  }
  setTimeout(look, 1000);
}

function note(text) {
  const place = document.getElementById("note");
  place.hidden = !text;
  place.textContent = text;
}

function show() {
  const threads = new Map();
  const names = new Set();
  for (const message of [...messages.values()].sort((a, b) => a.number - b.number)) {
    names.add(NAMES[message.service] || message.service);
    if (only && (NAMES[message.service] || message.service) !== only) continue;
    if (!threads.has(message.thread)) threads.set(message.thread, []);
    threads.get(message.thread).push(message);
  }
  const newest = [...threads.values()].sort((a, b) => b[b.length - 1].number - a[a.length - 1].number);
  document.getElementById("threads").replaceChildren(...newest.map(thread));
  document.getElementById("empty").hidden = messages.size > 0;
  filters([...names].sort());
}

function filters(names) {
  const made = ["", ...names].map((name) => {
    const button = make("button", "", name || "All");
    button.type = "button";
    button.setAttribute("aria-pressed", String(name === only));
    button.addEventListener("click", () => { only = name; show(); });
    return button;
  });
  document.getElementById("filters").replaceChildren(...(names.length > 1 ? made : []));
}

function thread(found) {
  const first = found[0];
  const section = make("section", `thread ${first.service === "sms" ? "phone" : ""}`);
  const title = make("div", "channel");
  title.append(make("span", "", ICONS[first.service] || "•"), make("b", "", NAMES[first.service] || first.service), make("span", "", first.to));
  section.append(title, ...found.map(card));
  return section;
}

function card(message) {
  const article = make("article", [message.priority, message.state, message.reply ? "reply" : ""].filter(Boolean).join(" "));
  article.dataset.number = message.number;
  const meta = make("div", "meta");
  if (message.priority) meta.append(make("span", `badge ${message.priority}`, message.priority));
  if (message.state) meta.append(make("span", `badge ${message.state}`, message.state));
  const time = make("time", "", new Date(message.at * 1000).toLocaleString());
  time.dateTime = new Date(message.at * 1000).toISOString();
  meta.append(time);
  if (message.before.length) {
    const before = make("span", "", `changed ${message.before.length === 1 ? "once" : `${message.before.length} times`}`);
    before.title = message.before.map((form) => form.title).join("\n");
    meta.append(before);
  }
  article.append(meta);
  if (message.service !== "sms") article.append(make("h2", "", message.title));
  const body = message.service === "sms" ? message.text || message.title : message.text;
  if (body) article.append(make("p", "body", body));
  if (message.picture) {
    const image = make("img");
    image.src = `/pictures/${message.picture}`;
    image.alt = `Chart: ${message.title}`;
    article.append(image);
  }
  const row = make("div", "links");
  message.actions.forEach((action, index) => row.append(pressable(message, action, index)));
  for (const link of message.links) {
    if (!/^https?:\/\//.test(link.url)) continue;
    const anchor = make("a", "button", link.text);
    anchor.href = link.url;
    anchor.rel = "noreferrer noopener";
    anchor.target = "_blank";
    row.append(anchor);
  }
  if (row.childElementCount) article.append(row);
  return article;
}

function pressable(message, action, index) {
  const button = make("button", "primary", action.text);
  button.type = "button";
  button.addEventListener("click", async () => {
    button.disabled = true;
    const body = JSON.stringify({number: message.number, action: index});
    const answer = await fetch("/act", {method: "POST", headers: {"Content-Type": "application/json"}, body});
    const found = await answer.json();
    note(answer.ok ? "" : found.message);
    button.disabled = false;
  });
  return button;
}

document.getElementById("clear").addEventListener("click", async () => {
  await fetch("/inbox", {method: "DELETE"});
  messages.clear();
  show();
});
look();
