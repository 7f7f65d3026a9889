// A chart of lines over time, with a legend of what is under the pointer, else of the newest values.

import { LineSeries } from "/lightweight-charts.js";
import { Drawing } from "/charts/drawing.js";
import { chartOptions, onChange, tone } from "/charts/theme.js";
import { zonedChart } from "/charts/time_axis.js";
import { element } from "/elements/dom.js";
import { timeAndZone } from "/elements/format.js";

const BYTES = ["B", "kB", "MB", "GB", "TB"];

export class HistoryPanel {
  constructor(box, legend, unit) {
    this.legend = legend;
    this.format = unit.startsWith("bytes") ? bytes : number;
    this.chart = zonedChart(box).chart;
    this.chart.applyOptions({ localization: { priceFormatter: this.format } });
    this.lines = new Map();
    this.chart.subscribeCrosshairMove((at) => this.tell(at));
    onChange(() => this.paint());
  }

  paint() {
    this.chart.applyOptions(chartOptions());
    for (const [place, { series }] of [...this.lines.values()].entries()) series.applyOptions({ color: tone(place) });
    this.tell({});
  }

  // `lines`: {label, points}, a point without a value being null there.
  show(lines) {
    const labels = lines.map((one) => one.label);
    if (labels.join() !== [...this.lines.keys()].join()) this.renew(labels);
    for (const { label, points } of lines) {
      this.lines.get(label).drawing.show(points.map(([time, value]) => (value === null ? { time } : { time, value })));
    }
    this.chart.timeScale().fitContent();
    this.tell({});
  }

  renew(labels) {
    for (const { series } of this.lines.values()) this.chart.removeSeries(series);
    this.lines = new Map(labels.map((label, place) => {
      const series = this.chart.addSeries(LineSeries, {
        color: tone(place), lineWidth: 2, priceLineVisible: false, lastValueVisible: false,
        autoscaleInfoProvider: (original) => fromZero(original()),
      });
      return [label, { series, drawing: new Drawing(series) }];
    }));
  }

  tell({ time, seriesData }) {
    const told = [...this.lines].map(([label, { series, drawing }], place) => {
      const points = drawing.points.filter((one) => one.value !== undefined);
      const value = time === undefined ? points.at(-1)?.value : seriesData.get(series)?.value;
      const dot = element("i", {});
      dot.style.background = tone(place);
      return element("span", {}, dot, `${label} `, element("b", {}, value === undefined ? "–" : this.format(value)), " ");
    });
    this.legend.replaceChildren(...(time === undefined ? [] : [`${timeAndZone(time)} `]), ...told);
  }
}

// Figures of a pipeline are seen from zero on, or a flat line of noise fills the chart.
function fromZero(info) {
  if (!info) return info;
  const { minValue, maxValue } = info.priceRange;
  return { ...info, priceRange: { minValue: Math.min(0, minValue), maxValue: maxValue > 0 ? maxValue : 1 } };
}

function number(value) {
  // The axis' zero is a sum of steps, and not quite none.
  if (Math.abs(value) < 1e-9) return "0";
  return value.toLocaleString("en", { maximumSignificantDigits: 3, notation: Math.abs(value) < 1e6 ? "standard" : "compact" });
}

function bytes(value) {
  const place = value > 0 ? Math.min(BYTES.length - 1, Math.floor(Math.log10(value) / 3)) : 0;
  return `${(value / 1000 ** place).toLocaleString("en", { maximumSignificantDigits: 3 })} ${BYTES[place]}`;
}
