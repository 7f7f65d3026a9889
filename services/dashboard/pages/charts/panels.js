// The smaller charts of one symbol: volatility, volume by time of day.

import { HistogramSeries, LineSeries, createChart } from "/lightweight-charts.js";
import { Drawing, finer, priceFormat } from "/charts/drawing.js";
import { chartOptions, color, current, onChange, tone } from "/charts/theme.js";
import { zonedChart } from "/charts/time_axis.js";
import { compact } from "/elements/format.js";

export class VolatilityPanel {
  // `onHover` gets the time of where the pointer is and what is there, else of the newest.
  constructor(box, onHover) {
    this.axis = zonedChart(box);
    this.chart = this.axis.chart;
    this.series = this.chart.addSeries(LineSeries, { lineWidth: 2, priceLineVisible: false });
    this.drawing = new Drawing(this.series);
    this.onHover = onHover;
    this.chart.subscribeCrosshairMove(({ time, seriesData }) => this.tell(
      time === undefined ? null : { time, value: seriesData.get(this.series)?.value },
    ));
    this.paint();
    onChange(() => this.paint());
  }

  paint() {
    this.chart.applyOptions(chartOptions());
    this.series.applyOptions({ color: color("warn") });
    if (current() === "light") this.series.applyOptions({ color: tone(1) });
  }

  show(bars, daily) {
    this.axis.daily(daily);
    this.drawing.clear();
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
    this.tell(null);
  }

  tell(point) {
    this.onHover(point ?? this.drawing.last);
  }

  drawn() {
    return { volatility: this.series.data() };
  }
}

export class ProfilePanel {
  // `onHover` gets the row of where the pointer is, else null.
  constructor(box, onHover) {
    const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);
    this.chart = createChart(box, chartOptions());
    this.chart.applyOptions({
      timeScale: { timeVisible: true, tickMarkFormatter: clock },
      localization: { timeFormatter: clock, priceFormatter: compact },
    });
    this.rows = new Map();
    this.chart.subscribeCrosshairMove(({ time }) => onHover(this.rows.get(time) ?? null));
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
    this.rows = new Map(sorted.map((row) => [row.minute_of_day * 60, row]));
    const points = (name) => sorted.filter((row) => row[name] !== null)
      .map((row) => ({ time: row.minute_of_day * 60, value: row[name] }));
    this.columns.setData(points("volume"));
    this.usual.setData(points("usual_volume"));
    this.chart.timeScale().fitContent();
  }

  drawn() {
    return { profile: this.columns.data(), usual: this.usual.data() };
  }
}
