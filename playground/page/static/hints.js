// What to try first in a channel without messages.

import { commandOf, flatten } from "./commands.js";
import { byId, el } from "./dom.js";

const LINES = [
  ["/imagine prompt:a red fish in the sea", "a first picture"],
  ["/imagine prompt:a yellow house in the snow embedding1:demo-artifacts", "with a negative embedding"],
  ["/imagine", "a form to fill in"],
  ["/embedding list", "the negative embeddings you can use"],
];

/** Suggest existing commands; `ontry(line)` puts a line into the message box. */
export function showHints(store, ontry) {
  const draw = () => {
    const commands = flatten(store.commands);
    const lines = LINES.filter(([line]) => commandOf(commands, line));
    const isEmpty = store.user && store.shown.length === 0;
    byId("hints").replaceChildren(...(isEmpty ? [welcome(store, lines, ontry)] : []));
  };
  for (const event of ["reset", "message", "gone", "commands", "presence"]) store.addEventListener(event, draw);
}

function welcome(store, lines, ontry) {
  const channel = store.channel;
  return el(
    "section",
    { class: "welcome" },
    el("img", { src: "/static/mark.svg", alt: "", width: 72, height: 72 }),
    el("h2", {}, channel?.guild_id ? `This is #${channel.name}` : `Direct messages with ${store.bot.username}`),
    el(
      "p",
      {},
      lines.length > 0
        ? "No messages yet. You could try:"
        : "Waiting for the bot to register its commands …",
    ),
    el(
      "ul",
      {},
      lines.map(([line, about]) =>
        el(
          "li",
          {},
          el(
            "button",
            { type: "button", "data-key": `hint:${line}`, onclick: () => ontry(line) },
            el("code", {}, line),
            el("span", {}, about),
          ),
        ),
      ),
    ),
  );
}
