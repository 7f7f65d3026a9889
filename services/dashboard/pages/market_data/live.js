// One stream of what is committed. The browser comes back by itself, and with Last-Event-ID gets
// what it missed.

// The server tells how things stand every two seconds, and without a database at least that it is
// still there every fifteen; who hears nothing for longer has no connection, whatever TCP says.
const SILENCE_SECONDS = 35;
const EVENTS = ["actions", "bars", "candles", "indicators", "status", "resync", "heartbeat"];

export class Live {
  constructor(handlers) {
    this.handlers = { heartbeat: () => {}, ...handlers };
    this.source = null;
  }

  watch(wanted) {
    this.stop();
    this.wanted = wanted;
    this.open();
  }

  open() {
    const { symbols, interval, bases, shownFrom, asOf } = this.wanted;
    const asked = new URLSearchParams({ interval, shown_from: Math.floor(shownFrom), as_of: asOf });
    for (const symbol of symbols) asked.append("symbol", symbol);
    for (const basis of bases) asked.append("basis", basis);
    const source = new EventSource(`/api/stream?${asked}`);
    this.source = source;
    this.heard();
    source.addEventListener("open", () => {
      if (source !== this.source) return;
      this.heard();
      this.handlers.connection(true);
    });
    source.addEventListener("error", () => {
      if (source !== this.source) return;
      this.handlers.connection(false);
      // After an answer that is no stream (too many viewers) the browser gives up.
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(() => { if (source === this.source) this.handlers.resync({}); }, 3000);
      }
    });
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (source === this.source) this.take(name, event);
      });
    }
  }

  take(name, event) {
    this.heard();
    if (event.lastEventId) this.wanted.asOf = event.lastEventId;
    try {
      this.handlers[name](JSON.parse(event.data));
    } catch (error) {
      this.handlers.failed(error);
    }
  }

  heard() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.source.close();
      this.handlers.connection(false);
      this.open();
    }, SILENCE_SECONDS * 1000);
  }

  stop() {
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }
}
