/** Light, dark, or as the machine has it; kept in this browser. */

import { signal } from "../vendor/signals.js";

const CHOICES = ["auto", "light", "dark"];
export const theme = signal(localStorage.getItem("sauda-theme") ?? "auto");
/** Counts changes of what is shown: charts draw anew. */
export const repaint = signal(0);

export function applyTheme() {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  repaint.value += 1;
}

export function nextTheme() {
  theme.value = CHOICES[(CHOICES.indexOf(theme.value) + 1) % CHOICES.length];
  localStorage.setItem("sauda-theme", theme.value);
  applyTheme();
}

/** A colour of the style sheet as a canvas can use it. */
export function colour(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (repaint.value += 1));
