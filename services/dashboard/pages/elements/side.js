// What is computed as it is asked: the profile of the day, events, gaps, and what comparison begins
// with. It follows the bars.

import { get } from "/market_data/api.js";
import * as events from "/elements/events.js";

const EVERY_MS = 15_000;
// Indicators follow their bars; without them there would be no events of the newest bar.
const AFTER_MS = 3_000;
const DAY_MS = 86_400_000;
// A bar's trade date may be later than its own: in the evening, and before a long week-end.
const LATER_MS = 6 * DAY_MS;
const MINUTES = { "1min": 1, "5min": 5, "15min": 15, "30min": 30, "60min": 60, "60min-from-open": 60, "1d": 1440 };
// Slots of a session are looked at one by one, so that gaps of small bars are told of fewer days.
const GAP_DAYS_A_MINUTE = 14;
const MOST_GAPS = 1000;
const isoDay = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 10);

export class Side {
  // `shown` says what is shown: {symbol, interval, stored, exchange, simulated, bars,
  // loadBase}; `take` gets what was found.
  constructor(shown, take) {
    this.shown = shown;
    this.take = take;
    this.begun = -Infinity;
    this.timer = null;
    this.loading = new AbortController();
  }

  // After bars have come: soon, and once for all that come until then.
  follow() {
    this.timer ??= setTimeout(
      () => this.load(), Math.max(AFTER_MS, this.begun + EVERY_MS - performance.now()),
    );
  }

  async load() {
    clearTimeout(this.timer);
    this.timer = null;
    this.begun = performance.now();
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    const shown = this.shown();
    const take = async (part, load) => {
      if (signal.aborted) return;
      try {
        const found = await load(shown, signal);
        if (!signal.aborted) this.take[part](found);
      } catch (error) {
        if (signal.aborted) return;
        this.take.failed(part, `${error.message} Trying again.`);
        this.follow();
      }
    };
    // One after the other: the server computes few at a time, and other viewers wait for theirs.
    await take("profile", loadProfile);
    await take("events", loadEvents);
    await take("gaps", loadGaps);
    await take("base", ({ loadBase }) => loadBase(signal));
  }
}

async function loadProfile({ symbol, interval: shown, stored, bars }, signal) {
  const interval = storedIntervals(shown, stored, bars).find((one) => one !== "1d");
  if (!interval) return { rows: [], day: null };
  const asked = { symbol, interval, limit: 1500, order: "desc" };
  // By the exchange's clock the newest session may have begun the day before.
  const newestAt = Math.max(Date.parse(stored[interval]), 1000 * (bars.last?.time ?? 0));
  Object.assign(asked, { from: isoDay(newestAt - DAY_MS), to: isoDay(newestAt + LATER_MS) });
  const { data } = await get("/api/profile", asked, signal);
  const day = data[0]?.session_date ?? null;
  return { rows: data.filter((row) => row.session_date === day), day };
}

// Those that are stored: first that which is shown, else that which the newest candle comes of.
function storedIntervals(shown, stored, { last }) {
  return [shown, last?.rolled_up_from, ...Object.keys(stored)].filter((one) => one in stored);
}

async function loadEvents({ symbol, interval: shown, stored, bars }, signal) {
  const [first, last] = [bars.all[0], bars.last];
  const [interval] = storedIntervals(shown, stored, bars);
  if (!first) return { found: [], interval };
  const from = isoDay(1000 * Math.max(first.time, last.time - 8 * 86_400) - DAY_MS);
  const asked = { symbol, interval, from, to: isoDay(1000 * last.time + LATER_MS), limit: 250, order: "desc" };
  const anomalies = await get("/api/anomalies", asked, signal);
  const signals = await get("/api/signals", asked, signal);
  const alerts = await get("/api/alerts", asked, signal);
  return {
    found: events.merge(anomalies.data, signals.data, alerts.data).filter((one) => one.time >= first.time), interval,
  };
}

// Runs of bars that regular hours lack: {from, until, date, kind, bars}, of which `since` on, and
// where the ticker may have become another's. A simulated market keeps a clock of its own, so that
// what follows its newest bar lacks nothing.
async function loadGaps({ symbol, interval: shown, stored, exchange, simulated, bars }, signal) {
  const [interval] = storedIntervals(shown, stored, bars);
  const [first, last] = [bars.all[0], bars.last];
  if (!first) return { found: [], interval, exchange, since: null, recycled: [] };
  const { data: tickers } = await get("/api/recycled-tickers", { symbol }, signal);
  const recycled = tickers.filter((one) => one.interval === interval);
  if (!exchange) return { found: [], interval, exchange, since: null, recycled };
  const earliest = last.time - GAP_DAYS_A_MINUTE * MINUTES[interval] * 86_400;
  const asked = {
    symbol, interval, limit: MOST_GAPS, order: "desc",
    from: isoDay(1000 * Math.max(first.time, earliest)), to: isoDay(1000 * last.time + LATER_MS),
  };
  const { data } = await get("/api/gaps", asked, signal);
  const holes = data.map((row) => gap(row, shown)).filter(isHole(shown, interval, bars))
    .filter(({ from }) => from < bars.until && !(simulated && from > last.time));
  const since = data.length === MOST_GAPS ? data.at(-1).session_date : earliest > first.time ? asked.from : null;
  return { found: holes, interval, exchange, since, recycled };
}

function gap({ session_date: date, kind, bars, starts_at_utc: from, ends_at_utc: until }, shown) {
  const day = Date.parse(date);
  const [begins, ends] = shown === "1d" ? [day, day + DAY_MS] : [Date.parse(from), Date.parse(until)];
  return { date, kind, bars, from: begins / 1000, until: ends / 1000 };
}

// Whether a gap leaves a hole between the bars that are shown, which may be longer than those stored
// or, where some of those lack, rolled up from others.
function isHole(shown, interval, bars) {
  if (shown === "1d") return ({ from }) => !bars.byTime.has(from);
  const seconds = 60 * MINUTES[shown];
  return ({ from, until }) => {
    const first = interval === shown ? from : firstCandle(from, seconds, startsOfHours(shown, bars, from));
    for (let at = first; at + seconds <= until; at += seconds) if (!bars.byTime.has(at)) return true;
    return false;
  };
}

// The first start of a candle at `from` or later, where candles start so many `past` whole multiples.
const firstCandle = (from, seconds, past) => past + Math.ceil((from - past) / seconds) * seconds;

// Hours from the opening start as those before do; where there are none, with the gap.
function startsOfHours(shown, { all }, from) {
  if (shown !== "60min-from-open") return 0;
  return (all.findLast(({ time }) => time <= from)?.time ?? from) % 3600;
}
