/**
 * The book as the page holds it: read once by REST, then followed on the stream. The gateway's word is the truth; what
 * stands here is rebuilt from it whenever a view, a gap or a new connection asks.
 */

import { computed, effect, signal } from "../vendor/signals.js";
import { get, list, scope, watched } from "./api.js";
import { isoDay } from "./format.js";
import { close, connection, greeting, isLater, listen, open } from "./stream.js";

const REREAD_MS = 250;
const STATUS_MS = 2000;
const OPEN = new Set(["sent", "working", "triggered", "partly_filled"]);
const MOST_ALERTS = 200;
const CURVE_STEP_NS = 5e9; // Finer than a pixel of a day's curve is of no use.

export const desk = signal(null); // The newest point of the desk's P&L.
export const strategies = signal(new Map()); // Name -> its newest point.
export const positions = signal(new Map()); // "strategy instrument" -> position.
export const portfolio = signal(null); // Cash, margin, counts: what the points do not say.
export const orders = signal(new Map());
export const fills = signal([]); // Newest first, of this trading day.
export const alerts = signal([]); // Newest first.
export const status = signal(null);
export const equity = signal([]); // {event_ns, net}, oldest first.
export const loaded = signal(false);
export const trouble = signal(""); // Why the book could not be read.

export const openOrders = computed(() => [...orders.value.values()].filter(isOpen));
/** The market's clock, by whoever spoke last. */
export const marketNs = computed(() =>
  Math.max(desk.value?.event_ns ?? 0, status.value?.market_ns ?? 0) || greeting.value?.market_ns || null);

export const isOpen = (order) => OPEN.has(order.status);

const today = computed(() => (marketNs.value ? isoDay(marketNs.value) : null));
let deaf = [];
let round = 0; // Counts the desks that were followed: what was begun for another one ends.

/** Follow the desk for as long as somebody is logged in; begin anew when another desk is watched. */
export function followDesk() {
  let at = null;
  effect(() => {
    const next = scope.value ? `${scope.value} ${watched.value}` : null;
    if (next === at) return;
    at = next;
    stop();
    if (next) begin();
  });
  let lived = 0;
  effect(() => {
    const { state, times } = connection.value;
    if (state !== "live" || times === lived) return;
    lived = times;
    reread(); // Fills come by themselves, behind the last one seen; orders, sums and the curve are read again.
    if (lived > 1) rereadCurve();
  });
  let day = null;
  effect(() => {
    const next = today.value;
    if (day && next && next !== day) beginDay();
    day = next ?? day;
  });
  setInterval(() => scope.value && document.visibilityState === "visible" && readStatus().catch(() => null), STATUS_MS);
}

async function begin() {
  const mine = ++round;
  loaded.value = false;
  try {
    await readStatus();
    await Promise.all([readPortfolio(), readOrders(), readEquity()]);
    const fillsFrom = await readFills();
    const alertsFrom = await readAlerts();
    if (mine !== round) return;
    deaf = [
      listen("fills", takeFill, { from: fillsFrom, reread: readFills }),
      listen("alerts", takeAlert, { from: alertsFrom, reread: readAlerts }),
      listen("orders", reread, { reread: readOrders }),
      listen("pnl", takePnl),
      listen("status", takeStatus),
    ];
    trouble.value = "";
  } catch (problem) {
    if (mine !== round) return;
    trouble.value = problem.message;
    setTimeout(() => mine === round && scope.value && begin(), 2000);
    return;
  }
  loaded.value = true;
  open();
}

function stop() {
  round += 1;
  close();
  greeting.value = null;
  deaf.forEach((end) => end());
  deaf = [];
  loaded.value = false;
  desk.value = portfolio.value = status.value = null;
  strategies.value = new Map();
  positions.value = new Map();
  orders.value = new Map();
  fills.value = alerts.value = equity.value = [];
}

const reread = soon(() => Promise.all([readPortfolio(), readOrders()]));
const rereadCurve = soon(readEquity);

/** What was of yesterday is not shown as today's. */
function beginDay() {
  fills.value = fills.peek().filter(isOfToday);
  equity.value = equity.peek().filter(isOfToday);
  reread();
}

const isOfToday = ({ event_ns }) => isoDay(event_ns) === today.peek();

async function readStatus() {
  status.value = await get("/status");
}

const ofToday = () => (today.value ? { date: today.value } : {});

async function readPortfolio() {
  const [read, held] = await Promise.all([get("/portfolio"), list("/positions")]);
  portfolio.value = read;
  if (read.event_ns && read.event_ns >= (desk.value?.event_ns ?? 0)) {
    takeDesk({ ...desk.value, ...read }); // The stream may have told of a newer point meanwhile.
    strategies.value = new Map(read.strategies.map((point) => [point.strategy, point]));
  }
  positions.value = new Map(held.filter((one) => one.qty || isOfToday(one)).map((one) => [keyOf(one), one]));
}

async function readOrders() {
  const found = await list("/orders", ofToday());
  orders.value = new Map(found.map((order) => [order.order_id, order]));
}

/** Read the day's fills; those that came behind *after* while they were read stay. */
async function readFills(after = null) {
  // Before the first fill of a day the stream goes on behind the last one of the day before, or it would tell that day again.
  const newest = (await get("/fills", { limit: 1, newest: true })).items[0]?.id ?? "0-0";
  const found = await list("/fills", ofToday());
  fills.value = newestFirst(found, cameBehind(after, fills.value));
  return fills.value[0]?.id ?? newest;
}

async function readAlerts(after = null) {
  const found = (await get("/alerts", { limit: MOST_ALERTS, newest: true })).items;
  alerts.value = newestFirst(found, cameBehind(after, alerts.value));
  return alerts.value[0]?.id ?? "0-0";
}

const cameBehind = (id, known) => (id === null ? [] : known.filter((one) => isLater(one.id, id)));

/** All of both, each once. */
function newestFirst(read, heard) {
  const all = new Map([...heard, ...read].map((one) => [one.id, one]));
  return [...all.values()].sort((a, b) => (isLater(b.id, a.id) ? 1 : -1));
}

async function readEquity() {
  equity.value = (await get("/equity")).items.map(([event_ns, net]) => ({ event_ns, net }));
}

function takeFill(fill, id) {
  if (fills.value.some((known) => known.fill_id === fill.fill_id)) return;
  fills.value = [{ ...fill, id }, ...fills.value];
  reread();
}

function takeAlert(alert, id) {
  alerts.value = newestFirst([{ ...alert, id }], alerts.value).slice(0, MOST_ALERTS);
}

function takeStatus(told) {
  status.value = { ...status.value, ...told };
}

/** A whole valuation: desk, strategies and positions together. */
function takePnl(told) {
  takeDesk(told.desk);
  strategies.value = new Map(told.strategies.map((point) => [point.strategy, point]));
  mark(told.positions);
}

function takeDesk(point) {
  if (point.event_ns === undefined || point.event_ns === null) return;
  desk.value = point;
  const known = equity.value;
  const last = known[known.length - 1];
  if (last && point.event_ns - last.event_ns < CURVE_STEP_NS) return;
  equity.value = [...known, { event_ns: point.event_ns, net: point.net }];
}

function mark(points) {
  if (!points.length) return;
  const next = new Map(positions.value);
  for (const point of points) next.set(keyOf(point), { ...next.get(keyOf(point)), ...point });
  positions.value = next;
}

function keyOf({ strategy, instrument }) {
  return `${strategy} ${instrument}`;
}

/** Do *work* a little later, once for all who asked meanwhile, and never twice at the same time: an older answer must not come last. */
export function soon(work) {
  let isAsked = false;
  let isBusy = false;
  const ask = () => {
    isAsked = true;
    if (!isBusy) run();
  };
  const run = async () => {
    isBusy = true;
    while (isAsked) {
      await new Promise((done) => setTimeout(done, REREAD_MS));
      isAsked = false;
      await work().catch(() => null); // The next event, or the next connection, asks again.
    }
    isBusy = false;
  };
  return ask;
}
