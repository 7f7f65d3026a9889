// The live page: what the address asks for is loaded, drawn, and kept up to date.

import { RANGES, compared, read, settle, write } from "/address.js";
import { ComparePanel, ProfilePanel, VolatilityPanel } from "/charts/panels.js";
import { PriceChart } from "/charts/price_chart.js";
import * as theme from "/charts/theme.js";
import { step } from "/elements/controls.js";
import { part } from "/elements/dom.js";
import * as events from "/elements/events.js";
import { connection, trouble } from "/elements/notices.js";
import * as readout from "/elements/readout.js";
import { shortcuts } from "/elements/shortcuts.js";
import { Side } from "/elements/side.js";
import * as strip from "/elements/strip.js";
import { toolbar } from "/elements/toolbar.js";
import { get } from "/market_data/api.js";
import { loadBars } from "/market_data/bars.js";
import { Live } from "/market_data/live.js";

const AGAIN_MS = 2000;

theme.start(part("theme"));
const chart = new PriceChart(part("chart"), (bar) => legend(bar));
const compare = new ComparePanel(part("compare"));
const volatility = new VolatilityPanel(part("volatility"));
const profile = new ProfilePanel(part("profile"));

let view = read(location.search);
let series = [];
let quotes = [];
// What is drawn: the view's symbol and interval, and the Bars of it and of those compared with it.
let shown = null;
let loading = null;
let found = { found: [], interval: null };

const live = new Live({
  connection: (open) => (open ? connection("live", "live") : connection("away", "connection lost, trying again")),
  bars: ({ symbol, rows }) => take(symbol, false, (bars) => bars.take(rows)),
  candles: ({ symbol, since, rows }) => take(symbol, true, (bars) => bars.replace(since, rows)),
  indicators: ({ symbol, rows }) => take(symbol, false, (bars) => bars.derive(rows)),
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
  () => ({ ...shown, bars: own(), stored: series.find((one) => one.symbol === shown.symbol).stored }),
  {
    profile({ rows, day }) {
      profile.show(rows);
      part("profile-hint").textContent = day
        ? `volume by minute on ${day}, and what is usual` : "volume by time of day at the exchange";
    },
    events(all) {
      found = all;
      events.list(part("events"), all.found, all.interval);
      part("events-hint").textContent = `of ${all.interval} bars`;
      mark();
    },
    failed(name, text) { part(`${name}-hint`).textContent = text; },
  },
);

const own = () => shown?.charts.get(shown.symbol) ?? null;
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
function take(symbol, rolledUp, update) {
  const bars = shown.charts.get(symbol);
  if (!bars || bars.rolledUp !== rolledUp) return loadAgain();
  const before = bars.byTime;
  update(bars);
  compare.draw(shown.charts, numbers());
  if (symbol === shown.symbol) {
    chart.draw();
    volatility.draw(bars);
    readout.describe(bars);
    legend(null);
    readout.newest(part("newest"), bars, before, shown.interval);
    mark();
  }
  side.follow();
}

async function loadSeries() {
  series = await get("/api/series");
  part("simulated").hidden = !series.some((one) => one.simulated);
}

// Another symbol is chosen and compared from now on, another interval is offered.
async function followSeries() {
  const before = comparedSymbols().join();
  try {
    await loadSeries();
    trouble("series");
  } catch (error) {
    return trouble("series", error.message);
  }
  drawControls();
  if (comparedSymbols().join() !== before) loadAgain();
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
    const charts = await loadBars([view.symbol, ...comparedSymbols()], view, signal);
    live.stop();
    shown = { symbol: view.symbol, interval: view.interval, charts };
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
  compare.show(shown.charts, numbers());
  readout.title(shown, series.find((one) => one.symbol === shown.symbol).simulated);
  readout.describe(bars);
  legend(null);
  readout.newest(part("newest"), bars, bars.byTime, shown.interval);
  side.load();
}

// Follow what is drawn from where the oldest of it was read.
function follow() {
  const all = [...shown.charts.values()];
  live.watch(
    [view.symbol, ...comparedSymbols()], shown.interval,
    Math.min(...all.map((bars) => bars.from)),
    all.map((bars) => bars.asOf).reduce((one, other) => (Number(one) < Number(other) ? one : other)),
  );
}

const numbers = () => new Map(series.map((one, number) => [one.symbol, number]));

function legend(bar) {
  readout.legend(part("legend"), bar ?? own()?.last, shown?.interval);
}

const comparedSymbols = () => compared(view, series);

function mark() {
  const bars = own();
  chart.mark(view.markers && bars
    ? events.markers(found.found, bars, found.interval === shown.interval) : []);
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

function stepSymbol(places) {
  if (series.length) chooseSymbol(step(series.map((one) => one.symbol), view.symbol, places));
}

function stepInterval(places) {
  const offered = series.find((one) => one.symbol === view.symbol)?.offered;
  if (offered) change({ interval: step(offered, view.interval, places) });
}

shortcuts(chart, {
  symbol: stepSymbol,
  interval: stepInterval,
  range: (places) => change({ range: step(RANGES, view.range, places) }),
  layer: (name) => layer(name, !view[name]),
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
  drawn: () => ({ ...chart.drawn(), ...compare.drawn(), ...volatility.drawn(), ...profile.drawn() }),
};

show();
