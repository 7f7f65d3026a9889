// Whether the page is live, and what is wrong.

import { part } from "/elements/dom.js";

const troubles = new Map();

export function connection(state, text) {
  const badge = part("connection");
  badge.dataset.state = state;
  badge.textContent = text;
}

// Each trouble is told, by what it is with, until it is over: then without a text.
export function trouble(what, text = "") {
  if (text) troubles.set(what, text);
  else troubles.delete(what);
  const box = part("trouble");
  box.hidden = !troubles.size;
  box.textContent = [...troubles.values()].join(" ");
}
