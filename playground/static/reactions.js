// Reactions under a message, and the small palette that adds one.

import { el } from "./dom.js";

const OFFERED = ["🔁", "👍", "❤️", "🎨", "✨", "😂", "🐟"];

/** The row of reactions; pressing one adds or takes back one's own. */
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
          "aria-label": `${emoji.name}, ${count} ${count === 1 ? "reaction" : "reactions"}${me ? ", yours too" : ""}`,
          onclick: () => act("react", { emoji: emoji.name, off: Boolean(me) }),
        },
        el("span", { class: "emoji" }, emoji.name),
        el("span", {}, String(count)),
      ),
    ),
  );
}

/** The "React" button with its palette: arrow keys go through it, Escape closes it. */
export function reactButton(act) {
  const palette = el("div", { class: "palette", popover: "auto", role: "group", "aria-label": "Choose a reaction" });
  const button = el(
    "button",
    { type: "button", class: "action", "data-key": "react", "aria-haspopup": "true", "aria-expanded": "false" },
    "☺ React",
  );
  const choose = (emoji) => {
    palette.hidePopover();
    button.focus();
    act("react", { emoji, off: false });
  };
  const choices = OFFERED.map((emoji) =>
    el("button", { type: "button", "aria-label": `React with ${emoji}`, onclick: () => choose(emoji) }, emoji),
  );
  palette.append(...choices);
  button.addEventListener("click", () => {
    palette.showPopover();
    place(palette, button);
    choices[0].focus();
  });
  palette.addEventListener("toggle", (event) =>
    button.setAttribute("aria-expanded", String(event.newState === "open")),
  );
  palette.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") button.focus();
    if (!step) return;
    event.preventDefault();
    const at = choices.indexOf(document.activeElement);
    choices[(at + step + choices.length) % choices.length].focus();
  });
  return [button, palette];
}

/** Above the button, within the window. */
function place(palette, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = palette.getBoundingClientRect();
  const top = at.top - height - 6 > 0 ? at.top - height - 6 : at.bottom + 6;
  palette.style.setProperty("top", `${top}px`);
  palette.style.setProperty("left", `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`);
}
