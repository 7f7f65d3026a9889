// The keys, each with what it does.

import { BASES, RANGES } from "/address.js";
import { CLOCKS } from "/elements/clock.js";
import { step } from "/elements/controls.js";

// `view` and `series` tell what is shown and stored, `ordered` that as the list has it; the others change
// it.
export function shortcuts(chart, {
  view, series, ordered, chooseSymbol, change, layer, clock, theme, help, find, favourite,
}) {
  const symbol = (places) => {
    if (series().length) chooseSymbol(step(ordered().map((one) => one.symbol), view().symbol, places));
  };
  const interval = (places) => {
    const offered = series().find((one) => one.symbol === view().symbol)?.offered;
    if (offered) change({ interval: step(offered, view().interval, places) });
  };
  const range = (places) => change({ range: step(RANGES, view().range, places) });
  const basis = (places) => change({ basis: step(Object.keys(BASES), view().basis, places) });
  keys({
    j: () => symbol(1),
    k: () => symbol(-1),
    i: () => interval(1),
    I: () => interval(-1),
    r: () => range(1),
    R: () => range(-1),
    p: () => basis(1),
    P: () => basis(-1),
    b: () => layer("bands", !view().bands),
    m: () => layer("markers", !view().markers),
    z: () => clock(next(Object.keys(CLOCKS), view().clock)),
    t: theme,
    "?": help,
    "/": find,
    f: () => { if (series().length) favourite(view().symbol); },
    ArrowLeft: () => chart.move(-0.2),
    ArrowRight: () => chart.move(0.2),
    "+": () => chart.zoom(0.7),
    "-": () => chart.zoom(1.4),
    End: () => chart.newest(),
  });
}

const next = (values, value) => values[(values.indexOf(value) + 1) % values.length];

function keys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.target.type === "search") return;
    const inChoice = event.target instanceof HTMLInputElement;
    if (inChoice && event.key.startsWith("Arrow")) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
