// The bars of one series by their time: what was loaded, and what came since, in whatever order. No
// drawing here.

import { get } from "/market_data/api.js";

const VALUES = ["time", "open", "high", "low", "close", "volume"];
const DERIVED = ["upper", "middle", "lower", "volatility"];
// Candles alone have these: how much of their time their bars cover, and of which interval those are.
const ORIGIN = ["covered_percent", "rolled_up_from"];
const BESIDE = [...DERIVED, ...ORIGIN];

export class Bars {
  constructor(loaded) {
    this.rolledUp = loaded.rolled_up;
    this.truncated = loaded.truncated;
    this.begins = loaded.from;
    this.until = loaded.until;
    this.sessions = loaded.sessions;
    this.mostBars = loaded.most_bars;
    this.asOf = loaded.as_of;
    this.actions = loaded.actions;
    this.values = new Map();
    this.derived = new Map();
    loaded.time.forEach((time, place) => {
      this.values.set(time, VALUES.map((name) => loaded[name][place]));
      this.derived.set(time, BESIDE.map((name) => loaded[name]?.[place]));
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

  // All candles from a time on: rows of a bar's values, its derived ones and its origin.
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

  refresh() {
    const times = [...this.values.keys()].sort((one, other) => one - other);
    const within = times.filter((time) => time >= this.begins);
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

  // Foreign exchange and indices have none.
  get haveVolume() {
    return this.all.some((one) => one.volume !== null);
  }

  // The earliest bar of which the server shall tell.
  get from() {
    return this.truncated ? this.all[0].time : this.begins;
  }

  // Whether a bar of a later trade date has come: with it another range begins.
  get isOver() {
    return this.last !== null && this.last.time >= this.until;
  }
}

function bar(values, derived) {
  const made = {};
  VALUES.forEach((name, place) => { made[name] = values[place]; });
  BESIDE.forEach((name, place) => { made[name] = derived?.[place] ?? null; });
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
