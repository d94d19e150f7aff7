/** Logging in with a token; the page keeps none, the browser keeps a cookie that scripts cannot read. */

import { html } from "../../vendor/htm-preact.js";
import { useState } from "../../vendor/hooks.js";
import { logIn } from "../api.js";
import { Refusal } from "../parts.js";
import { go, route } from "../routes.js";

const NOT_KNOWN = { message: "This token is unknown, or has expired. The program makes one: sauda token add NAME." };

export function Login() {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const enter = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await logIn(String(new FormData(event.target).get("token")).trim());
      if (route.value.name === "login") go("desk");
    } catch (refused) {
      setProblem(refused.status === 401 || refused.status === 422 ? NOT_KNOWN : refused);
    } finally {
      setBusy(false);
    }
  };
  return html`<main class="login" id="main"><form onSubmit=${enter} class="panel">
    <h1><img src="icon.svg" alt="" width="36" height="36" /> Sauda</h1>
    <p>The trading desk on this machine. Enter a token to watch it; what it may do depends on the token.</p>
    <input name="username" autocomplete="username" value="sauda" hidden />
    <label class="field">Token <input name="token" type="password" required autofocus autocomplete="current-password" spellcheck="false" /></label>
    <${Refusal} problem=${problem} />
    <button class="primary" disabled=${busy}>${busy ? "Looking…" : "Enter the desk"}</button>
    <p class="hint">The first <code>make up</code> says where it wrote one.</p>
  </form></main>`;
}
