// Bars as text: the title, the legend above the chart, and the table of the newest ones.

import { element, part } from "/elements/dom.js";
import { price, time, volume, whole } from "/elements/format.js";

const MOST_ROWS = 30;
const VALUES = ["open", "high", "low", "close", "volume"];

export function title({ symbol, interval }, isSimulated) {
  const market = isSimulated ? " · simulated" : "";
  part("title").textContent = `${symbol} · ${interval}${market}`;
  document.title = `${symbol} ${interval}${market} – Tapeline`;
  part("chart").setAttribute("aria-label",
    `Candles and volume of ${symbol}, ${interval}; the newest stand in the table below`);
}

// How many bars there are, where that is worth a word.
export function describe(bars) {
  const barCount = bars.all.length;
  part("volatility-hint").textContent = bars.all.some((bar) => bar.volatility !== null)
    ? "deviation of 20 log returns, % a bar" : "shows from the 21st bar on";
  part("chart-state").textContent = barCount === 0 ? "There are no bars in this range."
    : bars.truncated ? `The newest ${whole(barCount)} bars of the range.` : "";
}

// Which of the symbols that are to be compared have no line.
export function missing(box, symbols, panel, interval) {
  const without = symbols.filter((symbol) => !panel.lines.has(symbol));
  box.textContent = without.length
    ? `No ${interval} bars at the times of the others: ${without.join(", ")}.` : "";
}

// `notes`: what else happened at the bar.
export function legend(box, bar, interval, notes) {
  const clock = interval === "1d" ? "" : " UTC";
  box.replaceChildren(...(bar ? [
    ["", `${time(bar.time, interval)}${clock}`], ["O", price(bar.open)], ["H", price(bar.high)],
    ["L", price(bar.low)], ["C", price(bar.close)], ["Vol", volume(bar.volume)],
    ...notes.map((note) => ["·", note]),
  ].flatMap(([name, value]) => [`${name} `, element("b", {}, value), "  "]) : []));
}

// `before`: the bars by their time as they were; the others stand out.
export function newest(box, bars, before, interval) {
  const rows = bars.all.slice(-MOST_ROWS).reverse();
  box.replaceChildren(...rows.map((bar) => element(
    "tr", { class: isAsBefore(bar, before.get(bar.time)) ? "" : "fresh", "data-time": bar.time },
    element("td", {}, time(bar.time, interval)),
    ...[bar.open, bar.high, bar.low, bar.close].map((value) => element("td", {}, price(value))),
    element("td", {}, volume(bar.volume)),
  )));
}

function isAsBefore(bar, known) {
  return VALUES.every((name) => bar[name] === known?.[name]);
}
