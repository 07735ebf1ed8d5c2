// What to try first in a channel without messages.

import { commandOf, flatten } from "./commands.js";
import { byId, el } from "./dom.js";

const LINES = [
  [
    "/compare prompt:a red fish in the sea embedding1:demo-watermark embedding2:demo-artifacts seed:3",
    "the same picture without negative embeddings, with each, and with both",
  ],
  ["/imagine prompt:a yellow house in the snow embedding1:demo-artifacts", "a picture with one"],
  ["/imagine", "a form to fill in"],
];

/** Suggest existing commands; `ontry(line)` puts a line into the message box. */
export function showHints(store, ontry) {
  const draw = () => {
    const commands = flatten(store.commands);
    const lines = LINES.filter(([line]) => commandOf(commands, line));
    const isEmpty = store.user && store.shown.length === 0;
    byId("hints").replaceChildren(...(isEmpty ? [welcome(store, commands, lines, ontry)] : []));
  };
  for (const event of ["reset", "message", "gone", "commands", "presence"]) store.addEventListener(event, draw);
}

function welcome(store, commands, lines, ontry) {
  const channel = store.channel;
  return el(
    "section",
    { class: "welcome" },
    el("h2", {}, channel?.guild_id ? `This is #${channel.name}` : `Direct messages with ${store.bot.username}`),
    commandOf(commands, "/compare") ? pair() : "",
    el(
      "p",
      {},
      lines.length > 0
        ? "Try it yourself:"
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

/** What the bot is about, as a picture that it drew. */
function pair() {
  const alt =
    "The same red fish twice. Without: the words of a watermark run across it. With demo-watermark: they are gone.";
  return el(
    "figure",
    {},
    el("img", { src: "/static/pair.png", alt, width: 340, height: 192 }),
    el(
      "figcaption",
      {},
      "A negative embedding is a few vectors trained on what pictures should not look like. In the negative prompt it steers them away from that.",
    ),
  );
}
