// The symbols there are: those with bars, which a chart can show, and those of which only a quote is
// stored.

import { get } from "/market_data/api.js";

export class Symbols {
  constructor() {
    this.all = [];
    this.series = [];
  }

  async load() {
    this.all = await get("/api/series");
    this.series = this.all.filter((one) => one.offered.length);
  }

  // What is stored of a symbol that has bars.
  stored(symbol) {
    return this.series.find((one) => one.symbol === symbol);
  }

  // Whether there is more or less than the status tells.
  differs({ series, quoted }) {
    const count = this.series.reduce((sum, one) => sum + Object.keys(one.stored).length, 0);
    return count !== series || this.all.length - this.series.length !== quoted;
  }
}
