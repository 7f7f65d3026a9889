// Dark or light: the system's choice until a person makes one; charts take their colours from it.

import { CrosshairMode } from "/lightweight-charts.js";

const listeners = new Set();
// Of lines that are told apart, so many.
const TONES = {
  dark: ["#6cb2ff", "#ffc857", "#2fbf8f", "#e58bd8", "#f0886d", "#9c92ff", "#67d4d9", "#c5d86d"],
  light: ["#0b5cad", "#a86200", "#087a55", "#a02a91", "#b5431f", "#5446c8", "#0b7a80", "#5d6d08"],
};

export function current() {
  return document.documentElement.dataset.theme;
}

export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function tone(number) {
  return TONES[current()][number % TONES.dark.length];
}

export function start(button) {
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  set(localStorage.getItem("theme") ?? system, button);
  button?.addEventListener("click", () => toggle(button));
}

export function toggle(button) {
  const wanted = current() === "dark" ? "light" : "dark";
  localStorage.setItem("theme", wanted);
  set(wanted, button);
}

function set(theme, button) {
  document.documentElement.dataset.theme = theme;
  if (button) button.textContent = theme === "dark" ? "Light" : "Dark";
  for (const listener of listeners) listener();
}

export function onChange(listener) {
  listeners.add(listener);
}

export function chartOptions() {
  return {
    autoSize: true,
    // Its logo brings a style of its own, which the page's policy forbids; the footer has the link.
    layout: {
      attributionLogo: false,
      background: { color: color("panel") },
      textColor: color("soft"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      panes: { separatorColor: color("line"), separatorHoverColor: color("raised") },
    },
    grid: { vertLines: { color: color("raised") }, horzLines: { color: color("raised") } },
    rightPriceScale: { borderColor: color("line") },
    // A chart shows the whole range, however many bars that is.
    timeScale: {
      borderColor: color("line"), secondsVisible: false, minBarSpacing: 0.02,
    },
    crosshair: { mode: CrosshairMode.Normal },
  };
}
