// What lies between the bars of a chart: sessions, closed days and gaps, by the bars beside them.

import { time, whole } from "/elements/format.js";

const DAY = 86_400;
const KINDS = { no_trade: "no trade", missing: "missing", outage: "outage: no symbol has them" };

// Lines for SessionMarks, with `text` for the legend of the bar after them, in the order of time.
export function between(bars, interval, gaps) {
  const sessions = interval === "1d" ? closedDays(bars) : begun(bars);
  return [...sessions, ...gaps.flatMap((gap) => placed(gap, bars, interval))]
    .sort((one, other) => one.before - other.before);
}

// A day stands at the midnight of its date: where dates are left out, there was no day stored.
function closedDays({ all }) {
  return pairs(all).filter(([before, after]) => after.time - before.time > DAY)
    .map(([before, after]) => line("closed", before, after, closedText(before.time, after.time)));
}

function begun({ all, sessions }) {
  let place = 0;
  const session = (bar) => {
    while (place + 1 < sessions.length && sessions[place + 1][1] <= bar.time) place += 1;
    return sessions[place]?.[0];
  };
  const dates = all.map(session);
  return pairs(all).flatMap(([before, after], index) => {
    const [one, other] = [dates[index], dates[index + 1]];
    if (one === other) return [];
    const [from, to] = [one, other].map((date) => Date.parse(date) / 1000);
    const isClosed = to - from > DAY;
    return [line(isClosed ? "closed" : "session", before, after,
      `session ${other}${isClosed ? `, ${closedText(from, to)}` : ""}`)];
  });
}

function closedText(before, after) {
  const [first, last] = [before + DAY, after - DAY].map((seconds) => time(seconds, "1d"));
  return `no bars on ${first}${first === last ? "" : ` to ${last}`}`;
}

function placed(gap, bars, interval) {
  const after = bars.all.find((bar) => bar.time >= gap.until) ?? null;
  const before = bars.all.findLast((bar) => bar.time < gap.from);
  if (!before) return [];
  const span = gap.until - gap.from > DAY / 2 || interval === "1d"
    ? gap.date : `${time(gap.from)} to ${time(gap.until)}`;
  return [line(gap.kind, before, after, `${whole(gap.bars)} without a bar, ${span}: ${KINDS[gap.kind]}`)];
}

const line = (kind, before, after, text) => ({ kind, before: before.time, after: after?.time ?? null, text });
const pairs = (all) => all.slice(1).map((after, place) => [all[place], after]);

// How many bars of regular hours there are not, for whoever does not see the chart, and since when
// the ticker may be another's.
export function describe(box, { found, interval, since, recycled }, unknown) {
  const counts = Object.keys(KINDS).map((kind) => [
    kind, found.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.bars, 0),
  ]).filter(([, count]) => count);
  const told = counts.map(([kind, count]) => `${whole(count)} ${KINDS[kind]}`).join(", ");
  const from = since ? ` since ${since}` : "";
  box.textContent = [
    unknown || (told && `Regular hours lack ${interval} bars${from}: ${told}.`),
    ...recycled.map(({ symbol, resumed_on: day, signs }) =>
      `From ${day} on ${symbol} may be another instrument than before (${signs.replaceAll("_", " ")}).`),
  ].filter(Boolean).join(" ");
}
