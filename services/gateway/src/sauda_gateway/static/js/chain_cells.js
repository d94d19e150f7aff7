/**
 * The figures of a chain, each a signal of its own: a price that changes rewrites one text node, and the table is laid
 * out again by nobody. Ten times a second over 82 contracts, this is the page's heaviest work; a row that nobody sees
 * keeps its news until it is scrolled into view.
 */

import { signal } from "../vendor/signals.js";
import { change, count, inLakhs, price, ratio, tone } from "./format.js";

const PAISE = 100;

/** Field of a leg -> what is shown of it. */
const SHOWN = {
  oi: (leg) => inLakhs(leg.oi),
  oi_change: (leg) => inLakhs(leg.oi_change, true),
  volume: (leg) => inLakhs(leg.volume),
  iv: (leg) => ratio(leg.iv, 1),
  delta: (leg) => ratio(leg.delta, 2),
  gamma: (leg) => ratio(leg.gamma, 4),
  theta: (leg) => ratio(leg.theta === null || leg.theta === undefined ? null : leg.theta / PAISE, 1),
  vega: (leg) => ratio(leg.vega === null || leg.vega === undefined ? null : leg.vega / PAISE, 2),
  change: (leg) => change(leg.change),
  ltp: (leg) => price(leg.ltp),
  bid: (leg) => price(leg.bid),
  ask: (leg) => price(leg.ask),
};

/** One option as it is shown. */
class Leg {
  constructor() {
    this.seen = {};
    this.text = Object.fromEntries(Object.keys(SHOWN).map((name) => [name, signal("–")]));
    this.changeTone = signal("figure flat");
    this.part = signal(0); // Of the largest open interest in view, in hundredths.
    this.position = signal(0);
    this.positionText = signal("");
    this.instrument = signal("");
  }

  take(leg, mostOi) {
    if (!leg) return;
    for (const name in SHOWN) {
      if (leg[name] === this.seen[name]) continue;
      this.text[name].value = SHOWN[name](leg);
    }
    this.seen = leg;
    this.changeTone.value = `figure ${tone(leg.change)}`;
    this.part.value = mostOi ? Math.round((100 * (leg.oi ?? 0)) / mostOi) : 0;
    this.position.value = leg.position ?? 0;
    this.positionText.value = leg.position ? count(leg.position, true) : "";
    this.instrument.value = leg.instrument;
  }
}

/** Both options of a strike. */
class Strike {
  constructor(strike) {
    this.strike = strike;
    this.CE = new Leg();
    this.PE = new Leg();
    this.isSeen = true;
    this.news = null;
  }

  take(row, mostOi) {
    this.news = { row, mostOi };
    if (this.isSeen) this.show();
  }

  /** Say whether it is in view. */
  see(isSeen) {
    this.isSeen = isSeen;
    if (isSeen && this.news) this.show();
  }

  show() {
    const { row, mostOi } = this.news;
    this.news = null;
    this.CE.take(row.CE, mostOi);
    this.PE.take(row.PE, mostOi);
  }
}

/** A whole chain: rows that stay as long as their strikes do. */
export class Cells {
  constructor() {
    this.rows = signal([]); // The strikes in order.
    this.atm = signal(null);
    this.spot = signal(null);
    this.facts = signal(null);
    this.byStrike = new Map();
  }

  take(chain) {
    const strikes = chain.rows.map(({ strike }) => strike);
    const mostOi = Math.max(...chain.rows.map(({ CE, PE }) => Math.max(CE?.oi ?? 0, PE?.oi ?? 0)), 0);
    for (const row of chain.rows) this.row(row.strike).take(row, mostOi);
    if (strikes.join() !== this.rows.value.map(({ strike }) => strike).join()) {
      this.rows.value = strikes.map((strike) => this.row(strike));
    }
    this.spot.value = chain.spot;
    this.atm.value = chain.atm ?? nearest(strikes, chain.spot);
    const { underlying, expiry, expiries, forward, forward_from } = chain;
    const isFromSeen = chain.rows.some(({ CE, PE }) => CE?.change_from === "seen" || PE?.change_from === "seen");
    const facts = JSON.stringify([underlying, expiry, expiries, forward_from, isFromSeen]);
    if (facts !== this.told) this.facts.value = { underlying, expiry, expiries, forward, forward_from, isFromSeen };
    this.told = facts;
  }

  row(strike) {
    if (!this.byStrike.has(strike)) this.byStrike.set(strike, new Strike(strike));
    return this.byStrike.get(strike);
  }
}

function nearest(strikes, spot) {
  if (spot === null || spot === undefined) return null;
  return strikes.reduce((best, strike) => (best === null || Math.abs(strike - spot) < Math.abs(best - spot) ? strike : best), null);
}
