// Pictures and files of a message, and the dialog that shows one picture large.

import { el } from "./dom.js";

/** An attachment's address on this very server, under whatever name the page was opened. */
export function local(url) {
  const parsed = new URL(url, location.href);
  return parsed.pathname.startsWith("/attachments/") ? parsed.pathname + parsed.search : parsed.href;
}

/** Attachments as figures and files; pictures that `old` shows already are taken over, so that none flickers. */
export function gallery(attachments, old) {
  const known = new Map(
    [...(old?.querySelectorAll("[data-attachment]") ?? [])].map((one) => [one.dataset.attachment, one]),
  );
  const pictures = attachments.filter(isPicture);
  const files = attachments.filter((one) => !isPicture(one));
  return [
    pictures.length > 0 &&
      el(
        "div",
        { class: "gallery", "data-count": pictures.length },
        pictures.map((one) => known.get(one.id) ?? picture(one)),
      ),
    files.map((one) =>
      el(
        "a",
        { class: "file", href: local(one.url), download: one.filename },
        `📄 ${one.filename} · ${sizeOf(one.size)}`,
      ),
    ),
  ];
}

/** A button with the picture in it, which opens it large. */
export function picture({ id, url, filename, description, width, height }) {
  const alt = description || filename || "A picture without a description";
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

const isPicture = (one) => (one.content_type ?? "").startsWith("image/");

const sizeOf = (bytes) =>
  bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
