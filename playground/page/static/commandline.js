// A command being filled in: its name, a chip for each option, and a field that adds options.

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
    for (const option of command.options.filter((candidate) => candidate.required)) this.#add(option);
    this.#refresh();
  }

  /** Move to the first required option that is empty, or else to the field that adds options. */
  next() {
    (this.fields.find((field) => field.option.required && field.isEmpty) ?? this.adder).focus();
  }

  /** The values by option name, encoded for the socket. Throws Refused. */
  async options() {
    if (this.adder.value.trim()) {
      const names = this.#unused.map((option) => option.name).join(", ");
      throw new Refused(`'${this.adder.value.trim()}' doesn't belong to any option. Options: ${names || "none left"}.`);
    }
    const pairs = await Promise.all(this.fields.map(async (field) => [field.name, await field.encoded()]));
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
  }

  /** The same as a typed line, without files. */
  get line() {
    const pairs = this.fields.map((field) => {
      try {
        return [field.name, field.value()];
      } catch {
        return [field.name, field.input.value];
      }
    });
    return asLine(
      this.command.path,
      Object.fromEntries(pairs.filter(([, value]) => value !== undefined && !(value instanceof File))),
    );
  }

  /** The bot's choices for a field, given the values of the others. */
  async complete(field) {
    const others = this.fields.filter((other) => other !== field && !other.isEmpty && other.input.type !== "file");
    const options = Object.fromEntries(others.map((other) => [other.name, other.value()]));
    const query = {
      command: this.command.path,
      option: field.name,
      typed: field.input.value,
      options,
      channel_id: this.store.channelId,
    };
    return (await this.socket.send("complete", query)).choices;
  }

  remove(field) {
    const at = this.fields.indexOf(field);
    this.fields.splice(at, 1);
    field.node.remove();
    this.#refresh();
    (this.fields[at - 1] ?? this.adder).focus();
  }

  get #unused() {
    return this.command.options.filter((option) => !this.fields.some((field) => field.name === option.name));
  }

  #add(option) {
    const field = new OptionField(option, this);
    this.fields.push(field);
    this.adder.before(field.node);
    this.#refresh();
    return field;
  }

  #refresh() {
    this.adder.placeholder = this.#unused.length > 0 ? "add an option …" : "Enter sends";
  }

  /** Offer the unused options that match the typed text. */
  #offer() {
    const typed = this.adder.value.trim().toLowerCase();
    const items = this.#unused
      .filter((option) => option.name.includes(typed))
      .map((option) => ({ title: option.name, detail: option.description, value: option }));
    this.picker.show(this.adder, items, {
      label: `Options of /${this.command.path} · Enter sends the command as it is`,
      active: typed ? 0 : -1,
      onchoose: (option) => this.#choose(option, ""),
    });
  }

  /** Typing `prompt:a fish` here adds the option and its text. */
  #typed() {
    const [, name, rest] = this.adder.value.match(/^\s*([-\w]+):(.*)$/) ?? [];
    const option = this.#unused.find((unused) => unused.name === name);
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
    const field = this.fields.find((candidate) => candidate.input === target);
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

  /** The field an arrow key moves to from the edge of a text. */
  #neighbour({ key, target }) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (!step || target.type === "number" || target.type === "file") return undefined;
    const edge = step < 0 ? 0 : target.value.length;
    if (target.selectionStart !== edge || target.selectionEnd !== edge) return undefined;
    const stops = [...this.fields.map((field) => field.input), this.adder];
    return stops[stops.indexOf(target) + step];
  }

  #back() {
    const last = this.fields.at(-1);
    if (last) last.focus();
    else this.on.leave(`/${this.command.path}`);
  }
}
