/** What is held, strategy by strategy, with the stop and the target that guard it. */

import { html } from "../vendor/htm-preact.js";
import { openOrders, positions, strategies } from "./book.js";
import { change, count, price, tone } from "./format.js";
import { Empty, Instrument } from "./parts.js";
import { to } from "./routes.js";

export function PositionTable() {
  const rows = [...positions.value.values()].sort((a, b) => (a.strategy + a.instrument).localeCompare(b.strategy + b.instrument));
  if (!rows.length) return html`<${Empty} icon="activity" title="Nothing is held">Positions appear with the first fill.</${Empty}>`;
  const names = [...new Set(rows.map(({ strategy }) => strategy))];
  return html`<table data-test="positions">
    <thead><tr><th>Instrument</th><th class="n">Qty</th><th class="n phone-hide">Average</th><th class="n">LTP</th><th class="n phone-hide">Stop</th><th class="n phone-hide">Target</th>
      <th class="n phone-hide">Realised</th><th class="n phone-hide">Unrealised</th><th class="n phone-only">P&L</th></tr></thead>
    ${names.map((name) => html`<${OfStrategy} key=${name} name=${name} rows=${rows.filter(({ strategy }) => strategy === name)} />`)}
  </table>`;
}

function OfStrategy({ name, rows }) {
  const sum = strategies.value.get(name);
  const title = () => html`${name === "hand" ? "By hand" : name} ${sum && html`<small>net <span class=${tone(sum.net)}>${change(sum.net)}</span> after ${price(sum.charges)} charges</small>`}`;
  return html`<tbody>
    <tr class="group"><td class="phone-hide" colspan="6">${title()}</td><td class="phone-only" colspan="3">${title()}</td>
      <td class="n phone-hide ${tone(sum?.realised)}">${change(sum?.realised)}</td><td class="n phone-hide ${tone(sum?.unrealised)}">${change(sum?.unrealised)}</td>
      <td class="n phone-only ${tone(made(sum))}">${change(made(sum))}</td></tr>
    ${rows.map((row) => html`<${Row} key=${row.instrument} row=${row} />`)}
  </tbody>`;
}

function Row({ row }) {
  const { stop, target } = guards(row);
  return html`<tr class=${row.qty ? "" : "dim"}>
    <td><${Instrument} id=${row.instrument} />${(stop || target) && html`<small class="guard phone-only">${stop ? `stop ${price(stop.trigger_price)}` : ""} ${target ? `target ${price(target.limit_price)}` : ""}</small>`}</td>
    <td class="n strong">${row.qty ? html`<a href=${closing(row)} title="Close it by a new order">${count(row.qty)}</a>` : "closed"}</td>
    <td class="n phone-hide">${row.qty ? price(Math.round(row.cost / row.qty)) : "–"}</td><td class="n">${price(row.ltp)}</td>
    <td class="n phone-hide">${stop ? price(stop.trigger_price) : "–"}</td><td class="n phone-hide">${target ? price(target.limit_price) : "–"}</td>
    <td class="n phone-hide ${tone(row.realised)}">${change(row.realised)}</td>
    <td class="n strong phone-hide ${tone(row.unrealised)}">${row.qty ? change(row.unrealised) : "–"}</td>
    <td class="n strong phone-only ${tone(made(row))}">${change(made(row))}</td>
  </tr>`;
}

/** Before charges: what stands under one head where there is no room for two. */
const made = (point) => point && point.realised + point.unrealised;

/** The working orders that would close this position: the one with a trigger is its stop, the other its target. */
export function guards({ strategy, instrument, qty }) {
  if (!qty) return {};
  const closes = openOrders.value.filter(
    (order) => order.strategy === strategy && order.instrument === instrument && (order.side === "BUY") === qty < 0,
  );
  return {
    stop: closes.find(({ trigger_price }) => trigger_price),
    target: closes.find(({ trigger_price, limit_price }) => !trigger_price && limit_price),
  };
}

function closing({ instrument, qty }) {
  return to("ticket", instrument, { side: qty < 0 ? "BUY" : "SELL", qty: Math.abs(qty) });
}
