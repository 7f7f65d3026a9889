// What is computed as it is asked, the profile of the day and the events: it follows the bars.

import { get } from "/market_data/api.js";
import * as events from "/elements/events.js";

const EVERY_MS = 15_000;
// Indicators follow their bars; without them there would be no events of the newest bar.
const AFTER_MS = 3_000;
const DAY_MS = 86_400_000;
const isoDay = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 10);

export class Side {
  // `shown` says what is shown: {symbol, interval, stored, bars}; `take` gets what was found.
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
      try {
        const found = await load(shown, signal);
        if (!signal.aborted) this.take[part](found);
      } catch (error) {
        if (signal.aborted) return;
        this.take.failed(part, `${error.message} Trying again.`);
        this.follow();
      }
    };
    await Promise.all([take("profile", loadProfile), take("events", loadEvents)]);
  }
}

async function loadProfile({ symbol, stored, bars }, signal) {
  const interval = Object.keys(stored).find((one) => one !== "1d");
  if (!interval) return { rows: [], day: null };
  const asked = { symbol, interval, limit: 1500, order: "desc" };
  // By the exchange's clock the newest session may have begun the day before.
  const newestAt = Math.max(Date.parse(stored[interval]), 1000 * (bars.last?.time ?? 0));
  Object.assign(asked, { from: isoDay(newestAt - DAY_MS), to: isoDay(newestAt + DAY_MS) });
  const { data } = await get("/api/profile", asked, signal);
  const day = data[0]?.session_date ?? null;
  return { rows: data.filter((row) => row.session_date === day), day };
}

async function loadEvents({ symbol, interval: shown, stored, bars }, signal) {
  const [first, last] = [bars.all[0], bars.last];
  const interval = shown in stored ? shown : Object.keys(stored)[0];
  if (!first) return { found: [], interval };
  const from = isoDay(1000 * Math.max(first.time, last.time - 8 * 86_400) - DAY_MS);
  const asked = { symbol, interval, from, to: isoDay(1000 * last.time + 2 * DAY_MS), limit: 250, order: "desc" };
  const [anomalies, signals] = await Promise.all([
    get("/api/anomalies", asked, signal), get("/api/signals", asked, signal),
  ]);
  return {
    found: events.merge(anomalies.data, signals.data).filter((one) => one.time >= first.time), interval,
  };
}
