// A listbox shared by all comboboxes: commands, options and choices.

import { el, newId } from "./dom.js";

/** The focus stays in the input; aria-activedescendant names the active item. */
export class Picker {
  #input = null;
  #items = [];
  #active = -1;
  #onchoose = null;

  constructor(list) {
    this.list = list;
    list.id = newId("picker");
    list.setAttribute("role", "listbox");
    list.hidden = true;
    list.addEventListener("mousedown", (event) => event.preventDefault()); // keep the focus in the input
  }

  /** Make `input` a combobox for this list. */
  adopt(input) {
    const roles = {
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
      autocomplete: "off",
    };
    for (const [name, value] of Object.entries(roles)) input.setAttribute(name, value);
    input.addEventListener("blur", () => this.#input === input && this.hide());
  }

  /**
   * Offer `items` (`{ title, detail, note, value }`) under `label`; Enter picks the item at `active`, -1 for none.
   * `empty` is shown when there are no items.
   */
  show(input, items, { label, active = -1, onchoose, empty }) {
    if (document.activeElement !== input) return;
    if (items.length === 0 && !empty) return this.hide();
    this.#input = input;
    this.#items = items;
    this.#onchoose = onchoose;
    const nodes = items.map((item, number) => this.#option(item, number));
    this.list.replaceChildren(
      el("p", { class: "picker-label", "aria-hidden": "true" }, items.length > 0 ? label : empty),
      ...nodes,
    );
    this.list.setAttribute("aria-label", label);
    this.list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    this.#point(Math.min(active, items.length - 1));
  }

  hide() {
    this.list.hidden = true;
    this.#items = [];
    this.#active = -1;
    this.#input?.setAttribute("aria-expanded", "false");
    this.#input?.removeAttribute("aria-activedescendant");
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Handle a key; returns whether the list used it. */
  key(event) {
    if (!this.isOpen || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#items.length > 0) this.#move(step);
    else if (["Enter", "Tab"].includes(event.key) && !event.shiftKey && this.#active >= 0) this.#choose(this.#active);
    else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    return true;
  }

  #option({ title, detail, note }, number) {
    const node = el(
      "div",
      { role: "option", id: `${this.list.id}-${number}`, "aria-selected": "false" },
      el("b", {}, title),
      detail && el("span", {}, detail),
      note && el("small", {}, note),
    );
    node.addEventListener("click", () => this.#choose(number));
    return node;
  }

  #move(step) {
    const count = this.#items.length;
    const at = this.#active < 0 && step < 0 ? count - 1 : this.#active + step;
    this.#point((at + count) % count);
  }

  #point(number) {
    this.#active = number;
    for (const [index, node] of [...this.list.querySelectorAll("[role=option]")].entries()) {
      node.setAttribute("aria-selected", String(index === number));
      if (index === number) node.scrollIntoView({ block: "nearest" });
    }
    if (number < 0) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", `${this.list.id}-${number}`);
  }

  #choose(number) {
    const item = this.#items[number];
    this.hide();
    this.#onchoose(item.value);
  }
}
