// Embeds, shown as cards.

import { el } from "./dom.js";
import { picture } from "./gallery.js";
import { markdown } from "./markdown.js";

/** An embed as a card. */
export function embed(data, names) {
  const card = el(
    "section",
    { class: "card" },
    data.author?.name && el("p", { class: "card-author" }, data.author.name),
    data.title &&
      el(
        "h3",
        {},
        data.url
          ? el("a", { href: data.url, target: "_blank", rel: "noopener noreferrer" }, data.title)
          : markdown(data.title, names),
      ),
    data.description && el("div", { class: "card-text" }, markdown(data.description, names)),
    data.fields?.length > 0 &&
      el(
        "dl",
        {},
        data.fields.map((data) => field(data, names)),
      ),
    image(data.image, data.title),
    image(data.thumbnail, data.title),
    data.footer?.text && el("p", { class: "card-footer" }, data.footer.text),
  );
  if (data.color) card.style.setProperty("--card", `#${data.color.toString(16).padStart(6, "0")}`);
  return card;
}

function field({ name, value, inline }, names) {
  return el(
    "div",
    { class: inline ? "inline" : "wide" },
    el("dt", {}, markdown(name, names)),
    el("dd", {}, markdown(value, names)),
  );
}

/** A picture from this server, or a link to one elsewhere: the page never loads anything from other hosts. */
function image(media, title) {
  if (!media?.url) return null;
  const url = new URL(media.url, location.href);
  if (url.pathname.startsWith("/attachments/")) return picture({ ...media, description: media.description ?? title });
  return el(
    "p",
    {},
    el("a", { href: media.url, target: "_blank", rel: "noopener noreferrer" }, `picture at ${url.host}`),
  );
}
