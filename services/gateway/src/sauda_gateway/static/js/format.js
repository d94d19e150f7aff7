/** Figures as India writes them, times in India: paise and nanoseconds in, text out. Pure. */

const RUPEES = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const WHOLE = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 0 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DATE = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", weekday: "short", day: "2-digit", month: "short", year: "numeric" });
const ISO_DATE = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Kolkata" });
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
export const NOTHING = "–";
const MINUS = "−";
const CRORE = 1e7;
const LAKH = 1e5;
const NS_PER_MS = 1e6;

const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
/** With its sign, unless so little is left of it that it reads as nothing: no "−0.00". */
const signed = (value, text, plus) => (!/[1-9]/.test(text) ? "" : value < 0 ? MINUS : plus && value > 0 ? "+" : "") + text;

/** 12345650 paise -> 1,23,456.50 */
export function price(paise) {
  return known(paise) ? signed(paise, RUPEES.format(Math.abs(paise) / 100)) : NOTHING;
}

/** 12345650 paise -> ₹1,23,456.50 */
export function rupees(paise) {
  return known(paise) ? signed(paise, `₹${RUPEES.format(Math.abs(paise) / 100)}`) : NOTHING;
}

/** As rupees, with a plus for what was made. */
export function gain(paise) {
  return known(paise) ? signed(paise, `₹${RUPEES.format(Math.abs(paise) / 100)}`, true) : NOTHING;
}

/** As gain, without the sign of the currency: for columns of them. */
export function change(paise) {
  return known(paise) ? signed(paise, RUPEES.format(Math.abs(paise) / 100), true) : NOTHING;
}

/** A whole number: units, lots, counts. */
export function count(value, plus = false) {
  return known(value) ? signed(value, WHOLE.format(Math.abs(value)), plus) : NOTHING;
}

/** 4533100 -> 45.33 L, as open interest is read: lakh and crore. */
export function lakhs(value, plus = false) {
  if (!known(value)) return NOTHING;
  const size = Math.abs(value);
  const text = size >= CRORE ? `${(size / CRORE).toFixed(2)} Cr` : size >= LAKH ? `${(size / LAKH).toFixed(2)} L` : WHOLE.format(size);
  return signed(value, text, plus);
}

/** 4533100 -> 45.33: in lakh, for columns that say so. */
export function inLakhs(value, plus = false) {
  if (!known(value)) return NOTHING;
  const size = Math.abs(value) / LAKH;
  return signed(value, size >= 1000 ? WHOLE.format(size) : size.toFixed(size >= 100 ? 1 : 2), plus);
}

/** 3.71 -> 3.71 % (the value is a percentage already). */
export function percent(value, plus = false) {
  return known(value) ? `${signed(value, Math.abs(value).toFixed(2), plus)} %` : NOTHING;
}

/** A ratio with so many places: Greeks. */
export function ratio(value, places) {
  return known(value) ? signed(value, Math.abs(value).toFixed(places)) : NOTHING;
}

/** Nanoseconds of UTC -> a JavaScript date. */
export function moment(ns) {
  return new Date(Math.floor(ns / NS_PER_MS));
}

/** 14:32:07 in India. */
export function clock(ns) {
  return known(ns) ? CLOCK.format(moment(ns)) : NOTHING;
}

/** Wed, 25 Nov 2026 in India. */
export function day(ns) {
  return known(ns) ? DATE.format(moment(ns)) : NOTHING;
}

/** 2026-11-25 in India. */
export function isoDay(ns) {
  return ISO_DATE.format(moment(ns));
}

/** 0.3 s, 42 s, 3 min, 2 h: how long ago, or for how long. */
export function span(seconds) {
  if (!known(seconds)) return NOTHING;
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** NFO:NIFTY01DEC26C24500 -> NIFTY 24500 CE · 01 DEC; what is no derivative stays without its exchange. */
export function instrument(id) {
  const { name, detail } = instrumentParts(id);
  return detail ? `${name} · ${detail}` : name;
}

/** The same in two parts: what it is, and when it ends. */
export function instrumentParts(id) {
  if (!id) return { name: NOTHING, detail: "" };
  const symbol = id.slice(id.indexOf(":") + 1);
  const option = /^(.+?)(\d{2})([A-Z]{3})(\d{2})([CP])(\d+(?:\.\d+)?)$/.exec(symbol);
  if (option && MONTHS.includes(option[3])) {
    return { name: `${option[1]} ${option[6]} ${option[5]}E`, detail: `${option[2]} ${title(option[3])}` };
  }
  const future = /^(.+?)(\d{2})([A-Z]{3})(\d{2})F$/.exec(symbol);
  if (future && MONTHS.includes(future[3])) return { name: `${future[1]} FUT`, detail: `${future[2]} ${title(future[3])}` };
  return { name: symbol.replace(/-EQ$/, ""), detail: "" };
}

/** 2026-12-01 -> 01 Dec 2026 */
export function expiry(iso) {
  if (!iso) return NOTHING;
  const [year, month, date] = iso.split("-");
  return `${date} ${title(MONTHS[Number(month) - 1])} ${year}`;
}

/** partly_filled -> Partly filled */
export function words(name) {
  const text = String(name ?? "").replaceAll("_", " ").replace(/\bpnl\b/g, "P&L");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** up, down or flat: the class that colours a figure. */
export function tone(value) {
  return value > 0 ? "up" : value < 0 ? "down" : "flat";
}

/** A price as a person types it ("1,234.5") -> paise, null where there is none, NaN where it cannot be read or is no price. */
export function paise(text) {
  const plain = String(text ?? "").replaceAll(",", "").replace("₹", "").trim();
  if (plain === "") return null;
  return /^\d+(\.\d{0,2})?$/.test(plain) && Number(plain) > 0 ? Math.round(Number(plain) * 100) : NaN;
}

/** A quantity as a person types it ("1,300") -> units, NaN where it is none. */
export function units(text) {
  const plain = String(text ?? "").replaceAll(",", "").trim();
  return /^\d{1,9}$/.test(plain) && Number(plain) > 0 ? Number(plain) : NaN;
}

/** What the desk says in words, as this page writes it: trade names, ₹, figures in lakh and crore. */
export function prose(text) {
  return String(text ?? "")
    .replace(/\b[A-Z]{3}:[A-Z0-9&-]{3,}/g, (id) => instrumentParts(id).name)
    .replace(/\bRs\.? ?(?=[\d−-])/g, "₹")
    .replace(/(?<![\d.,:/-])\d{4,}\.\d{2}(?![\d.])/g, (figure) => RUPEES.format(Number(figure)));
}

function title(month) {
  return month.charAt(0) + month.slice(1).toLowerCase();
}
