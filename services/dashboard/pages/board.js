// Everything that is drawn of what was loaded: the charts, their legends, marks and lists.

import { ComparePanel } from "/charts/compare_panel.js";
import { ProfilePanel, VolatilityPanel } from "/charts/panels.js";
import { PriceChart } from "/charts/price_chart.js";
import * as actions from "/elements/actions.js";
import { between, describe as describeGaps } from "/elements/between.js";
import { zoneName } from "/elements/clock.js";
import { part } from "/elements/dom.js";
import * as events from "/elements/events.js";
import * as readout from "/elements/readout.js";

const NOTHING = { events: { found: [], interval: null }, gaps: { found: [], interval: null, exchange: null, since: null } };

export class Board {
  constructor() {
    this.chart = new PriceChart(part("chart"), (bar) => this.legend(bar));
    this.compare = new ComparePanel(part("compare"), (at) => readout.compareLegend(at, this.interval));
    this.volatility = new VolatilityPanel(part("volatility"), (at) => readout.volatilityLegend(at, this.interval));
    this.profile = new ProfilePanel(part("profile"), readout.profileLegend);
    this.shown = null;
    this.notes = new Map();
    Object.assign(this, NOTHING);
  }

  get interval() {
    return this.shown?.interval;
  }

  // `facts`: {view, series, compared, symbol}, the last of them what is stored of the symbol.
  show(shown, facts) {
    Object.assign(this, NOTHING, { shown, facts });
    this.numbers = new Map(facts.series.map((one, number) => [one.symbol, number]));
    readout.title(shown, facts.symbol.simulated);
    part("gaps").textContent = "";
    this.draw();
  }

  draw() {
    const { own, compared, base, interval } = this.shown;
    const daily = interval === "1d";
    this.chart.show(own, daily);
    this.volatility.show(own, daily);
    this.compare.show(compared, base.prices, this.numbers, daily);
    part("newest-hint").textContent = readout.clockHint(interval);
    this.text(own.byTime);
  }

  // The same bars with other layers, or by another clock.
  showStyle(view) {
    if (!this.shown) return;
    const isTimed = view.clock !== this.facts.view.clock;
    this.facts = { ...this.facts, view };
    if (!isTimed) return this.mark();
    const visible = this.chart.visible();
    this.draw();
    this.chart.see(visible);
    if (this.events.interval) this.takeEvents(this.events);
  }

  // `before`: the bars of the chart as they were, if they have changed.
  update(before) {
    const { own } = this.shown;
    this.drawComparison();
    if (!before) return;
    this.chart.draw();
    this.volatility.draw(own);
    this.text(before);
  }

  drawComparison() {
    const { base, compared } = this.shown;
    this.compare.draw(compared, base.prices, this.numbers);
    readout.comparison(base, this.facts.compared, this.compare, this.shown);
  }

  text(before) {
    const { own, interval } = this.shown;
    readout.describe(own, this.shown.symbol, interval);
    readout.comparison(this.shown.base, this.facts.compared, this.compare, this.shown);
    readout.newest(part("newest"), own, before, interval);
    this.mark();
  }

  mark() {
    const { own, interval } = this.shown;
    const { view } = this.facts;
    for (const item of part("key").children) item.hidden = view[item.dataset.layer] === false;
    this.chart.showBands(view.bands);
    const placed = actions.byBar(own.actions, own);
    const told = this.events.interval === interval ? events.byBar(this.events.found, own) : new Map();
    const lines = between(own, interval, this.gaps.found);
    actions.list(part("actions"), placed);
    this.chart.divide(lines);
    this.chart.mark(view.markers ? [...events.markers(told), ...actions.markers(placed)]
      .sort((one, other) => one.time - other.time) : []);
    this.notes = new Map();
    for (const [time, all] of placed) this.note(time, all.map(actions.text));
    if (view.markers) for (const [time, all] of told) this.note(time, all.map((one) => one.what));
    for (const { before, after, text } of lines) this.note(after ?? before, [text]);
    this.legend(null);
  }

  note(time, texts) {
    this.notes.set(time, [...(this.notes.get(time) ?? []), ...texts]);
  }

  legend(bar) {
    const told = bar ?? this.shown?.own.last;
    readout.legend(part("legend"), told, this.interval, this.facts?.view.bands, this.notes.get(told?.time) ?? []);
  }

  takeProfile({ rows, day }) {
    const haveVolume = rows.some((row) => row.volume !== null);
    this.profile.show(haveVolume ? rows : []);
    part("profile-hint").textContent = haveVolume
      ? `volume by minute on ${day}, ${this.facts.symbol.time_zone}`
      : day ? `The market tells no volume of ${this.shown.symbol}.`
        : `No bars within a day are stored of ${this.shown.symbol}.`;
    readout.profileLegend(null, haveVolume);
  }

  takeEvents(all) {
    this.events = all;
    const { interval } = this.shown;
    events.list(part("events"), all.found, all.interval);
    const apart = all.interval === interval ? "" : `; none are marked on ${interval} candles`;
    part("events-hint").textContent = `of ${all.interval} bars, ${
      all.interval === "1d" ? readout.clockHint("1d") : zoneName()}${apart}`;
    this.mark();
  }

  takeGaps(all) {
    this.gaps = all;
    const unknown = all.exchange ? "" : `No calendar is known of ${this.shown.symbol}: its gaps are not told.`;
    describeGaps(part("gaps"), all, unknown);
    this.mark();
  }

  takeBase(base) {
    this.shown.base = base;
    this.drawComparison();
  }

  drawn() {
    return {
      ...this.chart.drawn(), ...this.compare.drawn(), ...this.volatility.drawn(), ...this.profile.drawn(),
    };
  }
}
