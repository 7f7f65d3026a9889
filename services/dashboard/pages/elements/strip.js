// The strip at the foot: how the pipeline stands.

import { element } from "/elements/dom.js";
import { age, timeAndZone, whole } from "/elements/format.js";

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
