// The page of the alerts: rules in force, what they found, and a form that makes others.

import { get, send } from "/market_data/api.js";
import { RuleForm } from "/alerts/rule_form.js";
import * as theme from "/charts/theme.js";
import * as clock from "/elements/clock.js";
import { element, part } from "/elements/dom.js";
import { told } from "/elements/events.js";
import { timeAndZone } from "/elements/format.js";

const EVERY_SECONDS = 5;
const SHOWN = 100;

theme.start(part("theme"));
// Rules look at markets of several clocks: their times are the reader's.
clock.use("mine");
const form = new RuleForm(part("rule"));
let options = { is_running: false, may_write: false, receivers: [] };
let changing = null;
let timer;

const when = (row) => timeAndZone(Date.parse(row.interval === "1d" ? row.session_date : row.bar_time) / 1000, row.interval);
const link = (symbol, interval) => element(
  "a", { href: `/?${new URLSearchParams({ symbol, interval })}` }, `${symbol} ${interval}`,
);

function showRules(rows) {
  const focused = document.activeElement?.dataset.key;
  part("rules").replaceChildren(...(rows.length ? rows.map(ruleRow) : [none("No rule is in force.", 4)]));
  if (focused) document.querySelector(`[data-key="${focused}"]`)?.focus();
}

function ruleRow(row) {
  const rule = JSON.parse(row.definition);
  const own = row.origin === "api" && options.may_write;
  const button = (name, act) => element("button", {
    type: "button", "data-key": `${name}-${row.rule_id}`, "aria-label": `${name} ${row.rule}`, onclick: act,
  }, name);
  return element("tr", {},
    element("td", {}, element("b", {}, row.rule), " ", element("code", {}, JSON.stringify(rule.when))),
    element("td", {}, `${row.symbols}, ${row.interval}`),
    element("td", {}, String(row.alerts)),
    element("td", {}, row.origin === "file" ? "the file" : "this page or the API", " ",
      ...(own ? [button("Change", () => change(row.rule_id, rule)), button("End", () => end(row))] : [])));
}

function showAlerts(rows) {
  part("alerts").replaceChildren(...(rows.length ? rows.map((row) => element("tr", {},
    element("td", {}, link(row.symbol, row.interval), ` ${when(row)}`),
    element("td", {}, row.rule),
    element("td", {}, row.state === "retracted" ? "taken back by later data" : told(row)))) : [none("None so far.", 3)]));
}

function none(text, columns) {
  return element("tr", {}, element("td", { colSpan: columns, class: "hint" }, text));
}

function showState() {
  const { is_running: running, may_write: open } = options;
  part("state").textContent = !running ? "The service of alerts does not run here: what it found is shown."
    : open ? "" : "To make rules here, set a password (DASHBOARD_PASSWORD); the rules of the file are shown.";
  part("make").disabled = !(running && open);
  part("count").disabled = !running;
}

async function refresh() {
  clearTimeout(timer);
  const box = part("trouble");
  try {
    const [given, rules, alerts] = await Promise.all([
      get("/api/alert-options"),
      get("/api/alert-rules", { limit: 1000, order: "desc" }),
      get("/api/alerts", { limit: SHOWN, order: "desc" }),
    ]);
    const isNew = given.receivers.join() !== options.receivers.join();
    options = given;
    if (isNew) form.showReceivers(given.receivers);
    showState();
    showRules(rules.data);
    showAlerts(alerts.data);
    box.hidden = true;
  } catch (error) {
    box.textContent = `${error.message} Trying again.`;
    box.hidden = false;
  }
  timer = setTimeout(refresh, EVERY_SECONDS * 1000);
}

// Whatever is wrong with a rule is told in a line, as the service says it.
async function attempt(act) {
  part("refusal").hidden = true;
  try {
    await act();
  } catch (error) {
    part("refusal").textContent = error.message;
    part("refusal").hidden = false;
  }
}

function change(ruleId, rule) {
  changing = ruleId;
  form.showReceivers(options.receivers, [rule.to ?? []].flat());
  form.write(rule);
  form.showReceivers(options.receivers, [rule.to ?? []].flat());
  showChanging(`Change ${rule.name}`);
  form.field("name").focus();
}

function showChanging(title) {
  part("form-title").textContent = title;
  part("make").textContent = changing === null ? "Make the rule" : "Change the rule";
  part("leave").hidden = changing === null;
}

function leave() {
  changing = null;
  part("rule").reset();
  form.askCondition();
  showChanging("A new rule");
}

function end(row) {
  return attempt(async () => {
    await send("DELETE", `/api/alert-rules/${row.rule_id}`);
    part("counted").textContent = `${row.rule} is ended; its alerts stay.`;
    await refresh();
  });
}

function make() {
  return attempt(async () => {
    const rule = form.read();
    if (changing === null) await send("POST", "/api/alert-rules", rule);
    else await send("PUT", `/api/alert-rules/${changing}`, rule);
    part("counted").textContent = `${rule.name} is in force, for bars that end from now on.`;
    part("past").replaceChildren();
    leave();
    await refresh();
  });
}

// Of the 30 days before the newest bar: a market of the past is counted like one of today.
function count() {
  return attempt(async () => {
    if (!part("rule").reportValidity()) return;
    part("counted").textContent = "Counting…";
    try {
      const until = await newest();
      const from = new Date(until - 30 * 86_400_000).toISOString();
      const found = await send(
        "POST", `/api/alert-rules/count?${new URLSearchParams({ from, to: new Date(until + 1000).toISOString() })}`, form.read(),
      );
      showCount(found);
    } catch (error) {
      part("counted").textContent = "";
      throw error;
    }
  });
}

async function newest() {
  const series = await get("/api/series");
  part("simulated").hidden = !series.some((one) => one.simulated);
  return Math.max(...series.flatMap((one) => Object.values(one.stored)).map((at) => Date.parse(at)), 0) || Date.now();
}

function showCount({ alerts, held_back: held, bars, symbols, is_complete: whole, newest: past }) {
  const often = alerts === 1 ? "once" : `${alerts} times`;
  part("counted").textContent = `It would have fired ${often} at ${bars.toLocaleString("en")} bars of ${symbols} `
    + `${symbols === 1 ? "symbol" : "symbols"}${held ? `, and have been held back ${held} times` : ""}`
    + `${whole ? "." : "; there was no time for all bars."}`;
  part("past").replaceChildren(...past.slice(0, 10).map((one) => element("li", {},
    `${one.symbol} ${timeAndZone(Date.parse(one.bar_time) / 1000)}: ${one.text}`)));
}

part("rule").addEventListener("submit", (event) => {
  event.preventDefault();
  make();
});
part("count").addEventListener("click", count);
part("leave").addEventListener("click", leave);
showChanging("A new rule");
refresh();
newest().catch(() => {});
