// What is chosen above the chart: interval, range, basis, clock, layers, and the symbols compared.

import { BASES, INTERVAL_LABELS, MOST_COMPARED, RANGES } from "/address.js";
import { tone } from "/charts/theme.js";
import { part } from "/elements/dom.js";
import { CLOCKS } from "/elements/clock.js";
import { choices, switches } from "/elements/controls.js";

const MOST_OFFERED = 12;

export function toolbar({ view, series, compared }, { change, layer, clock }) {
  const offered = series.find((one) => one.symbol === view.symbol).offered;
  choices(part("intervals"), "interval", offered, view.interval, (interval) => change({ interval }), INTERVAL_LABELS);
  choices(part("ranges"), "range", RANGES, view.range, (range) => change({ range }));
  choices(part("bases"), "basis", Object.keys(BASES), view.basis, (basis) => change({ basis }), BASES);
  choices(part("clocks"), "clock", Object.keys(CLOCKS), view.clock, clock, CLOCKS);
  switches(part("layers"), [
    { value: "bands", label: "Bands", checked: view.bands },
    { value: "markers", label: "Markers", checked: view.markers },
  ], layer);
  const others = series.filter((one) => one.symbol !== view.symbol).slice(0, MOST_OFFERED);
  switches(part("compared"), others.map((one) => ({
    value: one.symbol, label: one.symbol, checked: compared.includes(one.symbol),
    disabled: compared.length >= MOST_COMPARED && !compared.includes(one.symbol),
    tone: tone(series.indexOf(one)),
  })), (symbol, on) => change({
    compare: on ? [...compared, symbol] : compared.filter((one) => one !== symbol),
  }));
}
