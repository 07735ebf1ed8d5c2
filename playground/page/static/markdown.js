// A small subset of Discord's Markdown as nodes: bold, italics, code, mentions, links. HTML is never parsed.

import { el } from "./dom.js";

const TOKENS = new RegExp(
  [
    String.raw`\\([\\*_\x60~|<>])`, // 1: an escaped character
    String.raw`\x60\x60\x60(?:\w*\n)?([\s\S]+?)\x60\x60\x60`, // 2: a code block
    String.raw`\x60([^\x60]+)\x60`, // 3: code
    String.raw`\*\*(?=\S)([\s\S]+?)\*\*(?!\*)`, // 4: bold
    String.raw`\*(?=[^\s*])([\s\S]+?)\*(?!\*)`, // 5: italics
    String.raw`(?<!\w)_(?=\S)([\s\S]+?)_(?!\w)`, // 6: italics
    String.raw`<@!?(\d+)>`, // 7: a user
    String.raw`<#(\d+)>`, // 8: a channel
    String.raw`(https?:\/\/[^\s<>)]+)`, // 9: a link
  ].join("|"),
  "g",
);
const BAR = /^[█▓▒░]{4,}$/;

/** Text as nodes; `names` has `nameOf(userId)` and `channelName(channelId)`. */
export function markdown(text, names) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    nodes.push(nodeFor(match, names));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}

function nodeFor(match, names) {
  const [, escaped, block, code, bold, starred, underlined, person, channel, address] = match;
  if (escaped !== undefined) return escaped;
  if (block !== undefined) return el("pre", {}, el("code", {}, block.trimEnd()));
  if (code !== undefined) return BAR.test(code) ? bar(code) : el("code", {}, code);
  if (bold !== undefined) return el("strong", {}, markdown(bold, names));
  if (starred !== undefined) return el("em", {}, markdown(starred, names));
  if (underlined !== undefined) return el("em", {}, markdown(underlined, names));
  if (person !== undefined) return el("span", { class: "mention" }, `@${names.nameOf(person)}`);
  if (channel !== undefined) return el("span", { class: "mention" }, `#${names.channelName(channel)}`);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address);
}

/** A progress bar drawn in block characters, as a real one. */
function bar(code) {
  const full = [...code].filter((character) => character === "█").length;
  return el("progress", { max: code.length, value: full, "aria-label": "Progress" });
}

/** The text without markup in a single line, for labels and excerpts. */
export function plain(text, names) {
  const holder = el("div", {}, markdown(text, names));
  return holder.textContent.replace(/\s+/g, " ").trim();
}
