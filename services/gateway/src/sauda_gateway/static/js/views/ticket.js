/** The order ticket with margin and charges before sending, and beside it every order of the day. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { get, mayTrade, send, watched } from "../api.js";
import { orders } from "../book.js";
import { count, paise, price, units } from "../format.js";
import { InstrumentSearch } from "../instrument_search.js";
import { OrderTable } from "../order_table.js";
import { Choice, Icon, Panel, Refusal, Side, State } from "../parts.js";
import { Preview, usePreview } from "../preview.js";
import { route, to } from "../routes.js";
import { listen } from "../stream.js";
import { answered, keyOf } from "../wishes.js";

const KINDS = [["MARKET", "Market"], ["LIMIT", "Limit"], ["SL", "Stop limit"], ["SL-M", "Stop"]];
const ASKED = { LIMIT: ["limit_price"], SL: ["limit_price", "trigger_price"], "SL-M": ["trigger_price"], MARKET: [] };
const LABELS = { limit_price: "Limit price", trigger_price: "Trigger price" };
const RESTS_MS = 1000; // The second of two clicks that are one wish comes sooner.
const EMPTY = { side: "BUY", kind: "MARKET", product: "NRML", validity: "DAY", limit_price: "", trigger_price: "", stop_loss: "", take_profit: "" };

export default function Ticket() {
  return html`<h1 class="skip">Orders</h1><div class="order-desk">
    <${Panel} title="New order"><${Form} key=${`${route.value.rest} ${route.value.query}`} /></${Panel}>
    <${Panel} title="Orders today" note=${orders.value.size || ""} scrolls><${OrderTable} /></${Panel}>
  </div>`;
}

function Form() {
  const { rest, query } = route.value;
  const [contract, setContract] = useState(null);
  const [form, setForm] = useState({ ...EMPTY, side: query.get("side") === "SELL" ? "SELL" : "BUY", qty: query.get("qty") ?? "" });
  const busy = useRef(false); // At once, not with the next drawing: a second click comes sooner.
  const [state, setState] = useState({ busy: false, problem: null });
  useEffect(() => {
    if (!rest) return;
    const named = ({ items }) => items.find(({ instrument }) => instrument === rest) ?? Promise.reject(new Error(`Nothing is called ${rest} here: search it by name, strike or expiry.`));
    get("/instruments", { q: rest, limit: 20 }).then(named).then(take).catch((problem) => setState({ busy: false, problem }));
  }, []);
  const take = (one) => {
    setContract(one);
    setForm((now) => ({ ...now, qty: units(now.qty) % one.lot_size === 0 ? now.qty : String(one.lot_size) }));
    setState({ busy: false, problem: null });
  };
  const qty = units(form.qty);
  const set = (changed) => setForm((now) => ({ ...now, ...changed }));
  const wish = contract && asWish(contract, form);
  const preview = usePreview(wish);
  const place = async (event) => {
    event.preventDefault();
    if (busy.current) return;
    busy.current = true;
    setState({ busy: true, problem: null });
    const text = JSON.stringify(wish);
    try {
      const { order_id } = await send("POST", "/orders", wish, keyOf(text));
      answered(text);
      setState({ busy: true, problem: null, placed: order_id });
      await new Promise((done) => setTimeout(done, RESTS_MS));
      setState({ busy: false, problem: null, placed: order_id });
    } catch (problem) {
      setState({ busy: false, problem });
    } finally {
      busy.current = false;
    }
  };
  return html`<form class="ticket-form" onSubmit=${place} data-test="ticket">
    <label class="field">Instrument <${InstrumentSearch} value=${contract?.instrument ?? rest} onPick=${take} /></label>
    <${Touch} id=${contract?.instrument} />
    <${Choice} label="Side" value=${form.side} onPick=${(side) => set({ side })} options=${[["BUY", "Buy"], ["SELL", "Sell"]]} />
    <${Quantity} text=${form.qty} lot=${contract?.lot_size ?? 1} onChange=${(text) => set({ qty: text })} />
    <${Choice} label="Kind" value=${form.kind} onPick=${(kind) => set({ kind })} options=${KINDS} />
    <div class="fields">
      ${ASKED[form.kind].map((name) => html`<${Price} key=${name} name=${name} label=${LABELS[name]} wide=${ASKED[form.kind].length === 1} form=${form} set=${set} required />`)}
      <label class="field">Product <select name="product" value=${form.product} onChange=${(event) => set({ product: event.target.value })}>
        <option value="NRML">NRML: overnight</option><option value="MIS">MIS: within the day</option></select></label>
      <label class="field">Validity <select name="validity" value=${form.validity} onChange=${(event) => set({ validity: event.target.value })}>
        <option value="DAY">Day</option><option value="IOC">IOC</option></select></label>
      <${Price} name="stop_loss" label="Stop loss" form=${form} set=${set} />
      <${Price} name="take_profit" label="Target" form=${form} set=${set} />
    </div>
    <${Preview} preview=${preview} />
    <${Refusal} problem=${state.problem} />${state.placed && html`<${Outcome} id=${state.placed} />`}
    <button class=${form.side === "BUY" ? "primary" : "primary sells"} disabled=${!isWhole(wish) || state.busy || !mayTrade()} data-test="send">
      ${mayTrade() ? `${form.side === "BUY" ? "Buy" : "Sell"} ${qty ? count(qty) : ""}` : watched.value ? "A replay is only watched" : "This token may only watch"}</button>
  </form>`;
}

/** What became of the order that was sent last. */
function Outcome({ id }) {
  const order = orders.value.get(id);
  if (!order) return html`<p class="outcome" role="status">Sent; the exchange has not answered yet.</p>`;
  const at = order.average_price ? ` at ${price(order.average_price)}` : "";
  return html`<p class="outcome" role="status"><${State} of=${order.status} /><span><${Side} side=${order.side} /> ${count(order.qty)}${at}${order.reason && `: ${order.reason}`}</span>
    <a href=${to("why", id)} aria-label="Why this order">why</a></p>`;
}

function Touch({ id }) {
  const [quote, setQuote] = useState(null);
  useEffect(() => {
    setQuote(null);
    return id ? listen(`ticks:${id}`, setQuote) : undefined;
  }, [id]);
  if (!id) return null;
  return html`<dl class="touch"><div><dt>Bid</dt><dd>${price(quote?.bid)}</dd></div><div><dt>LTP</dt><dd data-test="ltp">${price(quote?.ltp)}</dd></div><div><dt>Ask</dt><dd>${price(quote?.ask)}</dd></div></dl>`;
}

function Quantity({ text, lot, onChange }) {
  const qty = units(text);
  const step = (by) => onChange(String(Math.max(lot, (qty || 0) + by * lot)));
  return html`<div class="field"><label for="qty">Quantity <small>${lot > 1 ? inLots(qty, lot) : "units"}</small></label>
    <div class="stepper"><button type="button" onClick=${() => step(-1)} aria-label="One lot less"><${Icon} name="minus" /></button>
      <input id="qty" name="qty" inputmode="numeric" autocomplete="off" value=${text} aria-invalid=${text !== "" && Number.isNaN(qty) ? "true" : undefined} onInput=${(event) => onChange(event.target.value)} />
      <button type="button" onClick=${() => step(1)} aria-label="One lot more"><${Icon} name="plus" /></button></div></div>`;
}

function inLots(qty, lot) {
  if (!qty || qty % lot) return `lots of ${count(lot)}`;
  return `${count(qty / lot)} ${qty === lot ? "lot" : "lots"} of ${count(lot)}`;
}

function Price({ name, label, form, set, wide = false, required = false }) {
  return html`<label class="field ${wide ? "wide" : ""}">${label} <input name=${name} inputmode="decimal" autocomplete="off" placeholder=${required ? "0.00" : "none"} value=${form[name]} required=${required}
    aria-invalid=${Number.isNaN(paise(form[name])) ? "true" : undefined} onInput=${(event) => set({ [name]: event.target.value })} /></label>`;
}

/** The order as the gateway takes it: only what this kind has. */
function asWish(contract, form) {
  const wish = { instrument: contract.instrument, side: form.side, qty: units(form.qty), kind: form.kind, product: form.product, validity: form.validity };
  for (const name of [...ASKED[form.kind], "stop_loss", "take_profit"]) {
    const value = paise(form[name]);
    if (value !== null || ASKED[form.kind].includes(name)) wish[name] = value;
  }
  return wish;
}

export function isWhole(wish) {
  return Boolean(wish && wish.qty > 0 && Object.values(wish).every((value) => value !== null && !Number.isNaN(value)));
}
