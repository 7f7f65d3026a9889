// Anomalies, signals and alerts: rows of the API to a list and to markers on the candles.

import { element } from "/elements/dom.js";
import { percent, time } from "/elements/format.js";
import { color } from "/charts/theme.js";

const RULES = { ma_cross: "Averages crossed", rsi: "Strength turned", band_break: "Left the band" };
const KINDS = { price: "Price jump", volume: "Volume burst", gap: "Gap", outlier: "Spike" };

export function merge(anomalies, signals, alerts) {
  const fired = alerts.filter((one) => one.state === "fired");
  return [...anomalies.map(ofAnomaly), ...signals.map(ofSignal), ...fired.map(ofAlert)]
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

function ofAlert(row) {
  return { time: timeOf(row), what: `Alert: ${row.rule}`, why: told(row), rank: 1, kind: "alert", tone: "accent" };
}

// What made a condition hold, in a few words.
export function told(row) {
  const { direction, ...figures } = JSON.parse(row.figures);
  const words = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(8))}`);
  return [...(direction ? [direction] : []), ...words, ...(row.is_late ? ["late"] : [])].join(", ");
}

export function list(box, events, interval) {
  box.replaceChildren(...(events.length ? events.slice(0, 120).map((event) => element(
    "li", { "data-kind": event.kind },
    element("span", { class: "when" }, time(event.time, interval)),
    element("span", { class: "what" }, event.what),
    element("span", { class: "why" }, event.why),
  )) : [element("li", { class: "none" }, "Nothing stood out in this range.")]));
}

// The events of each bar by its time. Only those of bars as long as the ones shown are told of them:
// of shorter ones a candle would have more than can be told apart.
export function byBar(events, bars) {
  const found = new Map();
  for (const event of events) {
    if (bars.byTime.has(event.time)) found.set(event.time, [...(found.get(event.time) ?? []), event]);
  }
  return found;
}

// Of anomalies only what is more than faint.
export function markers(placed) {
  return [...placed].flatMap(([at, events]) => {
    const has = (kind, direction) => events.some((one) => one.kind === kind && one.direction === direction);
    const mark = (position, shape, name) => ({ time: at, position, shape, color: color(name), size: 0.5 });
    return [
      ...(has("signal", "up") ? [mark("belowBar", "arrowUp", "up")] : []),
      ...(has("signal", "down") ? [mark("aboveBar", "arrowDown", "down")] : []),
      ...(events.some((one) => one.kind === "anomaly" && one.rank >= 2) ? [mark("aboveBar", "circle", "warn")] : []),
      ...(events.some((one) => one.kind === "alert") ? [mark("belowBar", "circle", "accent")] : []),
    ];
  });
}
