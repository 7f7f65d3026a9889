// The clock by which times are told: the exchange's, UTC, or that of this browser.

export const CLOCKS = { exchange: "Exchange time", utc: "UTC", mine: "My time" };

let zone = "UTC";
let offsets = new Map();

// `exchangeZone`: where the symbol that is shown trades; UTC where that is not known.
export function use(choice, exchangeZone) {
  const mine = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
  const wanted = { utc: "UTC", mine: mine() }[choice] ?? exchangeZone ?? "UTC";
  if (wanted !== zone) offsets = new Map();
  zone = wanted;
}

export const zoneName = () => zone;

// A Date whose UTC fields are what the clock shows. Offsets change at quarters of an hour at most.
export function local(seconds) {
  const quarter = Math.floor(seconds / 900);
  if (!offsets.has(quarter)) offsets.set(quarter, offset(seconds));
  return new Date(1000 * (seconds + offsets.get(quarter)));
}

// The zone as people write it: EST, or GMT+5:30 where it has no such name.
export const zoneLabel = (seconds) => named("short", seconds);

function offset(seconds) {
  const [, sign, hours, minutes] = /([+-])(\d+):(\d+)/.exec(named("longOffset", seconds)) ?? [];
  return hours === undefined ? 0 : Number(`${sign}1`) * (3600 * hours + 60 * minutes);
}

function named(style, seconds) {
  return new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: style })
    .formatToParts(new Date(1000 * seconds)).find((one) => one.type === "timeZoneName").value;
}
