"""How a contract note looks on a screen and on paper."""

from typing import Final

STYLE: Final = """\
:root { --ink: #1c2430; --soft: #5d6b7e; --line: #d9dfe8; --wash: #f4f6f9; --buy: #0b6b46; --sell: #a3262a; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--wash); color: var(--ink); font: 14px/1.45 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 24px auto; padding: 32px 36px; background: #fff; border: 1px solid var(--line); }
header { display: flex; justify-content: space-between; gap: 24px; padding-bottom: 16px; border-bottom: 2px solid var(--ink); }
h1 { margin: 0; font-size: 26px; letter-spacing: -0.01em; }
header p { margin: 4px 0 0; color: var(--soft); overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto auto; gap: 2px 14px; margin: 4px 0 0; }
dt { color: var(--soft); }
dd { margin: 0; text-align: right; font-weight: 600; }
h2 { margin: 30px 0 10px; font-size: 17px; }
.figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1px; margin-top: 20px; background: var(--line);
  border: 1px solid var(--line); }
.figures div { padding: 10px 14px; background: #fff; }
.figures b { display: block; color: var(--soft); font-weight: 400; font-size: 12px; }
.figures span { font-size: 17px; font-weight: 600; font-variant-numeric: tabular-nums; }
.figures .net { background: var(--wash); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 10px 5px 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-size: 12px; font-weight: 600; border-bottom-color: var(--ink); }
.number { padding-left: 10px; padding-right: 0; text-align: right; }
.wide { overflow-x: auto; }
.wide td:nth-child(2), .wide td:nth-child(3) { min-width: 14ch; white-space: normal; overflow-wrap: anywhere; }
tfoot td { font-weight: 700; border-bottom: 0; }
.buy { color: var(--buy); font-weight: 600; }
.sell { color: var(--sell); font-weight: 600; }
.settled { color: var(--soft); font-weight: 600; }
.pair { display: grid; grid-template-columns: 3fr 2fr; gap: 32px; margin-top: 18px; align-items: start; }
footer { margin-top: 32px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft); font-size: 12px; }
footer p { margin: 2px 0; }
@media screen and (max-width: 820px) {
  main { margin: 0; padding: 20px 16px; border: 0; }
  .figures { grid-template-columns: 1fr 1fr; }
  .pair { grid-template-columns: 1fr; }
  .pair > * { overflow-x: auto; }
}
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  body { background: #fff; font-size: 11px; }
  main { max-width: none; margin: 0; padding: 0; border: 0; }
  thead { display: table-header-group; }
  .wide { overflow-x: visible; }
  tr, .pair, .figures { break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""
