// Splits, spin-offs and dividends: at which bar each took effect, as text and as marks.

import { color } from "/charts/theme.js";
import { element } from "/elements/dom.js";

const LETTERS = { split: "S", spin_off: "SO", dividend: "D" };

export function text({ kind, numerator, denominator, amount }) {
  if (kind === "split") return `Split ${numerator}:${denominator}`;
  if (kind === "spin_off") return `Spin-off ${numerator / denominator}`;
  return `Dividend ${amount}`;
}

// The actions of each bar by its time: of the first one from their day on, where what was before is
// shown as well or the bar is of that day.
export function byBar(actions, bars) {
  const found = new Map();
  for (const action of actions) {
    const bar = bars.all.find((one) => one.time >= action.from);
    if (!bar || (bar === bars.all[0] && bar.time >= action.until)) continue;
    found.set(bar.time, [...(found.get(bar.time) ?? []), action]);
  }
  return found;
}

export function markers(placed) {
  return [...placed].map(([time, actions]) => ({
    time, position: "belowBar", shape: "square", color: color("accent"), size: 0.6,
    text: actions.map((action) => LETTERS[action.kind]).join(" "),
  }));
}

export function list(box, placed) {
  const shown = [...placed.values()].flat().reverse();
  box.hidden = !shown.length;
  box.querySelector("ol").replaceChildren(...shown.map((action) => element(
    "li", {}, element("span", { class: "when" }, action.ex_date), text(action),
  )));
}
