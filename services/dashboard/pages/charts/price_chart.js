// Candles, bands and, where the market tells it, volume of one series.

import {
  CandlestickSeries, HistogramSeries, LineSeries, createSeriesMarkers,
} from "/lightweight-charts.js";
import { Drawing, priceFormat } from "/charts/drawing.js";
import { priceDigits } from "/elements/format.js";
import { SessionMarks } from "/charts/session_marks.js";
import { chartOptions, color, onChange } from "/charts/theme.js";
import { zonedChart } from "/charts/time_axis.js";

const BANDS = ["upper", "middle", "lower"];

export class PriceChart {
  constructor(box, onHover) {
    this.axis = zonedChart(box);
    this.chart = this.axis.chart;
    this.candles = this.chart.addSeries(CandlestickSeries, {});
    this.bands = BANDS.map((name) => this.chart.addSeries(LineSeries, {
      lineWidth: 1,
      lineStyle: name === "middle" ? 2 : 0,
      lastValueVisible: false,
      priceLineVisible: false,
      crosshairMarkerVisible: false,
    }));
    this.markers = createSeriesMarkers(this.candles, []);
    this.sessions = new SessionMarks();
    this.candles.attachPrimitive(this.sessions);
    this.drawings = [this.candles, ...this.bands].map((series) => new Drawing(series));
    this.volume = null;
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
    if (this.bars) this.draw();
    this.sessions.show(this.sessions.lines);
  }

  show(bars, daily) {
    this.bars = bars;
    this.axis.daily(daily);
    for (const drawing of [...this.drawings, this.volume].filter(Boolean)) drawing.clear();
    this.draw();
    this.chart.timeScale().fitContent();
  }

  // A pane for volumes is there while there are any.
  pane(wanted) {
    if (wanted && !this.volume) {
      this.volume = new Drawing(this.chart.addSeries(HistogramSeries, {
        priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false,
      }, 1));
      this.chart.panes()[0].setStretchFactor(4);
      this.chart.panes()[1].setStretchFactor(1);
    } else if (!wanted && this.volume) {
      this.chart.removeSeries(this.volume.series);
      this.volume = null;
    }
  }

  draw() {
    const { all } = this.bars;
    this.scale(Math.min(...all.map((bar) => bar.low)));
    const tones = { up: `${color("up")}90`, down: `${color("down")}90` };
    const points = [
      all.map(({ time, open, high, low, close }) => ({ time, open, high, low, close })),
      ...BANDS.map((name) => all.map((bar) => point(bar, name))),
    ];
    for (const [place, drawing] of this.drawings.entries()) drawing.show(points[place]);
    this.pane(this.bars.haveVolume);
    this.volume?.show(all.map((bar) => (
      { ...point(bar, "volume"), color: bar.close >= bar.open ? tones.up : tones.down }
    )));
  }

  // The axis has labels only as fine as the smallest step that it is told of.
  scale(lowest) {
    const digits = Number.isFinite(lowest) ? priceDigits(lowest) : 2;
    if (digits === this.digits) return;
    this.digits = digits;
    for (const series of [this.candles, ...this.bands]) {
      series.applyOptions({ priceFormat: priceFormat(digits) });
    }
  }

  drawn() {
    const [upper, middle, lower] = this.bands.map((series) => series.data());
    return { candles: this.candles.data(), volume: this.volume?.series.data() ?? [], upper, middle, lower };
  }

  mark(markers) {
    this.markers.setMarkers(markers);
  }

  // Lines between the bars, as SessionMarks takes them.
  divide(lines) {
    this.sessions.show(lines);
  }

  visible() {
    return this.chart.timeScale().getVisibleLogicalRange();
  }

  see(range) {
    if (range) this.chart.timeScale().setVisibleLogicalRange(range);
  }

  marked() {
    return this.markers.markers();
  }

  showBands(visible) {
    for (const series of this.bands) series.applyOptions({ visible });
  }

  // The newest bars, as many as are wide enough to be told apart.
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
}

function point(bar, name) {
  return bar[name] === null ? { time: bar.time } : { time: bar.time, value: bar[name] };
}
