/** Starts the page: theme, keys, session, the desk's book, and the shell that shows a view. */

import { html, render } from "../vendor/htm-preact.js";
import { resume } from "./api.js";
import { followDesk, trouble } from "./book.js";
import { listenForKeys } from "./keys.js";
import { Shell } from "./shell.js";
import { applyTheme } from "./theme.js";

const RETRY_MS = 1000;

async function beginSession() {
  try {
    await resume();
    trouble.value = "";
  } catch (problem) {
    trouble.value = problem.message; // The gateway is away, or wants to be left in peace: the page waits for it.
    setTimeout(beginSession, RETRY_MS);
  }
}

applyTheme();
listenForKeys();
const place = document.getElementById("app");
place.replaceChildren();
render(html`<${Shell} />`, place);
followDesk();
beginSession();
