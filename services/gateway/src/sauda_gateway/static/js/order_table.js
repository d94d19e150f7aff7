/** Orders and how they stand; what works can be changed and taken back from here. */

import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { mayTrade, send } from "./api.js";
import { isOpen, openOrders, orders } from "./book.js";
import { clock, count, instrument, paise, price, units, words } from "./format.js";
import { Empty, Icon, Instrument, Modal, Refusal, Side, State } from "./parts.js";
import { to } from "./routes.js";
import { say } from "./toasts.js";

const changing = signal(null);
const refusal = signal(null);
/** The change that was sent and not answered yet: {changed, before}. */
const sent = signal(null);
/** What of an order can be changed. */
const TERMS = [["qty", "Quantity, in all"], ["limit_price", "Limit price"], ["trigger_price", "Trigger price"]];

export function OrderTable({ onlyOpen = false }) {
  const rows = (onlyOpen ? [...openOrders.value] : [...orders.value.values()]).sort((a, b) => b.event_ns - a.event_ns);
  return html`${rows.length ? html`<${Table} rows=${rows} name=${onlyOpen ? "open-orders" : "orders"} />` : html`<${Empty} icon="ticket" title=${onlyOpen ? "No order is working" : "No order today"}>
      ${onlyOpen ? "Stops, targets and limits stand here while they wait." : "The first one can be yours."}</${Empty}>`}
    ${changing.value && html`<${Change} order=${changing.value} />`}`;
}

function Table({ rows, name }) {
  return html`<table data-test=${name}>
    <thead><tr><th class="phone-hide">Time</th><th>Instrument</th><th class="phone-hide">Side</th><th class="n">Qty</th><th class="phone-hide">Kind</th><th class="n">Price</th><th>Status</th><th class="phone-hide">Strategy</th><th><span class="skip">Actions</span></th></tr></thead>
    <tbody>${rows.map((order) => html`<${Row} key=${order.order_id} order=${order} />`)}</tbody>
  </table>`;
}

function Row({ order }) {
  return html`<tr data-order=${order.order_id}>
    <td class="phone-hide"><a href=${to("why", order.order_id)} title="Why this order">${clock(order.event_ns)}</a></td>
    <td><${Instrument} id=${order.instrument} /></td><td class="phone-hide"><${Side} side=${order.side} /></td>
    <td class="n"><span class="phone-only"><${Side} side=${order.side} /> </span>${order.filled_qty && order.filled_qty < order.qty ? `${count(order.filled_qty)} / ` : ""}${count(order.qty)}</td>
    <td class="phone-hide">${order.kind}</td><td class="n">${asked(order)}</td>
    <td title=${order.reason ?? ""}><a href=${to("why", order.order_id)} title=${order.waits_for ? `waits for ${order.waits_for}` : "Why this order"}><${State} of=${order.status} /></a>${order.reason && !isOpen(order) && html` <small class="why">${order.reason.split(":")[0]}</small>`}</td>
    <td class="name phone-hide" title=${order.strategy}>${order.strategy === "hand" ? "by hand" : order.strategy}</td>
    <td>${isOpen(order) && mayTrade() && html`<div class="actions">
      <button class="small" onClick=${() => begin(order)} aria-label="Change order ${order.order_id}"><${Icon} name="pencil" /></button>
      <button class="small" onClick=${() => cancel(order)} aria-label="Cancel order ${order.order_id}"><${Icon} name="x" /></button></div>`}</td>
  </tr>`;
}

function asked(order) {
  if (order.average_price !== null && order.average_price !== undefined) return price(order.average_price);
  if (order.trigger_price) return html`<small>trigger</small> ${price(order.trigger_price)}`;
  return order.limit_price ? price(order.limit_price) : "market";
}

function begin(order) {
  refusal.value = sent.value = null;
  changing.value = order;
}

async function cancel(order) {
  try {
    await send("DELETE", `/orders/${encodeURIComponent(order.order_id)}`);
    say(`Asked to take ${order.order_id} back.`);
  } catch (problem) {
    say(problem.message, "bad");
  }
}

function Change({ order }) {
  const done = () => (changing.value = null);
  const now = orders.value.get(order.order_id) ?? order;
  useEffect(() => hearAnswer(now), [now]);
  return html`<${Modal} title="Change the order" onClose=${done}><form onSubmit=${(event) => change(event, now)} data-test="change">
    <p><${Side} side=${now.side} /> ${count(now.qty)} <b>${instrument(now.instrument)}</b> · ${now.kind} · ${now.strategy === "hand" ? "by hand" : now.strategy}
      ${now.filled_qty ? html`<br />${count(now.filled_qty)} of it are filled.` : ""}</p>
    <div class="fields">${TERMS.filter(([name]) => order[name]).map(([name, label]) => html`<label class="field" key=${name}>${label}
      <input name=${name} inputmode="decimal" autocomplete="off" required defaultValue=${name === "qty" ? count(order.qty) : price(order[name])} /></label>`)}</div>
    ${!isOpen(now) && html`<p class="refusal" role="status"><${Icon} name="circle-alert" /><span>It is ${words(now.status).toLowerCase()} by now: nothing is left to change.</span></p>`}
    <${Refusal} problem=${refusal.value} />
    <footer><button type="button" onClick=${done}>Back</button><button class="primary" disabled=${sent.value || !isOpen(now)}>${sent.value ? "Asked…" : "Change it"}</button></footer>
  </form></${Modal}>`;
}

async function change(event, order) {
  event.preventDefault();
  const given = new FormData(event.target);
  const read = TERMS.filter(([name]) => given.has(name)).map(([name, label]) => [name, label, name === "qty" ? units(given.get(name)) : paise(given.get(name))]);
  const wrong = read.find(([, , value]) => !value);
  if (wrong) return void (refusal.value = { message: `${wrong[1]} “${given.get(wrong[0])}” is none.` });
  const changed = Object.fromEntries(read.filter(([name, , value]) => value !== order[name]).map(([name, , value]) => [name, value]));
  if (!Object.keys(changed).length) return void (changing.value = null);
  sent.value = { changed, before: order };
  try {
    await send("PATCH", `/orders/${encodeURIComponent(order.order_id)}`, changed);
  } catch (problem) {
    refusal.value = problem;
    sent.value = null;
  }
}

/** The gateway only passes a change on: the dialog stays until the exchange has taken or refused it. */
function hearAnswer(now) {
  if (!sent.value || now.changed_id === sent.value.before.changed_id) return;
  const { changed, before } = sent.value;
  if (Object.entries(changed).every(([name, value]) => now[name] === value)) {
    changing.value = sent.value = null;
    say("The order is changed.", "good");
  } else if (now.reason && now.filled_qty === before.filled_qty) {
    refusal.value = { message: now.reason };
    sent.value = null;
  }
}
