// A chart whose axis keeps to the clock that is chosen: its bars stand at their instants, and only
// what is written at the axis, and where a day begins on it, is of the clock.

import { createChartEx, defaultHorzScaleBehavior, TickMarkType } from "/lightweight-charts.js";
import { chartOptions } from "/charts/theme.js";
import * as clock from "/elements/clock.js";
import { time } from "/elements/format.js";

class ZonedScale extends defaultHorzScaleBehavior() {
  daily = false;

  // A day stands at the midnight of its date in UTC, whatever the clock is.
  local(seconds) {
    return this.daily ? new Date(1000 * seconds) : clock.local(seconds);
  }

  // How much each point is worth a label: the first of a day more than others.
  fillWeightsForPoints(points, start) {
    const from = Math.max(0, start - 1);
    const local = points.slice(from).map((point) => ({
      ...point, time: this.convertHorzItemToInternal(this.local(this.key(point.time)).getTime() / 1000),
    }));
    super.fillWeightsForPoints(local, start - from);
    for (let place = start; place < points.length; place += 1) {
      points[place].timeWeight = local[place - from].timeWeight;
    }
  }

  label(seconds, type) {
    const text = this.local(seconds).toISOString();
    if (type === TickMarkType.Year) return text.slice(0, 4);
    if (type === TickMarkType.Month) return month(seconds, this);
    return type === TickMarkType.DayOfMonth ? String(Number(text.slice(8, 10))) : text.slice(11, 16);
  }
}

const month = (seconds, scale) => scale.local(seconds).toLocaleString("en", { month: "short", timeZone: "UTC" });

export function zonedChart(box) {
  const scale = new ZonedScale();
  const chart = createChartEx(box, scale, chartOptions());
  chart.applyOptions({
    timeScale: { timeVisible: true, tickMarkFormatter: (seconds, type) => scale.label(seconds, type) },
    localization: { timeFormatter: (seconds) => time(seconds, scale.daily ? "1d" : null) },
  });
  return {
    chart,
    daily(is) {
      scale.daily = is;
      chart.applyOptions({ timeScale: { timeVisible: !is } });
    },
    label: (seconds, type) => scale.label(seconds, type),
  };
}
