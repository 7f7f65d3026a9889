// The smaller charts: comparison of symbols, volatility, volume by time of day.

import { HistogramSeries, LineSeries, createChart } from "/lightweight-charts.js";
import { compact } from "/format.js";
import { chartOptions, color, current, onChange } from "/theme.js";

// A small chart shows the whole range, however many bars that is.
function smallOptions() {
  const options = chartOptions();
  return { ...options, timeScale: { ...options.timeScale, minBarSpacing: 0.02 } };
}

const TONES = {
  dark: ["#6cb2ff", "#ffc857", "#2fbf8f", "#e58bd8", "#f0886d", "#9c92ff", "#67d4d9", "#c5d86d"],
  light: ["#0b5cad", "#a86200", "#087a55", "#a02a91", "#b5431f", "#5446c8", "#0b7a80", "#5d6d08"],
};

export function tone(number) {
  return TONES[current()][number % TONES.dark.length];
}

export class ComparePanel {
  constructor(box) {
    this.chart = createChart(box, smallOptions());
    this.lines = new Map();
    onChange(() => this.paint());
  }

  paint() {
    this.chart.applyOptions(smallOptions());
    for (const { series, number } of this.lines.values()) series.applyOptions({ color: tone(number) });
  }

  // `charts` by symbol; each line begins with 100 at the first time that all of them have.
  show(charts, numbers) {
    for (const { series } of this.lines.values()) this.chart.removeSeries(series);
    this.lines.clear();
    const since = Math.max(...[...charts.values()].map((one) => one.time[0] ?? 0));
    for (const [symbol, one] of charts) {
      const first = one.time.findIndex((time) => time >= since);
      if (first < 0) continue;
      const base = one.close[first];
      const number = numbers.get(symbol);
      const series = this.chart.addSeries(LineSeries, {
        color: tone(number), lineWidth: 2, priceLineVisible: false, title: symbol,
      });
      series.setData(one.time.slice(first).map((time, place) => (
        { time, value: (100 * one.close[first + place]) / base }
      )));
      this.lines.set(symbol, { series, base, number });
    }
    this.chart.timeScale().fitContent();
  }

  last(symbol) {
    return this.lines.get(symbol)?.series.data().at(-1) ?? null;
  }

  take(symbol, bars) {
    const line = this.lines.get(symbol);
    const last = line?.series.data().at(-1)?.time ?? 0;
    for (const bar of bars) {
      if (line && bar.time >= last) {
        line.series.update({ time: bar.time, value: (100 * bar.close) / line.base });
      }
    }
  }
}

export class VolatilityPanel {
  constructor(box) {
    this.chart = createChart(box, smallOptions());
    this.series = this.chart.addSeries(LineSeries, {
      lineWidth: 2, priceLineVisible: false, priceFormat: { type: "price", precision: 3, minMove: 0.001 },
    });
    this.paint();
    onChange(() => this.paint());
  }

  paint() {
    this.chart.applyOptions(smallOptions());
    this.series.applyOptions({ color: color("warn") });
    if (current() === "light") this.series.applyOptions({ color: tone(1) });
  }

  show(bars) {
    this.series.setData(bars.all.map(point));
    this.chart.timeScale().fitContent();
  }

  derive(bars) {
    const last = this.series.data().at(-1)?.time ?? 0;
    for (const bar of bars) {
      if (bar.time >= last) this.series.update(point(bar));
    }
  }
}

function point(bar) {
  return bar.volatility === null
    ? { time: bar.time } : { time: bar.time, value: 100 * bar.volatility };
}

// The axis counts minutes of the day, as if of the first day of 1970.
export class ProfilePanel {
  constructor(box) {
    const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);
    this.options = {
      timeScale: { tickMarkFormatter: clock },
      localization: { timeFormatter: clock, priceFormatter: compact },
    };
    this.chart = createChart(box, smallOptions());
    this.chart.applyOptions(this.options);
    this.columns = this.chart.addSeries(HistogramSeries, {
      priceFormat: { type: "volume" }, priceLineVisible: false, lastValueVisible: false,
    });
    this.usual = this.chart.addSeries(LineSeries, {
      lineWidth: 2, priceFormat: { type: "volume" }, priceLineVisible: false, lastValueVisible: false,
    });
    this.paint();
    onChange(() => this.paint());
  }

  paint() {
    this.chart.applyOptions(smallOptions());
    this.columns.applyOptions({ color: `${color("accent")}a0` });
    this.usual.applyOptions({ color: current() === "dark" ? color("warn") : tone(1) });
  }

  // Rows of /api/profile of one session.
  show(rows) {
    const sorted = [...rows].sort((one, other) => one.minute_of_day - other.minute_of_day);
    this.columns.setData(sorted.map((row) => ({ time: row.minute_of_day * 60, value: row.volume })));
    this.usual.setData(sorted.filter((row) => row.usual_volume !== null)
      .map((row) => ({ time: row.minute_of_day * 60, value: row.usual_volume })));
    this.chart.timeScale().fitContent();
  }
}
