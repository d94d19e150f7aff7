/**
 * The picture of the flow: which unit reads which stream and writes which, and where entries wait. Pure.
 *
 * What goes forward, from the feed to the databases, is laid out by dagre in columns; what goes back (answers to strategies, wishes to the
 * feed) is drawn afterwards as dashed arcs, so that it does not pull the columns apart.
 */

import dagre from "../vendor/dagre.js";

const UNIT = { width: 132, height: 40 };
const STREAM = { width: 92, height: 34 };

/** What a unit writes, by the beginning of its name: as docs/data-flow.md has it. What it reads is seen on the desk. */
const WRITES = {
  feed: ["ticks"],
  strategy: ["subscriptions", "signals", "orders"],
  execution: ["executions"],
  pnl: ["pnl"],
  bars: ["bars"],
  alerts: ["alerts"],
  people: ["control", "orders"],
  replay: ["ticks", "bars", "signals", "orders", "executions", "pnl", "control", "alerts"],
};
/** Columns from left to right; an edge that does not lead to the right is one that goes back. */
const COLUMN = { feed: 0, replay: 0, ticks: 1, people: 1.5, strategy: 2, bars: 2, control: 3, signals: 3, subscriptions: 3, orders: 3, execution: 4, executions: 5, pnl: 6, writer: 8, alerts: 8, archive: 8 };
const PNL_STREAM = 7;
const ALERTS_STREAM = 9;
const COURIER = 10;
const EDGE = 6; // Room below the lowest line.
const SHOWN = new Set(["ticks", "subscriptions", "signals", "orders", "executions", "pnl", "bars", "control", "alerts"]);
const UNREAD_COLUMN = 3;

/** Nodes and edges with their places, and the size of the picture. */
export function flowOf({ units = [], streams = [] }) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 10, ranksep: 28, marginx: 6, marginy: 6 });
  graph.setDefaultEdgeLabel(() => ({}));
  const shown = streams.filter(({ stream }) => SHOWN.has(stream));
  const readers = shown.flatMap(({ stream, groups = [] }) => groups.map(({ group }) => ({ unit: group, stream })));
  for (const one of shown) graph.setNode(`stream ${one.stream}`, { ...STREAM, kind: "stream", name: one.stream });
  for (const unit of namesOf(units, readers)) graph.setNode(`unit ${unit}`, { ...UNIT, kind: unit === "people" ? "outside" : "unit", name: unit });
  const wanted = [
    ...shown.flatMap(({ stream }) => writersOf(stream, units).map((unit) => [`unit ${unit}`, `stream ${stream}`])),
    ...readers.map(({ unit, stream }) => [`stream ${stream}`, `unit ${unit}`]),
  ];
  const forward = wanted.filter(([from, to]) => columnOf(from) < columnOf(to));
  const back = wanted.filter(([from, to]) => columnOf(from) >= columnOf(to));
  for (const [from, to] of forward) graph.setEdge(from, to);
  if (graph.hasNode("stream ticks") && graph.hasNode("unit people")) graph.setEdge("stream ticks", "unit people", { ghost: true });
  dagre.layout(graph);
  return picture(graph, back);
}

function picture(graph, back) {
  const { width } = graph.graph();
  // Lines may run below the lowest box.
  const height = Math.max(graph.graph().height, ...graph.edges().flatMap((one) => graph.edge(one).points.map(({ y }) => y + EDGE)));
  const edges = graph.edges().filter(({ v, w }) => !graph.edge(v, w).ghost).map(({ v, w }) => ({ from: v, to: w, path: straight(graph.edge(v, w).points) }));
  const arcs = back.map(([from, to]) => ({ from, to, back: true, path: arc(graph.node(from), graph.node(to)) }));
  return { width, height, nodes: graph.nodes().map((id) => ({ id, ...graph.node(id) })), edges: [...arcs, ...edges] };
}

/** A smooth line through dagre's points. */
function straight(points) {
  const [first, ...rest] = points;
  let path = `M${first.x} ${first.y}`;
  let from = first;
  for (const to of rest) {
    const middle = (from.x + to.x) / 2;
    path += ` C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
    from = to;
  }
  return path;
}

/** From the lower edge of one box to the lower edge of one further left. */
function arc(from, to) {
  const startY = from.y + from.height / 2;
  const endY = to.y + to.height / 2;
  const depth = Math.max(startY, endY) + 14 + Math.abs(from.x - to.x) / 14;
  return `M${from.x} ${startY} C${from.x} ${depth} ${to.x} ${depth} ${to.x} ${endY}`;
}

function namesOf(units, readers) {
  const drawn = units.map(({ unit }) => unit).filter((unit) => unit !== "archive"); // It reads everything.
  const outside = drawn.includes("replay") ? [] : ["people"]; // Nobody writes to a day that is watched again.
  return [...new Set([...drawn, ...readers.map(({ unit }) => unit), ...outside])];
}

function columnOf(id) {
  const [kind, name] = id.split(" ");
  if (kind === "stream" && name === "pnl") return PNL_STREAM;
  if (kind === "stream" && name === "alerts") return ALERTS_STREAM;
  if (isCourier(name)) return COURIER;
  if (kind === "stream" && name === "bars") return UNREAD_COLUMN;
  return COLUMN[name.split(".")[0]] ?? COLUMN.writer;
}

function writersOf(stream, units) {
  const names = units.map(({ unit }) => unit);
  if (!names.includes("replay")) names.push("people");
  return names.filter((unit) => !isCourier(unit) && (WRITES[unit.split(".")[0]] ?? []).includes(stream));
}

/** It carries alerts to people, and writes none. */
function isCourier(unit) {
  return unit.startsWith("alerts.to.");
}
