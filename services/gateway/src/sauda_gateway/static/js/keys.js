/** Keys: g and a letter goes to a view, b and s begin an order, k asks for the kill switch, / searches, ? lists them. */

import { signal } from "../vendor/signals.js";
import { nextTheme } from "./theme.js";
import { go, VIEWS } from "./routes.js";
import { askToKill } from "./kill_switch.js";

const PAUSE_MS = 1200;
export const helpShown = signal(false);
let prefix = 0;

export const KEYS = [
  ...VIEWS.map(({ key, label }) => [`g ${key}`, label]),
  ["b", "Buy: a new order"],
  ["s", "Sell: a new order"],
  ["/", "Search an instrument"],
  ["k", "Kill switch (asks first)"],
  ["m", "Light, dark, as the machine has it"],
  ["?", "This list"],
  ["Esc", "Close"],
];

const ACTS = {
  b: () => go("ticket", "", { side: "BUY" }),
  s: () => go("ticket", "", { side: "SELL" }),
  k: askToKill,
  m: nextTheme,
  "?": () => (helpShown.value = true),
  "/": search,
};

export function listenForKeys() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const view = Date.now() - prefix < PAUSE_MS && VIEWS.find(({ key }) => key === event.key);
    prefix = event.key === "g" ? Date.now() : 0;
    if (view) go(view.name);
    else if (ACTS[event.key]) ACTS[event.key]();
    else return;
    event.preventDefault();
  });
}

function isTyping(target) {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function search() {
  const field = document.querySelector("[role=combobox]");
  if (field) field.focus();
  else go("chart");
}
