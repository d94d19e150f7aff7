/**
 * The live connection: one WebSocket, subscriptions that outlive it, and events that are never missed.
 *
 * Event topics (fills, orders, signals, alerts) carry ids. The last one that was seen of each is kept and named at every
 * new connection, so the gateway goes on behind it; what comes twice is dropped. Where it cannot go on (`gap`), the
 * topic's `reread` reads by REST what lies before. State topics need no ids: the newest counts, and the newest of all of
 * them is handed out at once, ten times a second: one drawing of the page for all, none while nobody sees it.
 */

import { signal } from "../vendor/signals.js";
import { watched } from "./api.js";

const SILENT_MS = 12_000; // The gateway's heart beats each 5 s: two may be late.
const RETRY_MS = [250, 500, 1000, 2000, 4000];
const AGAIN_MS = 1000;
const DRAWN_MS = 100;

/** state: connecting, live or lost; since: when that began (ms); attempt: how often it was tried; times: how often it was live. */
export const connection = signal({ state: "connecting", since: Date.now(), attempt: 0, times: 0 });
/** The desk and its market time, as the gateway greeted. */
export const greeting = signal(null);
/** Why the gateway itself hears nothing of the desk, null while it does. */
export const away = signal(null);

const topics = new Map();
const news = new Map(); // Topic of a state -> what is to be handed out next.
let socket = null;
let retry = 0;
let silence = 0;
let wanted = false;

/** Hear *topic* until the returned function is called: `heard(data, id)`; `from`: the id behind which to go on; `reread(id)`: read what lies before. */
export function listen(topic, heard, { from = null, reread = null } = {}) {
  const entry = topics.get(topic) ?? { last: from, reread, ears: new Set() };
  const isNew = entry.ears.size === 0;
  entry.ears.add(heard);
  topics.set(topic, entry);
  if (isNew) subscribe([topic]);
  return () => {
    entry.ears.delete(heard);
    if (entry.ears.size || topics.get(topic) !== entry) return;
    topics.delete(topic);
    tell({ unsubscribe: [topic] });
  };
}

/** Connect, and stay connected. */
export function open() {
  wanted = true;
  if (!socket) connect();
}

/** Hang up for good: nobody is logged in, or another desk is watched. */
export function close() {
  wanted = false;
  clearTimeout(retry);
  const old = socket;
  socket = null;
  old?.close();
}

/** Try now instead of at the end of the pause. */
export function tryNow() {
  if (!wanted || socket) return;
  clearTimeout(retry);
  connect();
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const desk = watched.value ? `?desk=${encodeURIComponent(watched.value)}` : "";
  news.clear(); // They were another desk's, perhaps.
  const mine = new WebSocket(`${scheme}://${location.host}/api/v1/stream${desk}`);
  socket = mine;
  listenForSilence(); // Also of a connection that neither opens nor fails.
  mine.onopen = () => subscribe([...topics.keys()]);
  mine.onmessage = (event) => mine === socket && take(JSON.parse(event.data));
  mine.onclose = () => mine === socket && lose();
}

function take(message) {
  listenForSilence();
  if (message.hello) greet(message.hello);
  else if (message.heartbeat) away.value = message.heartbeat.away ?? null;
  else if (message.error) console.warn(message.error.topic ?? "", message.error.detail);
  else if (message.gap) fillGap(message);
  else if (message.subscribed) begun(message);
  else if (message.topic && "data" in message) dispatch(message);
}

function greet(hello) {
  greeting.value = hello;
  away.value = hello.away ?? null;
  connection.value = { state: "live", since: Date.now(), attempt: 0, times: connection.value.times + 1 };
}

/** Only topics of events say where they begin: from here on their ids are kept. */
function begun({ topic, id }) {
  const entry = topics.get(topic);
  if (entry && entry.last === null) entry.last = id;
}

function dispatch({ topic, id, data }) {
  const entry = topics.get(topic);
  if (!entry) return;
  if (entry.last === null) return keep(topic, data, id);
  if (!isLater(id, entry.last)) return;
  entry.last = id;
  for (const heard of entry.ears) heard(data, id);
}

function keep(topic, data, id) {
  if (!news.size) setTimeout(() => requestAnimationFrame(handOut), DRAWN_MS - (performance.now() % DRAWN_MS));
  news.set(topic, { data, id });
}

function handOut() {
  const all = [...news];
  news.clear();
  for (const [topic, { data, id }] of all) {
    for (const heard of topics.get(topic)?.ears ?? []) heard(data, id);
  }
}

/** Too much was missed to be sent: go on where the gateway goes on, and read what lies before, until it could be read. */
async function fillGap({ topic, id }) {
  const entry = topics.get(topic);
  if (!entry) return;
  entry.last = id;
  if (!entry.reread) return;
  const read = () => topics.get(topic) !== entry || entry.reread(id).then(() => true, () => false);
  while (!(await read())) await pause();
  await pause(); // Whoever answers by REST may be a moment behind whoever told of the gap.
  read();
}

const pause = () => new Promise((done) => setTimeout(done, AGAIN_MS));

function lose() {
  socket = null;
  clearTimeout(silence);
  if (!wanted) return;
  const { state, since, attempt, times } = connection.value;
  connection.value = { state: "lost", since: state === "lost" ? since : Date.now(), attempt: attempt + 1, times };
  retry = setTimeout(connect, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
}

function listenForSilence() {
  clearTimeout(silence);
  silence = setTimeout(() => socket?.close(), SILENT_MS);
}

function subscribe(names) {
  if (!names.length) return;
  const after = {};
  for (const name of names) {
    const { last } = topics.get(name);
    if (last !== null) after[name] = last;
  }
  tell({ subscribe: names, after });
}

function tell(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** Compare two places in a topic: an entry's id (milliseconds-number), or one of each of its streams (a_b). */
export function isLater(id, than) {
  const known = than.split("_");
  return id.split("_").some((one, n) => isEntryLater(one, known[n] ?? "0-0"));
}

function isEntryLater(id, than) {
  const [ms, nth] = id.split("-").map(Number);
  const [thanMs, thanNth] = than.split("-").map(Number);
  return ms > thanMs || (ms === thanMs && (nth || 0) > (thanNth || 0));
}

addEventListener("online", tryNow);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tryNow());
