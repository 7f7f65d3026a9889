// The list of symbols by market, favourites first, with the newest price of each, and a field that
// finds one of thousands.

import { element, part } from "/elements/dom.js";
import { Favourites } from "/symbols/favourites.js";
import { percent, price, whole } from "/elements/format.js";
import { trouble } from "/elements/notices.js";
import { called, grouped, matching, shares } from "/symbols/symbol_groups.js";
import { get } from "/market_data/api.js";

// So many stand in the list, as many as one question for quotes may name; of more, those looked for.
const MOST_LISTED = 50;
const TYPED_MS = 150;
// Quotes come by the minute.
const ASK_AGAIN_MS = 60_000;

export class SymbolList {
  constructor(choose) {
    this.choose = choose;
    this.field = part("find");
    this.box = part("symbols");
    this.shown = { series: [], quotes: [], chosen: null };
    this.found = new Map();
    this.asked = new Map();
    this.favourites = new Favourites(() => this.draw());
    this.field.addEventListener("input", () => this.draw());
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.box.addEventListener("keydown", (event) => this.move(event));
  }

  show(shown) {
    this.shown = shown;
    this.field.hidden = shown.series.length <= MOST_LISTED;
    this.draw();
  }

  // Series in the order of the list.
  order(series) {
    return grouped(series, this.favourites).flatMap(({ members }) => members);
  }

  toggle(symbol) {
    this.favourites.toggle(symbol);
  }

  draw() {
    const { series, quotes, chosen } = this.shown;
    const matches = matching(series, this.field.hidden ? "" : this.field.value);
    const groups = this.listed(grouped(matches, this.favourites), chosen);
    const told = new Map(quotes.map((quote) => [quote.symbol, quote]));
    const quoted = new Map([...this.found, ...told]);
    const focused = document.activeElement?.closest("#symbols button")?.dataset;
    this.box.replaceChildren(...groups.flatMap((group) => this.group(group, groups, quoted)));
    if (focused) this.focus(focused);
    const count = groups.reduce((sum, { listed }) => sum + listed.length, 0);
    part("find-state").textContent = matches.length === 0 ? "No such symbol is stored."
      : matches.length > count ? `${whole(count)} of ${whole(matches.length)}` : "";
    if (quotes.length) this.ask(groups.flatMap(({ listed }) => listed).filter((one) => !told.has(one.symbol)));
  }

  // Of each group what stands in the list. Without a search that is also the symbol that is shown.
  listed(groups, chosen) {
    const counts = shares(groups, MOST_LISTED);
    return groups.map(({ title, members }, place) => {
      const listed = members.slice(0, counts[place]);
      const own = members.find((one) => one.symbol === chosen);
      if (own && !this.field.value && !listed.includes(own)) listed.unshift(own);
      return { title, listed, count: members.length };
    });
  }

  // One market alone needs no name.
  group({ title, listed, count }, groups, quoted) {
    const entries = listed.map((one) => element(
      "li", {},
      entry(one, called(one.symbol, title), quoted.get(one.symbol), one.symbol === this.shown.chosen, this.choose),
      star(one.symbol, this.favourites),
    ));
    if (groups.length === 1 && title === "Shares") return [element("ul", { "aria-label": title }, ...entries)];
    const id = `group-${title.toLowerCase().replace(" ", "-")}`;
    const text = listed.length < count ? `${whole(listed.length)} of ${whole(count)}` : whole(count);
    return [
      element("h3", { id }, title, " ", element("span", { class: "count" }, text)),
      element("ul", { "aria-labelledby": id }, ...entries),
    ];
  }

  focus({ symbol, star: starred }) {
    const [name, value] = symbol ? ["symbol", symbol] : ["star", starred];
    this.box.querySelector(`[data-${name}="${CSS.escape(value)}"]`)?.focus();
  }

  // The status brings the prices of the first symbols; those of others are asked for once they stand
  // in the list.
  ask(listed) {
    clearTimeout(this.timer);
    const now = performance.now();
    const symbols = listed.map((one) => one.symbol)
      .filter((symbol) => !(now - this.asked.get(symbol) < ASK_AGAIN_MS));
    if (symbols.length) this.timer = setTimeout(() => this.load(symbols.slice(0, MOST_LISTED)), TYPED_MS);
  }

  async load(symbols) {
    for (const symbol of symbols) this.asked.set(symbol, performance.now());
    try {
      const { data } = await get("/api/quotes", { symbol: symbols, limit: MOST_LISTED });
      for (const row of data) this.found.set(row.symbol, { ...row, close: row.price });
      trouble("quotes");
    } catch (error) {
      for (const symbol of symbols) this.asked.delete(symbol);
      trouble("quotes", error.message);
      return;
    }
    this.draw();
  }

  press(event) {
    const first = this.box.querySelector("[data-symbol]");
    if (event.key === "Enter" && first) this.choose(first.dataset.symbol);
    else if (event.key === "ArrowDown") first?.focus();
    else if (event.key === "Escape") {
      this.field.value = "";
      this.field.blur();
      this.draw();
    } else return;
    event.preventDefault();
  }

  // Up and down through the list, from its head back to the field.
  move(event) {
    const places = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!places) return;
    const entries = [...this.box.querySelectorAll("[data-symbol]")];
    const own = event.target.closest("li")?.querySelector("[data-symbol]");
    const next = entries.indexOf(own) + places;
    if (next >= 0) entries[next]?.focus();
    else if (!this.field.hidden) this.field.focus();
    event.preventDefault();
  }
}

function star(symbol, favourites) {
  const is = favourites.has(symbol);
  return element("button", {
    type: "button",
    class: "star",
    "data-star": symbol,
    "aria-pressed": String(is),
    "aria-label": `Favourite ${symbol}`,
    title: is ? "No favourite any more" : "Make it a favourite",
    onclick: () => favourites.toggle(symbol),
  }, is ? "★" : "☆");
}

function noteOf(one, quote) {
  if (!one.offered.length) return "quote only";
  return one.simulated ? "simulated" : (quote?.freshness ?? "").replace("_", " ");
}

function entry(one, text, quote, isChosen, choose) {
  const change = quote && quote.previous_close
    ? 100 * (quote.close / quote.previous_close - 1) : null;
  return element(
    "button",
    {
      type: "button",
      "data-symbol": one.symbol,
      "aria-pressed": String(isChosen),
      onclick: () => choose(one.symbol),
    },
    element("span", { class: "name" }, text),
    element("span", { class: "price" }, quote ? price(quote.close) : ""),
    element("span", { class: "note" }, noteOf(one, quote)),
    element("span", { class: `change ${change === null ? "" : change < 0 ? "down" : "up"}` },
      change === null ? "" : percent(change)),
  );
}
