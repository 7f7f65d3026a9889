// Whether the page is live, and what is wrong.

const troubles = new Map();

export function connection(state, text) {
  const badge = document.getElementById("connection");
  badge.dataset.state = state;
  badge.textContent = text;
}

// Each trouble is told, by what it is with, until it is over: then without a text.
export function trouble(what, text = "") {
  if (text) troubles.set(what, text);
  else troubles.delete(what);
  const box = document.getElementById("trouble");
  box.hidden = !troubles.size;
  box.textContent = [...troubles.values()].join(" ");
}
