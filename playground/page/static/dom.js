// Elements made without markup: whatever people or bots wrote becomes text nodes, never HTML.

/** `el("button", { class: "quiet", onclick: press }, "Press")`; properties that are false or missing are left out. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => ![null, undefined, false, ""].includes(child)));
  return node;
}

export const byId = (id) => document.getElementById(id);

const MAX_FILE = 10 * 1024 * 1024; // bytes

let counter = 0;

/** An id that no other element has. */
export const newId = (prefix) => `${prefix}-${++counter}`;

/**
 * Change what is `within`, and give the focus back to the control with the same `data-key`; when that is gone, to
 * `otherwise`. `change` returns what stands in the place of `within` now, if that is another node.
 */
export function keepFocus(within, change, otherwise) {
  const had = within.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const now = change() ?? within;
  if (had === undefined) return;
  (now.querySelector(`[data-key="${CSS.escape(had)}"]`) ?? otherwise)?.focus({ preventScroll: true });
}

/** A stable hue for a name, in degrees. */
export function hueOf(name) {
  let sum = 7;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

/** "14:05", or with the day when it is not today's. */
export function timeOf(iso) {
  const date = new Date(iso);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString()} ${time}`;
}

/** A file as the socket carries it. */
export async function readFile(file) {
  if (file.size > MAX_FILE) throw new Error(`${file.name} is larger than 10 MB, which is what Discord takes.`);
  const url = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(new Error(`${file.name} cannot be read.`));
    reader.readAsDataURL(file);
  });
  return { name: file.name, data: url.slice(url.indexOf(",") + 1) };
}
