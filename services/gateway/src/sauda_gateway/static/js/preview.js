/** What an order would need and cost, asked of the gateway while it is written; nothing is sent to the market. */

import { html } from "../vendor/htm-preact.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { send } from "./api.js";
import { count, price, rupees, words } from "./format.js";
import { Icon, Refusal } from "./parts.js";

const PAUSE_MS = 250;
const AGAIN_MS = 3000; // Prices move: what stood here a while ago is no answer.

/** {told, problem, isOld} of the wish as it stands, null while it is not whole; isOld: what was told is about another wish. */
export function usePreview(wish) {
  const [preview, setPreview] = useState(null);
  const asked = wish && isAsked(wish) ? JSON.stringify(wish) : null;
  useEffect(() => {
    if (!asked) return setPreview(null);
    let gone = false;
    const ask = () => send("POST", "/orders/preview", JSON.parse(asked)).then(
      (told) => gone || setPreview({ told, problem: null, asked }),
      (problem) => gone || setPreview({ told: null, problem, asked }),
    );
    const first = setTimeout(ask, PAUSE_MS);
    const again = setInterval(() => document.visibilityState === "visible" && ask(), AGAIN_MS);
    return () => [(gone = true), clearTimeout(first), clearInterval(again)];
  }, [asked]);
  return preview && { ...preview, isOld: preview.asked !== asked };
}

function isAsked(wish) {
  return wish.qty > 0 && Object.values(wish).every((value) => value !== null && !Number.isNaN(value));
}

export function Preview({ preview }) {
  if (!preview) return html`<p class="hint">Margin and charges are shown here before anything is sent.</p>`;
  if (preview.problem) return html`<${Refusal} problem=${preview.problem} />`;
  const { told } = preview;
  const lines = Object.entries(told.costs ?? {}).filter(([, paid]) => paid);
  return html`<div class="preview ${preview.isOld ? "old" : ""}" data-test="preview" aria-busy=${preview.isOld}>
    ${!told.accepted && html`<p class="refusal" role="status"><${Icon} name="circle-alert" /><span><b>Would be refused: </b>${told.detail ?? words(told.reason)}</span></p>`}
    <dl class="sum">
      <div><dt>At about</dt><dd>${price(told.price)}${told.slices > 1 ? ` in ${count(told.slices)} orders` : ""}</dd></div>
      <div><dt>Margin ${told.margin < 0 ? "freed" : "needed"}</dt><dd data-test="margin-needed">${rupees(Math.abs(told.margin))}</dd></div>
      <div><dt>Free now</dt><dd>${rupees(told.available)}</dd></div>
      ${lines.map(([name, paid]) => html`<div class="line"><dt>${NAMES[name] ?? words(name)}</dt><dd>${price(paid)}</dd></div>`)}
      <div class="total"><dt>Charges</dt><dd data-test="charges-before">${rupees(told.charges)}</dd></div>
    </dl></div>`;
}

const NAMES = { stt: "STT / CTT", exchange: "Exchange fee", sebi: "SEBI fee", ipft: "IPFT fee", stamp: "Stamp duty", gst: "GST" };
