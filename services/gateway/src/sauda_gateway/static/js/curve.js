/** The chart library in the page's colours: axes in rupees and IST, redrawn when light turns dark. */

import { BaselineSeries, CandlestickSeries, createChart, createSeriesMarkers, HistogramSeries, LineStyle } from "../vendor/lightweight-charts.js";
import { price } from "./format.js";
import { colour } from "./theme.js";

export { BaselineSeries, CandlestickSeries, createSeriesMarkers, HistogramSeries, LineStyle };

/** The library shows UTC; what it is given is shifted by India's five and a half hours. */
const IST_S = 19_800;
const NS_PER_S = 1e9;

/** Nanoseconds -> the chart's own seconds. */
export function chartTime(ns) {
  return Math.floor(ns / NS_PER_S) + IST_S;
}

/** A chart in *box*; the attribution that its licence wants stands in the page's text. */
export function draw(box) {
  return createChart(box, { autoSize: true, ...looks() });
}

export function looks() {
  const line = colour("line");
  return {
    layout: { background: { color: "transparent" }, textColor: colour("faint"), fontFamily: "Inter, system-ui, sans-serif", fontSize: 11, attributionLogo: false },
    grid: { vertLines: { color: line, style: 1 }, horzLines: { color: line, style: 1 } },
    rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.12, bottom: 0.08 } },
    timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false, rightOffset: 4, minBarSpacing: 0.2 },
    crosshair: { vertLine: { labelBackgroundColor: colour("accent-fill") }, horzLine: { labelBackgroundColor: colour("accent-fill") } },
    localization: { locale: "en-IN", priceFormatter: (rupees) => price(Math.round(rupees * 100)) },
  };
}

export function baselineLooks() {
  const up = colour("up");
  const down = colour("down");
  return {
    baseValue: { type: "price", price: 0 }, lineWidth: 2, priceLineVisible: false, lastValueVisible: false, // The panel's head says it, to the second.
    topLineColor: up, topFillColor1: faded(up, 0.28), topFillColor2: faded(up, 0.02),
    bottomLineColor: down, bottomFillColor1: faded(down, 0.02), bottomFillColor2: faded(down, 0.28),
  };
}

export function candleLooks() {
  const up = colour("up");
  const down = colour("down");
  return { upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down };
}

/** rgb(1, 2, 3) -> rgba(1, 2, 3, 0.5) */
export function faded(rgb, part) {
  return rgb.replace("rgb(", "rgba(").replace(")", `, ${part})`);
}
