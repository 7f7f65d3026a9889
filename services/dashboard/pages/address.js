// What is shown, to and from the address, so that a view can be shared and kept.

export const RANGES = ["1d", "5d", "1m", "3m", "1y", "all"];
export const MOST_COMPARED = 4;
// What prices mean, by the names of the data API.
export const BASES = {
  as_traded: "As traded", split_adjusted: "Split-adjusted", total_return: "Total return",
};

// A symbol need not be one: only those that are stored are shown.
export function read(search) {
  const given = new URLSearchParams(search);
  return {
    symbol: given.get("symbol")?.toUpperCase(),
    interval: given.get("interval"),
    range: RANGES.includes(given.get("range")) ? given.get("range") : "5d",
    basis: given.get("basis") in BASES ? given.get("basis") : "split_adjusted",
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

// The symbols that are compared with the view's own: those it names, else the first ones.
export function compared(view, series) {
  const others = series.map((one) => one.symbol).filter((one) => one !== view.symbol);
  return (view.compare ?? others.slice(0, MOST_COMPARED - 1)).filter((one) => others.includes(one));
}
