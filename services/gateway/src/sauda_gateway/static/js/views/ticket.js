/** The order ticket with margin and charges before sending, and beside it every order of the day. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { get, mayTrade, send, watched } from "../api.js";
import { orders } from "../book.js";
import { count, paise, price } from "../format.js";
import { InstrumentSearch } from "../instrument_search.js";
import { OrderTable } from "../order_table.js";
import { Choice, Icon, Panel, Refusal } from "../parts.js";
import { Preview, usePreview } from "../preview.js";
import { route } from "../routes.js";
import { listen } from "../stream.js";
import { say } from "../toasts.js";

const KINDS = [["MARKET", "Market"], ["LIMIT", "Limit"], ["SL", "Stop limit"], ["SL-M", "Stop"]];
const ASKED = { LIMIT: ["limit_price"], SL: ["limit_price", "trigger_price"], "SL-M": ["trigger_price"], MARKET: [] };
const LABELS = { limit_price: "Limit price", trigger_price: "Trigger price" };
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
  const [form, setForm] = useState({ ...EMPTY, side: query.get("side") ?? "BUY", product: query.get("product") ?? "NRML" });
  const [qty, setQty] = useState(Number(query.get("qty")) || 0);
  const sent = useRef({}); // The wish that was sent last, and its key.
  const [state, setState] = useState({ busy: false, problem: null });
  useEffect(() => {
    if (rest) get("/instruments", { q: rest, limit: 20 }).then(({ items }) => pick(items.find(({ instrument }) => instrument === rest)), () => null);
  }, []);
  const pick = (one) => {
    if (!one) return;
    setContract(one);
    setQty((now) => now || one.lot_size);
  };
  const set = (changed) => setForm((now) => ({ ...now, ...changed }));
  const wish = contract && asWish(contract, form, qty);
  const preview = usePreview(wish);
  const place = async (event) => {
    event.preventDefault();
    setState({ busy: true, problem: null });
    const text = JSON.stringify(wish);
    // The same wish has the same key: a repetition is never a second order. Another wish has another one.
    if (sent.current.text !== text) sent.current = { text, key: crypto.randomUUID() };
    try {
      const { order_id } = await send("POST", "/orders", wish, sent.current.key);
      say(`${form.side === "BUY" ? "Buy" : "Sell"} ${count(qty)} sent: ${order_id}`, "good");
      sent.current = {}; // The next order is another wish, even if it says the same.
      setState({ busy: false, problem: null });
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  return html`<form class="ticket-form" onSubmit=${place} data-test="ticket">
    <label class="field">Instrument <${InstrumentSearch} value=${contract?.instrument ?? rest} onPick=${pick} /></label>
    <${Touch} id=${contract?.instrument} />
    <${Choice} label="Side" value=${form.side} onPick=${(side) => set({ side })} options=${[["BUY", "Buy"], ["SELL", "Sell"]]} />
    <${Quantity} qty=${qty} lot=${contract?.lot_size ?? 1} onChange=${setQty} />
    <${Choice} label="Kind" value=${form.kind} onPick=${(kind) => set({ kind })} options=${KINDS} />
    <div class="fields">
      ${ASKED[form.kind].map((name) => html`<${Price} key=${name} name=${name} label=${LABELS[name]} form=${form} set=${set} required />`)}
      <label class="field">Product <select name="product" value=${form.product} onChange=${(event) => set({ product: event.target.value })}>
        <option value="NRML">NRML: overnight</option><option value="MIS">MIS: within the day</option></select></label>
      <label class="field">Validity <select name="validity" value=${form.validity} onChange=${(event) => set({ validity: event.target.value })}>
        <option value="DAY">Day</option><option value="IOC">IOC</option></select></label>
      <${Price} name="stop_loss" label="Stop loss" form=${form} set=${set} />
      <${Price} name="take_profit" label="Target" form=${form} set=${set} />
    </div>
    <${Preview} preview=${preview} />
    <${Refusal} problem=${state.problem} />
    <button class=${form.side === "BUY" ? "primary" : "primary sells"} disabled=${!isWhole(wish) || state.busy || !mayTrade()} data-test="send">
      ${mayTrade() ? `${form.side === "BUY" ? "Buy" : "Sell"} ${count(qty)}` : watched.value ? "A replay is only watched" : "This token may only watch"}</button>
  </form>`;
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

function Quantity({ qty, lot, onChange }) {
  const step = (by) => onChange(Math.max(lot, qty + by * lot));
  return html`<div class="field"><label for="qty">Quantity <small>${lot > 1 ? `${count(qty / lot)} × ${count(lot)}` : "units"}</small></label>
    <div class="stepper"><button type="button" onClick=${() => step(-1)} aria-label="One lot less"><${Icon} name="minus" /></button>
      <input id="qty" name="qty" inputmode="numeric" value=${qty || ""} onInput=${(event) => onChange(Math.round(Number(event.target.value)) || 0)} />
      <button type="button" onClick=${() => step(1)} aria-label="One lot more"><${Icon} name="plus" /></button></div></div>`;
}

function Price({ name, label, form, set, required = false }) {
  return html`<label class="field">${label} <input name=${name} inputmode="decimal" autocomplete="off" placeholder=${required ? "0.00" : "none"} value=${form[name]} required=${required}
    aria-invalid=${Number.isNaN(paise(form[name])) ? "true" : undefined} onInput=${(event) => set({ [name]: event.target.value })} /></label>`;
}

/** The order as the gateway takes it: only what this kind has. */
function asWish(contract, form, qty) {
  const wish = { instrument: contract.instrument, side: form.side, qty, kind: form.kind, product: form.product, validity: form.validity };
  for (const name of [...ASKED[form.kind], "stop_loss", "take_profit"]) {
    const value = paise(form[name]);
    if (value !== null || ASKED[form.kind].includes(name)) wish[name] = value;
  }
  return wish;
}

export function isWhole(wish) {
  return Boolean(wish && wish.qty > 0 && Object.values(wish).every((value) => value !== null && !Number.isNaN(value)));
}
