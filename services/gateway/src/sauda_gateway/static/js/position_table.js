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
      <th class="n phone-hide">Realised</th><th class="n">Unrealised</th></tr></thead>
    ${names.map((name) => html`<${OfStrategy} key=${name} name=${name} rows=${rows.filter(({ strategy }) => strategy === name)} />`)}
  </table>`;
}

function OfStrategy({ name, rows }) {
  const sum = strategies.value.get(name);
  return html`<tbody>
    <tr class="group"><td>${name === "hand" ? "By hand" : name}${" "}<small>${sum ? `charges ${price(sum.charges)}` : ""}</small></td>
      <td></td><td class="phone-hide"></td><td></td><td class="phone-hide"></td><td class="phone-hide"></td><td class="phone-hide"></td>
      <td class="n ${tone(sum?.net ?? 0)}" title="Net of charges">${change(sum?.net)}</td></tr>
    ${rows.map((row) => html`<${Row} key=${row.instrument} row=${row} />`)}
  </tbody>`;
}

function Row({ row }) {
  const { stop, target } = guards(row);
  return html`<tr class=${row.qty ? "" : "dim"}>
    <td><${Instrument} id=${row.instrument} /></td>
    <td class="n strong">${row.qty ? html`<a href=${closing(row)} title="Close it by a new order">${count(row.qty)}</a>` : "closed"}</td>
    <td class="n phone-hide">${row.qty ? price(Math.round(row.cost / row.qty)) : "–"}</td><td class="n">${price(row.ltp)}</td>
    <td class="n phone-hide">${stop ? price(stop.trigger_price) : "–"}</td><td class="n phone-hide">${target ? price(target.limit_price) : "–"}</td>
    <td class="n phone-hide ${tone(row.realised)}">${change(row.realised)}</td>
    <td class="n strong ${tone(row.unrealised)}">${row.qty ? change(row.unrealised) : html`<span class="phone-only">${change(row.realised)}</span>`}</td>
  </tr>`;
}

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
