// Numbers and times as people read them; times by the clock that is chosen.

import { local, zoneLabel } from "/elements/clock.js";

export function priceDigits(value) {
  const size = Math.abs(value);
  return size < 0.001 ? 10 : size < 1 ? 6 : size < 10 ? 4 : 2;
}

export function price(value) {
  if (value === null || value === undefined) return "–";
  const digits = priceDigits(value);
  return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: digits });
}

export function whole(value) {
  return value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en");
}

// A fraction counts where a unit is dear, as of a coin.
export function volume(value) {
  if (value === null || value === undefined) return "–";
  return value.toLocaleString("en", { maximumFractionDigits: value < 1000 ? 4 : 0 });
}

export function compact(value) {
  return value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 });
}

export function percent(value) {
  return `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)} %`;
}

// A day stands at the midnight of its date in UTC, and bears its date on every clock.
export function time(seconds, interval) {
  if (interval === "1d") return new Date(seconds * 1000).toISOString().slice(0, 10);
  const text = local(seconds).toISOString();
  return `${text.slice(5, 10)} ${text.slice(11, 16)}`;
}

export function timeAndZone(seconds, interval) {
  return interval === "1d" ? time(seconds, interval) : `${time(seconds)} ${zoneLabel(seconds)}`;
}

export function age(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.max(0, seconds).toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}
