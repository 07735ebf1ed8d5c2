// The log: an article for each message, replaced when the message changes.

import { article, updateReactions } from "./article.js";
import { keepFocus } from "./dom.js";

const NEAR_THE_END = 120; // px
const POINTED = 1600; // ms

/** Keeps `log` in step with the store. */
export class Log {
  #articles = new Map();

  constructor(log, scroller, store, act) {
    Object.assign(this, { log, scroller, store });
    this.context = { store, act, jump: (id) => this.#jump(id) };
    this.following = true;
    scroller.addEventListener("scroll", () => {
      this.following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_THE_END;
    });
    new ResizeObserver(() => this.#follow()).observe(log);
    new ResizeObserver(() => this.#follow()).observe(scroller);
    store.addEventListener("reset", () => this.reset());
    store.addEventListener("message", (event) => this.show(event.detail));
    store.addEventListener("commands", () => store.shown.forEach((message) => this.show(message))); // their Apps menus changed
    store.addEventListener("gone", (event) => this.#remove(event.detail.id));
    store.addEventListener("reactions", (event) => {
      const node = this.#articles.get(event.detail.id);
      if (node) updateReactions(node, event.detail, this.context);
      this.#follow();
    });
    store.addEventListener("busy", () => log.setAttribute("aria-busy", String(store.busy)));
  }

  /** Redraw everything. */
  reset() {
    this.#articles.clear();
    this.log.replaceChildren();
    this.following = true;
    for (const message of this.store.shown) this.show(message);
    this.#follow();
  }

  show(message) {
    const old = this.#articles.get(message.id);
    const open = old?.querySelector(":popover-open");
    if (open) return this.#showLater(message, open);
    if (old) keepFocus(old, () => this.#replace(old, message));
    else this.log.append(this.#make(message));
    const people = [message.author.id, message.interaction_metadata?.user.id];
    if (!old && people.includes(this.store.user.id)) this.following = true; // always scroll to the results of your own actions
    this.#follow();
  }

  #make(message, old) {
    const node = article(message, old, this.context);
    this.#articles.set(message.id, node);
    return node;
  }

  #replace(old, message) {
    const node = this.#make(message, old);
    old.replaceWith(node);
    return node;
  }

  /** A reaction palette or menu is open in this message: redraw it when that closes. */
  #showLater(message, open) {
    const show = () => this.#articles.has(message.id) && this.show(this.store.find(message.id) ?? message);
    open.addEventListener("toggle", show, { once: true });
  }

  #follow() {
    if (this.following) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #remove(id) {
    const node = this.#articles.get(id);
    if (!node) return;
    if (node.contains(document.activeElement)) document.getElementById("composer-input")?.focus();
    node.remove();
    this.#articles.delete(id);
  }

  #jump(id) {
    const node = this.#articles.get(id);
    if (!node) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    node.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
    node.classList.add("pointed");
    setTimeout(() => node.classList.remove("pointed"), POINTED);
  }
}
