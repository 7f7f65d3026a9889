// What lies between two bars, drawn behind them: the beginning of a session, days without trade, and
// gaps. A chart has no room for times without bars, so that each is a line between its neighbours.

import { color } from "/charts/theme.js";

// Lines of sessions that stand closer than this would cover the bars.
const CLOSEST = 18;
const GAP_COLORS = { no_trade: "soft", missing: "down", outage: "down" };

export class SessionMarks {
  constructor() {
    this.lines = [];
  }

  attached({ chart, requestUpdate }) {
    this.scale = chart.timeScale();
    this.requestUpdate = requestUpdate;
  }

  // `lines`: {kind: "session", "closed", "no_trade", "missing" or "outage", before, after}, the times
  // of the bars on both sides; without `after` the line stands behind the newest bar.
  show(lines) {
    this.lines = lines;
    this.requestUpdate?.();
  }

  paneViews() {
    return [{ zOrder: () => "bottom", renderer: () => ({ draw: (target) => this.draw(target) }) }];
  }

  draw(target) {
    target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio: ratio }) => {
      for (const { kind, x } of this.placed()) line(context, kind, Math.round(x * ratio), bitmapSize.height, ratio);
    });
  }

  placed() {
    const at = (time) => this.scale.timeToCoordinate(time);
    const found = this.lines.flatMap((one) => {
      const [left, right] = [at(one.before), one.after === null ? null : at(one.after)];
      if (left === null || (one.after !== null && right === null)) return [];
      return [{ ...one, x: right === null ? left + 4 : (left + right) / 2 }];
    });
    const crowded = (kinds) => {
      const all = found.filter((one) => kinds.includes(one.kind)).map((one) => one.x);
      return all.length > 1 && (all.at(-1) - all[0]) / (all.length - 1) < CLOSEST;
    };
    const left = crowded(["session", "closed"]) ? crowded(["closed"]) ? ["session", "closed"] : ["session"] : [];
    return found.filter((one) => !left.includes(one.kind));
  }
}

function line(context, kind, x, height, ratio) {
  const isGap = kind in GAP_COLORS;
  context.save();
  context.strokeStyle = color(isGap ? GAP_COLORS[kind] : "soft");
  context.globalAlpha = isGap ? 0.9 : kind === "closed" ? 0.7 : 0.35;
  context.lineWidth = Math.round((isGap ? 2 : 1) * ratio);
  if (!isGap) context.setLineDash(kind === "closed" ? [6 * ratio, 4 * ratio] : [2 * ratio, 4 * ratio]);
  context.beginPath();
  // Where nobody traded nothing is wrong: a tick at the foot.
  context.moveTo(x, kind === "no_trade" ? height - 10 * ratio : 0);
  context.lineTo(x, height);
  context.stroke();
  context.restore();
}
