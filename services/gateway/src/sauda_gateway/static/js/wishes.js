/** The keys of wishes that nobody has answered yet: the same wish, sent again from any view of this tab, is the same order. */

import { newKey } from "./api.js";

const NAME = "sauda-wishes";

/** Return the key of a wish, as it is written: the one it was sent with before, if no answer came. */
export function keyOf(text) {
  const all = unanswered();
  const key = all[text] ?? newKey();
  keep({ ...all, [text]: key });
  return key;
}

/** Forget a wish that was answered: the next one is another, even if it says the same. */
export function answered(text) {
  const { [text]: _key, ...others } = unanswered();
  keep(others);
}

function unanswered() {
  return JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
}

function keep(all) {
  sessionStorage.setItem(NAME, JSON.stringify(all));
}
