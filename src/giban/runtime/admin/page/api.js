// Requests to the admin API, and its problems (RFC 9457) as sentences. Shows nothing itself.

import { after } from "/parts.js";
import { has, language, say, theirs } from "/words.js";

const PATIENCE = 20000; // ms: a cold function and a slow AWS call fit in, a lost packet does not keep the page waiting

export class Problem extends Error {
  constructor(status, body = {}, retryAfter = null) {
    super(body.title || String(status));
    this.status = status; // 0: no answer at all
    this.body = body;
    this.kind = String(body.type || "").split(/[/#:]/).pop();
    this.retryAfter = retryAfter; // seconds
  }

  // One sentence for people.
  sentence() {
    const known = [this.kind, String(this.status)].find((one) => one && has(`problem_${one}`));
    const ours = known && say(`problem_${known}`, { time: after(this.retryAfter) });
    // The server knows more than its status says, but may say it in English only.
    const spoken = [...(this.body.errors || []), this.body].filter((one) => one.detail && (language === "en" || one.detail_ko));
    const wrong = spoken.filter((one) => one !== this.body).map((one) => theirs(one, "detail")).join(" ");
    if (wrong) return wrong;
    if (spoken.length && this.status !== 429) return theirs(this.body, "detail");
    return ours || say(this.status >= 500 ? "problem_500" : "problem_400");
  }
}

async function bodyOf(answer) {
  try {
    return await answer.json();
  } catch {
    return {}; // a gateway's own error page
  }
}

// The answer's JSON, or a Problem. `last` sends it even while the page is closing.
export async function ask(method, path, body, { last = false } = {}) {
  const options = { method, headers: { Accept: "application/json" }, cache: "no-store", keepalive: last, redirect: "error" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), PATIENCE);
  try {
    const answer = await fetch(path, { ...options, signal: giveUp.signal });
    if (answer.ok) return answer.status === 204 ? {} : await answer.json();
    const wait = Number.parseInt(answer.headers.get("Retry-After"), 10);
    throw new Problem(answer.status, await bodyOf(answer), Number.isFinite(wait) ? wait : null);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(0, { type: giveUp.signal.aborted ? "timeout" : "network" });
  } finally {
    clearTimeout(timer);
  }
}
