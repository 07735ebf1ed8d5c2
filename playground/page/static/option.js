// An option of a command as a chip: its name and a field for its type.

import { TYPE, knownChoices } from "./commands.js";
import { el, newId, readFile } from "./dom.js";
import { Refused } from "./socket.js";

const PAUSE = 120; // ms without typing before the bot is asked
const GROWS_AUTOMATICALLY = CSS.supports("field-sizing", "content");

/** `line` is the command line that contains the chip. */
export class OptionField {
  #picked = null; // the picked choice, while the field still shows its name
  #asked = 0;
  #timer = 0;

  constructor(option, line) {
    Object.assign(this, { option, line, name: option.name });
    const id = newId("option");
    this.input = this.#makeInput(id);
    this.node = el(
      "span",
      { class: `chip${option.required ? " required" : ""}`, title: option.description },
      el("label", { for: id }, option.name),
      this.input,
      !option.required &&
        el(
          "button",
          {
            type: "button",
            class: "remove",
            tabindex: "-1",
            "aria-label": `Remove ${option.name}`,
            onclick: () => line.remove(this),
          },
          "×",
        ),
    );
  }

  /** Undefined while empty. Throws Refused for a value that doesn't fit the option's type. */
  value() {
    const { option, input } = this;
    if (option.type === TYPE.ATTACHMENT) return input.files[0];
    if (input.validity.badInput) throw new Refused(`${option.name} must be a number.`);
    if (input.validity.rangeUnderflow || input.validity.rangeOverflow) {
      throw new Refused(`${option.name} must be ${rangeOf(option)}.`);
    }
    const typed = input.value.trim();
    if (this.#picked?.name === input.value) return this.#picked.value;
    if (typed === "") return undefined;
    return input.type === "number" ? Number(typed) : typed;
  }

  /** The value, encoded for the socket. */
  async encoded() {
    const value = this.value();
    return value instanceof File ? readFile(value) : value;
  }

  fill(text) {
    this.input.value = text;
    this.#resize();
  }

  focus() {
    this.input.focus();
  }

  get isEmpty() {
    return this.option.type === TYPE.ATTACHMENT ? this.input.files.length === 0 : this.input.value === "";
  }

  #makeInput(id) {
    const { option, line } = this;
    const common = { id, "aria-description": option.description, required: option.required };
    if (option.type === TYPE.ATTACHMENT) return el("input", { ...common, type: "file" });
    const isNumber = option.type === TYPE.INTEGER || option.type === TYPE.NUMBER;
    this.choices = knownChoices(option, line.store);
    const offers = Boolean(this.choices || option.autocomplete);
    if (isNumber && !offers) {
      return el("input", {
        ...common,
        type: "number",
        step: option.type === TYPE.INTEGER ? 1 : "any",
        min: option.min_value,
        max: option.max_value,
      });
    }
    const input = el(offers ? "input" : "textarea", {
      ...common,
      rows: offers ? null : 1,
      maxlength: option.max_length,
      placeholder: offers ? "choose or type" : "type",
      spellcheck: "false",
    });
    input.addEventListener("input", () => this.#resize());
    if (offers) {
      line.picker.adopt(input);
      input.addEventListener("focus", () => this.#offer(0));
      input.addEventListener("input", () => this.#offer(PAUSE));
    }
    this.#resize(input);
    return input;
  }

  #resize(input = this.input) {
    if (GROWS_AUTOMATICALLY || input.type === "number" || input.type === "file") return;
    input.style.setProperty("width", `${Math.max(input.value.length + 2, input.placeholder.length + 1)}ch`);
    if (input.tagName !== "TEXTAREA") return;
    input.style.setProperty("height", "auto");
    if (input.scrollHeight > 0) input.style.setProperty("height", `${input.scrollHeight}px`);
  }

  /** Show known choices at once, the bot's after a pause; responses to outdated text are dropped. */
  #offer(pause) {
    if (this.choices)
      return this.#show(
        this.choices.filter((choice) => this.#fits(choice)),
        true,
      );
    const number = ++this.#asked;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      try {
        const choices = await this.line.complete(this);
        if (number === this.#asked) this.#show(choices, false);
      } catch (error) {
        if (number === this.#asked) this.#show([], false, error.message);
      }
    }, pause);
  }

  #fits(choice) {
    const typed = this.#picked?.name === this.input.value ? "" : this.input.value.trim().toLowerCase();
    return String(choice.name).toLowerCase().includes(typed);
  }

  #show(choices, mustChoose, empty = "No suggestions; your text is sent as typed.") {
    const typed = this.input.value.trim();
    const active = typed || mustChoose ? choices.findIndex((choice) => this.#fits(choice)) : -1;
    const items = choices.map((choice) => {
      const [title, ...rest] = String(choice.name).split(" · ");
      return { title, detail: rest.join(" · "), value: choice };
    });
    this.line.picker.show(this.input, items, {
      label: `${this.name}: ${this.option.description}`,
      active,
      empty,
      onchoose: (choice) => {
        this.#picked = choice;
        this.fill(choice.name);
        this.line.next();
      },
    });
  }
}

function rangeOf({ min_value: min, max_value: max }) {
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `between ${min} and ${max}`;
}
