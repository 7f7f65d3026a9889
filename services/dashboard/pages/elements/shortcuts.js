// The keys, each with what it does.

export function shortcuts(chart, { symbol, interval, range, layer, theme, help }) {
  keys({
    j: () => symbol(1),
    k: () => symbol(-1),
    i: () => interval(1),
    I: () => interval(-1),
    r: () => range(1),
    R: () => range(-1),
    b: () => layer("bands"),
    m: () => layer("markers"),
    t: theme,
    "?": help,
    ArrowLeft: () => chart.move(-0.2),
    ArrowRight: () => chart.move(0.2),
    "+": () => chart.zoom(0.7),
    "-": () => chart.zoom(1.4),
    End: () => chart.newest(),
  });
}

function keys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const inChoice = event.target instanceof HTMLInputElement;
    if (inChoice && event.key.startsWith("Arrow")) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
