"use strict";
// Unpacks the charting library that the page carries, draws the charts in the page's colours, and sorts its tables.

const shownCharts = JSON.parse(document.getElementById("charts").textContent);

async function unpackLibrary() {
  const packed = atob(document.getElementById("library").textContent);
  const bytes = Uint8Array.from(packed, (one) => one.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(plain).text();
  document.head.append(script);
}

// Colours are named in the charts (`--gain`) and looked up in the page's style, so that they follow its dress.
function coloured(value) {
  if (typeof value === "string" && value.startsWith("--")) {
    return getComputedStyle(document.documentElement).getPropertyValue(value).trim();
  }
  if (Array.isArray(value)) return value.map(coloured);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, coloured(inner)]));
  }
  return value;
}

function dressed(layout, width) {
  const axis = { gridcolor: "--rule", zerolinecolor: "--soft", linecolor: "--rule", automargin: true, fixedrange: false };
  const base = {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 10, r: 10, t: 30, b: 10 },
    font: { color: "--ink", family: "system-ui, sans-serif", size: 12 },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hoverlabel: { bgcolor: "--paper", bordercolor: "--rule", font: { color: "--ink" } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: "--rule", activecolor: "--ink" },
    xaxis: {}, yaxis: {}, ...layout,
  };
  for (const key of Object.keys(base)) {
    if (/^[xy]axis/.test(key)) base[key] = { ...axis, ...base[key] };
    // Names do not thin themselves out as numbers do.
    if (key === "xaxis" && base[key].tickangle === 0) base[key].nticks = Math.max(2, Math.floor(width / 170));
  }
  return coloured(base);
}

function draw(chart) {
  const place = document.getElementById(chart.id);
  const chooser = document.getElementById(chart.id + "-choice");
  const traces = chart.choices ? chart.choices[chooser ? Number(chooser.value) : 0].traces : chart.traces;
  // Named one by one: among Plotly's own buttons are some that send the chart to a server.
  const config = { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] };
  return Plotly.react(place, coloured(traces), dressed(chart.layout, place.clientWidth), config);
}

// A chart that fails must not take the others with it.
async function drawOrSay(chart) {
  try {
    await draw(chart);
  } catch (error) {
    document.getElementById(chart.id).textContent = "This chart could not be drawn: " + error.message;
  }
}

function drawAll() {
  shownCharts.forEach(drawOrSay);
}

function offerChoices(chart) {
  const chooser = document.getElementById(chart.id + "-choice");
  if (!chart.choices || !chooser) return;
  chart.choices.forEach((choice, at) => chooser.add(new Option(choice.name, String(at))));
  chooser.addEventListener("change", () => drawOrSay(chart));
}

function offerDress() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.dress ?? (dark.matches ? "dark" : "light")) === "dark";
  document.getElementById("dress").addEventListener("click", () => {
    document.documentElement.dataset.dress = isDark() ? "light" : "dark";
    drawAll();
  });
  dark.addEventListener("change", drawAll);
}

// A cell's `data-v` is what it is sorted by; a cell without a value comes last, whichever way.
function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const valueOf = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const compare = (a, b) => {
    const [one, other] = [valueOf(a), valueOf(b)];
    if (one === "" || other === "") return (one === "") - (other === "");
    const found = Number(one) - Number(other);
    return (Number.isNaN(found) ? one.localeCompare(other) : found) * (descending ? -1 : 1);
  };
  body.append(...[...body.rows].sort(compare));
}

function offerSorting(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.addEventListener("click", () => {
    const descending = head.getAttribute("aria-sort") !== "descending";
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    sortBy(table, column, descending);
  }));
}

shownCharts.forEach(offerChoices);
document.querySelectorAll("table.sortable").forEach(offerSorting);
offerDress();
unpackLibrary().then(drawAll, () => {
  document.querySelectorAll(".chart").forEach((place) => {
    place.textContent = "This browser is too old to draw the chart (it lacks DecompressionStream); the tables are complete.";
  });
});
