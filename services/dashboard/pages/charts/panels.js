// The smaller charts: comparison of symbols, volatility, volume by time of day.

import { HistogramSeries, LineSeries, createChart } from "/lightweight-charts.js";
import { Drawing, priceFormat } from "/charts/drawing.js";
import { compact } from "/elements/format.js";
import { chartOptions, color, current, onChange } from "/charts/theme.js";

const TONES = {
  dark: ["#6cb2ff", "#ffc857", "#2fbf8f", "#e58bd8", "#f0886d", "#9c92ff", "#67d4d9", "#c5d86d"],
  light: ["#0b5cad", "#a86200", "#087a55", "#a02a91", "#b5431f", "#5446c8", "#0b7a80", "#5d6d08"],
};

export function tone(number) {
  return TONES[current()][number % TONES.dark.length];
}

export class ComparePanel {
  constructor(box) {
    this.chart = createChart(box, chartOptions());
    this.lines = new Map();
    onChange(() => this.paint());
  }

  paint() {
    this.chart.applyOptions(chartOptions());
    for (const { series, number } of this.lines.values()) series.applyOptions({ color: tone(number) });
  }

  show(charts, numbers) {
    this.draw(charts, numbers);
    this.chart.timeScale().fitContent();
  }

  // `charts`: Bars by symbol; each line begins with 100 at the first time that all of them have.
  draw(charts, numbers) {
    const filled = new Map([...charts].filter(([, bars]) => bars.last));
    const since = Math.max(...[...filled.values()].map((bars) => bars.all[0].time));
    for (const symbol of this.lines.keys()) if (!filled.has(symbol)) this.remove(symbol);
    let lowest = Infinity;
    for (const [symbol, bars] of filled) {
      const shown = bars.all.filter((bar) => bar.time >= since);
      if (!shown.length) {
        this.remove(symbol);
        continue;
      }
      const points = shown.map(({ time, close }) => ({ time, value: (100 * close) / shown[0].close }));
      lowest = points.reduce((least, one) => Math.min(least, one.value), lowest);
      this.line(symbol, numbers.get(symbol)).drawing.show(points);
    }
    const digits = finer(lowest, 2);
    for (const { series } of this.lines.values()) series.applyOptions({ priceFormat: priceFormat(digits) });
  }

  line(symbol, number) {
    if (!this.lines.has(symbol)) {
      const series = this.chart.addSeries(LineSeries, {
        color: tone(number), lineWidth: 2, priceLineVisible: false, title: symbol,
      });
      this.lines.set(symbol, { series, drawing: new Drawing(series), number });
    }
    return this.lines.get(symbol);
  }

  drawn() {
    return { compared: Object.fromEntries([...this.lines].map(([name, { series }]) => [name, series.data()])) };
  }

  remove(symbol) {
    const line = this.lines.get(symbol);
    if (line) this.chart.removeSeries(line.series);
    this.lines.delete(symbol);
  }
}

// Digits that show a value with three of its own.
function finer(value, least) {
  if (!(value > 0) || !Number.isFinite(value)) return least;
  return Math.min(9, Math.max(least, 2 - Math.floor(Math.log10(value))));
}

export class VolatilityPanel {
  constructor(box) {
    this.chart = createChart(box, chartOptions());
    this.series = this.chart.addSeries(LineSeries, { lineWidth: 2, priceLineVisible: false });
    this.drawing = new Drawing(this.series);
    this.paint();
    onChange(() => this.paint());
  }

  paint() {
    this.chart.applyOptions(chartOptions());
    this.series.applyOptions({ color: color("warn") });
    if (current() === "light") this.series.applyOptions({ color: tone(1) });
  }

  show(bars) {
    this.draw(bars);
    this.chart.timeScale().fitContent();
  }

  draw(bars) {
    const points = bars.all.map((bar) => (
      bar.volatility === null ? { time: bar.time } : { time: bar.time, value: 100 * bar.volatility }
    ));
    const highest = points.reduce((most, one) => Math.max(most, one.value ?? 0), 0);
    this.series.applyOptions({ priceFormat: priceFormat(finer(highest, 3)) });
    this.drawing.show(points);
  }

  drawn() {
    return { volatility: this.series.data() };
  }
}

export class ProfilePanel {
  constructor(box) {
    const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);
    this.options = {
      timeScale: { tickMarkFormatter: clock },
      localization: { timeFormatter: clock, priceFormatter: compact },
    };
    this.chart = createChart(box, chartOptions());
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
    this.chart.applyOptions(chartOptions());
    this.columns.applyOptions({ color: `${color("accent")}a0` });
    this.usual.applyOptions({ color: current() === "dark" ? color("warn") : tone(1) });
  }

  // Rows of /api/profile of one session.
  show(rows) {
    const sorted = [...rows].sort((one, other) => one.minute_of_day - other.minute_of_day);
    this.columns.setData(sorted.filter((row) => row.volume !== null)
      .map((row) => ({ time: row.minute_of_day * 60, value: row.volume })));
    this.usual.setData(sorted.filter((row) => row.usual_volume !== null)
      .map((row) => ({ time: row.minute_of_day * 60, value: row.usual_volume })));
    this.chart.timeScale().fitContent();
  }
  drawn() {
    return { profile: this.columns.data(), usual: this.usual.data() };
  }
}
