// Elements built without markup: text from people and bots becomes text nodes, never HTML.

/** `el("button", { class: "quiet", onclick: press }, "Press")`; false and missing properties are left out. */
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

/** An id that is unique in the document. */
export const newId = (prefix) => `${prefix}-${++counter}`;

/**
 * Change the content of `within` and return the focus to the control with the same `data-key`, or to `otherwise` if
 * there is none. `change` may return a node that has replaced `within`.
 */
export function keepFocus(within, change, otherwise) {
  const had = within.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const now = change() ?? within;
  if (had === undefined) return;
  (now.querySelector(`[data-key="${CSS.escape(had)}"]`) ?? otherwise)?.focus({ preventScroll: true });
}

/** A hue in degrees that is always the same for a name. */
export function hueOf(name) {
  let sum = 7;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

/** "14:05", with the date unless it is today. */
export function timeOf(iso) {
  const date = new Date(iso);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString()} ${time}`;
}

/** A file, encoded for the socket. */
export async function readFile(file) {
  if (file.size > MAX_FILE) throw new Error(`${file.name} is larger than 10 MB, Discord's limit.`);
  const url = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(new Error(`${file.name} can't be read.`));
    reader.readAsDataURL(file);
  });
  return { name: file.name, data: url.slice(url.indexOf(",") + 1) };
}
