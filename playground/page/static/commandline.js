// A command being filled in: its name, a chip for each option, and a field to add more.

import { asLine } from "./commands.js";
import { el } from "./dom.js";
import { OptionField } from "./option.js";
import { Refused } from "./socket.js";

/** `on` has send() and leave(line). */
export class CommandLine {
  fields = [];

  constructor(command, { store, socket, picker, on }) {
    Object.assign(this, { command, store, socket, picker, on });
    this.adder = el("input", {
      type: "text",
      class: "adder",
      id: "composer-input",
      "aria-label": `Add an option to /${command.path}`,
      spellcheck: "false",
    });
    picker.adopt(this.adder);
    this.adder.addEventListener("focus", () => this.#offer());
    this.adder.addEventListener("input", () => this.#typed());
    this.node = el(
      "div",
      { class: "command", role: "group", "aria-label": `/${command.path}`, onkeydown: (event) => this.#key(event) },
      el("span", { class: "command-name", title: command.description }, `/${command.path}`),
      this.adder,
    );
    for (const option of command.options.filter((one) => one.required)) this.#add(option);
    this.#refresh();
  }

  /** To the first option that still needs something, else to the field that adds more. */
  next() {
    (this.fields.find((one) => one.option.required && one.isEmpty) ?? this.adder).focus();
  }

  /** What is filled in: name → value as the socket carries it. Throws Refused. */
  async options() {
    if (this.adder.value.trim()) {
      const names = this.#free.map((one) => one.name).join(", ");
      throw new Refused(`'${this.adder.value.trim()}' belongs to no option. There are: ${names || "none left"}.`);
    }
    const pairs = await Promise.all(this.fields.map(async (one) => [one.name, await one.sent()]));
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
  }

  /** The same as a line; files cannot be in it. */
  get line() {
    const pairs = this.fields.map((one) => {
      try {
        return [one.name, one.value()];
      } catch {
        return [one.name, one.input.value];
      }
    });
    return asLine(
      this.command.path,
      Object.fromEntries(pairs.filter(([, value]) => value !== undefined && !(value instanceof File))),
    );
  }

  /** What the bot offers for a field, with the other fields as they are. */
  async complete(field) {
    const others = this.fields.filter((one) => one !== field && !one.isEmpty && one.input.type !== "file");
    const options = Object.fromEntries(others.map((one) => [one.name, one.value()]));
    const asked = {
      command: this.command.path,
      option: field.name,
      typed: field.input.value,
      options,
      channel_id: this.store.channelId,
    };
    return (await this.socket.send("complete", asked)).choices;
  }

  remove(field) {
    const at = this.fields.indexOf(field);
    this.fields.splice(at, 1);
    field.node.remove();
    this.#refresh();
    (this.fields[at - 1] ?? this.adder).focus();
  }

  get #free() {
    return this.command.options.filter((one) => !this.fields.some((field) => field.name === one.name));
  }

  #add(option) {
    const field = new OptionField(option, this);
    this.fields.push(field);
    this.adder.before(field.node);
    this.#refresh();
    return field;
  }

  #refresh() {
    this.adder.placeholder = this.#free.length > 0 ? "add an option …" : "Enter sends";
  }

  /** Options that are not there yet, those that match what is typed. */
  #offer() {
    const typed = this.adder.value.trim().toLowerCase();
    const items = this.#free
      .filter((one) => one.name.includes(typed))
      .map((one) => ({ title: one.name, detail: one.description, value: one }));
    this.picker.show(this.adder, items, {
      label: `Options of /${this.command.path} · Enter sends without`,
      active: typed ? 0 : -1,
      onchoose: (option) => this.#choose(option, ""),
    });
  }

  /** `prompt:a fish` typed here is the option and its beginning. */
  #typed() {
    const [, name, rest] = this.adder.value.match(/^\s*([-\w]+):(.*)$/) ?? [];
    const option = this.#free.find((one) => one.name === name);
    if (option) this.#choose(option, rest);
    else this.#offer();
  }

  #choose(option, text) {
    this.adder.value = "";
    const field = this.#add(option);
    if (text) field.fill(text);
    field.focus();
  }

  #key(event) {
    if (this.picker.key(event) || event.isComposing) return;
    const { target } = event;
    const field = this.fields.find((one) => one.input === target);
    const neighbour = this.#neighbour(event);
    const removes = event.key === "Backspace" && field?.isEmpty && !field.option.required;
    if (event.key === "Enter" && !event.shiftKey && target.type !== "button") this.on.send();
    else if (event.key === "Escape") this.on.leave(this.line);
    else if (event.key === "Backspace" && target === this.adder && !target.value) this.#back();
    else if (removes) this.remove(field);
    else if (neighbour) neighbour.focus();
    else return;
    event.preventDefault();
  }

  /** The field that an arrow key goes on to from the edge of a text. */
  #neighbour({ key, target }) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (!step || target.type === "number" || target.type === "file") return undefined;
    const edge = step < 0 ? 0 : target.value.length;
    if (target.selectionStart !== edge || target.selectionEnd !== edge) return undefined;
    const stops = [...this.fields.map((one) => one.input), this.adder];
    return stops[stops.indexOf(target) + step];
  }

  #back() {
    const last = this.fields.at(-1);
    if (last) last.focus();
    else this.on.leave(`/${this.command.path}`);
  }
}
