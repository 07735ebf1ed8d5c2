// The message box: plain text, the command picker, a typed command line, or a command option by option.

import { Attachments } from "./attachments.js";
import { CommandLine } from "./commandline.js";
import { commandOf, flatten, matching } from "./commands.js";
import { el } from "./dom.js";
import { Picker } from "./picker.js";

/** `onmodal` receives a form that a command opened. */
export class Composer {
  #history = [];
  #at = 0; // position in the history
  #sending = false;
  #line = null; // the command being filled in

  constructor(root, { store, socket, onmodal }) {
    Object.assign(this, { root, store, socket, onmodal });
    this.picker = new Picker(el("div", { class: "picker" }));
    this.error = el("p", { class: "error", role: "alert" });
    this.hint = el("p", { class: "hint", id: "composer-hint" });
    this.input = this.#makeInput();
    this.slot = el("div", { class: "slot" }, this.input);
    this.attachments = new Attachments(() => this.focus());
    this.form = el(
      "form",
      { class: "bar", novalidate: true, onsubmit: (event) => this.#submit(event) },
      this.attachments.button,
      this.attachments.upload,
      this.slot,
      el("button", { type: "submit", class: "send", "aria-label": "Send" }, "↑"),
    );
    root.append(this.picker.list, this.error, this.attachments.node, this.form, this.hint);
    store.addEventListener("commands", () => this.#typed());
    store.addEventListener("channel", () => this.#describe());
    store.addEventListener("reset", () => this.#describe());
  }

  /** Put text into the message box. */
  begin(text) {
    this.#leave(text);
    this.#typed();
  }

  focus() {
    (this.#line?.adder ?? this.input).focus();
  }

  showError(sentence) {
    this.error.textContent = sentence;
  }

  get #commands() {
    return flatten(this.store.commands);
  }

  #makeInput() {
    const input = el("input", {
      type: "text",
      id: "composer-input",
      "aria-label": "Message or command",
      "aria-describedby": "composer-hint",
      spellcheck: "false",
    });
    this.picker.adopt(input);
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("focus", () => this.#typed());
    input.addEventListener("keydown", (event) => this.#key(event));
    return input;
  }

  #describe() {
    const channel = this.store.channel;
    const place = channel?.guild_id ? `#${channel.name}` : "Negative Space";
    this.input.placeholder = `Message ${place}, or / for commands`;
    this.#typed();
  }

  #typed() {
    if (this.#line) return;
    const text = this.input.value;
    const command = text.startsWith("/") ? commandOf(this.#commands, text) : undefined;
    const names = command?.options.map(({ name }) => name).join(", ");
    this.hint.textContent =
      command && text.includes(" ")
        ? `${command.description} Options: ${names || "none"}. Enter sends the line as typed.`
        : "Press / for commands, ↑ for the previous one. Enter sends.";
    const found =
      text.startsWith("/") && !text.includes(":") && !(command && text.length > command.path.length + 2)
        ? matching(this.#commands, text)
        : [];
    this.picker.show(
      this.input,
      found.map((match) => ({ title: `/${match.path}`, detail: match.description, note: noteOf(match), value: match })),
      {
        label: "Commands",
        active: 0,
        onchoose: (match) => this.#fillIn(match),
        empty: text.startsWith("/") && !command && !text.includes(":") ? "No command matches." : undefined,
      },
    );
  }

  #key(event) {
    if (this.picker.key(event)) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const browsing = this.input.value === "" || this.input.value === this.#history[this.#at];
    if (!step || !browsing || this.#history.length === 0) return;
    event.preventDefault();
    this.#at = Math.max(0, Math.min(this.#history.length, this.#at + step));
    this.input.value = this.#history[this.#at] ?? "";
    this.#typed();
    this.picker.hide();
  }

  #fillIn(command) {
    this.showError("");
    const on = { send: () => this.#submit(), leave: (line) => this.#leave(line) };
    this.#line = new CommandLine(command, { store: this.store, socket: this.socket, picker: this.picker, on });
    this.slot.replaceChildren(this.#line.node);
    this.attachments.button.hidden = true;
    this.hint.textContent =
      "Enter sends · Tab moves on · Backspace removes an empty option · Escape switches to plain text";
    this.#line.next();
  }

  /** Switch back to plain text. */
  #leave(text) {
    this.#line = null;
    this.attachments.button.hidden = false;
    this.slot.replaceChildren(this.input);
    this.input.value = text;
    this.input.focus();
    this.#typed();
    if (text.includes(" ")) this.picker.hide();
  }

  async #submit(event) {
    event?.preventDefault();
    if (this.#sending) return;
    this.#sending = true;
    this.root.classList.add("sending");
    this.showError("");
    try {
      const done = await this.#perform();
      if (!done) return;
      if (done.failed) return this.showError(`${done.failed}. What you typed is still here.`);
      this.#clear();
      if (done.modal) this.onmodal(done.modal);
    } catch (error) {
      this.showError(error.message);
    } finally {
      this.#sending = false;
      this.root.classList.remove("sending");
    }
  }

  async #perform() {
    const channel_id = this.store.channelId;
    if (this.#line) {
      const options = await this.#line.options();
      return this.socket.send("type", { command: this.#line.command.path, options, channel_id });
    }
    const text = this.input.value.trim();
    if (text.startsWith("/")) return this.socket.send("line", { line: text, channel_id });
    if (!text && this.attachments.isEmpty) return null;
    return this.socket.send("say", { content: text, files: await this.attachments.encoded(), channel_id });
  }

  #clear() {
    const line = this.#line ? this.#line.line : this.input.value.trim();
    if (line && line !== this.#history.at(-1)) this.#history.push(line);
    this.#at = this.#history.length;
    this.attachments.clear();
    this.#leave("");
  }
}

function noteOf(command) {
  const required = command.options.filter((option) => option.required).map((option) => option.name);
  if (required.length > 0) return `needs ${required.join(", ")}`;
  const count = command.options.length;
  return count > 0 ? `${count} ${count === 1 ? "option" : "options"}` : "";
}
