/** The machinery: the flow drawn from what runs, streams and their readers, services, dead letters. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useMemo, useState } from "../../vendor/hooks.js";
import { get } from "../api.js";
import { status } from "../book.js";
import { flowOf } from "../flow.js";
import { count, lakhs, span } from "../format.js";
import { Empty, Panel, State } from "../parts.js";
import { to } from "../routes.js";

const AGAIN_MS = 5000;
const BEHIND = 100; // Entries not seen: fewer are on their way.

export default function System() {
  const now = status.value ?? {};
  return html`<h1 class="skip">System</h1><div class="system">
    <${Panel} title="The flow" area="full" note=${age(now)} scrolls><${Flow} now=${now} /></${Panel}>
    <${Panel} title="Units" scrolls><${Units} units=${now.units ?? []} lags=${lagsOf(now.streams)} /></${Panel}>
    <${Panel} title="Services" scrolls><${Services} services=${now.services ?? []} redis=${now.redis} /></${Panel}>
    <${Panel} title="Streams" scrolls><${Streams} streams=${now.streams ?? []} /></${Panel}>
    <${DeadLetters} />
  </div>`;
}

function age({ tick_age_ms, stands_still }) {
  if (tick_age_ms === null || tick_age_ms === undefined) return "no tick yet";
  const ago = `last tick ${span(tick_age_ms / 1000)} ago`;
  return stands_still ? html`<span class="down">${ago}: the market stands still</span>` : ago;
}

/** "stream unit" -> entries not seen, and unit -> the most of any stream. */
function lagsOf(streams = []) {
  const found = new Map();
  for (const { stream, groups } of streams) {
    for (const { group, lag } of groups) {
      found.set(`${stream} ${group}`, lag);
      found.set(group, Math.max(lag, found.get(group) ?? 0));
    }
  }
  return found;
}

function Flow({ now }) {
  const units = now.units ?? [];
  const streams = now.streams ?? [];
  const shape = JSON.stringify([units.map(({ unit }) => unit), streams.map(({ stream, groups }) => [stream, groups.map(({ group }) => group)])]);
  const places = useMemo(() => flowOf(now), [shape]);
  if (!streams.length) return html`<${Empty} icon="workflow" title="Nothing runs yet" />`;
  const lags = lagsOf(streams);
  const holding = new Map(units.map((one) => [one.unit, one]));
  const lengths = new Map(streams.map(({ stream, length }) => [stream, length]));
  return html`<div class="flow"><svg width=${places.width} height=${places.height} viewBox="0 0 ${places.width} ${places.height}" role="img" aria-label="Which unit reads and writes which stream; the tables below say the same">
    <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path class="arrow" d="M0 0 8 4 0 8z" /></marker></defs>
    ${places.edges.map((edge) => html`<path key=${`${edge.from}>${edge.to}`} class="${edge.back ? "back" : ""} ${lags.get(`${edge.from.slice(7)} ${edge.to.slice(5)}`) > BEHIND ? "behind" : ""}" marker-end="url(#tip)" d=${edge.path} />`)}
    ${places.nodes.map((node) => (node.kind === "stream" ? html`<${Stream} key=${node.id} node=${node} length=${lengths.get(node.name)} />` : html`<${Unit} key=${node.id} node=${node} unit=${holding.get(node.name)} lag=${lags.get(node.name) ?? 0} />`))}
  </svg></div>`;
}

function Stream({ node, length }) {
  return html`<g class="stream" transform="translate(${node.x - node.width / 2} ${node.y - node.height / 2})"><rect width=${node.width} height=${node.height} rx="17" />
    <text x=${node.width / 2} y="15" text-anchor="middle">${node.name}</text><text class="sub" x=${node.width / 2} y="27" text-anchor="middle">${lakhs(length)}</text></g>`;
}

function Unit({ node, unit, lag }) {
  const tone = unit && !unit.held ? "alone" : lag > BEHIND ? "behind" : "";
  return html`<g class="${node.kind} ${tone}" transform="translate(${node.x - node.width / 2} ${node.y - node.height / 2})"><title>${node.name}</title><rect width=${node.width} height=${node.height} rx="8" />
    <text x="9" y="16">${short(node.name.replace("strategy.", ""), 19)}</text><text class="sub" x="9" y="31">${says(node, unit, lag)}</text></g>`;
}

function says(node, unit, lag) {
  if (node.kind === "outside") return "page, program, API";
  if (lag > BEHIND) return `${count(lag)} behind`;
  if (!unit) return "competing writers";
  return unit.held ? short(unit.holder, 21) : "nobody holds it";
}

const short = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

function Units({ units, lags }) {
  if (!units.length) return html`<${Empty} icon="bot" title="No unit was ever carried here" />`;
  return html`<table><thead><tr><th>Unit</th><th>Held by</th><th class="n" title="How often another process, or the same after a restart, has taken it over">Restarts</th><th class="n">Behind</th></tr></thead><tbody>
    ${units.map((one) => html`<tr key=${one.unit}><td><b>${one.unit}</b></td><td>${one.held ? one.holder : html`<${State} of="nobody" tone="bad" />`}</td><td class="n">${count(Math.max(0, one.epoch - 1))}</td>
      <td class="n ${lags.get(one.unit) > BEHIND ? "down" : ""}">${count(lags.get(one.unit) ?? 0)}</td></tr>`)}</tbody></table>`;
}

function Services({ services, redis }) {
  if (!services.length) return html`<${Empty} icon="activity" title="No service says how it is">Their reports are not where this gateway can read them: <code>make ps</code> knows.</${Empty}>`;
  return html`<table><thead><tr><th>Service</th><th>State</th></tr></thead><tbody>
    ${services.map((one) => html`<tr key=${one.name}><td><b>${one.name}</b></td><td class="words"><${State} of=${one.ready ? "well" : "not well"} tone=${one.ready ? "good" : "bad"} /> ${one.ready ? "" : one.why}</td></tr>`)}
    ${redis && html`<tr><td><b>${redis.name} ${redis.version}</b></td><td class="words"><${State} of=${redis.append_only ? "well" : "keeps no file"} tone=${redis.append_only ? "good" : "bad"} /> ${count(redis.used_bytes / 2 ** 20)} MB${redis.limit_bytes ? ` of ${count(redis.limit_bytes / 2 ** 20)}` : ""}</td></tr>`}
  </tbody></table>`;
}

function Streams({ streams }) {
  return html`<table><thead><tr><th>Stream</th><th class="n">Entries</th><th>Readers</th><th class="n">Behind, most</th></tr></thead><tbody>
    ${streams.map(({ stream, length, groups = [] }) => {
      const most = Math.max(0, ...groups.map(({ lag }) => lag));
      return html`<tr key=${stream}><td><b>${stream}</b></td><td class="n">${count(length)}</td><td class="words"><small>${groups.map(({ group }) => group).join(", ") || "–"}</small></td><td class="n ${most > BEHIND ? "down" : ""}">${groups.length ? count(most) : "–"}</td></tr>`;
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
      ? html`<ul class="feed-list">${items.map((one) => html`<li key=${one.id} class="critical"><i class="mark"></i><div class="head"><b>${one.unit || one.stream}</b><a href=${to("why", `dead_letters/${one.id}`)}>why</a></div>
          <p>${one.reason} <span class="aside">${one.stream} ${one.entry_id}</span></p></li>`)}</ul>`
      : html`<${Empty} icon="circle-check" title="Every entry could be worked">What cannot be read, or raises, is parked here until somebody decides.</${Empty}>`}
  </${Panel}>`;
}
