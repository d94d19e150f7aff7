/** Orders and how they stand; what works can be changed and taken back from here. */

import { html } from "../vendor/htm-preact.js";
import { signal } from "../vendor/signals.js";
import { mayTrade, send } from "./api.js";
import { isOpen, openOrders, orders } from "./book.js";
import { clock, count, paise, price } from "./format.js";
import { Empty, Icon, Instrument, Modal, Refusal, Side, State } from "./parts.js";
import { to } from "./routes.js";
import { say } from "./toasts.js";

const changing = signal(null);
const refusal = signal(null);

export function OrderTable({ onlyOpen = false }) {
  const rows = (onlyOpen ? [...openOrders.value] : [...orders.value.values()]).sort((a, b) => b.event_ns - a.event_ns);
  if (!rows.length) {
    return html`<${Empty} icon="ticket" title=${onlyOpen ? "No order is working" : "No order today"}>
      ${onlyOpen ? "Stops, targets and limits stand here while they wait." : "The first one can be yours."}</${Empty}>`;
  }
  return html`<table data-test=${onlyOpen ? "open-orders" : "orders"}>
    <thead><tr><th class="phone-hide">Time</th><th>Instrument</th><th>Side</th><th class="n">Qty</th><th class="phone-hide">Kind</th><th class="n">Price</th><th>Status</th><th class="phone-hide">Strategy</th><th><span class="skip">Actions</span></th></tr></thead>
    <tbody>${rows.map((order) => html`<${Row} key=${order.order_id} order=${order} />`)}</tbody>
  </table>${changing.value && html`<${Change} order=${changing.value} />`}`;
}

function Row({ order }) {
  return html`<tr data-order=${order.order_id}>
    <td class="phone-hide"><a href=${to("why", order.order_id)} title="Why this order">${clock(order.event_ns)}</a></td>
    <td><${Instrument} id=${order.instrument} /></td><td><${Side} side=${order.side} /></td>
    <td class="n">${order.filled_qty && order.filled_qty < order.qty ? `${count(order.filled_qty)} / ` : ""}${count(order.qty)}</td>
    <td class="phone-hide">${order.kind}</td><td class="n">${asked(order)}</td>
    <td title=${order.reason ?? ""}><a href=${to("why", order.order_id)} title=${order.waits_for ? `waits for ${order.waits_for}` : "Why this order"}><${State} of=${order.status} /></a>${order.reason && html` <small class="why phone-hide">${order.reason.split(":")[0]}</small>`}</td>
    <td class="name phone-hide" title=${order.strategy}>${order.strategy === "hand" ? "by hand" : order.strategy}</td>
    <td>${isOpen(order) && mayTrade() && html`<div class="actions">
      <button class="small phone-hide" onClick=${() => begin(order)} aria-label="Change order ${order.order_id}"><${Icon} name="pencil" /></button>
      <button class="small" onClick=${() => cancel(order)} aria-label="Cancel order ${order.order_id}"><${Icon} name="x" /></button></div>`}</td>
  </tr>`;
}

function asked(order) {
  if (order.average_price !== null && order.average_price !== undefined) return price(order.average_price);
  if (order.trigger_price) return html`<small>trigger</small> ${price(order.trigger_price)}`;
  return order.limit_price ? price(order.limit_price) : "market";
}

function begin(order) {
  refusal.value = null;
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
  return html`<${Modal} title="Change the order" onClose=${done}><form onSubmit=${(event) => change(event, order)}>
    <p>${order.side === "BUY" ? "Buy" : "Sell"} ${count(order.qty)} ${order.instrument}, ${order.kind}</p>
    <div class="fields">
      <label class="field">Quantity, in all<input name="qty" inputmode="numeric" value=${order.qty} /></label>
      ${order.limit_price && html`<label class="field">Limit<input name="limit_price" inputmode="decimal" value=${price(order.limit_price)} /></label>`}
      ${order.trigger_price && html`<label class="field">Trigger<input name="trigger_price" inputmode="decimal" value=${price(order.trigger_price)} /></label>`}
    </div>
    <${Refusal} problem=${refusal.value} />
    <footer><button type="button" onClick=${done}>Back</button><button class="primary">Change it</button></footer>
  </form></${Modal}>`;
}

async function change(event, order) {
  event.preventDefault();
  const given = new FormData(event.target);
  const wanted = { qty: Number(given.get("qty")) };
  for (const name of ["limit_price", "trigger_price"]) if (given.has(name)) wanted[name] = paise(given.get(name));
  const changed = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== order[name]));
  try {
    if (Object.keys(changed).length) await send("PATCH", `/orders/${encodeURIComponent(order.order_id)}`, changed, crypto.randomUUID());
    changing.value = null;
  } catch (problem) {
    refusal.value = problem;
  }
}
