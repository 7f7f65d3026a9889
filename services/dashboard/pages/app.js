// The live page: what the address asks for is loaded, drawn, and kept up to date.

import { compared, read, settle, write } from "/address.js";
import { ComparePanel, ProfilePanel, VolatilityPanel } from "/charts/panels.js";
import { PriceChart } from "/charts/price_chart.js";
import * as theme from "/charts/theme.js";
import * as actions from "/elements/actions.js";
import { part } from "/elements/dom.js";
import * as events from "/elements/events.js";
import { connection, trouble } from "/elements/notices.js";
import * as readout from "/elements/readout.js";
import { shortcuts } from "/elements/shortcuts.js";
import { Side } from "/elements/side.js";
import * as strip from "/elements/strip.js";
import { toolbar } from "/elements/toolbar.js";
import { get } from "/market_data/api.js";
import { Live } from "/market_data/live.js";
import { loadShown } from "/market_data/shown.js";

const AGAIN_MS = 2000;

theme.start(part("theme"));
const chart = new PriceChart(part("chart"), (bar) => legend(bar));
const compare = new ComparePanel(part("compare"));
const volatility = new VolatilityPanel(part("volatility"));
const profile = new ProfilePanel(part("profile"));

let view = read(location.search);
let series = [];
let quotes = [];
let shown = null;
let loading = null;
let found = { found: [], interval: null };
let placed = new Map();

const live = new Live({
  connection: (open) => (open ? connection("live", "live") : connection("away", "connection lost, trying again")),
  bars: ({ rows, ...told }) => take(told, false, (bars) => bars.take(rows)),
  candles: ({ since, rows, ...told }) => take(told, true, (bars) => bars.replace(since, rows)),
  indicators: ({ rows, ...told }) => take(told, false, (bars) => bars.derive(rows)),
  actions: takeActions,
  status(facts) {
    quotes = facts.quotes ?? quotes;
    strip.health(part("health"), facts);
    strip.symbols(part("symbols"), series, quotes, view.symbol, chooseSymbol);
    trouble("database", facts.database ? "" : "The database is away; this resumes by itself.");
    if (facts.database && facts.series !== count(series)) followSeries();
  },
  resync: () => loadAgain(),
  failed,
});
const side = new Side(
  () => ({ symbol: shown.symbol, interval: shown.interval, bars: own(), stored: series.find((one) => one.symbol === shown.symbol).stored }),
  {
    profile({ rows, day }) {
      profile.show(rows);
      part("profile-hint").textContent = day
        ? `volume by minute on ${day}, and what is usual` : `No bars within a day are stored of ${shown.symbol}.`;
    },
    events(all) {
      found = all;
      events.list(part("events"), all.found, all.interval);
      part("events-hint").textContent = `of ${all.interval} bars, UTC`;
      mark();
    },
    failed(name, text) { part(`${name}-hint`).textContent = text; },
  },
);

const own = () => shown?.own ?? null;
const count = (all) => all.reduce((sum, one) => sum + Object.keys(one.stored).length, 0);

// What could not be drawn is never called live.
function failed(error) {
  console.error(error);
  live.stop();
  connection("away", "cannot be drawn, trying again");
  trouble("drawing", `The page cannot draw what has come: ${error.message}.`);
  loadAgain();
}

// Bars of one of the series that are shown. What the chart cannot have, such as bars of a symbol
// that was not stored before, or stored bars where candles were rolled up, is loaded.
function take(told, rolledUp, update) {
  if (!shown.has(told)) return;
  const bars = shown.find(told);
  if (!bars || bars.rolledUp !== rolledUp) return loadAgain();
  const before = bars.byTime;
  update(bars);
  compare.draw(shown.compared, numbers());
  readout.missing(part("compare-state"), comparedSymbols(), compare, shown.interval);
  if (shown.isOwn(told)) {
    chart.draw();
    volatility.draw(bars);
    readout.describe(bars);
    mark();
    legend(null);
    readout.newest(part("newest"), bars, before, shown.interval);
  }
  side.follow();
}

// A split or a dividend changes every price before it: all is drawn anew, and nothing on two bases.
function takeActions(told) {
  const bars = shown.has(told) ? shown.find(told) : null;
  if (!bars || JSON.stringify(bars.actions) === JSON.stringify(told.actions)) return;
  live.stop();
  show();
}

async function loadSeries() {
  series = await get("/api/series");
  part("simulated").hidden = !series.some((one) => one.simulated);
}

// Another symbol is chosen and compared from now on, another interval is offered.
async function followSeries() {
  const before = loadedSymbols().join();
  try {
    await loadSeries();
    trouble("series");
  } catch (error) {
    return trouble("series", error.message);
  }
  drawControls();
  if (loadedSymbols().join() !== before) loadAgain();
}

async function show() {
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  try {
    if (!series.length) await loadSeries();
    part("empty").hidden = series.length > 0;
    part("price").hidden = !series.length;
    document.querySelector(".grid").hidden = !series.length;
    if (!series.length) return again(signal);
    view = settle(view, series);
    history.replaceState(null, "", write(view));
    drawControls();
    const loaded = await loadShown(view, loadedSymbols(), signal);
    live.stop();
    shown = loaded;
    draw();
    trouble("loading");
    trouble("drawing");
    follow();
    loading = null;
  } catch (error) {
    if (signal.aborted) return;
    console.error(error);
    if (!live.source) connection("away", "not live, trying again");
    trouble("loading", `${error.message} Trying again.`);
    again(signal);
  }
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

function draw() {
  const bars = own();
  found = { found: [], interval: null };
  chart.show(bars, shown.interval === "1d");
  chart.showBands(view.bands);
  volatility.show(bars);
  compare.show(shown.compared, numbers());
  readout.missing(part("compare-state"), comparedSymbols(), compare, shown.interval);
  readout.title(shown, series.find((one) => one.symbol === shown.symbol).simulated);
  readout.describe(bars);
  mark();
  legend(null);
  readout.newest(part("newest"), bars, bars.byTime, shown.interval);
  side.load();
}

// Follow what is drawn from where the oldest of it was read.
function follow() {
  live.watch({ symbols: [view.symbol, ...loadedSymbols()], ...shown.asked });
}

const numbers = () => new Map(series.map((one, number) => [one.symbol, number]));

function legend(bar) {
  const told = bar ?? own()?.last;
  const notes = (placed.get(told?.time) ?? []).map(actions.text);
  readout.legend(part("legend"), told, shown?.interval, notes);
}

const comparedSymbols = () => compared(view, series);
// Of them those that have bars of the interval, so that no chart is asked for that there is not.
const loadedSymbols = () => comparedSymbols().filter(
  (symbol) => series.find((one) => one.symbol === symbol).offered.includes(view.interval),
);

function mark() {
  const bars = own();
  if (!bars) return;
  placed = actions.byBar(bars.actions, bars);
  actions.list(part("actions"), placed);
  chart.mark(view.markers ? [
    ...events.markers(found.found, bars, found.interval === shown.interval), ...actions.markers(placed),
  ].sort((one, other) => one.time - other.time) : []);
}

function drawControls() {
  toolbar({ view, series, compared: comparedSymbols() }, { change, layer });
  strip.symbols(part("symbols"), series, quotes, view.symbol, chooseSymbol);
}

function change(wanted) {
  view = { ...view, ...wanted };
  history.pushState(null, "", write(view));
  return show();
}

function layer(name, on) {
  view = { ...view, [name]: on };
  history.replaceState(null, "", write(view));
  drawControls();
  chart.showBands(view.bands);
  mark();
}

function chooseSymbol(symbol) {
  if (symbol !== view.symbol) change({ symbol });
}

shortcuts(chart, {
  view: () => view,
  series: () => series,
  chooseSymbol,
  change,
  layer,
  theme: () => theme.toggle(part("theme")),
  help: () => part("help").showModal(),
});
part("keys").addEventListener("click", () => part("help").showModal());
window.addEventListener("popstate", () => { view = read(location.search); show(); });
window.addEventListener("error", (event) => { if (event.error) failed(event.error); });
window.addEventListener("unhandledrejection", (event) => failed(event.reason));
theme.onChange(() => { if (shown) { drawControls(); mark(); } });
// For the console, and for tests: the bars that are shown, and what the charts have been given.
window.tapeline = {
  bars: () => own()?.all ?? [],
  visible: () => chart.visible(),
  marked: () => chart.marked(),
  drawn: () => ({ ...chart.drawn(), ...compare.drawn(), ...volatility.drawn(), ...profile.drawn() }),
};

show();
