// Lists with requests of their own: leases, devices, events. Each entry's button does one thing and says what became of it.

import { ask } from "/api.js";
import { clock, dialog, fill, find, h, live, relative, show, toast } from "/parts.js";
import { eventName, whoName } from "/view.js";
import { say, theirs } from "/words.js";

const PAGE = 20; // events asked for at once

const row = (title, soft, button = null) => h("li", { class: button ? "with-button" : null }, h("div", {}, title, soft), button);

// `act(method, path, body)` answers with what the API said, or null when it refused (then it has told so already).
export function leases(status, act) {
  fill(find("leases"), status.leases || [], (all) => all.map((lease) => {
    const end = async () => {
      if (await act("DELETE", `/service/leases/${encodeURIComponent(lease.id)}`)) toast(say("lease_ended", { for: lease.for }));
    };
    return row(h("span", { class: "what" }, lease.for), h("span", { class: "soft" }, say("lease_by", { by: whoName(lease.by), time: clock(lease.until) })),
      h("button", { type: "button", class: "quiet", "aria-label": say("lease_end_label", { for: lease.for }), onclick: end }, say("lease_end")));
  }));
  show(find("leases"), (status.leases || []).length > 0);
}

function used(device) {
  return device.last_used ? say("device_used", { time: relative(device.last_used), address: device.last_address || "?" }) : say("device_never");
}

export async function devices(act, gone) {
  const { devices: all = [] } = await ask("GET", "/service/devices");
  const revoke = async (device) => {
    const sure = await dialog({
      title: say("revoke_title", { name: device.name }),
      body: [h("p", {}, say(device.current ? "revoke_own" : "revoke_text"))],
      buttons: [{ value: null, label: say("cancel") }, { value: "revoke", label: say("device_revoke"), kind: "danger" }],
    });
    if (!sure || !(await act("DELETE", `/service/devices/${encodeURIComponent(device.id)}`))) return;
    if (device.current) gone();
    else {
      toast(say("revoke_done", { name: device.name }));
      await devices(act, gone);
    }
  };
  fill(find("device-list"), all.filter((device) => !device.revoked), (found) => found.map((device) => {
    const name = h("span", { class: "what" }, device.name, device.current ? h("em", { class: "tag" }, say("device_this")) : null);
    return row(name, live(h("span", { class: "soft" }), () => used(device)),
      h("button", { type: "button", class: "quiet", "aria-label": say("device_revoke_label", { name: device.name }), onclick: () => revoke(device) }, say("device_revoke")));
  }));
}

function eventRow(event) {
  const what = event.what === "reserve" && !event.until ? "unreserve" : event.what;
  const said = [event.why === "asked" ? "" : theirs(event, "text"), event.name].filter(Boolean).join(" · ");
  const soft = [clock(event.at), event.who && say("by", { who: whoName(event.who) }), event.until && say("until", { time: clock(event.until) })];
  return row(h("span", { class: "what" }, eventName(what), said ? h("span", { class: "said" }, ` · ${said}`) : null),
    h("span", { class: "soft" }, soft.filter(Boolean).join(" · ")));
}

let oldest = null; // where "older events" goes on

// The newest events, or with `older` the next page below those shown.
export async function events(older = false) {
  const query = older && oldest ? `&before=${encodeURIComponent(oldest)}` : "";
  const { events: found = [], next = null } = await ask("GET", `/service/events?limit=${PAGE}${query}`);
  const list = find("event-list");
  if (!older) list.replaceChildren();
  list.append(...found.map(eventRow));
  if (!list.children.length) list.append(h("li", { class: "soft" }, say("events_none")));
  oldest = next;
  show(find("events-more"), Boolean(next));
}
