/** A day watched again at N times its speed: replays are desks of their own, and nothing of them reaches the live one. */

import { html } from "../../vendor/htm-preact.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { get, may, send, watch, watched } from "../api.js";
import { marketNs } from "../book.js";
import { clock, count, day, isoDay } from "../format.js";
import { Empty, Panel, Refusal, State } from "../parts.js";
import { go } from "../routes.js";
import { say } from "../toasts.js";

const SPEEDS = [1, 5, 10, 30, 60, 300];
const USUAL = 10;
const AGAIN_MS = 2000;

export default function Replay() {
  const [state, setState] = useState({ items: null, problem: null });
  const read = () => get("/replays").then(({ items }) => setState({ items, problem: null }), (problem) => setState((now) => ({ ...now, problem })));
  useEffect(() => {
    read();
    const timer = setInterval(read, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<h1 class="skip">Replay</h1><div class="replaying">
    <${Panel} title="Watch a day again"><${Begin} after=${read} /></${Panel}>
    <${Panel} title="Replays" scrolls>
      ${state.problem && html`<div class="padded"><${Refusal} problem=${state.problem} /></div>`}
      ${state.items?.length ? html`<${Running} items=${state.items} after=${read} />` : html`<${Empty} icon="history" title="No replay runs">Pick a day of the record; it is played on a desk of its own, which you can watch here.</${Empty}>`}
    </${Panel}></div>`;
}

function Begin({ after }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const begin = async (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    setBusy(true);
    setProblem(null);
    try {
      const { id } = await send("POST", "/replays", { date: given.get("date"), from: given.get("from") || null, to: given.get("to") || null, speed: Number(given.get("speed")) });
      say(`${id} has begun.`, "good");
      after();
    } catch (refused) {
      setProblem(refused);
    } finally {
      setBusy(false);
    }
  };
  return html`<form onSubmit=${begin}>
    <label class="field">Day <input type="date" name="date" required defaultValue=${marketNs.value ? isoDay(marketNs.value) : ""} /></label>
    <div class="fields"><label class="field">From, IST <input type="time" name="from" /></label><label class="field">To, IST <input type="time" name="to" /></label></div>
    <p class="hint">Without times: all that the record has of the day.</p>
    <label class="field">Speed <select name="speed">${SPEEDS.map((one) => html`<option value=${one} selected=${one === USUAL}>${one}×</option>`)}</select></label>
    <${Refusal} problem=${problem} /><button class="primary" disabled=${busy || !may("trade")}>${busy ? "Beginning…" : may("trade") ? "Play" : "This token may only watch"}</button></form>`;
}

function Running({ items, after }) {
  return html`<table><thead><tr><th>Replay</th><th class="phone-hide">Of</th><th class="phone-hide">Span</th><th class="n phone-hide">Played</th><th>State</th><th><span class="skip">Actions</span></th></tr></thead>
    <tbody>${items.map((one) => html`<tr key=${one.id}><td class="wraps"><b>${one.id}</b></td><td class="phone-hide">${one.source} <small>${day(one.first_ns)}</small></td><td class="phone-hide">${clock(one.first_ns)}–${clock(one.last_ns)}</td><td class="n phone-hide">${count(one.played)}</td>
      <td><${State} of=${one.state} /></td>
      <td><div class="actions"><button class="small" disabled=${watched.value === one.id} onClick=${() => look(one)}>${watched.value === one.id ? "Watching" : "Watch"}</button>
        ${may("trade") && html`<button class="small" onClick=${() => end(one, after)}>Delete</button>`}</div></td></tr>`)}</tbody></table>`;
}

function look(one) {
  watch(one.id);
  go("desk");
}

async function end(one, after) {
  try {
    await send("DELETE", `/replays/${encodeURIComponent(one.id)}`);
    if (watched.value === (one.id)) watch("");
    after();
  } catch (problem) {
    say(problem.message, "bad");
  }
}
