/** The machinery: the flow drawn from what runs, streams and their readers, services, dead letters. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useMemo, useState } from "../../vendor/hooks.js";
import { get } from "../api.js";
import { status } from "../book.js";
import { flowOf } from "../flow.js";
import { clock, count, lakhs, span } from "../format.js";
import { Empty, Panel, State } from "../parts.js";
import { to } from "../routes.js";

const AGAIN_MS = 5000;
const BEHIND = 100; // Entries not seen: fewer are on their way.

export default function System() {
  const now = status.value ?? {};
  return html`<h1 class="skip">System</h1><div class="system">
    <${Panel} title="The flow" area="full" note=${age(now)} scrolls><${Flow} now=${now} /></${Panel}>
    <${Panel} title="Units" scrolls><${Units} units=${now.units ?? []} /></${Panel}>
    <${Panel} title="Services" scrolls><${Services} services=${now.services ?? []} /></${Panel}>
    <${Panel} title="Streams" scrolls><${Streams} streams=${now.streams ?? []} /></${Panel}>
    <${DeadLetters} />
  </div>`;
}

function age(now) {
  return now.tick_age_s === null || now.tick_age_s === undefined ? "no tick yet" : `last tick ${span(now.tick_age_s)} ago`;
}

function Flow({ now }) {
  const shape = JSON.stringify([(now.units ?? []).map(({ unit }) => unit), (now.streams ?? []).map(({ stream, groups }) => [stream, (groups ?? []).map(({ group }) => group)])]);
  const places = useMemo(() => flowOf(now), [shape]);
  if (!now.streams?.length) return html`<${Empty} icon="workflow" title="Nothing runs yet" />`;
  const lags = new Map((now.streams ?? []).flatMap(({ stream, groups }) => (groups ?? []).map(({ group, lag }) => [`${stream} ${group}`, lag])));
  const units = new Map((now.units ?? []).map((one) => [one.unit, one]));
  const lengths = new Map((now.streams ?? []).map(({ stream, length }) => [stream, length]));
  return html`<div class="flow"><svg width=${places.width} height=${places.height} viewBox="0 0 ${places.width} ${places.height}" role="img" aria-label="Which unit reads and writes which stream; the tables below say the same">
    <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="arrow" d="M0 0 8 4 0 8z" /></marker></defs>
    ${places.edges.map((edge) => html`<${Edge} key=${`${edge.from}>${edge.to}`} edge=${edge} lag=${lags.get(`${edge.from} ${edge.to.slice(5)}`)} />`)}
    ${places.nodes.map((node) => (node.kind === "stream" ? html`<${Stream} key=${node.name} node=${node} length=${lengths.get(node.name)} />` : html`<${Unit} key=${node.name} node=${node} unit=${units.get(node.of.unit)} />`))}
  </svg></div>`;
}

function Edge({ edge, lag }) {
  const [first, ...rest] = edge.points;
  const behind = lag > BEHIND;
  const middle = edge.points[Math.floor(edge.points.length / 2)];
  return html`<path class=${behind ? "behind" : ""} marker-end="url(#tip)" d="M${first.x} ${first.y} ${rest.map(({ x, y }) => `L${x} ${y}`).join(" ")}" />
    ${behind && html`<text class="lag" x=${middle.x} y=${middle.y - 5} text-anchor="middle">${count(lag)}</text>`}`;
}

function Stream({ node, length }) {
  return html`<g class="stream" transform="translate(${node.x - node.width / 2} ${node.y - node.height / 2})"><rect width=${node.width} height=${node.height} rx="17" />
    <text x=${node.width / 2} y="15" text-anchor="middle">${node.name}</text><text class="sub" x=${node.width / 2} y="27" text-anchor="middle">${lakhs(length)}</text></g>`;
}

function Unit({ node, unit }) {
  const tone = unit && !unit.held ? "alone" : unit?.lag > BEHIND ? "behind" : "";
  const says = node.kind === "outside" ? "page, program, API" : node.of.isGroup ? "writer" : unit?.held ? `${unit.holder}${unit.epoch > 1 ? ` · ${unit.epoch}. holder` : ""}` : "nobody holds it";
  return html`<g class="${node.kind === "outside" ? "outside" : "unit"} ${tone}" transform="translate(${node.x - node.width / 2} ${node.y - node.height / 2})"><rect width=${node.width} height=${node.height} rx="8" />
    <text x="10" y="17">${short(node.of.unit)}</text><text class="sub" x="10" y="32">${says}</text></g>`;
}

const short = (name) => (name.length > 21 ? `${name.slice(0, 20)}…` : name);

function Units({ units }) {
  if (!units.length) return html`<${Empty} icon="bot" title="No unit was ever carried here" />`;
  return html`<table><thead><tr><th>Unit</th><th>Held by</th><th class="n">Taken over</th><th class="n">Behind</th></tr></thead><tbody>
    ${units.map((one) => html`<tr key=${one.unit}><td><b>${one.unit}</b></td><td>${one.held ? one.holder : html`<${State} of="nobody" tone="bad" />`}</td><td class="n">${count(one.epoch)}</td><td class="n ${one.lag > BEHIND ? "down" : ""}">${count(one.lag)}</td></tr>`)}</tbody></table>`;
}

function Services({ services }) {
  if (!services.length) return html`<${Empty} icon="activity" title="No service says how it is">${" "}Their health files are not where this gateway can read them.</${Empty}>`;
  return html`<table><thead><tr><th>Service</th><th>State</th><th class="n phone-hide">Restarts</th><th class="n">Up for</th></tr></thead><tbody>
    ${services.map((one) => html`<tr key=${one.name}><td><b>${one.name}</b></td><td>${one.healthy ? html`<${State} of="well" tone="good" />` : html`<${State} of="not well" tone="bad" /> <small>${one.why ?? ""}</small>`}</td><td class="n phone-hide">${count(one.restarts)}</td><td class="n">${span(one.uptime_s)}</td></tr>`)}</tbody></table>`;
}

function Streams({ streams }) {
  return html`<table><thead><tr><th>Stream</th><th class="n">Entries</th><th>Readers</th><th class="n">Behind, most</th></tr></thead><tbody>
    ${streams.map(({ stream, length, groups = [] }) => {
      const most = Math.max(0, ...groups.map(({ lag }) => lag));
      return html`<tr key=${stream}><td><b>${stream}</b></td><td class="n">${count(length)}</td><td class="words"><small>${groups.map(({ group }) => group).join(", ") || "people"}</small></td><td class="n ${most > BEHIND ? "down" : ""}">${groups.length ? count(most) : "–"}</td></tr>`;
    })}</tbody></table>`;
}

function DeadLetters() {
  const [items, setItems] = useState([]);
  useEffect(() => {
    const read = () => get("/dead-letters").then((page) => setItems(page.items), () => null);
    read();
    const timer = setInterval(read, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<${Panel} title="Dead letters" note=${items.length || "none"} scrolls>
    ${items.length
      ? html`<ul class="feed-list">${items.map((one) => html`<li key=${one.id} class="critical"><i class="mark"></i><div class="head"><b>${one.unit ?? one.stream}</b><a href=${to("why", `dead_letters/${one.id}`)}>why</a></div>
          <p>${one.reason ?? one.problem} <span class="aside">${one.event_ns ? clock(one.event_ns) : one.id}</span></p></li>`)}</ul>`
      : html`<${Empty} icon="circle-check" title="Every entry could be worked">What cannot be read, or raises, is parked here until somebody decides.</${Empty}>`}
  </${Panel}>`;
}
