/** The trading day at a glance: what was made, the curve of it, what is held and guarded by what, orders, fills, alerts. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useRef } from "../../vendor/hooks.js";
import { alerts, desk, equity, fills, portfolio, strategies } from "../book.js";
import { baselineLooks, BaselineSeries, chartTime, draw, looks } from "../curve.js";
import { clock, count, gain, instrumentParts, percent, price, prose, rupees, tone } from "../format.js";
import { OrderTable } from "../order_table.js";
import { Empty, Panel, Side, State } from "../parts.js";
import { PositionTable } from "../position_table.js";
import { to } from "../routes.js";
import { repaint } from "../theme.js";

const SHOWN_FILLS = 60;
const SHOWN_ALERTS = 40;

export default function Desk() {
  return html`<h1 class="skip">Desk</h1><div class="desk">
    <${Figures} /><${Curve} /><${Alerts} />
    <${Panel} title="Positions" area="positions" note=${heldNote()} tools=${html`<a href=${to("ticket")}>New order</a>`} scrolls><${PositionTable} /></${Panel}>
    <${Panel} title="Open orders" area="orders" scrolls><${OrderTable} onlyOpen /></${Panel}>
    <${LastFills} />
  </div>`;
}

function heldNote() {
  const n = strategies.value.size;
  return n ? `${n} ${n === 1 ? "strategy" : "strategies"}` : "";
}

function Figures() {
  const now = desk.value ?? {};
  const book = portfolio.value ?? {};
  const margin = now.margin ?? book.blocked;
  const gained = book.capital && now.net !== undefined ? (100 * now.net) / book.capital : null; // Of the net beside it, not of the last fill's.
  const used = book.blocked ? book.blocked / (book.blocked + Math.max(0, book.available)) : 0;
  return html`<dl class="kpis" data-test="figures">
    <${Figure} first name="net" label="Net profit and loss" value=${gain(now.net)} sign=${now.net} note=${now.day_net === now.net || now.day_net == null ? told(gained, `${percent(gained, true)} of capital`) : `today ${gain(now.day_net)}`} />
    <${Figure} name="realised" label="Realised" value=${gain(now.realised)} sign=${now.realised} note="before charges" />
    <${Figure} name="unrealised" label="Unrealised" value=${gain(now.unrealised)} sign=${now.unrealised} note="at the last prices" />
    <${Figure} name="charges" label="Charges" value=${rupees(now.charges)} note="fees and taxes" />
    <${Figure} name="roi" label="Return on margin" value=${percent(now.roi, true)} sign=${now.roi} note=${told(now.peak_margin, `of ${rupees(now.peak_margin)}`)} />
    <div class="kpi"><dt>Margin</dt><dd data-test="margin">${rupees(margin)}</dd>
      <dd class="gauge ${used > 0.8 ? "high" : ""}" ref=${(bar) => bar?.style.setProperty("--part", Math.min(1, used))}><i></i></dd><dd><small>${told(book.available, `${rupees(book.available)} free`)}</small></dd></div>
    <${Figure} name="drawdown" label="Drawdown" value=${gain(now.drawdown && -now.drawdown)} sign=${now.drawdown ? -1 : 0} note=${told(now.peak, `from ${rupees(now.peak)}`)} />
  </dl>`;
}

/** A note about a figure that is not known yet is none. */
const told = (value, text) => (value === null || value === undefined ? "not yet" : text);

function Figure({ name, label, value, sign = null, note, first = false }) {
  return html`<div class="kpi ${first ? "first" : ""}"><dt>${label}</dt><dd class=${sign === null ? "flat" : tone(sign)} data-test=${name}>${value}</dd>
    <dd><small>${note}</small></dd></div>`;
}

function Curve() {
  const last = desk.value ? `${gain(desk.value.net)} at ${clock(desk.value.event_ns)}` : "no valuation yet";
  return html`<${Panel} title="Equity of the day" area="curve" note=${last}>
    ${equity.value.length ? html`<${EquityChart} />` : html`<${Empty} icon="activity" title="No valuation yet">The curve begins with the first point of the day.</${Empty}>`}
  </${Panel}>`;
}

function EquityChart() {
  const box = useRef(null);
  const kept = useRef(null);
  useEffect(() => {
    const chart = draw(box.current);
    chart.applyOptions({ handleScroll: false, handleScale: false }); // The day as a whole; a finger on it scrolls the page.
    const series = chart.addSeries(BaselineSeries, baselineLooks());
    kept.current = { chart, series, drawn: 0 };
    return () => chart.remove();
  }, []);
  useEffect(() => {
    kept.current.chart.applyOptions(looks());
    kept.current.chart.timeScale().applyOptions({ secondsVisible: true, rightOffset: 0 });
    kept.current.series.applyOptions(baselineLooks());
  }, [repaint.value]);
  useEffect(() => extend(kept.current, equity.value), [equity.value]);
  return html`<div class="chart" ref=${box} role="img" aria-label="Net profit and loss over the day; the figures stand above"></div>`;
}

/** Draw only what is new; all of it where the curve was read anew. */
function extend(kept, points) {
  const known = kept.points;
  const isLonger = known && points.length >= known.length && points[0] === known[0];
  kept.points = points;
  const made = (isLonger ? points.slice(known.length) : points).map(({ event_ns, net }) => ({ time: chartTime(event_ns), value: net / 100 }));
  if (isLonger) {
    for (const point of made) if (point.time >= kept.last) kept.series.update(point);
  } else {
    kept.series.setData(made.filter((point, n) => n === made.length - 1 || point.time < made[n + 1].time));
  }
  kept.chart.timeScale().fitContent();
  kept.last = made.at(-1)?.time ?? kept.last;
}

function Alerts() {
  const shown = alerts.value.slice(0, SHOWN_ALERTS);
  return html`<${Panel} title="Alerts" area="alerts" note=${shown.length ? "" : "none"} scrolls>
    ${shown.length
      ? html`<ul class="feed-list">${shown.map((one) => html`<li key=${one.id} class=${one.level}><i class="mark"></i>
          <div class="head"><${State} of=${one.code.replaceAll("_", " ").toLowerCase()} tone=${one.level} /><time>${clock(one.event_ns)}</time></div>
          <p>${prose(one.text)} <a href=${to("why", `alerts/${one.id}`)} aria-label="Why this alert">why</a></p></li>`)}</ul>`
      : html`<${Empty} icon="circle-check" title="All quiet">What needs you is said here, and sent to where config/alerts.yaml says.</${Empty}>`}
  </${Panel}>`;
}

function LastFills() {
  const shown = fills.value.slice(0, SHOWN_FILLS);
  return html`<${Panel} title="Last fills" area="fills" note=${html`<span data-test="fill-count">${fills.value.length}</span> today`} scrolls>
    ${shown.length
      ? html`<ul class="fill-list" data-test="fills">${shown.map((fill) => html`<${FillLine} key=${fill.fill_id} fill=${fill} />`)}</ul>`
      : html`<${Empty} icon="ticket" title="Nothing has traded today">Fills appear here the moment they happen.</${Empty}>`}
  </${Panel}>`;
}

function FillLine({ fill }) {
  const { name, detail } = instrumentParts(fill.instrument);
  return html`<li><a href=${to("why", fill.fill_id)} title="Why this fill" data-fill=${fill.fill_id}>
    <span><${Side} side=${fill.side} /> ${count(fill.qty)} <b>${name}</b> <small>${detail}</small></span><span class="amount">${price(fill.price)}</span>
    <small>${clock(fill.event_ns)} · ${fill.strategy}</small><small class="amount">${price(fill.charges)} charges</small></a></li>`;
}
