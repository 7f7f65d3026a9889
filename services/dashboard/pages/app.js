// The live page: what the address asks for is loaded, drawn, and kept up to date.

import { compared, loadsTheSame, read, settle, Wish, write } from "/address.js";
import { Board } from "/board.js";
import * as theme from "/charts/theme.js";
import * as clocks from "/elements/clock.js";
import { part } from "/elements/dom.js";
import { connection, trouble } from "/elements/notices.js";
import { shortcuts } from "/elements/shortcuts.js";
import { Side } from "/elements/side.js";
import * as strip from "/elements/strip.js";
import { toolbar } from "/elements/toolbar.js";
import { Live } from "/market_data/live.js";
import { loadShown } from "/market_data/shown.js";
import { Symbols } from "/market_data/symbols.js";
import { SymbolList } from "/symbols/symbol_list.js";

const AGAIN_MS = 2000;

theme.start(part("theme"));
const board = new Board();
const listing = new SymbolList(chooseSymbol);
const symbols = new Symbols();
const wish = new Wish((text) => { part("unavailable").textContent = text; });

let view = readAddress();
let quotes = [];
let shown = null;
let loading = null;
const live = new Live({
  connection: (open) => (open ? connection("live", "live") : connection("away", "connection lost, trying again")),
  bars: ({ rows, ...told }) => take(told, false, (bars) => bars.take(rows)),
  candles: ({ since, rows, ...told }) => take(told, true, (bars) => bars.replace(since, rows)),
  indicators: ({ rows, ...told }) => take(told, false, (bars) => bars.derive(rows)),
  actions: takeActions,
  status(facts) {
    quotes = facts.quotes ?? quotes;
    strip.health(part("health"), facts);
    list();
    trouble("database", facts.database ? "" : "The database is away; this resumes by itself.");
    if (facts.database && symbols.differs(facts)) followSeries();
  },
  resync: () => loadAgain(),
  failed,
});
const side = new Side(
  () => ({ symbol: shown.symbol, interval: shown.interval, bars: shown.own, ...stored(shown.symbol),
    loadBase: (signal) => shown.loadBase(signal) }),
  {
    profile: (found) => board.takeProfile(found),
    events: (found) => board.takeEvents(found),
    gaps: (found) => board.takeGaps(found),
    base: (found) => board.takeBase(found),
    failed(name, text) { part({ gaps: "gaps", base: "compare-state" }[name] ?? `${name}-hint`).textContent = text; },
  },
);

function readAddress() {
  return read(location.search, localStorage.getItem("clock") ?? undefined);
}
const stored = (symbol) => symbols.stored(symbol);
const list = () => listing.show({ series: symbols.all, quotes, chosen: view.symbol });

// What could not be drawn is never called live.
function failed(error) {
  console.error(error);
  live.stop();
  connection("away", "cannot be drawn, trying again");
  trouble("drawing", `The page cannot draw what has come: ${error.message}.`);
  loadAgain();
}

// Bars of one of the series that are shown. What the chart cannot have, such as bars of a symbol
// that was not stored before, or of a later date than its range ends with, is loaded.
function take(told, rolledUp, update) {
  if (!shown.has(told)) return;
  const bars = shown.find(told);
  if (!bars || bars.rolledUp !== rolledUp) return loadAgain();
  const before = bars.byTime;
  update(bars);
  board.update(shown.isOwn(told) ? before : null);
  if (shown.isOver) return loadAgain();
  side.follow();
}

// A split or a dividend changes every price before it: all is drawn anew, and nothing on two bases.
function takeActions(told) {
  const bars = shown.has(told) ? shown.find(told) : null;
  if (!bars || JSON.stringify(bars.actions) === JSON.stringify(told.actions)) return;
  live.stop();
  show();
}

// Another symbol is chosen and compared from now on, another interval is offered.
async function followSeries() {
  const before = loadedSymbols().join();
  try {
    await symbols.load();
    trouble("series");
  } catch (error) {
    return trouble("series", error.message);
  }
  if (wish.isStored(symbols.series)) {
    view = { ...view, ...wish.wanted };
    wish.forget();
    return show();
  }
  drawControls();
  if (loadedSymbols().join() !== before) loadAgain();
}

async function show() {
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  try {
    if (!symbols.series.length) await symbols.load();
    const isEmpty = !symbols.series.length;
    part("empty").hidden = !isEmpty;
    part("price").hidden = isEmpty;
    document.querySelector(".grid").hidden = isEmpty;
    if (isEmpty) {
      connection("waiting", "waiting for bars");
      return again(signal);
    }
    settleView();
    const loaded = await loadShown(view, comparedSymbols(), loadedSymbols(), signal);
    live.stop();
    shown = loaded;
    board.show(shown, { view, series: symbols.series, compared: comparedSymbols(), symbol: stored(shown.symbol) });
    side.load();
    trouble("loading");
    trouble("drawing");
    // From where the oldest of what is drawn was read.
    live.watch({ symbols: [view.symbol, ...loadedSymbols()], ...shown.asked });
    loading = null;
  } catch (error) {
    if (signal.aborted) return;
    console.error(error);
    if (!live.source) connection("away", "not live, trying again");
    trouble("loading", `${error.message} Trying again.`);
    again(signal);
  }
}

function settleView() {
  const settled = settle(view, listing.order(symbols.series));
  wish.settle(view, settled);
  view = settled;
  history.replaceState(null, "", write(view));
  clocks.use(view.clock, stored(view.symbol).time_zone);
  drawControls();
}

// Unless it is being loaded: then what comes now comes again after it.
function loadAgain() {
  if (loading) return;
  loading = new AbortController();
  again(loading.signal);
}

function again(signal) {
  const timer = setTimeout(show, AGAIN_MS);
  signal.addEventListener("abort", () => clearTimeout(timer));
}

const comparedSymbols = () => compared(view, symbols.series);
// Of them those that have bars of the interval, so that no chart is asked for that there is not.
const loadedSymbols = () => comparedSymbols().filter(
  (symbol) => stored(symbol).offered.includes(view.interval),
);

function drawControls() {
  part("simulated").hidden = !symbols.series.some((one) => one.simulated);
  toolbar({ view, series: symbols.series, compared: comparedSymbols() }, { change, layer, clock });
  list();
}

// Every choice is a step of the browser's history.
function go(wanted) {
  wish.forget();
  view = { ...view, ...wanted };
  history.pushState(null, "", write(view));
}

function change(wanted) {
  go(wanted);
  return show();
}

function layer(name, on) {
  go({ [name]: on });
  showStyle();
}

// It stays chosen for addresses that name none.
function clock(name) {
  localStorage.setItem("clock", name);
  layer("clock", name);
}

// Layers and clock of the bars that are shown.
function showStyle() {
  if (!symbols.series.length) return;
  clocks.use(view.clock, stored(view.symbol).time_zone);
  drawControls();
  board.showStyle(view);
}

// A symbol that has only a quote is shown once it has bars.
function chooseSymbol(symbol) {
  if (!stored(symbol)) wish.settle({ symbol, interval: view.interval }, view);
  else if (symbol !== view.symbol) change({ symbol });
}
shortcuts(board.chart, {
  view: () => view,
  series: () => symbols.series,
  ordered: () => listing.order(symbols.series),
  chooseSymbol,
  change,
  layer,
  clock,
  theme: () => theme.toggle(part("theme")),
  help: () => part("help").showModal(),
  find: () => listing.field.focus(),
  favourite: (symbol) => listing.toggle(symbol),
});
part("keys").addEventListener("click", () => part("help").showModal());
window.addEventListener("popstate", () => {
  const before = view;
  view = readAddress();
  wish.forget();
  if (!shown || loading || !loadsTheSame(before, view)) return show();
  showStyle();
});
window.addEventListener("error", (event) => { if (event.error) failed(event.error); });
window.addEventListener("unhandledrejection", (event) => failed(event.reason));
theme.onChange(() => { if (shown) { drawControls(); board.mark(); } });
// For the console and tests: the bars that are shown, and what the charts have been given.
window.tapeline = {
  bars: () => shown?.own.all ?? [],
  visible: () => board.chart.visible(),
  marked: () => board.chart.marked(),
  divided: () => board.chart.sessions.lines,
  base: () => shown?.base,
  axis: (seconds, type) => board.chart.axis.label(seconds, type),
  drawn: () => board.drawn(),
};

show();
