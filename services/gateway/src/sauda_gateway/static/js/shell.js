/** The frame: top bar with clock, connection and kill switch, the views' names, what the connection says, one view. */

import { html } from "../vendor/htm-preact.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { logOut, scope, watch, watched } from "./api.js";
import { desk, loaded, marketNs, status, trouble } from "./book.js";
import { clock, day, gain, span, tone } from "./format.js";
import { helpShown, KEYS } from "./keys.js";
import { isHalted, KillSwitch } from "./kill_switch.js";
import { Empty, Icon, Modal } from "./parts.js";
import { route, to, VIEWS } from "./routes.js";
import { away, connection, tryNow } from "./stream.js";
import { nextTheme, theme } from "./theme.js";
import { Toasts } from "./toasts.js";
import { Login } from "./views/login.js";

export function Shell() {
  if (scope.value === "" || route.value.name === "login") return html`<${Login} />`;
  return html`<a class="skip" href="#main">To the content</a>
    <${TopBar} /><${Nav} />
    <div class="stage ${connection.value.state === "lost" ? "still" : ""}">
      <${Notice} />
      <main id="main" tabindex="-1">${scope.value === null || !loaded.value ? html`<${Waiting} />` : html`<${View} />`}</main>
    </div>
    <${Toasts} />${helpShown.value && html`<${Help} />`}`;
}

function TopBar() {
  return html`<header class="top">
    <a class="brand" href=${to("desk")} aria-label="Sauda: the desk"><img src="icon.svg" alt="" width="22" height="22" /><b>Sauda</b></a>
    <span class="chip desk-name" title="The desk that is watched">${status.value?.desk ?? "…"}</span>
    <${MarketClock} /><${Link} />
    <span class="grow"></span>
    ${desk.value && html`<a class="net ${tone(desk.value.net)}" href=${to("desk")} data-test="top-net"><small>Net</small> ${gain(desk.value.net)}</a>`}
    <button class="quiet theme" onClick=${nextTheme} title="Theme: ${theme.value} (m)" aria-label="Theme: ${theme.value}"><${Icon} name="sun-moon" /></button>
    <button class="quiet leave" onClick=${logOut} title="Log out" aria-label="Log out"><${Icon} name="log-out" /></button>
    <${KillSwitch} />
  </header>`;
}

function MarketClock() {
  return html`<span class="clock" title="The market's time"><time>${clock(marketNs.value)}</time> <small>IST</small>
    <small class="date">${day(marketNs.value)}</small></span>`;
}

function Link() {
  const { state } = connection.value;
  const still = state === "live" && (away.value || status.value?.stands_still);
  const says = still ? "Market still" : { live: watched.value ? "Playing" : "Live", connecting: "Connecting", lost: "Offline" }[state];
  return html`<span class="link ${still ? "still" : state}" data-test="link"><i></i>${says}</span>`;
}

function Nav() {
  return html`<nav class="views" aria-label="Views">
    ${VIEWS.map(({ name, label, icon, key }) => html`<a href=${to(name)} title="${label} (g ${key})" aria-current=${route.value.name === name ? "page" : undefined}>
      <${Icon} name=${icon} /><span>${label}</span></a>`)}
  </nav>`;
}

function Notice() {
  return html`${connection.value.state === "lost" && html`<${Lost} />`}
    ${away.value && html`<p class="notice bad" role="alert"><${Icon} name="circle-alert" /><span><b>The gateway hears nothing of the desk:</b> ${away.value}</span></p>`}
    ${watched.value && html`<p class="notice replay"><${Icon} name="history" /><span>You are watching <b>${watched.value}</b>, not the live desk.</span>
      <button onClick=${() => watch("")}>Back to the desk</button></p>`}
    ${isHalted() && html`<p class="notice bad" role="alert" data-test="halted"><${Icon} name="octagon-x" /><span><b>The desk is halted.</b> ${status.value.kill_switch}</span></p>`}
    ${Object.entries(status.value?.halted ?? {}).map(([name, halt]) => html`<p class="notice bad" role="alert" key=${name}><${Icon} name="triangle-alert" /><span><b>${name === "*" ? "The desk" : name} is halted by a limit.</b> ${halt.text}</span></p>`)}`;
}

function Lost() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const { since, attempt } = connection.value;
  return html`<p class="notice bad" role="alert" data-test="lost"><${Icon} name="wifi-off" /><span><b>Connection lost.</b>${" "}
    Figures are those of ${clock(marketNs.value)} on the market's clock<span aria-hidden="true">, ${span((Date.now() - since) / 1000)} ago; try ${attempt}</span>. The page comes back by itself and fetches what it missed.</span>
    <button onClick=${tryNow}>Try now</button></p>`;
}

function Waiting() {
  return html`<${Empty} icon="clock" title=${trouble.value ? "The desk cannot be read" : "Reading the desk…"}>
    ${trouble.value && ` ${trouble.value}: the page tries again by itself.`}</${Empty}>`;
}

/** Views are modules of their own, fetched when they are first looked at. */
function View() {
  const { name } = route.value;
  const [views, add] = useState({});
  useEffect(() => {
    if (views[name] || !VIEWS.some((one) => one.name === name)) return;
    import(`./views/${name}.js`).then(
      (module) => add((known) => ({ ...known, [name]: module.default })),
      () => setTimeout(() => add((known) => ({ ...known })), 1000),
    );
    document.title = `${VIEWS.find((one) => one.name === name).label} · Sauda`;
  }, [name, views]);
  if (!VIEWS.some((one) => one.name === name)) return html`<${Empty} title="There is no such view">Choose one on the left.</${Empty}>`;
  const Shown = views[name];
  return Shown ? html`<${Shown} key=${name} />` : null;
}

function Help() {
  const done = () => (helpShown.value = false);
  return html`<${Modal} title="Keys" onClose=${done}>
    <dl class="keys">${KEYS.map(([key, what]) => html`<div><dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>
  </${Modal}>`;
}
