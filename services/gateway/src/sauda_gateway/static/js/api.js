/** REST as the page needs it: JSON in and out, the desk that is watched, the session's token against forgery, problems as errors. */

import { signal } from "../vendor/signals.js";

const ROOT = "/api/v1";
const PAGE = 500;
let forgery = sessionStorage.getItem("sauda-csrf") ?? "";

/** Another desk than the gateway's own (a replay), "" for its own. */
export const watched = signal(sessionStorage.getItem("sauda-desk") ?? "");
/** null while nobody has asked, then what the session may: "" (nobody is logged in), read, trade or admin. */
export const scope = signal(null);

/** What the gateway refused: `status`, `detail` for people, `field` where one is to blame. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `the gateway answered ${status}`);
    this.status = status;
    this.field = body.field ?? null;
    this.title = body.title ?? "";
    this.body = body;
  }
}

/** Read: `get("/orders", {strategy: "trend"})`. */
export function get(path, query = {}) {
  return ask("GET", path, { query });
}

/** Read a list to its end, page by page. */
export async function list(path, query = {}) {
  const found = [];
  let after = null;
  do {
    const page = await get(path, { limit: PAGE, ...query, after });
    found.push(...page.items);
    after = page.next;
  } while (after);
  return found;
}

/** The gateway's own desk, whichever is watched. */
export const OWN = { desk: "" };

/** Write; *key* makes a repetition of the same wish the same order. While a replay is watched this is refused, see `sendToOwn`. */
export function send(method, path, body, key = null) {
  return ask(method, path, { body, key });
}

/** Write to the gateway's own desk, whichever is watched: for the kill switch, which is always in reach. */
export function sendToOwn(method, path, body) {
  return ask(method, path, { body, query: OWN });
}

/** A name for one wish. Not `randomUUID`: browsers have it only where the page came from this machine or over TLS. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Begin a session with a token; the cookie is the gateway's, no script can read it. */
export async function logIn(token) {
  keep(await ask("POST", "/session", { body: { token } }));
}

/** End the session. */
export async function logOut() {
  await ask("DELETE", "/session", {}).catch(() => null);
  forgery = "";
  sessionStorage.removeItem("sauda-csrf");
  scope.value = "";
}

/** Find out whether the cookie still opens the desk. */
export async function resume() {
  try {
    keep(await get("/session"));
  } catch (problem) {
    if (problem.status !== 401 && problem.status !== 403) throw problem;
    scope.value = "";
  }
}

/** May the session do what needs *wanted* on the gateway's own desk? */
export function may(wanted) {
  const order = ["read", "trade", "admin"];
  return order.indexOf(scope.value) >= order.indexOf(wanted);
}

/** May it trade here? Not while a replay is watched: what is wished would reach the live desk. */
export function mayTrade() {
  return may("trade") && !watched.value;
}

/** Watch another desk, "" for the gateway's own. */
export function watch(desk) {
  if (desk) sessionStorage.setItem("sauda-desk", desk);
  else sessionStorage.removeItem("sauda-desk");
  watched.value = desk;
}

function keep(session) {
  forgery = session.csrf_token ?? session.csrf ?? forgery;
  sessionStorage.setItem("sauda-csrf", forgery);
  scope.value = session.scope ?? "read";
}

async function ask(method, path, wish, isSecond = false) {
  const { query = {}, body, key } = wish;
  const asked = watched.value;
  const answer = await fetch(address(path, query), {
    method,
    credentials: "same-origin",
    headers: headers(method, body, key),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const told = text ? parsed(text) : {};
  // An answer about the desk that was watched before would stand among the figures of this one.
  if (method === "GET" && asked !== watched.value) throw new Problem(0, { detail: "another desk is watched by now" });
  if (answer.ok) return told;
  if (answer.status === 401 && path !== "/session") scope.value = "";
  if (told.field === "X-CSRF-Token" && !isSecond) {
    await resume(); // Another tab has logged in with another token: the cookie is that one's by now.
    return ask(method, path, wish, true);
  }
  throw new Problem(answer.status, told);
}

function address(path, query) {
  const asked = new URLSearchParams();
  const all = watched.value && path !== "/session" ? { desk: watched.value, ...query } : query;
  for (const [name, value] of Object.entries(all)) {
    if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  }
  const tail = asked.toString();
  return `${ROOT}${path}${tail ? `?${tail}` : ""}`;
}

function headers(method, body, key) {
  const made = { Accept: "application/json" };
  if (body !== undefined) made["Content-Type"] = "application/json";
  if (method !== "GET") made["X-CSRF-Token"] = forgery;
  if (key) made["Idempotency-Key"] = key;
  return made;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 200) };
  }
}
