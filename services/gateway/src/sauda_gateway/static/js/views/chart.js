/** Bars of any instrument, with the desk's orders and fills on them; the last bar grows with the ticks. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { get } from "../api.js";
import { Bars } from "../bars.js";
import { fills, openOrders } from "../book.js";
import { candleLooks, CandlestickSeries, chartTime, createSeriesMarkers, draw, HistogramSeries, LineStyle, looks } from "../curve.js";
import { change, clock, count, instrument as named, lakhs, price, tone } from "../format.js";
import { InstrumentSearch } from "../instrument_search.js";
import { Choice, Empty, Panel, Refusal } from "../parts.js";
import { go, route, to } from "../routes.js";
import { listen } from "../stream.js";
import { colour, repaint } from "../theme.js";

const TIMEFRAMES = ["1m", "3m", "5m", "15m", "1h"];
const FIRST = "NSE:Nifty 50";
const MOST_BARS = 1000;
const BAR_PX = 6;
const LEAST_ROOM = 60; // Bars that a young day leaves room for: three of them are no walls.

export default function Chart() {
  const id = route.value.rest || FIRST;
  const [timeframe, setTimeframe] = useState("1m");
  const [quote, setQuote] = useState(null);
  useEffect(() => {
    setQuote(null);
    return listen(`ticks:${id}`, setQuote);
  }, [id]);
  const tools = html`<${Choice} label="Timeframe" options=${TIMEFRAMES} value=${timeframe} onPick=${setTimeframe} />
    <${InstrumentSearch} value=${id} onPick=${(one) => go("chart", one.instrument)} />`;
  return html`<h1 class="skip">Chart</h1><div class="charting">
    <${Panel} title=${named(id)} tools=${tools}><${Candles} key=${`${id} ${timeframe}`} id=${id} timeframe=${timeframe} quote=${quote} /></${Panel}>
    <div class="stack"><${Quote} id=${id} quote=${quote} /><${Own} id=${id} /></div>
  </div>`;
}

function Candles({ id, timeframe, quote }) {
  const box = useRef(null);
  const kept = useRef(null);
  const [state, setState] = useState({ bars: null, problem: null });
  const [pointed, setPointed] = useState(null);
  useEffect(() => {
    kept.current = begin(box.current, timeframe, setPointed);
    let gone = false;
    const show = (bars, problem) => {
      if (gone) return;
      kept.current.fill(bars);
      setState({ bars: bars.length, problem });
    };
    get("/bars", { instrument: id, timeframe, limit: MOST_BARS }).then(({ items }) => show(items, null), (problem) => show([], problem));
    const deaf = listen(`bars:${id}:${timeframe}`, (bar) => kept.current.add(bar));
    return () => [(gone = true), deaf(), kept.current.end()];
  }, []);
  useEffect(() => kept.current.paint(), [repaint.value]);
  useEffect(() => quote && kept.current.tick(quote), [quote]);
  useEffect(() => kept.current.mark(fills.value.filter((fill) => fill.instrument === id)), [fills.value, state]);
  useEffect(() => kept.current.rule(openOrders.value.filter((order) => order.instrument === id)), [openOrders.value, state]);
  return html`<div class="chart-place"><div class="chart" ref=${box} role="img" aria-label="Bars of ${id}" data-bars=${state.bars}></div>
      ${pointed && html`<${Legend} bar=${pointed} />`}</div>
    ${state.problem && html`<div class="padded"><${Refusal} problem=${state.problem} /></div>`}
    ${state.bars === 0 && !state.problem && html`<${Empty} icon="chart-candlestick" title="No bar of this instrument yet">They come with its prices; older ones by <code>sauda backfill</code>.</${Empty}>`}
    <p class="credit">Charts by <a href="https://www.tradingview.com/" rel="noopener noreferrer" target="_blank">TradingView</a> Lightweight Charts™</p>`;
}

function Legend({ bar }) {
  return html`<p class="legend" aria-live="off">${clock(bar.start_ns).slice(0, 5)} <b>O</b> ${price(bar.open)} <b>H</b> ${price(bar.high)} <b>L</b> ${price(bar.low)} <b>C</b> ${price(bar.close)}
    <span class=${tone(bar.close - bar.open)}>${change(bar.close - bar.open)}</span><span class="phone-hide"><b>V</b> ${lakhs(bar.volume ?? 0)}</span></p>`;
}

/** The chart, and what can be done to it. */
function begin(box, timeframe, setPointed) {
  const chart = draw(box);
  const candles = chart.addSeries(CandlestickSeries, candleLooks());
  const volume = chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
  chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.18 } });
  const marks = createSeriesMarkers(candles, []);
  const bars = new Bars(timeframe);
  let lines = [];
  let isRead = false; // Before, the newest bar would stand alone, and begin too late.
  const early = []; // Bars that ended while the others were read.
  const show = (bar) => {
    candles.update(asCandle(bar));
    volume.update(asVolume(bar));
  };
  const redraw = (all) => {
    candles.setData(all.map(asCandle));
    volume.setData(all.map(asVolume));
  };
  chart.subscribeCrosshairMove(({ time }) => setPointed(time === undefined ? null : (bars.at(time) ?? null)));
  return {
    fill(read) {
      isRead = true;
      const all = bars.fill([...read, ...early]);
      redraw(all);
      const from = Math.max(0, all.length - Math.round(box.clientWidth / BAR_PX));
      chart.timeScale().setVisibleLogicalRange({ from, to: Math.max(from + LEAST_ROOM, all.length + 6) });
    },
    add(bar) {
      if (!isRead) early.push(bar);
      else if (bars.add(bar)) show(bar);
      else redraw(bars.all());
    },
    tick: (quote) => isRead && show(bars.tick(quote)),
    mark: (done) => marks.setMarkers(asMarks(done, bars).filter(({ time }) => bars.at(time))),
    rule(working) {
      lines.forEach((line) => candles.removePriceLine(line));
      lines = working.map((order) => candles.createPriceLine(asLine(order)));
    },
    paint() {
      const { rightPriceScale, ...rest } = looks();
      chart.applyOptions(rest);
      candles.applyOptions(candleLooks());
      volume.setData(bars.all().map(asVolume)); // Its colour is that of each bar.
    },
    end: () => chart.remove(),
  };
}

const asCandle = ({ start_ns, open, high, low, close }) => ({ time: chartTime(start_ns), open: open / 100, high: high / 100, low: low / 100, close: close / 100 });
const asVolume = ({ start_ns, volume }) => ({ time: chartTime(start_ns), value: volume ?? 0, color: colour("oi") });

/** One mark for what was bought, and one for what was sold, in each bar. */
function asMarks(done, bars) {
  const sums = new Map();
  for (const { side, qty, event_ns } of done) {
    const time = chartTime(bars.startOf(event_ns));
    const key = `${time} ${side}`;
    sums.set(key, { time, buys: side === "BUY", qty: qty + (sums.get(key)?.qty ?? 0) });
  }
  return [...sums.values()].sort((a, b) => a.time - b.time).map(({ time, buys, qty }) => ({
    time, position: buys ? "belowBar" : "aboveBar", shape: buys ? "arrowUp" : "arrowDown",
    color: colour(buys ? "accent" : "sell"), text: count(buys ? qty : -qty, true),
  }));
}

function asLine(order) {
  const at = order.trigger_price ?? order.limit_price ?? 0;
  return { price: at / 100, color: colour(order.trigger_price ? "down" : "accent"), lineWidth: 1, lineStyle: LineStyle.Dashed, axisLabelVisible: true,
    axisLabelColor: colour(order.trigger_price ? "danger-fill" : "accent-fill"), axisLabelTextColor: "#fff",
    title: `${order.side === "BUY" ? "buy" : "sell"} ${count(order.qty)}${order.trigger_price ? " stop" : ""}` };
}

function Quote({ id, quote }) {
  const rows = [["LTP", price(quote?.ltp)], [quote?.change_from === "seen" ? "Since first tick" : "Change", html`<span class=${tone(quote?.change)}>${change(quote?.change)}</span>`], ["Bid", price(quote?.bid)], ["Ask", price(quote?.ask)],
    ["Bid qty", count(quote?.bid_qty)], ["Ask qty", count(quote?.ask_qty)], ["Volume", lakhs(quote?.volume)], ["OI", lakhs(quote?.oi)]];
  return html`<${Panel} title="Quote" note=${quote ? clock(quote.recv_ns) : "waiting for a price"}>
    <dl class="quote">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <div class="side-by-side"><a href=${to("ticket", id, { side: "BUY" })}>Buy</a><a class="sell" href=${to("ticket", id, { side: "SELL" })}>Sell</a></div>
  </${Panel}>`;
}

function Own({ id }) {
  const done = fills.value.filter((fill) => fill.instrument === id);
  return html`<${Panel} title="Fills here" note=${done.length || ""} scrolls>
    ${done.length
      ? html`<table><thead><tr><th>Time</th><th>Side</th><th class="n">Qty</th><th class="n">Price</th></tr></thead><tbody>${done.map((fill) => html`<tr key=${fill.fill_id}>
          <td><a href=${to("why", fill.fill_id)}>${clock(fill.event_ns)}</a></td><td class="side ${fill.side === "BUY" ? "buy" : "sell"}">${fill.side === "BUY" ? "Buy" : "Sell"}</td><td class="n">${count(fill.qty)}</td><td class="n">${price(fill.price)}</td></tr>`)}</tbody></table>`
      : html`<${Empty} icon="ticket" title="Not traded today" />`}
  </${Panel}>`;
}
