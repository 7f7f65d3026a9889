// Bars as text: the legend above the chart, and the table of the newest ones.

import { element, price, time, whole } from "/elements/format.js";

const MOST_ROWS = 30;
const VALUES = ["open", "high", "low", "close", "volume"];

export function legend(box, bar, interval) {
  box.replaceChildren(...(bar ? [
    ["", time(bar.time, interval)], ["O", price(bar.open)], ["H", price(bar.high)],
    ["L", price(bar.low)], ["C", price(bar.close)], ["Vol", whole(bar.volume)],
  ].flatMap(([name, value]) => [`${name} `, element("b", {}, value), "  "]) : []));
}

// `before`: the bars by their time as they were; the others stand out.
export function newest(box, bars, before, interval) {
  const rows = bars.all.slice(-MOST_ROWS).reverse();
  box.replaceChildren(...rows.map((bar) => element(
    "tr", { class: isAsBefore(bar, before.get(bar.time)) ? "" : "fresh", "data-time": bar.time },
    element("td", {}, time(bar.time, interval)),
    ...[bar.open, bar.high, bar.low, bar.close].map((value) => element("td", {}, price(value))),
    element("td", {}, whole(bar.volume)),
  )));
}

function isAsBefore(bar, known) {
  return VALUES.every((name) => bar[name] === known?.[name]);
}
