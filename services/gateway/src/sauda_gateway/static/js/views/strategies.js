/** Every strategy: how it stands and why it waits, what it made, its rules; start, stop, square off. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { signal } from "../../vendor/signals.js";
import { get, mayTrade, send, watched } from "../api.js";
import { marketNs, soon, strategies as points } from "../book.js";
import { change, clock, count, gain, instrumentParts, price, prose, tone } from "../format.js";
import { Empty, Modal, Panel, Refusal, State } from "../parts.js";
import { listen } from "../stream.js";
import { say } from "../toasts.js";

const AGAIN_MS = 3000;
const asked = signal(null);

export default function Strategies() {
  const [state, setState] = useState({ items: null, problem: null });
  const read = () => get("/strategies").then(({ items }) => setState({ items, problem: null }), (problem) => setState((now) => ({ ...now, problem })));
  useEffect(() => {
    read();
    const timer = setInterval(() => document.visibilityState === "visible" && read(), AGAIN_MS);
    const deaf = listen("signals", soon(read)); // Many may come at once.
    return () => [clearInterval(timer), deaf()];
  }, []);
  const { items, problem } = state;
  return html`<h1 class="skip">Strategies</h1>
    ${problem && html`<${Refusal} problem=${problem} />`}
    ${items?.length === 0 && html`<${Panel} title="Strategies"><${Empty} icon="bot" title="No strategy yet">A file in config/strategies/ makes one; <code>sauda strategies reload</code> starts it.</${Empty}></${Panel}>`}
    <div class="strategy-cards">${(items ?? []).map((one) => html`<${Card} key=${one.strategy} one=${one} />`)}</div>
    ${asked.value && html`<${SquareOff} name=${asked.value} after=${read} />`}`;
}

function Card({ one }) {
  const point = points.value.get(one.strategy);
  const note = html`${one.kind}${one.mode && one.mode !== "live" ? ` · ${one.mode.replaceAll("_", " ")}` : ""}${one.held_by ? html` <span class="phone-hide">· held by ${one.held_by}</span>` : ""}`;
  return html`<${Panel} title=${one.strategy} note=${note} area="strategy" tools=${html`<${State} of=${one.state} tone=${one.state.replaceAll(" ", "-")} />`}>
    <div class="worth"><b class=${tone(point?.net ?? 0)}>${point ? gain(point.net) : "no P&L yet"}</b>
      ${point && html`<small>realised <span class=${tone(point.realised)}>${change(point.realised)}</span> · unrealised <span class=${tone(point.unrealised)}>${change(point.unrealised)}</span> · charges ${price(point.charges)}</small>`}</div>
    <${Waits} one=${one} />
    ${one.positions.length > 0 && html`<div class="held">${one.positions.filter(({ qty }) => qty).map(({ instrument, qty }) => html`<span class="chip">${count(qty, true)} ${instrumentParts(instrument).name}</span>`)}</div>`}
    <${Rules} one=${one} /><${Acts} one=${one} />
  </${Panel}>`;
}

function Waits({ one }) {
  const said = one.last_signal;
  if (watched.value) return html`<p class="waits">It does not run here: what it decided that day is played again.</p>`;
  if (one.why) return html`<p class="waits bad">${one.why}</p>`;
  return html`<p class="waits"><b>${waitsFor(one)}</b><br />
    ${said ? html`<time>${clock(said.event_ns)}</time>${prose(said.reason)}` : "It has not said anything yet."}</p>`;
}

/** What it does now, in one line; below stands what it last thought. */
function waitsFor({ state, positions, rules }) {
  if (state === "stopped") return "Stopped: it opens nothing new until it is started.";
  if (positions.some(({ qty }) => qty)) return "Manages what it holds.";
  const now = clock(marketNs.value);
  if (rules.entry_time && now < rules.entry_time) return `Waits for its entry at ${rules.entry_time}.`;
  if (rules.exit_time && now >= rules.exit_time) return `Done for today: its exit was at ${rules.exit_time}.`;
  return "Holds nothing, waits for its next signal.";
}

function Rules({ one }) {
  const rules = Object.entries(one.rules ?? {});
  if (!rules.length) return null;
  return html`<details><summary>${rules.length} rules${one.differs_from_file.length ? ` · ${one.differs_from_file.length} changed since the file` : ""}</summary>
    <dl class="rules">${rules.map(([name, value]) => html`<dt>${name}</dt><dd class=${one.differs_from_file.includes(name) ? "differs" : ""}>${String(value)}</dd>`)}</dl></details>`;
}

function Acts({ one }) {
  const carried = one.held_by !== null;
  const trading = one.state === "trading";
  return html`<div class="actions">
    <button disabled=${!mayTrade() || !carried || trading} onClick=${() => order("start", one.strategy)}>Start</button>
    <button disabled=${!mayTrade() || !carried || !trading} onClick=${() => order("stop", one.strategy)}>Stop</button>
    <button disabled=${!mayTrade()} onClick=${() => (asked.value = one.strategy)}>Square off…</button></div>`;
}

async function order(what, strategy) {
  try {
    await send("POST", `/control/${what}`, { strategy, reason: `${what} on the page` });
    say({ start: `${strategy} may trade.`, stop: `${strategy} opens nothing new; what it holds stays managed.`, "square-off": `${strategy} is being squared off.` }[what], "good");
  } catch (problem) {
    say(problem.message, "bad");
  }
}

function SquareOff({ name, after }) {
  const done = () => (asked.value = null);
  const go = async (event) => {
    event.preventDefault();
    done();
    await order("square-off", name);
    after();
  };
  return html`<${Modal} title="Square off ${name}?" onClose=${done}><p>What it has working is cancelled, and what it holds is closed at the market.</p>
    <form onSubmit=${go}><footer><button type="button" onClick=${done}>Back</button><button class="danger" autofocus>Square off</button></footer></form></${Modal}>`;
}
