// One stream of what is committed. The browser comes back by itself, and with Last-Event-ID gets
// what it missed.

export class Live {
  constructor(handlers) {
    this.handlers = handlers;
    this.source = null;
    this.address = null;
  }

  watch(symbols, interval, shownFrom, asOf) {
    this.stop();
    const wanted = new URLSearchParams({
      interval, shown_from: Math.floor(shownFrom), as_of: asOf,
    });
    for (const symbol of symbols) wanted.append("symbol", symbol);
    this.address = `/api/stream?${wanted}`;
    this.open();
  }

  open() {
    const source = new EventSource(this.address);
    this.source = source;
    source.addEventListener("open", () => this.handlers.connection(true));
    source.addEventListener("error", () => {
      if (source !== this.source) return;
      this.handlers.connection(false);
      // After an answer that is no stream (too many viewers) the browser gives up.
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(() => { if (source === this.source) this.handlers.resync({}); }, 3000);
      }
    });
    for (const name of ["bars", "indicators", "status", "resync"]) {
      source.addEventListener(name, (event) => {
        if (source === this.source) this.handlers[name](JSON.parse(event.data));
      });
    }
  }

  stop() {
    this.source?.close();
    this.source = null;
  }
}
