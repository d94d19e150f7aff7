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

let deaf = [];

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
    reread(); // Fills come by themselves, behind the last one seen; orders and sums are read again.
  });
  setInterval(() => scope.value && document.visibilityState === "visible" && readStatus(), STATUS_MS);
}

async function begin() {
  loaded.value = false;
  try {
    await readStatus();
    await Promise.all([readPortfolio(), readOrders(), readEquity()]);
    const fillsFrom = await readFills();
    const alertsFrom = await readAlerts();
    deaf = [
      listen("fills", takeFill, { from: fillsFrom, reread: readFills }),
      listen("alerts", takeAlert, { from: alertsFrom, reread: readAlerts }),
      listen("orders", rereadSoon, { reread: readOrders }),
      listen("pnl", takePnl),
      listen("status", takeStatus),
    ];
    trouble.value = "";
  } catch (problem) {
    trouble.value = problem.message;
    setTimeout(() => scope.value && !loaded.value && begin(), 2000);
    return;
  }
  loaded.value = true;
  open();
}

function stop() {
  close();
  deaf.forEach((end) => end());
  deaf = [];
  loaded.value = false;
  desk.value = portfolio.value = status.value = null;
  strategies.value = new Map();
  positions.value = new Map();
  orders.value = new Map();
  fills.value = alerts.value = equity.value = [];
}

const reread = soon(() => Promise.all([readPortfolio(), readOrders(), readStatus()]));
const rereadSoon = soon(() => Promise.all([readPortfolio(), readOrders()]));

async function readStatus() {
  try {
    status.value = await get("/status");
  } catch (problem) {
    if (!status.value) throw problem;
  }
}

function today() {
  return marketNs.value ? { date: isoDay(marketNs.value) } : {};
}

async function readPortfolio() {
  const [read, held] = await Promise.all([get("/portfolio"), list("/positions")]);
  portfolio.value = read;
  if (read.event_ns) takeDesk({ ...desk.value, ...read });
  strategies.value = new Map(read.strategies.map((point) => [point.strategy, point]));
  const day = marketNs.value && isoDay(marketNs.value);
  positions.value = new Map(held.filter((one) => one.qty || isoDay(one.event_ns) === day).map((one) => [keyOf(one), one]));
}

async function readOrders() {
  const found = await list("/orders", today());
  orders.value = new Map(found.map((order) => [order.order_id, order]));
}

async function readFills() {
  // Before the first fill of a day the stream goes on behind the last one of the day before, or it would tell that day again.
  const newest = (await get("/fills", { limit: 1, newest: true })).items[0]?.id ?? "0-0";
  const found = await list("/fills", today());
  fills.value = found.sort((a, b) => (isLater(b.id, a.id) ? 1 : -1));
  return found[0]?.id ?? newest;
}

async function readAlerts() {
  const found = (await get("/alerts", { limit: MOST_ALERTS, newest: true })).items;
  alerts.value = found.sort((a, b) => (isLater(b.id, a.id) ? 1 : -1));
  return found[0]?.id ?? "0-0";
}

async function readEquity() {
  equity.value = (await get("/equity")).items.map(([event_ns, net]) => ({ event_ns, net }));
}

function takeFill(fill, id) {
  if (fills.value.some((known) => known.fill_id === fill.fill_id)) return;
  fills.value = [{ ...fill, id }, ...fills.value];
  rereadSoon();
}

function takeAlert(alert, id) {
  alerts.value = [{ ...alert, id }, ...alerts.value].slice(0, MOST_ALERTS);
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

/** Do *work* a little later, once for all who asked meanwhile. */
function soon(work) {
  let timer = 0;
  return () => {
    timer ||= setTimeout(() => {
      timer = 0;
      work().catch(() => null); // The next event, or the next connection, asks again.
    }, REREAD_MS);
  };
}
