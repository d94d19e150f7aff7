/** Short remarks that go by themselves; screen readers hear them, too. */

import { html } from "../vendor/htm-preact.js";
import { signal } from "../vendor/signals.js";

const STAYS_MS = 6000;
const remarks = signal([]);
let number = 0;

/** Show *text*; tone: good, bad or plain. */
export function say(text, tone = "plain") {
  const key = ++number;
  remarks.value = [...remarks.value, { key, text, tone }];
  setTimeout(() => (remarks.value = remarks.value.filter((one) => one.key !== key)), STAYS_MS);
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${remarks.value.map(({ key, text, tone }) => html`<p key=${key} class=${tone}>${text}</p>`)}
  </div>`;
}
