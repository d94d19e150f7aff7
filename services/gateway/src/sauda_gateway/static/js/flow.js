/** The picture of the flow: which unit reads which stream and writes which, and where entries wait. Places by dagre. Pure. */

import dagre from "../vendor/dagre.js";

const UNIT = { width: 148, height: 42 };
const STREAM = { width: 104, height: 34 };

/** What a unit writes, by the beginning of its name: as docs/data-flow.md has it. What it reads is seen on the desk. */
const WRITES = {
  feed: ["ticks", "instruments", "replies"],
  strategy: ["subscriptions", "signals", "orders"],
  execution: ["executions"],
  pnl: ["pnl"],
  bars: ["bars"],
  people: ["control", "orders"],
};
/** Streams that everybody writes, or that only tell of others: they would hide the picture. */
const LEFT_OUT = new Set(["journal", "alerts", "dead_letters", "requeued", "audit", "broker_updates", "instruments", "replies"]);

/** Nodes and edges with their places, and the size of the picture. */
export function flowOf({ units = [], streams = [] }) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 12, ranksep: 44, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  const readers = readersOf(units, streams);
  const shown = streams.filter(({ stream }) => !LEFT_OUT.has(stream) && (readers.some((one) => one.stream === stream) || writersOf(stream, units).length));
  for (const one of shown) graph.setNode(one.stream, { ...STREAM, kind: "stream", of: one });
  for (const one of allUnits(units, readers)) graph.setNode(`unit ${one.unit}`, { ...UNIT, kind: "unit", of: one });
  graph.setNode("unit people", { ...UNIT, kind: "outside", of: { unit: "people" } });
  for (const { stream } of shown) {
    for (const unit of writersOf(stream, units)) graph.setEdge(`unit ${unit}`, stream, { lag: 0 });
  }
  for (const { unit, stream, lag } of readers) {
    if (graph.hasNode(stream) && graph.hasNode(`unit ${unit}`)) graph.setEdge(stream, `unit ${unit}`, { lag });
  }
  dagre.layout(graph);
  const { width, height } = graph.graph();
  return {
    width, height,
    nodes: graph.nodes().map((name) => ({ name, ...graph.node(name) })),
    edges: graph.edges().map(({ v, w }) => ({ from: v, to: w, ...graph.edge(v, w) })),
  };
}

/** Who reads what, and how many entries he has not seen. */
function readersOf(units, streams) {
  const found = [];
  for (const { stream, groups = [] } of streams) {
    for (const { group, lag, lag_is_least } of groups) found.push({ unit: group, stream, lag: lag_is_least ? Math.max(lag, 1) : lag });
  }
  return found;
}

function allUnits(units, readers) {
  const known = new Set(units.map(({ unit }) => unit));
  const groups = [...new Set(readers.map(({ unit }) => unit))].filter((unit) => !known.has(unit));
  return [...units, ...groups.map((unit) => ({ unit, isGroup: true }))];
}

function writersOf(stream, units) {
  const names = [...units.map(({ unit }) => unit), "people"];
  return names.filter((unit) => (WRITES[unit.split(".")[0]] ?? []).includes(stream));
}
