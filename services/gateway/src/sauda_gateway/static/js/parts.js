/** Small parts of every view: panels, icons, dialogs, names of instruments, figures, empty places. */

import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { instrumentParts, words } from "./format.js";
import { to } from "./routes.js";

export function Icon({ name }) {
  return html`<svg class="icon" aria-hidden="true"><use href="vendor/icons.svg#${name}" /></svg>`;
}

/** A framed part of a view with its title, what can be done with it, and what it shows. */
export function Panel({ title, note, tools, area = "", scrolls = false, children }) {
  return html`<section class="panel ${area}" aria-label=${title}>
    <header><h2>${title}</h2>${note && html`<span class="note">${note}</span>`}${tools && html`<div class="tools">${tools}</div>`}</header>
    ${scrolls
      ? html`<div class="body scrolls" tabindex="0" role="group" aria-label=${title}>${children}</div>`
      : html`<div class="body">${children}</div>`}
  </section>`;
}

/** What stands where there is nothing to show: why, and what would change that. */
export function Empty({ icon = "info", title, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><p><b>${title}</b>${children && html`<span>${children}</span>`}</p></div>`;
}

/** An instrument by its trade name, leading to its chart. */
export function Instrument({ id }) {
  const { name, detail } = instrumentParts(id);
  return html`<a class="instrument" href=${to("chart", id)} title=${id}>${name}${detail && html` <small>${detail}</small>`}</a>`;
}

export function Side({ side }) {
  return html`<span class="side ${side === "BUY" ? "buy" : "sell"}">${side === "BUY" ? "Buy" : "Sell"}</span>`;
}

export function State({ of, tone }) {
  return html`<span class="state ${tone ?? of}">${words(of)}</span>`;
}

/** What the gateway refused, beside what was asked. */
export function Refusal({ problem }) {
  if (!problem) return null;
  return html`<p class="refusal" role="alert"><${Icon} name="circle-alert" />
    <span>${problem.field ? html`<b>${words(problem.field)}: </b>` : ""}${problem.message}</span></p>`;
}

/** A dialog over everything else; Esc closes it, the rest of the page waits. */
export function Modal({ title, onClose, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    return () => shown.close();
  }, []);
  const outside = (event) => event.target === dialog.current && onClose();
  return html`<dialog ref=${dialog} aria-label=${title} onClick=${outside} onCancel=${(event) => { event.preventDefault(); onClose(); }}>
    <div class="sheet"><header><h2>${title}</h2><button class="quiet" onClick=${onClose} aria-label="Close"><${Icon} name="x" /></button></header>
      ${children}</div>
  </dialog>`;
}

/** Buttons of which one is on. */
export function Choice({ label, options, value, onPick }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map((one) => {
      const [key, text] = Array.isArray(one) ? one : [one, one];
      return html`<button type="button" aria-pressed=${key === value} onClick=${() => onPick(key)}>${text}</button>`;
    })}
  </div>`;
}

/** Read something for a view now and whenever *deps* change; returns nothing: it sets signals. */
export function useReading(read, deps) {
  useEffect(() => {
    let gone = false;
    read(() => gone);
    return () => (gone = true);
  }, deps);
}
