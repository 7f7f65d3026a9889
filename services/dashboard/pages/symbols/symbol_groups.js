// Symbols by what is traded: favourites first, then each market. Pure.

const SHARES = "Shares";
const MARKETS = { FX: "Foreign exchange", CRYPTO: "Digital currencies", INDEX: "Indices" };
const FAVOURITES = "Favourites";
const ORDER = [FAVOURITES, SHARES, ...Object.values(MARKETS)];

const marketOf = (symbol) => MARKETS[symbol.split(":", 2)[0]] ?? SHARES;

// Those whose name begins with the text, with or without its market, then those that have it
// elsewhere.
export function matching(series, text) {
  const wanted = text.trim().toUpperCase();
  const begins = (one) => one.symbol.startsWith(wanted) || one.symbol.split(":").at(-1).startsWith(wanted);
  const first = series.filter(begins);
  return [...first, ...series.filter((one) => !begins(one) && one.symbol.includes(wanted))];
}

// Groups in their order, none of them empty, each with all of its symbols in the order given.
export function grouped(series, favourites) {
  const groups = new Map(ORDER.map((title) => [title, []]));
  for (const one of series) {
    groups.get(favourites.has(one.symbol) ? FAVOURITES : marketOf(one.symbol)).push(one);
  }
  return [...groups].filter(([, members]) => members.length).map(([title, members]) => ({ title, members }));
}

// What a symbol is called in a group: the name of a market tells it for all.
export const called = (symbol, title) => (title === FAVOURITES ? symbol : symbol.split(":").at(-1));

// How many of each group a list of so many entries has: as many of one as of another, while there are.
export function shares(groups, most) {
  const counts = groups.map(() => 0);
  let left = most;
  for (let more = true; left > 0 && more;) {
    more = false;
    for (const [place, { members }] of groups.entries()) {
      if (left > 0 && counts[place] < members.length) {
        counts[place] += 1;
        left -= 1;
        more = true;
      }
    }
  }
  return counts;
}
