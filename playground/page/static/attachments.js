// The files attached to the next message.

import { el, readFile } from "./dom.js";

/** `button` opens the file chooser, `node` lists the files; `onchange` is called when the list changes. */
export class Attachments {
  #files = [];

  constructor(onchange) {
    this.onchange = onchange;
    this.upload = el("input", { type: "file", multiple: true, hidden: true, onchange: () => this.#add() });
    const choose = { type: "button", class: "attach", "aria-label": "Attach files", title: "Attach files" };
    this.button = el("button", { ...choose, onclick: () => this.upload.click() }, "+");
    this.node = el("div", { class: "attached" });
  }

  get isEmpty() {
    return this.#files.length === 0;
  }

  /** The files, encoded for the socket. */
  encoded() {
    return Promise.all(this.#files.map(readFile));
  }

  clear() {
    this.#files = [];
    this.node.replaceChildren();
  }

  #add() {
    this.#files.push(...this.upload.files);
    this.upload.value = "";
    this.#draw();
  }

  #drop(file) {
    this.#files = this.#files.filter((other) => other !== file);
    this.#draw();
  }

  #draw() {
    this.node.replaceChildren(...this.#files.map((file) => this.#chip(file)));
    this.onchange();
  }

  #chip(file) {
    const remove = { type: "button", class: "remove", "aria-label": `Remove ${file.name}` };
    return el("span", { class: "chip" }, file.name, el("button", { ...remove, onclick: () => this.#drop(file) }, "×"));
  }
}
