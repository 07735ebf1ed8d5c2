// A message's Apps menu, opened with a small button or a right click.

import { el } from "./dom.js";
import { close, floating } from "./floating.js";

export const MESSAGE = 3; // the type of commands in this menu

/**
 * The button with its menu, or nothing if the bot has no such commands. This is also the context menu of `node`, the
 * message's article; with Shift held, on links and with text selected, the browser's own menu opens.
 */
export function moreButton(node, commands, act) {
  const entries = commands.filter(({ type }) => type === MESSAGE);
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
    if (event.button < 0 || event.pointerType === "") return open(); // the menu key has no pointer position
    const at = { left: event.clientX, right: event.clientX, top: event.clientY, bottom: event.clientY };
    if (event.buttons === 0) return open(at);
    // releasing the button outside a panel closes it, so open it after that
    addEventListener("pointerup", () => setTimeout(() => open(at)), { once: true });
  });
  return [button, menu];
}
