// The form of a rule: what is chosen in it to a rule as the API takes it, and back.

import { element, part } from "/elements/dom.js";

const DIRECTIONS = ["either", "up", "down"];
// The fields of each condition, by the names of the API: a list is a choice.
const CONDITIONS = {
  price: { crosses: "number", direction: DIRECTIONS },
  change: { percent: "number", span: "text", direction: DIRECTIONS },
  volume: { times_usual: "number", bars: "number" },
  gap: { percent: "number", direction: DIRECTIONS },
  indicator: { of: "text", relation: ["crosses", "above", "below"], than: "text", direction: DIRECTIONS },
  signal: { rule: ["ma_cross", "rsi", "band_break"], direction: ["up", "down"] },
  pattern: {
    is: ["doji", "hammer", "shooting_star", "bullish_engulfing", "bearish_engulfing", "three_white_soldiers",
      "three_black_crows"],
  },
  anomaly: { of: ["price", "volume", "gap", "outlier"], severity: ["low", "medium", "high"] },
  no_data: { for: "text" },
};
const CHOICES = {
  interval: ["1min", "5min", "15min", "30min", "60min", "1d"],
  kind: Object.keys(CONDITIONS),
  frequency: ["each", "session", "once"],
  basis: ["as_traded", "split_adjusted", "total_return"],
};
const FIRST = { of: "rsi_14", than: "70", bars: "20", percent: "2", times_usual: "3", span: "30min", for: "10min" };
// A span is written as a time, or as a number of bars.
const BARS = /^\d+$/;

export class RuleForm {
  constructor(form) {
    this.form = form;
    for (const [name, values] of Object.entries(CHOICES)) this.field(name).append(...options(values));
    this.field("kind").addEventListener("change", () => this.askCondition());
    this.askCondition();
  }

  field(name) {
    return this.form.elements.namedItem(name);
  }

  askCondition() {
    const asked = Object.entries(CONDITIONS[this.field("kind").value]);
    part("condition").replaceChildren(...asked.map(([name, kind]) => element("label", {},
      `${name.replace("_", " ")} `,
      Array.isArray(kind) ? element("select", { name: `when_${name}` }, ...options(kind))
        : element("input", { name: `when_${name}`, value: FIRST[name] ?? "", required: true, autocomplete: "off",
          inputMode: kind === "number" ? "decimal" : "text" }))));
  }

  // `chosen`: those of the rule that is changed.
  showReceivers(names, chosen = []) {
    const box = part("receivers");
    box.replaceChildren(box.querySelector("legend"), ...names.map((name) => element("label", { class: "choice" },
      element("input", { type: "checkbox", name: "to", value: name, checked: chosen.includes(name) }),
      element("span", {}, name))));
  }

  read() {
    const given = new FormData(this.form);
    const kind = given.get("kind");
    const when = Object.fromEntries(Object.keys(CONDITIONS[kind]).map((name) => [name, given.get(`when_${name}`)]));
    if (kind === "indicator") {
      const { of, relation, than, direction } = when;
      when.kept = { of, [relation]: than, ...(relation === "crosses" ? { direction } : {}) };
    }
    if (kind === "change") {
      const { percent, span, direction } = when;
      when.kept = { percent, [BARS.test(span.trim()) ? "bars" : "span"]: span.trim(), direction };
    }
    const rule = {
      name: given.get("name"),
      symbols: given.get("symbols").split(",").map((one) => one.trim()).filter((one) => one),
      when: { [kind]: when.kept ?? when },
    };
    for (const name of ["interval", "frequency", "basis"]) rule[name] = given.get(name);
    if (given.get("cool_down").trim()) rule.cool_down = given.get("cool_down").trim();
    if (given.has("to")) rule.to = given.getAll("to");
    return rule;
  }

  write(rule) {
    const [[kind, when]] = Object.entries(rule.when);
    this.form.reset();
    for (const name of ["name", "interval", "frequency", "basis", "cool_down"]) {
      if (rule[name] !== undefined) this.field(name).value = rule[name];
    }
    this.field("symbols").value = [rule.symbols].flat().join(", ");
    this.field("kind").value = kind;
    this.askCondition();
    const given = { ...when };
    if (kind === "change") given.span ??= when.bars;
    for (const relation of kind === "indicator" ? ["crosses", "above", "below"] : []) {
      if (relation in when) Object.assign(given, { relation, than: when[relation] });
    }
    for (const name of Object.keys(CONDITIONS[kind])) {
      if (given[name] !== undefined) this.field(`when_${name}`).value = given[name];
    }
  }
}

function options(values) {
  return values.map((value) => element("option", { value }, value.replaceAll("_", " ")));
}
