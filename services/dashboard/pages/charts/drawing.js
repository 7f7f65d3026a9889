// Brings a series of a chart to the points that it shall have.

// The library takes a point by itself only at the end; whatever else has changed, it gets all points
// anew, so that there is nothing that a message could bring and the chart could not take.
export class Drawing {
  constructor(series) {
    this.series = series;
    this.points = [];
  }

  get last() {
    return this.points.at(-1) ?? null;
  }

  // Takes all points away, after which the chart weighs the times of its axis anew.
  clear() {
    this.points = [];
    this.series.setData([]);
  }

  show(points) {
    const drawn = this.points;
    // Until it is done: after an error nothing of what is drawn is relied on.
    this.points = [];
    const same = firstDifference(drawn, points);
    const ends = same === drawn.length
      || (same === drawn.length - 1 && points[same]?.time === drawn[same].time);
    if (ends && drawn.length > 0) for (const point of points.slice(same)) this.series.update({ ...point });
    else this.series.setData(points.map((point) => ({ ...point })));
    this.points = points;
  }
}

function firstDifference(one, other) {
  const most = Math.min(one.length, other.length);
  for (let place = 0; place < most; place += 1) {
    const names = Object.keys(other[place]);
    if (names.length !== Object.keys(one[place]).length
      || names.some((name) => one[place][name] !== other[place][name])) return place;
  }
  return most;
}

export function priceFormat(digits) {
  return { type: "price", precision: digits, minMove: 10 ** -digits };
}

// Digits that show a value with three of its own.
export function finer(value, least) {
  if (!(value > 0) || !Number.isFinite(value)) return least;
  return Math.min(9, Math.max(least, 2 - Math.floor(Math.log10(value))));
}
