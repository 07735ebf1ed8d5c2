// The reactions below a message, and the palette for adding more.

import { el } from "./dom.js";
import { close, floating } from "./floating.js";

const OFFERED = ["🔁", "👍", "❤️", "🎨", "✨", "😂", "🐟"];

/** The row of reactions; pressing one adds or removes your own. */
export function reactionRow(message, act) {
  return el(
    "div",
    { class: "reactions" },
    (message.reactions ?? []).map(({ emoji, count, me }) =>
      el(
        "button",
        {
          type: "button",
          class: "reaction",
          "aria-pressed": String(Boolean(me)),
          "data-key": `reaction:${emoji.name}`,
          "aria-label": `${emoji.name}, ${count} ${count === 1 ? "reaction" : "reactions"}${me ? ", including yours" : ""}`,
          onclick: () => act("react", { emoji: emoji.name, off: Boolean(me) }),
        },
        el("span", { class: "emoji" }, emoji.name),
        el("span", {}, String(count)),
      ),
    ),
  );
}

/** The "React" button with its palette. */
export function reactButton(act) {
  const palette = el("div", { class: "palette", role: "group", "aria-label": "Choose a reaction" });
  const button = el(
    "button",
    { type: "button", class: "action", "data-key": "react", "aria-haspopup": "true", "aria-expanded": "false" },
    "☺ React",
  );
  const choose = (emoji) => {
    close(palette, button);
    act("react", { emoji, off: false });
  };
  const choices = OFFERED.map((emoji) =>
    el("button", { type: "button", "aria-label": `React with ${emoji}`, onclick: () => choose(emoji) }, emoji),
  );
  palette.append(...choices);
  const open = floating(palette, choices, button);
  button.addEventListener("click", () => open());
  return [button, palette];
}
