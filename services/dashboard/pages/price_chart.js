// Candles, volume and bands of one series; late corrections are drawn in place.

import {
  CandlestickSeries, HistogramSeries, LineSeries, createChart, createSeriesMarkers,
} from "/lightweight-charts.js";
import { chartOptions, color, onChange } from "/theme.js";

const BANDS = ["upper", "middle", "lower"];
const REDRAW_ROWS = 200;

export class PriceChart {
  constructor(box, onHover) {
    this.chart = createChart(box, chartOptions());
    this.candles = this.chart.addSeries(CandlestickSeries, {});
    this.bands = BANDS.map((name) => this.chart.addSeries(LineSeries, {
      lineWidth: 1,
      lineStyle: name === "middle" ? 2 : 0,
      lastValueVisible: false,
      priceLineVisible: false,
      crosshairMarkerVisible: false,
    }));
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false,
    }, 1);
    this.chart.panes()[0].setStretchFactor(4);
    this.chart.panes()[1].setStretchFactor(1);
    this.markers = createSeriesMarkers(this.candles, []);
    this.bars = null;
    this.paint();
    onChange(() => this.paint());
    this.chart.subscribeCrosshairMove((at) => onHover(this.bars?.byTime.get(at.time) ?? null));
  }

  paint() {
    this.chart.applyOptions(chartOptions());
    const [up, down] = [color("up"), color("down")];
    this.candles.applyOptions({
      upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false,
    });
    for (const band of this.bands) band.applyOptions({ color: color("accent") });
    if (this.bars) this.redraw();
  }

  show(bars, daily) {
    this.bars = bars;
    this.chart.applyOptions({ timeScale: { timeVisible: !daily } });
    this.redraw();
    this.newest();
  }

  redraw() {
    this.candles.setData(this.bars.all);
    this.volume.setData(this.bars.all.map((bar) => this.column(bar)));
    BANDS.forEach((name, place) => {
      this.bands[place].setData(this.bars.all.map((bar) => band(bar, name)));
    });
  }

  take(rows) {
    const { bars, inserted } = this.bars.take(rows);
    if (inserted || rows.length > REDRAW_ROWS) return this.redraw();
    const last = this.bars.last.time;
    for (const bar of bars.sort((one, other) => one.time - other.time)) {
      this.candles.update(bar, bar.time < last);
      this.volume.update(this.column(bar), bar.time < last);
      BANDS.forEach((name, place) => this.bands[place].update(band(bar, name), bar.time < last));
    }
  }

  derive(rows) {
    const bars = this.bars.derive(rows);
    if (bars.length > REDRAW_ROWS) return this.redraw();
    const last = this.bars.last?.time;
    for (const bar of bars.sort((one, other) => one.time - other.time)) {
      BANDS.forEach((name, place) => this.bands[place].update(band(bar, name), bar.time < last));
    }
  }

  mark(markers) {
    this.markers.setMarkers(markers);
  }

  showBands(visible) {
    for (const series of this.bands) series.applyOptions({ visible });
  }

  // The newest bars, as many as are wide enough to be seen.
  newest() {
    const most = Math.max(60, Math.round(this.chart.timeScale().width() / 5));
    const count = this.bars.all.length;
    this.chart.timeScale().setVisibleLogicalRange({
      from: Math.max(-2, count - most), to: count + 4,
    });
  }

  move(share) {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (!range) return;
    const step = (range.to - range.from) * share;
    this.chart.timeScale().setVisibleLogicalRange({ from: range.from + step, to: range.to + step });
  }

  zoom(factor) {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (!range) return;
    this.chart.timeScale().setVisibleLogicalRange({
      from: range.to - (range.to - range.from) * factor, to: range.to,
    });
  }

  column(bar) {
    const tone = color(bar.close >= bar.open ? "up" : "down");
    return { time: bar.time, value: bar.volume, color: `${tone}90` };
  }
}

function band(bar, name) {
  return bar[name] === null ? { time: bar.time } : { time: bar.time, value: bar[name] };
}
