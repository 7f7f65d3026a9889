// What is shown, to and from the address, so that a view can be shared and kept.

import { CLOCKS } from "/elements/clock.js";

export const RANGES = ["1d", "5d", "1m", "3m", "1y", "all"];
export const MOST_COMPARED = 4;
// What prices mean, by the names of the data API.
export const BASES = {
  as_traded: "As traded", split_adjusted: "Split-adjusted", total_return: "Total return",
};

// Intervals whose names do not speak for themselves.
export const INTERVAL_LABELS = { "60min-from-open": "60min from open" };

// A symbol need not be one: only those that are stored are shown. `clock` is that of a view that does
// not say.
export function read(search, clock = "exchange") {
  const given = new URLSearchParams(search);
  return {
    symbol: given.get("symbol")?.toUpperCase(),
    interval: given.get("interval"),
    range: RANGES.includes(given.get("range")) ? given.get("range") : "5d",
    basis: given.get("basis") in BASES ? given.get("basis") : "split_adjusted",
    clock: given.get("clock") in CLOCKS ? given.get("clock") : clock,
    compare: given.has("compare") ? given.get("compare").toUpperCase().split(",") : null,
    bands: given.get("bands") !== "off",
    markers: given.get("markers") !== "off",
  };
}

export function write(view) {
  const said = new URLSearchParams({
    symbol: view.symbol,
    interval: view.interval,
    range: view.range,
    basis: view.basis,
    clock: view.clock,
  });
  if (view.compare !== null) said.set("compare", view.compare.join(","));
  if (!view.bands) said.set("bands", "off");
  if (!view.markers) said.set("markers", "off");
  return `?${said}`;
}

// The view that can be shown: of what was asked for, what there is.
export function settle(view, series) {
  const stored = series.find((one) => one.symbol === view.symbol) ?? series[0];
  const interval = stored.offered.includes(view.interval) ? view.interval : stored.offered[0];
  return { ...view, symbol: stored.symbol, interval };
}

// Whether two views are of the same bars; else they differ in layers or clock alone.
export function loadsTheSame(one, other) {
  return ["symbol", "interval", "range", "basis"].every((name) => one[name] === other[name])
    && one.compare?.join() === other.compare?.join();
}

// The symbol and interval that were asked for, while they are not stored; `tell` gets what to say.
export class Wish {
  constructor(tell) {
    this.tell = tell;
    this.wanted = null;
  }

  settle({ symbol, interval }, settled) {
    const text = unavailable(symbol, interval, settled);
    if (!text) return;
    this.wanted = { symbol: symbol ?? settled.symbol, interval: interval ?? settled.interval };
    this.tell(text);
  }

  isStored(series) {
    const stored = series.find((one) => one.symbol === this.wanted?.symbol);
    return stored?.offered.includes(this.wanted.interval) ?? false;
  }

  forget() {
    this.wanted = null;
    this.tell("");
  }
}

function unavailable(symbol, interval, settled) {
  if (symbol && symbol !== settled.symbol) return `No bars of ${symbol} are stored; this is ${settled.symbol}.`;
  return interval && interval !== settled.interval
    ? `No ${interval} bars of ${settled.symbol} are stored; these are ${settled.interval}.` : "";
}

// The symbols that are compared with the view's own: those it names, else the first ones.
export function compared(view, series) {
  const others = series.map((one) => one.symbol).filter((one) => one !== view.symbol);
  return (view.compare ?? others.slice(0, MOST_COMPARED - 1)).filter((one) => others.includes(one));
}
