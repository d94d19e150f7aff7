/** The kill switch: always in the top bar, asks before it halts the desk and flattens it, and lets it trade again. */

import { html } from "../vendor/htm-preact.js";
import { signal } from "../vendor/signals.js";
import { get, may, OWN, scope, sendToOwn, watched } from "./api.js";
import { openOrders, positions, status } from "./book.js";
import { Icon, Modal, Refusal } from "./parts.js";
import { say } from "./toasts.js";

const LOOKS_MS = 1000;
/** How the gateway's own desk stood when it was asked, {halted}: the question must not turn under the finger. */
const asked = signal(null);
const refusal = signal(null);
const busy = signal(false);

export async function askToKill() {
  if (!scope.value) return;
  refusal.value = null;
  asked.value = { halted: watched.value ? await ownIsHalted() : isHalted() };
}

/** What is watched may be a replay, which was halted that day; a desk that says nothing in time can still be halted. */
function ownIsHalted() {
  const told = get("/status", OWN).then(({ kill_switch }) => Boolean(kill_switch), () => false);
  return Promise.race([told, new Promise((done) => setTimeout(done, LOOKS_MS, false))]);
}

/** Is the desk that is watched halted by a person? Then the switch lets it go on. */
export function isHalted() {
  return Boolean(status.value?.kill_switch);
}

export function KillSwitch() {
  const halted = isHalted() && !watched.value;
  return html`<button class="kill ${halted ? "on" : ""}" onClick=${askToKill} aria-haspopup="dialog" aria-label=${halted ? "Halted" : "Kill switch"} title="Kill switch (k)">
      <${Icon} name="octagon-x" /><span>${halted ? "Halted" : html`Kill<span class="phone-hide"> switch</span>`}</span>
    </button>
    ${asked.value && html`<${Question} halted=${asked.value.halted} />`}`;
}

function Question({ halted }) {
  const held = [...positions.value.values()].filter(({ qty }) => qty).length;
  const done = () => (asked.value = null);
  return html`<${Modal} title=${halted ? "Let the desk trade again?" : "Halt the desk and flatten it?"} onClose=${done}>
    ${halted
      ? html`<p>New orders will be accepted again. Strategies go on as they stand.</p>`
      : html`<p>No strategy and nobody else can place an order any more. Everything that works is cancelled, and everything that is
          held is closed at the market:</p>
        <ul class="stakes"><li><b>${held}</b> open ${held === 1 ? "position" : "positions"}</li>
          <li><b>${openOrders.value.length}</b> working ${openOrders.value.length === 1 ? "order" : "orders"}</li></ul>`}
    ${watched.value && html`<p><b>This is the live desk's switch</b>, not that of the replay that you are watching; the counts are the replay's.</p>`}
    <form onSubmit=${(event) => throwSwitch(event, halted)}>
      <label class="field">Reason <input name="reason" maxlength="200" autocomplete="off" placeholder="for the record" /></label>
      <${Refusal} problem=${refusal.value} />
      <footer><button type="button" onClick=${done}>Back</button>
        <button class=${halted ? "primary" : "danger"} autofocus disabled=${busy.value || !may("trade")}>
          ${halted ? "Resume" : "Halt and flatten"}</button></footer>
    </form>
  </${Modal}>`;
}

async function throwSwitch(event, halted) {
  event.preventDefault();
  const reason = new FormData(event.target).get("reason") || "kill switch on the page";
  busy.value = true;
  try {
    await sendToOwn("POST", "/control/kill-switch", { reason, on: !halted });
    asked.value = null;
    say(halted ? "The desk may trade again." : "The kill switch is on: everything is being closed.", halted ? "good" : "bad");
  } catch (problem) {
    refusal.value = problem;
  } finally {
    busy.value = false;
  }
}
