/** The bars of one chart: those that ended, and the one that grows with the ticks until the desk says it exactly. Pure. */

import { chartTime } from "./curve.js";

const NS_PER_MINUTE = 60e9;
const IST_NS = 19_800e9;
const MINUTES = { "1m": 1, "3m": 3, "5m": 5, "15m": 15, "30m": 30, "1h": 60 };
const OPENS_NS = (9 * 60 + 15) * NS_PER_MINUTE; // Bars are counted from the opening of the session: that of the NSE, until bars tell.
const DAY_NS = 24 * 60 * NS_PER_MINUTE;

export class Bars {
  constructor(timeframe) {
    this.step = MINUTES[timeframe] * NS_PER_MINUTE;
    this.opens = OPENS_NS;
    this.known = new Map();
    this.last = null;
    this.traded = null; // The day's volume so far.
    this.before = null; // The day's volume when the newest bar began.
  }

  /** All in order. */
  all() {
    return [...this.known.values()].sort((a, b) => a.start_ns - b.start_ns);
  }

  /** Take what was read; return all bars in order. */
  fill(read) {
    for (const bar of read) this.known.set(bar.start_ns, bar);
    const all = this.all();
    this.last = all.at(-1) ?? null;
    if (this.last) this.opens = (this.last.start_ns + IST_NS) % DAY_NS;
    return all;
  }

  /** Take a bar that ended, in place of what the ticks drew of it; the next one has mostly begun by then. Return whether it is the newest. */
  add(bar) {
    this.known.set(bar.start_ns, bar);
    if (this.last && bar.start_ns < this.last.start_ns) return false;
    this.last = bar;
    return true;
  }

  /** Let the newest bar grow by a price, or begin one. */
  tick({ ltp, recv_ns, volume: traded }) {
    const start_ns = Math.max(this.startOf(recv_ns), this.last?.start_ns ?? 0);
    const isNew = this.last?.start_ns !== start_ns;
    if (isNew) this.before = this.traded;
    this.traded = traded ?? this.traded;
    this.before ??= this.traded;
    const volume = Math.max(0, this.traded - this.before);
    if (isNew) return this.keep({ start_ns, open: ltp, high: ltp, low: ltp, close: ltp, volume });
    const { high, low } = this.last;
    return this.keep({ ...this.last, close: ltp, high: Math.max(high, ltp), low: Math.min(low, ltp), volume: Math.max(volume, this.last.volume ?? 0) });
  }

  /** When the bar began in which *ns* lies. */
  startOf(ns) {
    const ofDay = (ns + IST_NS) % DAY_NS;
    const since = (((ofDay - this.opens) % this.step) + this.step) % this.step;
    return Math.round((ns - since) / NS_PER_MINUTE) * NS_PER_MINUTE;
  }

  /** The bar at a time of the chart. */
  at(time) {
    this.byTime ??= new Map();
    if (this.byTime.size !== this.known.size) this.byTime = new Map([...this.known.values()].map((bar) => [chartTime(bar.start_ns), bar]));
    const bar = this.byTime.get(time);
    return bar && this.known.get(bar.start_ns);
  }

  keep(bar) {
    this.known.set(bar.start_ns, bar);
    this.last = bar;
    return bar;
  }
}
