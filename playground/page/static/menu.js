// The menu of a message: what the bot can do with it ("Apps"), from a small button or by a click with the right button.

import { el } from "./dom.js";
import { close, floating } from "./floating.js";

export const MESSAGE = 3; // the type of such a command

/**
 * The button with its menu, or nothing where the bot offers none. `node` is the message's article, whose context menu
 * this is too; with Shift, on a link or with words selected the browser's own one comes.
 */
export function moreButton(node, commands, act) {
  const entries = commands.filter((one) => one.type === MESSAGE);
  if (entries.length === 0) return [];
  const button = el(
    "button",
    {
      type: "button",
      class: "action more",
      "data-key": "more",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": "More",
      title: "More",
    },
    "⋯",
  );
  const items = entries.map(({ name }) => {
    const choose = () => {
      close(menu, button);
      act("menu", { name }, button);
    };
    const mark = el("img", { src: "/static/mark.svg", alt: "", width: 20, height: 20 });
    return el("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: choose }, mark, name);
  });
  const menu = el(
    "div",
    {
      class: "menu",
      role: "menu",
      "aria-label": "Apps",
      onkeydown: (event) => event.key === "Tab" && close(menu, button),
    },
    el("p", { "aria-hidden": "true" }, "Apps"),
    items,
  );
  const open = floating(menu, items, button);
  button.addEventListener("click", () => open());
  node.addEventListener("contextmenu", (event) => {
    if (event.shiftKey || event.target.closest("a, [popover]") || String(getSelection())) return;
    event.preventDefault();
    if (event.button < 0 || event.pointerType === "") return open(); // the key for it points at nothing
    const at = { left: event.clientX, right: event.clientX, top: event.clientY, bottom: event.clientY };
    if (event.buttons === 0) return open(at);
    // letting go of the button outside a panel closes it, so it opens after that
    addEventListener("pointerup", () => setTimeout(() => open(at)), { once: true });
  });
  return [button, menu];
}
