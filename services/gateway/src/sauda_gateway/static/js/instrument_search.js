/** A field that finds an instrument by any words of it; keyboard and screen readers by combobox-nav. */

import Combobox from "../vendor/combobox-nav.js";
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { get } from "./api.js";
import { instrumentParts, words } from "./format.js";

const PAUSE_MS = 120;
const MOST = 30;

/** `onPick(instrument)` gets the whole definition. */
export function InstrumentSearch({ label = "Instrument", value = "", onPick }) {
  const field = useRef(null);
  const choices = useRef(null);
  const nav = useRef(null);
  const [found, setFound] = useState(null);
  useEffect(() => {
    nav.current = new Combobox(field.current, choices.current, { firstOptionSelectionMode: "selected", tabInsertsSuggestions: true });
    return () => nav.current.destroy();
  }, []);
  useEffect(() => {
    field.current.value = value;
  }, [value]);
  useEffect(() => {
    if (found === null) nav.current.stop();
    else nav.current.start();
  }, [found]);
  const search = useSearch(setFound);
  const pick = (one) => {
    field.current.value = one.instrument;
    setFound(null);
    onPick(one);
  };
  return html`<div class="combo">
    <input ref=${field} aria-label=${label} placeholder="Search: nifty 24500 ce" autocomplete="off" spellcheck="false" name="instrument"
      onInput=${(event) => search(event.target.value)} onFocus=${(event) => event.target.select()} onBlur=${() => setTimeout(() => setFound(null), 150)}
      onKeyDown=${(event) => event.key === "Escape" && setFound(null)} />
    <ul ref=${choices} role="listbox" aria-label="Instruments" hidden=${found === null}
      onMouseDown=${(event) => event.preventDefault()} onCombobox-commit=${(event) => pick(found[Number(event.target.dataset.n)])}>
      ${(found ?? []).map((one, n) => html`<li key=${one.instrument} id="option-${n}" role="option" data-n=${n}><${Option} one=${one} /></li>`)}
      ${found?.length === 0 && html`<li role="option" aria-disabled="true" aria-selected="false">Nothing is called so</li>`}
    </ul>
  </div>`;
}

function Option({ one }) {
  const { name, detail } = instrumentParts(one.instrument);
  return html`<span>${name}</span><small>${[detail, words(one.kind), one.exchange].filter(Boolean).join(" · ")}</small>`;
}

/** Ask a moment after the last key; an older answer never replaces a newer one. */
function useSearch(setFound) {
  const state = useRef({ timer: 0, asked: 0 });
  return (text) => {
    const now = state.current;
    clearTimeout(now.timer);
    const mine = ++now.asked;
    if (!text.trim()) return setFound(null);
    now.timer = setTimeout(async () => {
      const answer = await get("/instruments", { q: text, limit: MOST }).catch(() => ({ items: [] }));
      if (mine === now.asked) setFound(answer.items);
    }, PAUSE_MS);
  };
}
