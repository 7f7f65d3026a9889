// The live page: what the address asks for is loaded, drawn, and kept up to date.

import { RANGES, read, settle, write } from "/address.js";
import { get } from "/api.js";
import { Bars } from "/bars.js";
import { choices, keys, step, switches } from "/controls.js";
import * as events from "/events.js";
import { element, price, time, whole } from "/format.js";
import { Live } from "/live.js";
import { ComparePanel, ProfilePanel, VolatilityPanel, tone } from "/panels.js";
import { PriceChart } from "/price_chart.js";
import * as strip from "/strip.js";
import * as theme from "/theme.js";

const MOST_COMPARED = 4;
const EVENTS_EVERY_MS = 15_000;
const DAY_MS = 86_400_000;
const isoDay = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 10);
const part = (id) => document.getElementById(id);

theme.start(part("theme"));
const chart = new PriceChart(part("chart"), (bar) => legend(bar));
const compare = new ComparePanel(part("compare"));
const volatility = new VolatilityPanel(part("volatility"));
const profile = new ProfilePanel(part("profile"));

let view = read(location.search);
let series = [];
let quotes = [];
let bars = null;
let loading = null;
let found = [];
let foundIn = null;
let eventsAsked = 0;

const live = new Live({
  connection(open) {
    const badge = part("connection");
    badge.dataset.state = open ? "live" : "away";
    badge.textContent = open ? "live" : "connection lost, trying again";
  },
  bars({ symbol, rows }) {
    compare.take(symbol, rows.map((row) => ({ time: row[0], close: row[4] })));
    if (symbol !== view.symbol || !bars) return;
    chart.take(rows);
    legend(null);
    newest(new Set(rows.map((row) => row[0])));
    if (performance.now() - eventsAsked > EVENTS_EVERY_MS) loadEvents();
  },
  indicators({ symbol, rows }) {
    if (symbol !== view.symbol || !bars) return;
    chart.derive(rows);
    volatility.derive(rows.flatMap((row) => bars.byTime.get(row[0]) ?? []));
  },
  status(facts) {
    quotes = facts.quotes ?? quotes;
    strip.health(part("health"), facts);
    strip.symbols(part("symbols"), series, quotes, view.symbol, chooseSymbol);
    trouble(facts.database ? "" : "The database is away; this goes on by itself.");
    if (facts.database && facts.symbols !== series.length) loadSeries();
  },
  resync: () => show(),
});

function trouble(text) {
  part("trouble").hidden = !text;
  part("trouble").textContent = text;
}

async function loadSeries() {
  series = await get("/api/series");
  part("simulated").hidden = !series.some((one) => one.simulated);
  strip.symbols(part("symbols"), series, quotes, view.symbol, chooseSymbol);
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
    const loaded = await get(
      "/api/chart", { symbol: view.symbol, interval: view.interval, range: view.range }, signal,
    );
    trouble("");
    draw(loaded);
    await Promise.all([loadCompared(loaded, signal), loadProfile(signal), loadEvents()]);
  } catch (error) {
    if (error.name === "AbortError") return;
    trouble(`${error.message} Trying again.`);
    again(signal);
  }
}

function again(signal) {
  const timer = setTimeout(show, 2000);
  signal.addEventListener("abort", () => clearTimeout(timer));
}

function draw(loaded) {
  bars = new Bars(loaded);
  chart.show(bars, view.interval === "1d");
  chart.showBands(view.bands);
  volatility.show(bars);
  part("volatility-hint").textContent = bars.all.some((bar) => bar.volatility !== null)
    ? "deviation of 20 log returns, % a bar" : "shows from the 21st bar on";
  const market = loaded.simulated ? " · simulated" : "";
  part("title").textContent = `${view.symbol} · ${view.interval}${market}`;
  document.title = `${view.symbol} ${view.interval}${market} – Tapeline`;
  part("chart").setAttribute("aria-label",
    `Candles and volume of ${view.symbol}, ${view.interval}; the newest stand in the table below`);
  part("chart-state").textContent = loaded.time.length === 0 ? "There are no bars in this range."
    : loaded.truncated ? `The newest ${whole(loaded.time.length)} bars of the range.` : "";
  legend(null);
  newest(new Set());
  const watched = [view.symbol, ...comparedSymbols()];
  live.watch(watched, view.interval, loaded.time[0] ?? 0, loaded.as_of);
}

function legend(bar) {
  const shown = bar ?? bars?.last;
  part("legend").replaceChildren(...(shown ? [
    ["", time(shown.time, view.interval)], ["O", price(shown.open)], ["H", price(shown.high)],
    ["L", price(shown.low)], ["C", price(shown.close)], ["Vol", whole(shown.volume)],
  ].flatMap(([name, value]) => [`${name} `, element("b", {}, value), "  "]) : []));
}

function newest(fresh) {
  const rows = bars.all.slice(-30).reverse();
  part("newest").replaceChildren(...rows.map((bar) => element(
    "tr", { class: fresh.has(bar.time) ? "fresh" : "", "data-time": bar.time },
    element("td", {}, time(bar.time, view.interval)),
    ...[bar.open, bar.high, bar.low, bar.close].map((value) => element("td", {}, price(value))),
    element("td", {}, whole(bar.volume)),
  )));
}

function comparedSymbols() {
  const others = series.map((one) => one.symbol).filter((one) => one !== view.symbol);
  return (view.compare ?? others.slice(0, MOST_COMPARED - 1)).filter((one) => others.includes(one));
}

async function loadCompared(own, signal) {
  const charts = new Map([[view.symbol, own]]);
  await Promise.all(comparedSymbols().map(async (symbol) => {
    const asked = { symbol, interval: view.interval, range: view.range };
    try {
      charts.set(symbol, await get("/api/chart", asked, signal));
    } catch (error) {
      // A symbol may not be stored in this interval.
      if (error.status !== 404) throw error;
    }
  }));
  const numbers = new Map(series.map((one, number) => [one.symbol, number]));
  compare.show(charts, numbers);
}

async function loadProfile(signal) {
  const stored = series.find((one) => one.symbol === view.symbol).stored;
  const interval = Object.keys(stored).find((one) => one !== "1d");
  part("profile-hint").textContent = "volume by time of day at the exchange";
  if (!interval) return profile.show([]);
  const asked = { symbol: view.symbol, interval, limit: 1500, order: "desc" };
  // By the exchange's clock the newest session may have begun the day before.
  const newestAt = Date.parse(stored[interval]);
  Object.assign(asked, { from: isoDay(newestAt - DAY_MS), to: isoDay(newestAt + DAY_MS) });
  const { data } = await get("/api/profile", asked, signal);
  const last = data[0]?.session_date;
  const rows = data.filter((row) => row.session_date === last);
  profile.show(rows);
  if (last) part("profile-hint").textContent = `volume by minute on ${last}, and what is usual`;
}

async function loadEvents() {
  eventsAsked = performance.now();
  const [symbol, first] = [view.symbol, bars?.all[0]];
  if (!first) return;
  const stored = Object.keys(series.find((one) => one.symbol === symbol).stored);
  const interval = stored.includes(view.interval) ? view.interval : stored[0];
  const from = isoDay(1000 * Math.max(first.time, bars.last.time - 8 * 86_400) - DAY_MS);
  const to = isoDay(1000 * bars.last.time + 2 * DAY_MS);
  const asked = { symbol, interval, from, to, limit: 250, order: "desc" };
  const [anomalies, signals] = await Promise.all([
    get("/api/anomalies", asked), get("/api/signals", asked),
  ]);
  if (symbol !== view.symbol || !bars) return;
  found = events.merge(anomalies.data, signals.data).filter((one) => one.time >= first.time);
  foundIn = interval;
  events.list(part("events"), found, interval);
  part("events-hint").textContent = `of ${interval} bars`;
  mark();
}

function mark() {
  chart.mark(view.markers && bars ? events.markers(found, bars, foundIn === view.interval) : []);
}

function drawControls() {
  const offered = series.find((one) => one.symbol === view.symbol).offered;
  choices(part("intervals"), "interval", offered, view.interval, (interval) => change({ interval }));
  choices(part("ranges"), "range", RANGES, view.range, (range) => change({ range }));
  switches(part("layers"), [
    { value: "bands", label: "Bands", checked: view.bands },
    { value: "markers", label: "Markers", checked: view.markers },
  ], (name, on) => layer(name, on));
  const chosen = comparedSymbols();
  const others = series.filter((one) => one.symbol !== view.symbol).slice(0, 12);
  switches(part("compared"), others.map((one) => ({
    value: one.symbol, label: one.symbol, checked: chosen.includes(one.symbol),
    disabled: chosen.length >= MOST_COMPARED && !chosen.includes(one.symbol),
    tone: tone(series.indexOf(one)),
  })), (symbol, on) => change({
    compare: on ? [...chosen, symbol] : chosen.filter((one) => one !== symbol),
  }));
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

keys({
  j: () => stepSymbol(1),
  k: () => stepSymbol(-1),
  i: () => stepInterval(1),
  I: () => stepInterval(-1),
  r: () => change({ range: step(RANGES, view.range, 1) }),
  R: () => change({ range: step(RANGES, view.range, -1) }),
  b: () => layer("bands", !view.bands),
  m: () => layer("markers", !view.markers),
  t: () => theme.toggle(part("theme")),
  "?": () => part("help").showModal(),
  ArrowLeft: () => chart.move(-0.2),
  ArrowRight: () => chart.move(0.2),
  "+": () => chart.zoom(0.7),
  "-": () => chart.zoom(1.4),
  End: () => chart.newest(),
});
part("keys").addEventListener("click", () => part("help").showModal());
window.addEventListener("popstate", () => { view = read(location.search); show(); });
theme.onChange(() => { if (series.length) { drawControls(); mark(); } });
// For the console, and for tests: what is shown.
window.tapeline = { bars: () => bars?.all ?? [], compared: (symbol) => compare.last(symbol) };

show();
