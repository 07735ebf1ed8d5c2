// What to try first, in a channel where nothing was said yet.

import { commandOf, flatten } from "./commands.js";
import { byId, el } from "./dom.js";

const LINES = [
  ["/imagine prompt:a red fish in the sea", "a first picture"],
  ["/imagine prompt:a yellow house in the snow embedding1:demo-artifacts", "with a negative embedding of your choice"],
  ["/imagine", "a form to fill in"],
  ["/embedding list", "what can be avoided"],
];

/** Suggestions of commands that exist; `ontry(line)` puts one into the composer. */
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
    el("h2", {}, channel?.guild_id ? `This is #${channel.name}` : `Between you and ${store.bot.username}`),
    el(
      "p",
      {},
      lines.length > 0
        ? "Nothing was said here yet. You could try:"
        : "The bot has not brought its commands yet; one moment.",
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
