// Anomalies and signals: rows of the API to a list and to markers on the candles.

import { element } from "/elements/dom.js";
import { percent, time } from "/elements/format.js";
import { color } from "/charts/theme.js";

const RULES = { ma_cross: "Averages crossed", rsi: "Strength turned", band_break: "Left the band" };
const KINDS = { price: "Price jump", volume: "Volume burst", gap: "Gap", outlier: "Spike" };

export function merge(anomalies, signals) {
  return [...anomalies.map(ofAnomaly), ...signals.map(ofSignal)]
    .sort((one, other) => other.time - one.time);
}

// A day stands at the midnight of its date in UTC, as on the chart.
function timeOf(row) {
  return Date.parse(row.interval === "1d" ? row.session_date : row.bar_time) / 1000;
}

function ofAnomaly(row) {
  return {
    time: timeOf(row),
    what: `${KINDS[row.kind] ?? row.kind}, ${row.severity}`,
    why: row.reason,
    rank: row.severity_rank,
    kind: "anomaly",
    tone: "warn",
  };
}

function ofSignal(row) {
  const rate = row.past_hit_rate_percent;
  const after = row.return_10_percent;
  return {
    time: timeOf(row),
    what: `${RULES[row.rule] ?? row.rule}, ${row.direction}`,
    why: (rate === null ? "No such signal before." : `Right in ${rate.toFixed(0)} % of `
      + `${row.past_signals} such signals before.`)
      + (after === null ? "" : ` Ten bars later ${percent(after)}.`),
    rank: 1,
    kind: "signal",
    direction: row.direction,
    tone: row.direction,
  };
}

export function list(box, events, interval) {
  box.replaceChildren(...(events.length ? events.slice(0, 120).map((event) => element(
    "li", { "data-kind": event.kind },
    element("span", { class: "when" }, time(event.time, interval)),
    element("span", { class: "what" }, event.what),
    element("span", { class: "why" }, event.why),
  )) : [element("li", { class: "none" }, "Nothing stood out in this range.")]));
}

// Each event at the bar that holds it; of anomalies only what is more than faint, and no signals
// of bars that are smaller than those shown, which would cover them.
export function markers(events, bars, sameInterval) {
  const times = bars.all.map((bar) => bar.time);
  const placed = events.filter((event) => (event.kind === "signal" ? sameInterval : event.rank >= 2));
  const taken = new Set();
  return placed.flatMap((event) => {
    const at = times[lastUpTo(times, event.time)];
    const place = `${at} ${event.kind} ${event.direction}`;
    if (at === undefined || taken.has(place)) return [];
    taken.add(place);
    const up = event.direction === "up";
    return [event.kind === "signal" ? {
      time: at, position: up ? "belowBar" : "aboveBar", shape: up ? "arrowUp" : "arrowDown",
      color: color(event.tone), size: 0.5,
    } : { time: at, position: "aboveBar", shape: "circle", color: color("warn"), size: 0.5 }];
  }).sort((one, other) => one.time - other.time);
}

function lastUpTo(times, wanted) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
