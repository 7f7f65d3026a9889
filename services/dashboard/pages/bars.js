// The bars that are shown, by their time: what was loaded, and what came since. No drawing here.

const COLUMNS = ["time", "open", "high", "low", "close", "volume"];
const DERIVED = ["upper", "middle", "lower", "volatility"];

export class Bars {
  constructor(chart) {
    this.byTime = new Map();
    chart.time.forEach((time, place) => {
      const bar = {};
      for (const name of [...COLUMNS, ...DERIVED]) bar[name] = chart[name][place];
      this.byTime.set(time, bar);
    });
    this.refresh();
  }

  refresh() {
    this.all = [...this.byTime.values()].sort((one, other) => one.time - other.time);
  }

  get last() {
    return this.all.at(-1) ?? null;
  }

  // Take rows of [time, open, high, low, close, volume]; return the bars that they became, and
  // whether one of them lies among older ones, where it was not known before.
  take(rows) {
    let inserted = false;
    const bars = rows.map((row) => {
      const known = this.byTime.get(row[0]);
      const bar = known ?? Object.fromEntries(DERIVED.map((name) => [name, null]));
      COLUMNS.forEach((name, place) => { bar[name] = row[place]; });
      if (!known) {
        inserted ||= this.last !== null && bar.time < this.last.time;
        this.byTime.set(bar.time, bar);
        if (inserted) this.refresh();
        else this.all.push(bar);
      }
      return bar;
    });
    return { bars, inserted };
  }

  // Take rows of [time, upper, middle, lower, volatility]; return the bars that have them now.
  derive(rows) {
    return rows.flatMap(([time, ...values]) => {
      const bar = this.byTime.get(time);
      if (!bar) return [];
      DERIVED.forEach((name, place) => { bar[name] = values[place]; });
      return [bar];
    });
  }
}
