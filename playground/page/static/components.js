// Buttons, drop-downs and the components V2 layout. Unsupported components are named rather than dropped.

import { el, newId } from "./dom.js";
import { gallery, picture } from "./gallery.js";
import { markdown } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "good", 4: "danger", 5: "link" };
const NAMES = {
  4: "text input",
  5: "user select",
  6: "role select",
  7: "mentionable select",
  8: "channel select",
  13: "file",
  19: "file upload",
  21: "radio group",
  22: "checkbox group",
  23: "checkbox",
};

const RENDER = {
  1: (data, context) => el("div", { class: "row" }, components(data.components, context)),
  2: button,
  3: (data, context) => ((data.max_values ?? 1) > 1 ? multiSelect(data, context) : singleSelect(data, context)),
  9: (data, context) =>
    el(
      "div",
      { class: "section" },
      el("div", {}, components(data.components, context)),
      components([data.accessory], context),
    ),
  10: (data, { names }) => el("div", { class: "text" }, markdown(data.content, names)),
  11: (data) => picture({ ...data.media, description: data.description }),
  12: (data) =>
    gallery(
      data.items.map(({ media, description }) => ({ content_type: "image/png", ...media, description })),
      null,
    ),
  13: (data) => gallery([{ ...data.file, filename: data.name ?? "file", size: data.size ?? 0 }], null),
  14: () => el("hr"),
  17: (data, context) => container(data, context),
};

/** Render components; `context` has names and `act(op, data, control)`. */
export function components(list, context) {
  return (list ?? []).filter(Boolean).map((data) => (RENDER[data.type] ?? placeholder)(data, context));
}

/** A note that names a component this page can't show. */
export function placeholder(data) {
  return el(
    "p",
    { class: "placeholder" },
    `This page can't show a ${NAMES[data.type] ?? `component of type ${data.type}`}.`,
  );
}

function button(data, { act }) {
  const text = [data.emoji?.name, data.label].filter(Boolean).join(" ");
  if (data.style === 5) {
    return el("a", { class: "button link", href: data.url, target: "_blank", rel: "noopener noreferrer" }, text, " ↗");
  }
  const node = el(
    "button",
    {
      type: "button",
      class: `button ${STYLES[data.style] ?? "secondary"}`,
      disabled: data.disabled,
      "data-key": data.custom_id,
    },
    text,
  );
  node.addEventListener("click", () => act("click", { custom_id: data.custom_id }, node));
  return node;
}

function singleSelect(data, { act }) {
  const node = el(
    "select",
    { "aria-label": data.placeholder || "Choose", disabled: data.disabled, "data-key": data.custom_id },
    el("option", { value: "" }, data.placeholder || "Choose …"),
    data.options.map(({ value, default: selected, emoji, label }) =>
      el("option", { value, selected }, [emoji?.name, label].filter(Boolean).join(" ")),
    ),
  );
  node.addEventListener(
    "change",
    () => node.value && act("select", { custom_id: data.custom_id, values: [node.value] }, node),
  );
  return node;
}

function multiSelect(data, { act }) {
  const list = checkboxes(data, data.placeholder || "Choose");
  const send = el(
    "button",
    { type: "button", class: "button secondary", disabled: data.disabled, "data-key": data.custom_id },
    "Choose",
  );
  send.addEventListener("click", () => act("select", { custom_id: data.custom_id, values: list.values() }, send));
  return el("div", { class: "many" }, list.node, send);
}

function container(data, context) {
  const node = el("section", { class: "card" }, components(data.components, context));
  if (data.accent_color) node.style.setProperty("--card", `#${data.accent_color.toString(16).padStart(6, "0")}`);
  return node;
}

/** A list of checkboxes that enforces its maximum: `{ node, values(), problem(), focus() }`. */
export function checkboxes(data, label, description) {
  const max = data.max_values ?? 1;
  const min = data.required === false && (data.min_values ?? 1) === 0 ? 0 : (data.min_values ?? 1);
  const count = el("span", { class: "count", "aria-live": "polite" });
  const boxes = data.options.map(({ value, default: checked }) =>
    el("input", { type: "checkbox", value, checked, id: newId("box") }),
  );
  const values = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const refresh = () => {
    const chosen = values().length;
    count.textContent = `${chosen} selected, ${min === max ? max : `${min} to ${max}`} allowed`;
    for (const box of boxes) box.disabled = Boolean(data.disabled) || (!box.checked && chosen >= max);
  };
  const lines = data.options.map((option, number) =>
    el(
      "label",
      { class: "box", for: boxes[number].id },
      boxes[number],
      el("span", {}, el("span", {}, option.label), option.description && el("small", {}, option.description)),
    ),
  );
  const node = el(
    "fieldset",
    { class: "boxes", onchange: refresh },
    el("legend", {}, label, " ", count),
    description && el("p", { class: "description" }, description),
    lines,
  );
  refresh();
  const problem = () => {
    const chosen = values().length;
    if (chosen === 0 && data.required === false) return "";
    return chosen < min ? `Select at least ${min} in '${label}'.` : "";
  };
  return { node, values, problem, focus: () => boxes[0]?.focus() };
}
