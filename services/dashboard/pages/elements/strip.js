// The strip at the foot and the list of symbols: how the pipeline stands, and what prices are.

import { element } from "/elements/dom.js";
import { age, percent, price, timeAndZone, whole } from "/elements/format.js";

export function health(box, facts) {
  const entries = facts.database ? [
    ["Last stored", facts.age_seconds === null ? "never" : `${age(facts.age_seconds)} ago`],
    ["Newest bar", facts.newest_bar ? timeAndZone(Date.parse(facts.newest_bar) / 1000) : "none"],
    ["Answer to row", age(facts.delay_seconds)],
    ["Stored", whole(facts.stored)],
    ["Rejected", whole(facts.rejected), facts.rejected > 0],
    ["Lost", whole(facts.lost), facts.lost > 0],
    ["Calls today", facts.quota ? quota(facts.quota) : "not told"],
    ["Viewers", whole(facts.viewers)],
  ] : [["Database", "away", true]];
  box.replaceChildren(...entries.map(([name, value, bad]) => element(
    "div", {}, element("dt", {}, name), element("dd", bad ? { class: "bad" } : {}, value),
  )));
}

function quota(given) {
  const left = given.calls_left;
  return left === null || left === undefined
    ? whole(given.calls_today) : `${whole(given.calls_today)}, ${whole(left)} left`;
}

export function symbols(box, series, quotes, chosen, choose) {
  const bySymbol = new Map(quotes.map((quote) => [quote.symbol, quote]));
  const focused = document.activeElement?.dataset?.symbol;
  box.replaceChildren(...series.map((one) => element(
    "li", {}, entry(one, bySymbol.get(one.symbol), chosen, choose),
  )));
  if (focused) box.querySelector(`[data-symbol="${CSS.escape(focused)}"]`)?.focus();
}

function entry(one, quote, chosen, choose) {
  const change = quote && quote.previous_close
    ? 100 * (quote.close / quote.previous_close - 1) : null;
  return element(
    "button",
    {
      type: "button",
      "data-symbol": one.symbol,
      "aria-pressed": String(one.symbol === chosen),
      onclick: () => choose(one.symbol),
    },
    element("span", { class: "name" }, one.symbol),
    element("span", { class: "price" }, quote ? price(quote.close) : ""),
    element("span", { class: "note" }, one.simulated ? "simulated" : (quote?.freshness ?? "").replace("_", " ")),
    element("span", { class: `change ${change === null ? "" : change < 0 ? "down" : "up"}` },
      change === null ? "" : percent(change)),
  );
}
