// Channels, and the people one can be.

import { byId, el, hueOf, keepFocus } from "./dom.js";

/** Draws the side and the title; `onperson` and `onchannel` are told what was chosen. */
export function showSide(store, { onperson, onchannel }) {
  const draw = () => store.user && keepFocus(byId("side"), () => drawAll(store, onperson, onchannel));
  for (const event of ["reset", "channel", "presence"]) store.addEventListener(event, draw);
}

function drawAll(store, onperson, onchannel) {
  const inServer = store.channels.filter((one) => one.guild_id);
  const direct = store.channels.filter((one) => !one.guild_id);
  byId("channels").replaceChildren(
    ...group("Channels", inServer, (one) => `# ${one.name}`, store, onchannel),
    ...group("Direct messages", direct, () => store.bot.username, store, onchannel),
  );
  byId("people").replaceChildren(...store.presence.people.map((one) => person(one, store, onperson)));
  const channel = store.channel;
  byId("channel-title").textContent = channel?.guild_id ? `# ${channel.name}` : `${store.bot.username}, directly`;
  const state = byId("bot-state");
  const words = store.presence.bot
    ? `${store.bot.username} is online`
    : `${store.bot.username} is offline; it will answer when it is back`;
  if (state.textContent !== words) state.replaceChildren(dot(store.presence.bot), words);
}

function group(title, channels, nameOf, store, onchannel) {
  const id = `channels-${title.split(" ")[0].toLowerCase()}`;
  return [
    el("h2", { id }, title),
    el(
      "ul",
      { "aria-labelledby": id },
      channels.map((one) => {
        const unread = store.unread.has(one.id);
        const button = el(
          "button",
          {
            type: "button",
            class: unread ? "unread" : "",
            "data-key": `channel:${one.id}`,
            "aria-current": one.id === store.channelId ? "true" : null,
            onclick: () => onchannel(one.id),
          },
          nameOf(one),
          unread && el("span", { class: "badge" }, "new"),
          !unread && !one.guild_id && dot(store.presence.bot),
        );
        return el("li", {}, button);
      }),
    ),
  ];
}

function person(one, store, onperson) {
  const mine = one.id === store.user.id;
  const letter = el(
    "span",
    { class: "avatar letter small", "aria-hidden": "true" },
    one.username.slice(0, 1).toUpperCase(),
  );
  letter.style.setProperty("--hue", hueOf(one.username));
  return el(
    "button",
    {
      type: "button",
      "data-key": `person:${one.username}`,
      "aria-pressed": String(mine),
      onclick: () => onperson(one.username),
    },
    letter,
    el("span", {}, one.username),
    dot(one.online),
    el("span", { class: "sr" }, one.online ? "online" : "away"),
  );
}

const dot = (online) => el("span", { class: `dot${online ? " on" : ""}`, "aria-hidden": "true" });
