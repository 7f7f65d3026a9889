// The page of the tables: made of what the API says of itself.

import { get } from "/market_data/api.js";
import * as theme from "/charts/theme.js";
import { element } from "/elements/dom.js";

theme.start(document.getElementById("theme"));
document.getElementById("example").textContent = [
  "import pandas",
  `bars = pandas.read_parquet("${location.origin}/api/bars?symbol=AAPL&limit=50000&format=parquet")`,
].join("\n");

function row(path, described, first) {
  const parameters = described.parameters.map((one) => one.name);
  const links = ["json", "csv", "parquet"].flatMap((format) => [
    element("a", { href: `${path}?${required(described, first)}format=${format}&order=desc` }, format), " ",
  ]);
  return element("tr", {},
    element("td", {}, element("code", {}, path)),
    element("td", {}, described.summary, " ", element("span", { class: "hint" },
      `By ${parameters.filter((one) => !["limit", "order", "cursor", "format", "columns", "decimals"].includes(one)).join(", ") || "page alone"}.`)),
    element("td", {}, ...links));
}

// A table that computes as it is asked is asked for the first series.
function required(described, first) {
  const needed = described.parameters.some((one) => one.name === "symbol" && one.required);
  return needed && first ? `symbol=${first.symbol}&interval=${Object.keys(first.stored)[0]}&` : "";
}

try {
  const [described, series] = await Promise.all([get("/api/openapi.json"), get("/api/series")]);
  const tables = Object.entries(described.paths).filter(([, one]) => one.get?.tags.includes("data"));
  document.getElementById("tables").append(...tables.map(([path, one]) => row(path, one.get, series[0])));
  document.getElementById("simulated").hidden = !series.some((one) => one.simulated);
} catch (error) {
  const box = document.getElementById("trouble");
  box.hidden = false;
  box.textContent = error.message;
}
