/** What led to an order, a fill, an alert or a point, and what came of it: every entry can be walked on from. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { get } from "../api.js";
import { fills, orders } from "../book.js";
import { change, clock, count, instrument, price, prose, words } from "../format.js";
import { Empty, Icon, Panel, Refusal } from "../parts.js";
import { go, route, to } from "../routes.js";

const BACK = { cause: "set off by", order: "its order", quote: "at the price of", signal: "reason given", protects: "protects", fill: "counts up to", mark: "marked at", entry: "entry in it" };
const FORTH = { cause: "set off", order: "came to" };
const MONEY = new Set(["price", "limit_price", "trigger_price", "ltp", "charges", "cost", "stop_loss", "take_profit"]);
const MADE = new Set(["net", "realised", "unrealised"]);
const TOLD = ["strategy", "side", "qty", "instrument", "kind", "price", "limit_price", "trigger_price", "ltp", "reason", "detail", "code", "text", "net", "unrealised", "charges"];
const OFFERED = 8;

export default function Why() {
  const id = route.value.rest;
  const [state, setState] = useState({ chain: null, problem: null });
  useEffect(() => {
    setState({ chain: null, problem: null });
    if (!id) return;
    let gone = false;
    get(`/why/${id.split("/").map(encodeURIComponent).join("/")}`).then((chain) => gone || setState({ chain, problem: null }), (problem) => gone || setState({ chain: null, problem }));
    return () => (gone = true);
  }, [id]);
  return html`<h1 class="skip">Why</h1><div class="why">
    <${Panel} title="Why is it there?"><${Ask} key=${id} id=${id} />
      ${state.problem && html`<div class="padded"><${Refusal} problem=${state.problem} /></div>`}
      ${!id && html`<${Offer} />`}${id && !state.chain && !state.problem && html`<${Empty} icon="clock" title="Walking its causes…" />`}</${Panel}>
    ${state.chain && html`<${Walk} chain=${indexed(state.chain)} />`}
  </div>`;
}

function Ask({ id }) {
  const walk = (event) => {
    event.preventDefault();
    go("why", String(new FormData(event.target).get("id")).trim());
  };
  return html`<form onSubmit=${walk} role="search"><input name="id" aria-label="Order, fill, alert, strategy or entry" value=${id} placeholder="an order, a fill, a strategy, strategy@10:31, alerts/1795580105123-0" required spellcheck="false" autocomplete="off" />
    <button class="primary"><${Icon} name="search" /> Walk</button></form>`;
}

function Offer() {
  const some = [...fills.value.slice(0, OFFERED).map((one) => [one.fill_id, `Fill ${clock(one.event_ns)}: ${one.side} ${count(one.qty)} ${instrument(one.instrument)} at ${price(one.price)}`]),
    ...[...orders.value.values()].slice(-OFFERED).map((one) => [one.order_id, `Order ${clock(one.event_ns)}: ${one.side} ${count(one.qty)} ${instrument(one.instrument)}, ${words(one.status).toLowerCase()}`])];
  if (!some.length) return html`<${Empty} icon="list-tree" title="Nothing to ask about yet">Orders and fills of today are offered here.</${Empty}>`;
  return html`<ul class="feed-list offers">${some.map(([id, text]) => html`<li key=${id}><a href=${to("why", id)}>${text}</a></li>`)}</ul>`;
}

/** Edges by where they lead from, as the tree is walked. */
function indexed(chain) {
  const nodes = new Map(chain.nodes.map((node) => [node.at, node]));
  const by = (edges, end) => edges.reduce((found, edge) => found.set(edge[end], [...(found.get(edge[end]) ?? []), edge]), new Map());
  return { ...chain, nodes, back: by(chain.causes, "later"), forth: by(chain.effects, "earlier") };
}

function Walk({ chain }) {
  const asked = chain.nodes.get(chain.asked);
  const effects = chain.forth.get(chain.asked) ?? [];
  return html`<${Panel} title="What led to it, and what came of it" note=${chain.desk}>
    <div class="asked"><${Node} chain=${chain} at=${chain.asked} relation="asked about" /></div>
    <div class="chain-of"><h2>Because of</h2>${asked && html`<${Causes} chain=${chain} at=${chain.asked} told=${new Set([chain.asked])} />`}
      ${!chain.back.get(chain.asked) && html`<${Remarks} chain=${chain} at=${chain.asked} />`}</div>
    <div class="chain-of"><h2>Led to</h2>${effects.length ? html`<${Effects} chain=${chain} at=${chain.asked} />` : html`<p class="hint">nothing</p>`}</div>
    <p class="credit">The time behind each entry is the market's; how long after its first cause stands beside it.</p>
  </${Panel}>`;
}

function Causes({ chain, at, told }) {
  const edges = chain.back.get(at) ?? [];
  if (!edges.length) return null;
  return html`<ul>${edges.map(({ earlier, why }) => {
    const again = told.has(earlier);
    told.add(earlier);
    return html`<li key=${earlier}><${Node} chain=${chain} at=${earlier} relation=${BACK[why] ?? why} again=${again} />
      ${!again && html`<${Causes} chain=${chain} at=${earlier} told=${told} /><${Remarks} chain=${chain} at=${earlier} />`}</li>`;
  })}</ul>`;
}

function Effects({ chain, at }) {
  const edges = chain.forth.get(at) ?? [];
  const more = chain.left_out[at];
  if (!edges.length && !more) return null;
  return html`<ul>${edges.map(({ later, why }) => html`<li key=${later}><${Node} chain=${chain} at=${later} relation=${FORTH[why] ?? why} /><${Effects} chain=${chain} at=${later} /></li>`)}
    ${more && html`<li><small>and ${count(more)} more</small></li>`}</ul>`;
}

function Remarks({ chain, at }) {
  return (chain.nodes.get(at)?.remarks ?? []).map((remark) => html`<p class="hint">${remark}</p>`);
}

function Node({ chain, at, relation, again = false }) {
  const node = chain.nodes.get(at) ?? { at, message: null };
  const said = node.message ?? {};
  const late = node.market_latency_ns;
  return html`<a class="node ${node.stream ?? at.split(/[ /]/)[0]}" href=${to("why", at)}>
    <span class="rel">${relation} · <b>${words(said.type ?? "not read")}</b>${again ? " (see above)" : ""}</span>
    ${!again && html`<span class="says">${node.problem ?? TOLD.filter((name) => said[name] !== undefined && said[name] !== null).map((name) => told(name, said[name])).join(" · ")}</span>
      <small>${node.market_ns ? clock(node.market_ns) : "no market time"}${late ? ` (${late > 0 ? "+" : "−"}${(Math.abs(late) / 1e9).toFixed(3)} s)` : ""} · ${at}</small>`}
  </a>`;
}

function told(name, value) {
  if (MADE.has(name)) return `${name} ${change(value)}`;
  if (MONEY.has(name)) return `${words(name).toLowerCase()} ${price(value)}`;
  if (name === "instrument") return instrument(value);
  return name === "qty" ? count(value) : prose(value);
}
