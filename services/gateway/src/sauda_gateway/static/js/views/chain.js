/** The option chain around the money, ten times a second: prices, open interest, volatility and Greeks, own positions marked. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useMemo, useRef, useState } from "../../vendor/hooks.js";
import { effect } from "../../vendor/signals.js";
import { get } from "../api.js";
import { Cells } from "../chain_cells.js";
import { count, expiry as expiryText, price } from "../format.js";
import { Choice, Empty, Panel, Refusal } from "../parts.js";
import { go, route, to } from "../routes.js";
import { listen } from "../stream.js";

const UNDERLYINGS = ["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX", "CRUDEOILM"];
const AROUND = 20;
const NARROW = matchMedia("(max-width: 760px)");
const COLUMNS = {
  prices: ["oi", "oi_change", "volume", "iv", "delta", "theta", "change", "bid", "ask", "ltp"],
  greeks: ["oi", "volume", "iv", "delta", "gamma", "theta", "vega", "change", "ltp"],
};
/** Of them, what a phone has room for. */
const BRIEF = { prices: ["oi", "change", "ltp"], quotes: ["bid", "ask", "ltp"], greeks: ["iv", "delta", "ltp"] };
const LABELS = { prices: "Prices", quotes: "Quotes", greeks: "Greeks" };
/** Shares of the width: a price of five figures needs more than a delta. */
const WIDTHS = { oi: 50, oi_change: 46, volume: 46, iv: 38, delta: 40, gamma: 46, theta: 48, vega: 42, change: 56, bid: 58, ask: 58, ltp: 62, own: 44, strike: 66 };
const HEADS = { oi: "OI L", oi_change: "Chg L", volume: "Vol L", iv: "IV %", delta: "Delta", gamma: "Gamma", theta: "Theta", vega: "Vega", change: "Chg", bid: "Bid", ask: "Ask", ltp: "LTP", own: "Own" };

export default function Chain() {
  const underlying = route.value.rest || "NIFTY";
  const expiry = route.value.query.get("expiry");
  const cells = useMemo(() => new Cells(), [underlying, expiry]);
  const [columns, setColumns] = useState("prices");
  const narrow = useNarrow();
  const known = narrow ? BRIEF : COLUMNS;
  const [problem, setProblem] = useState(null);
  useEffect(() => follow(cells, underlying, expiry, setProblem), [cells]);
  const facts = cells.facts.value;
  const tools = html`<${Choice} label="Columns" value=${columns} onPick=${setColumns} options=${Object.keys(known).map((name) => [name, LABELS[name]])} />
    <select aria-label="Expiry" value=${facts?.expiry ?? ""} onChange=${(event) => go("chain", underlying, { expiry: event.target.value })}>
      ${(facts?.expiries ?? []).map((one) => html`<option value=${one}>${expiryText(one)}</option>`)}</select>
    <select aria-label="Underlying" value=${underlying} onChange=${(event) => go("chain", event.target.value)}>
      ${[...new Set([underlying, ...UNDERLYINGS])].map((one) => html`<option>${one}</option>`)}</select>`;
  return html`<h1 class="skip">Option chain</h1>
    <${Panel} title=${underlying} note=${html`<${Spot} cells=${cells} />`} tools=${tools}>
      ${problem && html`<div class="padded"><${Refusal} problem=${problem} /></div>`}
      ${cells.rows.value.length ? html`<${Table} key=${underlying + facts?.expiry} cells=${cells} calls=${known[columns] ?? known.prices} narrow=${narrow} />` : !problem && html`<${Empty} icon="table-2" title="No contract of this expiry is known yet">
        Definitions come with the first prices of the day.</${Empty}>`}
    </${Panel}>`;
}

/** Show the chain now, then as it changes; the expiry that is nearest where none was chosen. */
function follow(cells, underlying, expiry, setProblem) {
  let deaf = null;
  let gone = false;
  let retry = 0;
  const begin = async () => {
    try {
      const chain = await get("/chain", { underlying, expiry, around: AROUND });
      if (gone) return;
      setProblem(null);
      cells.take(chain);
      if (chain.expiry) deaf ??= listen(`chain:${underlying}:${chain.expiry}:${AROUND}`, (next) => cells.take(next));
      if (!chain.rows.length) retry = setTimeout(begin, 2000);
    } catch (refused) {
      if (!gone) setProblem(refused);
      retry = setTimeout(begin, 3000);
    }
  };
  begin();
  return () => {
    gone = true;
    clearTimeout(retry);
    deaf?.();
  };
}

function Spot({ cells }) {
  const facts = cells.facts.value;
  return html`spot <b class="spot" data-test="spot">${price(cells.spot.value)}</b><span class="phone-hide">${facts?.forward_from ? ` · forward from ${facts.forward_from}` : ""}${facts?.isFromSeen ? " · change since the first tick" : ""}</span>`;
}

function useNarrow() {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const turned = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", turned);
    return () => NARROW.removeEventListener("change", turned);
  }, []);
  return narrow;
}

function Table({ cells, calls: figures, narrow }) {
  const calls = narrow ? figures : [...figures, "own"]; // On a phone what is held stands under its price.
  const puts = [...calls].reverse();
  const atm = cells.atm.value;
  return html`<div class="chain-box" tabindex="0" role="group" aria-label="Option chain" ref=${scrollOnce}><table class="chain" data-test="chain">
    <colgroup>${[...calls, "strike", ...puts].map((name) => html`<col width=${narrow ? undefined : WIDTHS[name]} />`)}</colgroup>
    <thead>
      <tr><th colspan=${calls.length} scope="colgroup">Calls</th><th class="strike" scope="col"><span class="skip">of</span></th><th colspan=${puts.length} scope="colgroup">Puts</th></tr>
      <tr>${calls.map(head)}<th class="strike" scope="col">Strike</th>${puts.map(head)}</tr>
    </thead>
    <tbody>${cells.rows.value.map((row) => html`<${Row} key=${row.strike} row=${row} calls=${calls} puts=${puts} isAtm=${row.strike === atm} side=${atm === null ? 0 : Math.sign(row.strike - atm)} />`)}</tbody>
  </table></div>`;
}

const head = (name) => html`<th scope="col" class=${name === "own" ? "own-cell" : ""}>${HEADS[name]}</th>`;

/** The money in the middle, the first time the chain is seen. */
function scrollOnce(box) {
  if (!box || box.dataset.scrolled) return;
  box.dataset.scrolled = "yes";
  requestAnimationFrame(() => {
    const row = box.querySelector(".atm");
    if (!row) return;
    if (NARROW.matches) row.scrollIntoView({ block: "center" }); // There it is the page that scrolls.
    else box.scrollTop = row.offsetTop - box.clientHeight / 2;
  });
}

const seers = new WeakMap(); // Row of the table -> its strike.
const watching = new IntersectionObserver((changes) => changes.forEach(({ target, isIntersecting }) => seers.get(target)?.see(isIntersecting)));

function Row({ row, calls, puts, isAtm, side }) {
  const strike = row.strike / 100;
  const own = useRef(null);
  useEffect(() => {
    const line = own.current;
    seers.set(line, row);
    watching.observe(line);
    return () => [watching.unobserve(line), row.see(true)];
  }, [row]);
  return html`<tr ref=${own} class=${isAtm ? "atm" : ""}>
    ${calls.map((name) => cell(row.CE, name, "ce", side < 0, strike))}
    <th scope="row" class="strike">${count(strike)}</th>
    ${puts.map((name) => cell(row.PE, name, "pe", side > 0, strike))}
  </tr>`;
}

/** A cell is bound to its signal; it is not made again when the figure changes. */
function cell(leg, name, side, itm, strike) {
  const text = leg.text[name];
  const money = itm ? " itm" : "";
  if (name === "own") return html`<td class="own-cell"><${Own} leg=${leg} /></td>`;
  if (name === "oi") return html`<td class="oi ${side}${money}"><${Bar} part=${leg.part} /><b class="figure">${text}</b></td>`;
  if (name === "change") return html`<td class=${itm ? "itm" : ""}><b class=${leg.changeTone}>${text}</b></td>`;
  if (name === "ltp") {
    const label = `${strike} ${side === "ce" ? "call" : "put"}: new order`;
    return html`<td class="ltp${money}"><button title=${label} onClick=${() => go("ticket", leg.instrument.value)}><b class="figure">${text}</b></button><span class="phone-only"><${Own} leg=${leg} /></span></td>`;
  }
  return html`<td class=${itm ? "itm" : ""}><b class="figure ${name === "oi_change" ? "faint" : ""}">${text}</b></td>`;
}

function Bar({ part }) {
  const bind = useMemo(() => {
    let end = null;
    return (element) => {
      end?.();
      end = element && effect(() => element.style.setProperty("--part", part.value / 100));
    };
  }, [part]);
  return html`<i ref=${bind}></i>`;
}

function Own({ leg }) {
  const qty = leg.position.value;
  return qty ? html`<a class="own ${qty < 0 ? "short" : ""}" href=${to("chart", leg.instrument.value)}>${leg.positionText.value}</a>` : null;
}
