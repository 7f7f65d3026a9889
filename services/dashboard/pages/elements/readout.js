// Bars as text: the title, what charts show where the pointer is, and the table of the newest ones.

import { zoneName } from "/elements/clock.js";
import { element, part } from "/elements/dom.js";
import { price, time, timeAndZone, volume, whole } from "/elements/format.js";

const MOST_ROWS = 30;
const VALUES = ["open", "high", "low", "close", "volume"];
const OF_REGULAR_HOURS = ["1d", "60min-from-open"];
const BANDS = { upper: "Upper", middle: "Mean", lower: "Lower" };

export function title({ symbol, interval }, isSimulated) {
  const market = isSimulated ? " · simulated" : "";
  part("title").textContent = `${symbol} · ${interval}${market}`;
  document.title = `${symbol} ${interval}${market} – Tapeline`;
}

// What is drawn, how many bars there are and what they lack, where that is worth a word.
export function describe(bars, symbol, interval) {
  const count = bars.all.length;
  part("chart").setAttribute("aria-label",
    `Candles${bars.haveVolume ? " and volume" : ""} of ${symbol}, ${interval}; the newest stand in the table below`);
  const isDerived = bars.all.some((bar) => bar.volatility !== null);
  part("volatility-hint").textContent = isDerived
    ? "deviation of 20 log returns, % a bar" : count ? "shows from the 21st bar on" : "no bars in this range";
  part("chart-state").textContent = [
    count === 0 ? "There are no bars in this range." : "",
    bars.truncated ? `The newest ${whole(count)} bars of the range.` : "",
    count && !isDerived ? "Bands and volatility follow, from the 20th bar on." : "",
    origin(bars, interval),
  ].filter(Boolean).join(" ");
}

// Which bars the candles are rolled up from, where they are not all bars of their own length.
function origin({ all }, interval) {
  const intervals = [...new Set(all.map((bar) => bar.rolled_up_from))].filter(Boolean);
  const shorter = intervals.filter((one) => one !== interval);
  if (!shorter.length) return "";
  return `${shorter.length < intervals.length ? "Partly rolled" : "Rolled"} up from ${shorter.join(" and ")} bars`
    + `${OF_REGULAR_HOURS.includes(interval) ? ", regular hours alone." : "."}`;
}

// How much of a candle's time its bars cover, where that is not all of it: never as all of it.
function coverage({ covered_percent: covered, rolled_up_from: interval }) {
  if (covered === null || covered > 99.999) return [];
  return [["Covered", `${covered < 1 ? "under 1" : Math.floor(covered)} % by ${interval} bars`]];
}

export const clockHint = (interval) => (interval === "1d" ? "dates of the exchange" : zoneName());

// What the lines of comparison begin with, and which symbols have none.
export function comparison({ date, time: at, prices }, symbols, panel, { interval, symbol }) {
  const moment = at === null || interval === "1d" ? date : timeAndZone(at);
  part("compare-hint").textContent = date === null ? "" : `${moment} = 100`;
  const without = symbols.filter((one) => !panel.lines.has(one));
  const early = without.filter((one) => !(one in prices));
  const others = without.filter((one) => one in prices);
  part("compare-state").textContent = [
    date === null ? `There is no price of ${symbol} in this range.` : "",
    symbols.length ? "" : "No other symbol is compared.",
    date !== null && early.length ? `No price at ${moment}: ${early.join(", ")}.` : "",
    others.length ? `No ${interval} bars in this range: ${others.join(", ")}.` : "",
  ].filter(Boolean).join(" ");
}

// `notes`: what else happened at the bar.
export function legend(box, bar, interval, withBands, notes) {
  const bands = withBands ? Object.entries(BANDS).filter(([name]) => bar?.[name] !== null) : [];
  values(box, bar ? [
    ["", timeAndZone(bar.time, interval)], ["O", price(bar.open)], ["H", price(bar.high)],
    ["L", price(bar.low)], ["C", price(bar.close)],
    ...(bar.volume === null ? [] : [["Vol", volume(bar.volume)]]),
    ...coverage(bar), ...bands.map(([name, text]) => [text, price(bar[name])]),
    ...notes.map((note) => ["·", note]),
  ] : []);
}

export function compareLegend({ time: at, values: lines }, interval) {
  values(part("compare-legend"), lines.length ? [
    ["", timeAndZone(at, interval)],
    ...lines.map((line) => [dot(line), line.value === undefined ? "–" : line.value.toFixed(2)]),
  ] : []);
}

export function volatilityLegend(point, interval) {
  values(part("volatility-legend"), point?.value === undefined ? [] : [
    ["", timeAndZone(point.time, interval)], ["Volatility", `${point.value.toFixed(3)} %`],
  ]);
}

// Of a minute on the exchange's clock; null for none, where there are any.
export function profileLegend(row, haveVolume = true) {
  if (!haveVolume) return values(part("profile-legend"), []);
  return values(part("profile-legend"), row ? [
    ["", new Date(60_000 * row.minute_of_day).toISOString().slice(11, 16)],
    ["Volume", volume(row.volume)], ["Usual", whole(row.usual_volume)],
  ] : [["Columns", "volume"], ["Line", "usual"]]);
}

function dot({ symbol, tone }) {
  const mark = element("i", {});
  mark.style.background = tone;
  return element("span", {}, mark, symbol);
}

function values(box, pairs) {
  box.replaceChildren(...pairs.flatMap(([name, value]) => [
    element("span", {}, name, " ", element("b", {}, value)), "  ",
  ]));
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
