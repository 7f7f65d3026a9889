// The list of symbols, with the newest price of each, and a field that finds one of thousands.

import { element, part } from "/elements/dom.js";
import { percent, price, whole } from "/elements/format.js";
import { trouble } from "/elements/notices.js";
import { get } from "/market_data/api.js";

// So many stand in the list, as many as one question for quotes may name; of more, those looked for.
const MOST_LISTED = 50;
const TYPED_MS = 150;

// Those whose name begins with the text, then those that have it elsewhere.
export function matching(series, text) {
  const wanted = text.trim().toUpperCase();
  const begins = series.filter((one) => one.symbol.startsWith(wanted));
  return [...begins, ...series.filter((one) => one.symbol.indexOf(wanted) > 0)];
}

export class SymbolList {
  constructor(choose) {
    this.choose = choose;
    this.field = part("find");
    this.box = part("symbols");
    this.shown = { series: [], quotes: [], chosen: null };
    this.found = new Map();
    this.field.addEventListener("input", () => { this.draw(); this.ask(); });
    this.field.addEventListener("keydown", (event) => this.press(event));
  }

  show(shown) {
    this.shown = shown;
    this.field.hidden = shown.series.length <= MOST_LISTED;
    this.draw();
  }

  get matches() {
    return matching(this.shown.series, this.field.hidden ? "" : this.field.value);
  }

  draw() {
    const { series, quotes, chosen } = this.shown;
    const { matches } = this;
    const listed = matches.slice(0, MOST_LISTED);
    const own = series.find((one) => one.symbol === chosen);
    if (own && !this.field.value && !listed.includes(own)) listed.unshift(own);
    const quoted = new Map([...this.found, ...quotes.map((quote) => [quote.symbol, quote])]);
    const focused = document.activeElement?.dataset?.symbol;
    this.box.replaceChildren(...listed.map((one) => element(
      "li", {}, entry(one, quoted.get(one.symbol), chosen, this.choose),
    )));
    if (focused) this.box.querySelector(`[data-symbol="${CSS.escape(focused)}"]`)?.focus();
    part("find-state").textContent = matches.length === 0 ? "No such symbol is stored."
      : matches.length > listed.length ? `${whole(listed.length)} of ${whole(matches.length)}` : "";
  }

  // The status brings the prices of the first symbols; those of others are asked for once they are found.
  ask() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), TYPED_MS);
  }

  async load() {
    const symbols = this.matches.slice(0, MOST_LISTED).map((one) => one.symbol);
    if (!symbols.length || !this.field.value) return;
    try {
      const { data } = await get("/api/quotes", { symbol: symbols, limit: MOST_LISTED });
      this.found = new Map(data.map((row) => [row.symbol, { ...row, close: row.price }]));
      trouble("quotes");
    } catch (error) {
      trouble("quotes", error.message);
    }
    this.draw();
  }

  press(event) {
    const [first] = this.matches;
    if (event.key === "Enter" && first) this.choose(first.symbol);
    else if (event.key === "ArrowDown") this.box.querySelector("button")?.focus();
    else if (event.key === "Escape") {
      this.field.value = "";
      this.field.blur();
      this.draw();
    } else return;
    event.preventDefault();
  }
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
