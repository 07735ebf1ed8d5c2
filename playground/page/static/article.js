// One message as an article. `context` has the store, `act(op, data, control)`, and `jump(messageId)`.

import { components } from "./components.js";
import { el, hueOf, keepFocus, timeOf } from "./dom.js";
import { embed } from "./embeds.js";
import { gallery } from "./gallery.js";
import { markdown, plain } from "./markdown.js";
import { MESSAGE, moreButton } from "./menu.js";
import { reactButton, reactionRow } from "./reactions.js";

const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;
const COMPONENTS_V2 = 1 << 15; // attachments are shown where components refer to them
const EXCERPT = 70; // characters

/** The message. Pictures already shown by `old`, its previous article, are reused. */
export function article(message, old, { store, act, jump }) {
  const actHere = (op, data, control) => act(op, { message_id: message.id, ...data }, control);
  const isPrivate = Boolean(message.flags & EPHEMERAL);
  const node = el(
    "article",
    {
      class: isPrivate ? "message private" : "message",
      "aria-labelledby": `name-${message.id}`,
      "data-id": message.id,
      "aria-busy": message.flags & LOADING ? "true" : null,
    },
    context(message, store, jump),
    avatar(message.author),
    head(message),
  );
  const foot = el(
    "div",
    { class: "foot" },
    components(message.components, { names: store, act: actHere }),
    reactionRow(message, actHere),
    isPrivate ? dismissal(message, store) : actions(node, message, store, actHere),
  );
  node.append(el("div", { class: "body" }, content(message, old, store), foot));
  return node;
}

/** Update the reactions in a message's article and leave the rest alone. */
export function updateReactions(node, message, { act }) {
  const row = reactionRow(message, (op, data, control) => act(op, { message_id: message.id, ...data }, control));
  const old = node.querySelector(".reactions");
  const replace = () => {
    old.replaceWith(row);
    return row;
  };
  keepFocus(old, replace, node.querySelector("[data-key=react]"));
}

function head({ id, author, timestamp, edited_timestamp }) {
  const date = new Date(timestamp).toLocaleString();
  return el(
    "header",
    {},
    el("strong", { id: `name-${id}` }, author.username),
    author.bot && el("span", { class: "tag" }, "bot"),
    el("time", { datetime: timestamp, title: date }, timeOf(timestamp)),
    edited_timestamp && !author.bot && el("span", { class: "edited" }, "edited"),
  );
}

function content(message, old, store) {
  const attachments = message.flags & COMPONENTS_V2 ? [] : shownBeside(message);
  const isLoading = Boolean(message.flags & LOADING);
  const isPair = attachments.length === 1 && message.embeds.length === 1;
  return [
    isLoading && thinking(message.author.username),
    message.content && el("div", { class: "text" }, markdown(message.content, store)),
    el(
      "div",
      { class: isPair ? "beside" : "stack" },
      gallery(attachments, old),
      message.embeds.map((data) => embed(data, store)),
    ),
  ];
}

/** The attachments that no embed shows as its own picture. */
function shownBeside({ attachments, embeds }) {
  const path = (url) => new URL(url, location.href).pathname;
  const used = new Set(embeds.flatMap(({ image, thumbnail }) => [image, thumbnail]).flatMap((media) => media?.url ? [path(media.url)] : []));
  return attachments.filter(({ url }) => !used.has(path(url)));
}

function thinking(name) {
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
  return el("p", { class: "thinking" }, dots, `${name} is thinking …`);
}

function dismissal(message, store) {
  const dismiss = () => store.dismiss(message);
  const button = { type: "button", class: "action", "data-key": "dismiss", onclick: dismiss };
  return el("p", { class: "only-you" }, "Only you can see this · ", el("button", button, "Dismiss"));
}

function actions(node, message, store, act) {
  const mayDelete = message.author.id === store.user.id || store.permissions.includes("manage_messages");
  const remove = { type: "button", class: "action", "data-key": "delete-message", onclick: () => act("delete", {}) };
  return el(
    "div",
    { class: "actions" },
    reactButton(act),
    mayDelete && el("button", remove, "Delete message"),
    moreButton(node, store.commands, act),
  );
}

/** The line above the message: what it replies to. */
function context(message, store, jump) {
  const { interaction, interaction_metadata: metadata } = message;
  if (interaction) {
    const isApp = store.commands.some(({ type, name }) => type === MESSAGE && name === interaction.name);
    const command = isApp ? el("b", {}, interaction.name) : el("code", {}, `/${interaction.name}`);
    return el("p", { class: "context" }, el("b", {}, interaction.user.username), " used ", command);
  }
  const pressed = metadata?.interacted_message_id;
  const id = message.message_reference?.message_id ?? pressed;
  const who = metadata && el("b", {}, metadata.user.username);
  if (!id) return metadata ? el("p", { class: "context" }, who, " submitted a form") : null;
  const target = store.find(id) ?? message.referenced_message;
  const said = target ? `${target.author.username}: ${excerpt(target, store)}` : "a deleted message";
  const button = { type: "button", class: "jump", "data-key": "jump", onclick: () => jump(id) };
  return el(
    "p",
    { class: "context" },
    pressed ? [who, " pressed a button on "] : "replying to ",
    el("button", button, said),
  );
}

function avatar(author) {
  if (author.bot) return el("img", { class: "avatar", src: "/static/mark.svg", alt: "", width: 40, height: 40 });
  const node = el("span", { class: "avatar letter", "aria-hidden": "true" }, author.username.slice(0, 1).toUpperCase());
  node.style.setProperty("--hue", hueOf(author.username));
  return node;
}

function excerpt({ content: words, embeds, attachments }, names) {
  const text = words || embeds[0]?.title || embeds[0]?.description || attachments[0]?.filename || "…";
  const line = plain(text, names);
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT - 1)}…` : line;
}
