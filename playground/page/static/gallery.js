// A message's pictures and files, and the dialog that enlarges a picture.

import { el } from "./dom.js";

/** An attachment's URL on the host that the page was opened from. */
export function local(url) {
  const parsed = new URL(url, location.href);
  return parsed.pathname.startsWith("/attachments/") ? parsed.pathname + parsed.search : parsed.href;
}

/** Attachments as pictures and files. Pictures already shown by `old` are reused, so that they don't flicker. */
export function gallery(attachments, old) {
  const known = new Map(
    [...(old?.querySelectorAll("[data-attachment]") ?? [])].map((node) => [node.dataset.attachment, node]),
  );
  const pictures = attachments.filter(isPicture);
  const files = attachments.filter((attachment) => !isPicture(attachment));
  return [
    pictures.length > 0 &&
      el(
        "div",
        { class: "gallery", "data-count": pictures.length },
        pictures.map((attachment) => known.get(attachment.id) ?? picture(attachment)),
      ),
    files.map(({ url, filename, size }) =>
      el("a", { class: "file", href: local(url), download: filename }, `📄 ${filename} · ${sizeOf(size)}`),
    ),
  ];
}

/** A picture in a button that enlarges it. */
export function picture({ id, url, filename, description, width, height }) {
  const alt = description || filename || "Picture without a description";
  return el(
    "button",
    {
      type: "button",
      class: "picture",
      "data-attachment": id,
      "data-key": `picture:${id ?? url}`,
      "aria-label": `Show larger: ${alt}`,
      onclick: () => showLarge(local(url), alt, filename),
    },
    el("img", { src: local(url), alt, width, height, decoding: "async" }),
  );
}

function showLarge(url, alt, filename) {
  const dialog = el(
    "dialog",
    { class: "large", "aria-label": "Picture" },
    el("figure", {}, el("img", { src: url, alt }), el("figcaption", {}, alt)),
    el(
      "div",
      { class: "dialog-actions" },
      el("a", { class: "button quiet", href: url, download: filename }, "Save"),
      el("button", { type: "button", class: "button", onclick: () => dialog.close(), autofocus: true }, "Close"),
    ),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const isPicture = (attachment) => (attachment.content_type ?? "").startsWith("image/");

const sizeOf = (bytes) =>
  bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
