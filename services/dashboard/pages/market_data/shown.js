// The series that are drawn: that of the price chart, and those compared, itself among them.

import { get } from "/market_data/api.js";
import { loadBars } from "/market_data/bars.js";

// Lines that are compared never jump at a split, whatever the prices of the chart are.
const comparedBasis = (basis) => (basis === "as_traded" ? "split_adjusted" : basis);

export class Shown {
  constructor({ symbol, interval, range, basis }, symbols, own, compared, base) {
    Object.assign(this, { symbol, interval, range, basis, symbols, own, compared, base });
  }

  // Whether a later trade date has begun in one of them.
  get isOver() {
    return [this.own, ...this.compared.values()].some((bars) => bars.isOver);
  }

  loadBase(signal) {
    return loadBase(this, this.symbols, signal);
  }

  // What the stream is asked for: what has changed since the oldest of it was read.
  get asked() {
    const all = [...new Set([this.own, ...this.compared.values()])];
    return {
      interval: this.interval,
      bases: [...new Set([this.basis, comparedBasis(this.basis)])],
      shownFrom: Math.min(...all.map((bars) => bars.from)),
      asOf: all.map((bars) => bars.asOf).reduce((one, other) => (Number(one) < Number(other) ? one : other)),
    };
  }

  has({ symbol, basis }) {
    return basis === comparedBasis(this.basis) || this.isOwn({ symbol, basis });
  }

  isOwn({ symbol, basis }) {
    return symbol === this.symbol && basis === this.basis;
  }

  // Bars of a series that is shown; none of a symbol that was not stored when it was loaded.
  find(series) {
    return this.isOwn(series) ? this.own : this.compared.get(series.symbol);
  }
}

// What the lines begin with as 100: {date, time, prices by symbol}.
function loadBase({ symbol, range, basis }, symbols, signal) {
  const asked = [symbol, ...symbols.filter((one) => one !== symbol)];
  return get("/api/base", { symbol: asked, range, basis: comparedBasis(basis) }, signal);
}

// What a view shows of its symbol and the `symbols` compared with it, of which `offered` have bars of
// its interval.
export async function loadShown(view, symbols, offered, signal) {
  const [own, compared, base] = await Promise.all([
    view.basis === comparedBasis(view.basis) ? null : loadBars([view.symbol], view, signal),
    loadBars([view.symbol, ...offered], { ...view, basis: comparedBasis(view.basis) }, signal),
    loadBase(view, symbols, signal),
  ]);
  return new Shown(view, symbols, (own ?? compared).get(view.symbol), compared, base);
}
