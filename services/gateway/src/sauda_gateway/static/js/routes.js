/** Which view is shown: the part of the address behind #/. Views are loaded when they are first asked for. */

import { signal } from "../vendor/signals.js";

export const VIEWS = [
  { name: "desk", label: "Desk", icon: "layout-dashboard", key: "d" },
  { name: "chain", label: "Chain", icon: "table-2", key: "c" },
  { name: "chart", label: "Chart", icon: "chart-candlestick", key: "h" },
  { name: "ticket", label: "Orders", icon: "ticket", key: "t" },
  { name: "strategies", label: "Strategies", icon: "bot", key: "s" },
  { name: "system", label: "System", icon: "workflow", key: "y" },
  { name: "why", label: "Why", icon: "list-tree", key: "w" },
  { name: "replay", label: "Replay", icon: "history", key: "r" },
];

export const route = signal(read());

function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  return { name: name || "desk", rest: rest.map(decoded).join("/"), query: new URLSearchParams(query) };
}

/** What a person mistyped in the address is shown as it stands. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a view: `to("chart", "NSE:Nifty 50")`. */
export function to(name, rest = "", query = {}) {
  const tail = new URLSearchParams(query).toString();
  const place = rest ? `/${encodeURIComponent(rest)}` : "";
  return `#/${name}${place}${tail ? `?${tail}` : ""}`;
}

export function go(name, rest = "", query = {}) {
  location.hash = to(name, rest, query);
}

addEventListener("hashchange", () => {
  route.value = read();
});
