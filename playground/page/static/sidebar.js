// The sidebar: channels, and the people you can be.

import { byId, el, hueOf, keepFocus } from "./dom.js";

/** Draw the sidebar and the title; `onperson` and `onchannel` are called with the choice. */
export function showSide(store, { onperson, onchannel }) {
  const draw = () => store.user && keepFocus(byId("side"), () => drawAll(store, onperson, onchannel));
  for (const event of ["reset", "channel", "presence"]) store.addEventListener(event, draw);
}

function drawAll(store, onperson, onchannel) {
  const inServer = store.channels.filter(({ guild_id }) => guild_id);
  const direct = store.channels.filter(({ guild_id }) => !guild_id);
  byId("channels").replaceChildren(
    ...group("Channels", inServer, nameOf, store, onchannel),
    ...group("Direct messages", direct, () => store.bot.username, store, onchannel),
  );
  byId("people").replaceChildren(...store.presence.people.map((user) => person(user, store, onperson)));
  const channel = store.channel;
  byId("channel-title").textContent = channel?.guild_id ? nameOf(channel) : `Direct messages with ${store.bot.username}`;
  const state = byId("bot-state");
  const words = store.presence.bot
    ? `${store.bot.username} is online`
    : `${store.bot.username} is offline; it will respond once it's back`;
  if (state.textContent !== words) state.replaceChildren(dot(store.presence.bot), words);
}

const nameOf = ({ name, parent_id, age_restricted }) =>
  `${parent_id ? "↳" : "#"} ${name}${age_restricted ? " · 18+" : ""}`;

function group(title, channels, label, store, onchannel) {
  const id = `channels-${title.split(" ")[0].toLowerCase()}`;
  return [
    el("h2", { id }, title),
    el(
      "ul",
      { "aria-labelledby": id },
      channels.map((channel) => {
        const unread = store.unread.has(channel.id);
        const button = el(
          "button",
          {
            type: "button",
            class: unread ? "unread" : "",
            "data-key": `channel:${channel.id}`,
            "aria-current": channel.id === store.channelId ? "true" : null,
            onclick: () => onchannel(channel.id),
          },
          label(channel),
          unread && el("span", { class: "badge" }, "new"),
          !unread && !channel.guild_id && dot(store.presence.bot),
        );
        return el("li", {}, button);
      }),
    ),
  ];
}

function person(user, store, onperson) {
  const mine = user.id === store.user.id;
  const letter = el(
    "span",
    { class: "avatar letter small", "aria-hidden": "true" },
    user.username.slice(0, 1).toUpperCase(),
  );
  letter.style.setProperty("--hue", hueOf(user.username));
  return el(
    "button",
    {
      type: "button",
      "data-key": `person:${user.username}`,
      "aria-pressed": String(mine),
      onclick: () => onperson(user.username),
    },
    letter,
    el("span", {}, user.username),
    dot(user.online),
    el("span", { class: "sr" }, user.online ? "online" : "away"),
  );
}

const dot = (online) => el("span", { class: `dot${online ? " on" : ""}`, "aria-hidden": "true" });
