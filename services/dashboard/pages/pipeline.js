// The page of the pipeline: how it has run, by charts over time, and the alerts that fire.

import { get } from "/market_data/api.js";
import { HistoryPanel } from "/charts/history_panel.js";
import * as theme from "/charts/theme.js";
import * as clock from "/elements/clock.js";
import { choices } from "/elements/controls.js";
import { element, part } from "/elements/dom.js";
import { timeAndZone } from "/elements/format.js";

const SPANS = { "1h": "1 hour", "6h": "6 hours", "24h": "24 hours" };
const EVERY_SECONDS = 15;
const SOURCES = { prometheus: "from Prometheus", services: "as this dashboard has read it of the services" };

const panels = new Map();
let timer;

theme.start(part("theme"));
// The machine has no exchange: its times are the reader's.
clock.use("mine");

function span() {
  const asked = new URLSearchParams(location.search).get("range");
  return asked in SPANS ? asked : "1h";
}

function panel({ name, title, unit }) {
  if (!panels.has(name)) {
    const legend = element("output", { class: "legend small", "aria-live": "off" });
    const chart = element("div", { class: "chart", role: "img", "aria-label": `${title}, ${unit}, over time` });
    const state = element("p", { class: "state", role: "status" });
    part("charts").append(element("section", { class: "panel", id: name, "aria-label": title },
      element("div", { class: "head" }, element("h2", {}, title), element("span", { class: "hint" }, unit)),
      legend, chart, state));
    panels.set(name, { drawn: new HistoryPanel(chart, legend, unit), state });
  }
  return panels.get(name);
}

function show({ source, charts, alerts, from, until }) {
  part("source").textContent = `${SOURCES[source]}, ${timeAndZone(from)} to ${timeAndZone(until)}`;
  for (const chart of charts) {
    const { drawn, state } = panel(chart);
    drawn.show(chart.lines);
    state.textContent = chart.lines.length ? "" : missing(chart, source);
  }
  part("alerts").replaceChildren(...alertItems(alerts));
}

function missing({ name }, source) {
  if (name === "disk") return "Told by Prometheus alone, where it reads the node exporter.";
  return source === "services" ? "Nothing told yet." : "Prometheus has nothing of it in this range.";
}

function alertItems(alerts) {
  if (alerts === null) return [element("li", { class: "none" }, "Known where Prometheus runs (the compose profile observe).")];
  if (!alerts.length) return [element("li", { class: "none" }, "None fires.")];
  return alerts.map(({ name, severity, summary, runbook, since }) => element("li", {},
    element("b", { class: severity === "critical" ? "down" : "" }, severity), " ", summary, " ",
    element("span", { class: "hint" }, `${name}, since ${timeAndZone(Date.parse(since) / 1000)} `),
    ...(runbook ? [element("code", {}, runbook)] : [])));
}

async function refresh() {
  clearTimeout(timer);
  const asked = span();
  const box = part("trouble");
  try {
    const answer = await get("/api/pipeline", { range: asked });
    if (asked === span()) show(answer);
    box.hidden = true;
  } catch (error) {
    box.textContent = `${error.message} Trying again.`;
    box.hidden = false;
  }
  if (asked === span()) timer = setTimeout(refresh, EVERY_SECONDS * 1000);
}

function choose(range) {
  history.pushState(null, "", `?range=${range}`);
  draw();
}

function draw() {
  choices(part("spans"), "range", Object.keys(SPANS), span(), choose, SPANS);
  refresh();
}

addEventListener("popstate", draw);
draw();
