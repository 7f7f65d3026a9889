// The bars of one series by their time: what was loaded, and what came since, in whatever order. No
// drawing here.

import { get } from "/market_data/api.js";

const VALUES = ["time", "open", "high", "low", "close", "volume"];
const DERIVED = ["upper", "middle", "lower", "volatility"];

export class Bars {
  constructor(loaded) {
    this.rolledUp = loaded.rolled_up;
    this.truncated = loaded.truncated;
    this.rangeSeconds = loaded.range_seconds;
    this.mostBars = loaded.most_bars;
    this.asOf = loaded.as_of;
    this.actions = loaded.actions;
    this.values = new Map();
    this.derived = new Map();
    loaded.time.forEach((time, place) => {
      this.values.set(time, VALUES.map((name) => loaded[name][place]));
      this.derived.set(time, DERIVED.map((name) => loaded[name][place]));
    });
    this.refresh();
  }

  // Rows of [time, open, high, low, close, volume].
  take(rows) {
    for (const row of rows) this.values.set(row[0], row);
    this.refresh();
  }

  // Rows of [time, upper, middle, lower, volatility], which may come before their bars.
  derive(rows) {
    for (const [time, ...values] of rows) this.derived.set(time, values);
    this.refresh();
  }

  // All candles from a time on: rows of a bar's values and its derived ones.
  replace(since, rows) {
    for (const known of [this.values, this.derived]) {
      for (const time of [...known.keys()]) if (time >= since) known.delete(time);
    }
    for (const row of rows) {
      this.values.set(row[0], row.slice(0, VALUES.length));
      this.derived.set(row[0], row.slice(VALUES.length));
    }
    this.refresh();
  }

  // What a range shows ends with its newest bar, so that the oldest ones leave it as others come.
  refresh() {
    const times = [...this.values.keys()].sort((one, other) => one - other);
    const from = times.length ? times.at(-1) - this.rangeSeconds : 0;
    const within = times.slice(times.findIndex((time) => time >= from));
    this.truncated ||= within.length > this.mostBars;
    const shown = within.slice(-this.mostBars);
    for (const time of times.slice(0, times.length - shown.length)) this.values.delete(time);
    for (const time of this.derived.keys()) if (time < shown[0]) this.derived.delete(time);
    this.all = shown.map((time) => bar(this.values.get(time), this.derived.get(time)));
    this.byTime = new Map(this.all.map((one) => [one.time, one]));
  }

  get last() {
    return this.all.at(-1) ?? null;
  }

  // The earliest bar of which the server shall tell.
  get from() {
    if (this.truncated) return this.all[0].time;
    return this.last ? Math.max(0, this.last.time - this.rangeSeconds) : 0;
  }
}

function bar(values, derived) {
  const made = {};
  VALUES.forEach((name, place) => { made[name] = values[place]; });
  DERIVED.forEach((name, place) => { made[name] = derived?.[place] ?? null; });
  return made;
}

// The Bars of some symbols; of all but the first only if they are stored in this interval.
export async function loadBars(symbols, { interval, range, basis }, signal) {
  const loaded = await Promise.all(symbols.map(async (symbol, place) => {
    try {
      return new Bars(await get("/api/chart", { symbol, interval, range, basis }, signal));
    } catch (error) {
      if (error.status !== 404 || place === 0) throw error;
      return null;
    }
  }));
  return new Map(symbols.map((symbol, place) => [symbol, loaded[place]]).filter(([, bars]) => bars));
}
