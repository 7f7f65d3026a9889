// Comparison: closes of several symbols, each with its price at one moment as 100.

import { LineSeries } from "/lightweight-charts.js";
import { Drawing, finer, priceFormat } from "/charts/drawing.js";
import { chartOptions, onChange, tone } from "/charts/theme.js";
import { zonedChart } from "/charts/time_axis.js";

export class ComparePanel {
  // `onHover` gets {time, values by symbol} of where the pointer is, else of the newest.
  constructor(box, onHover) {
    this.axis = zonedChart(box);
    this.chart = this.axis.chart;
    this.lines = new Map();
    this.onHover = onHover;
    this.chart.subscribeCrosshairMove((at) => this.tell(at));
    onChange(() => this.paint());
  }

  paint() {
    this.chart.applyOptions(chartOptions());
    for (const { series, number } of this.lines.values()) series.applyOptions({ color: tone(number) });
  }

  show(charts, prices, numbers, daily) {
    this.axis.daily(daily);
    for (const { drawing } of this.lines.values()) drawing.clear();
    this.draw(charts, prices, numbers);
    this.chart.timeScale().fitContent();
  }

  // `charts`: Bars by symbol; `prices`: what each line begins with as 100.
  draw(charts, prices, numbers) {
    const drawn = new Map([...charts].filter(([symbol, bars]) => bars.last && prices[symbol]));
    for (const symbol of [...this.lines.keys()]) if (!drawn.has(symbol)) this.remove(symbol);
    let lowest = Infinity;
    for (const [symbol, bars] of drawn) {
      const points = bars.all.map(({ time, close }) => ({ time, value: (100 * close) / prices[symbol] }));
      lowest = points.reduce((least, one) => Math.min(least, one.value), lowest);
      this.line(symbol, numbers.get(symbol)).drawing.show(points);
    }
    const digits = finer(lowest, 2);
    for (const { series } of this.lines.values()) series.applyOptions({ priceFormat: priceFormat(digits) });
    this.tell({});
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

  tell({ time, seriesData }) {
    this.onHover({
      time: time ?? Math.max(...[...this.lines.values()].map(({ drawing }) => drawing.last?.time ?? 0)),
      values: [...this.lines].map(([symbol, { series, drawing, number }]) => ({
        symbol, tone: tone(number), value: (time === undefined ? drawing.last : seriesData.get(series))?.value,
      })),
    });
  }

  drawn() {
    return { compared: Object.fromEntries([...this.lines].map(([name, { series }]) => [name, series.data()])) };
  }

  remove(symbol) {
    this.chart.removeSeries(this.lines.get(symbol).series);
    this.lines.delete(symbol);
  }
}
