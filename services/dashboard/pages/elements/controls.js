// What a choice is made of: radio buttons and checkboxes.

import { element } from "/elements/dom.js";


// One of several: radio buttons in the fieldset `box`; `labels` name values that do not speak for
// themselves.
export function choices(box, name, values, chosen, choose, labels = {}) {
  fill(box, values.map((value) => {
    const input = element("input", {
      type: "radio", name, value, checked: value === chosen, onchange: () => choose(value),
    });
    return element("label", { class: "choice" }, input, element("span", {}, labels[value] ?? value));
  }));
}

// Any of several: checkboxes; `facts` are {value, label, checked, disabled, tone}.
export function switches(box, facts, change) {
  fill(box, facts.map((one) => {
    const input = element("input", {
      type: "checkbox", value: one.value, checked: one.checked, disabled: one.disabled ?? false,
      onchange: () => change(one.value, input.checked),
    });
    const text = element("span", {});
    if (one.tone) {
      const dot = element("i", {});
      dot.style.background = one.tone;
      text.append(dot);
    }
    text.append(one.label);
    return element("label", { class: "choice" }, input, text);
  }));
}

function fill(box, parts) {
  const focused = box.contains(document.activeElement) ? document.activeElement.value : null;
  box.replaceChildren(box.querySelector("legend"), ...parts);
  if (focused !== null) box.querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
}

// The value so many places further, within the list.
export function step(values, value, places) {
  const place = values.indexOf(value) + places;
  return values[Math.min(values.length - 1, Math.max(0, place))];
}
