// The favourite symbols, kept in this browser.

const NAME = "favourites";

export class Favourites {
  constructor(changed) {
    this.changed = changed;
    this.read();
    // Another page of this browser has changed them.
    window.addEventListener("storage", (event) => {
      if (event.key !== NAME && event.key !== null) return;
      this.read();
      changed();
    });
  }

  read() {
    this.symbols = new Set(stored());
  }

  has(symbol) {
    return this.symbols.has(symbol);
  }

  toggle(symbol) {
    this.read();
    if (!this.symbols.delete(symbol)) this.symbols.add(symbol);
    localStorage.setItem(NAME, JSON.stringify([...this.symbols]));
    this.changed();
  }
}

function stored() {
  try {
    const found = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
  } catch {
    return []; // what stands there is not ours
  }
}
