// The page of the tables: made of what the API says of itself.

import { get } from "/api.js";
import { element } from "/format.js";
import * as theme from "/theme.js";

theme.start(document.getElementById("theme"));
document.getElementById("example").textContent = [
  "import pandas",
  `bars = pandas.read_parquet("${location.origin}/api/bars?symbol=AAPL&limit=50000&format=parquet")`,
].join("\n");

function row(path, described) {
  const parameters = described.parameters.map((one) => one.name);
  const links = ["json", "csv", "parquet"].flatMap((format) => [
    element("a", { href: `${path}?format=${format}&order=desc` }, format), " ",
  ]);
  return element("tr", {},
    element("td", {}, element("code", {}, path)),
    element("td", {}, described.summary, " ", element("span", { class: "hint" },
      `By ${parameters.filter((one) => !["limit", "order", "cursor", "format"].includes(one)).join(", ") || "page alone"}.`)),
    element("td", {}, ...links));
}

try {
  const [described, series] = await Promise.all([get("/api/openapi.json"), get("/api/series")]);
  const tables = Object.entries(described.paths).filter(([, one]) => one.get.tags.includes("data"));
  document.getElementById("tables").append(...tables.map(([path, one]) => row(path, one.get)));
  document.getElementById("simulated").hidden = !series.some((one) => one.simulated);
} catch (error) {
  const box = document.getElementById("trouble");
  box.hidden = false;
  box.textContent = error.message;
}
