// Connects the parts: socket → store → views, and actions → socket.

import { Composer } from "./composer.js";
import { byId, el } from "./dom.js";
import { showHints } from "./hints.js";
import { Log } from "./log.js";
import { openForm } from "./modal.js";
import { showSide } from "./sidebar.js";
import { Refused, Socket } from "./socket.js";
import { Store } from "./store.js";

const store = new Store();
const socket = new Socket();
socket.addEventListener("event", (event) => store.apply(event.detail));
socket.addEventListener("state", (event) => {
  const lost = event.detail === "lost";
  byId("connection").hidden = !lost;
  byId("connection").textContent = lost ? "Can't reach the playground. Reconnecting …" : "";
});

const composer = new Composer(byId("composer"), { store, socket, onmodal: fillIn });
new Log(byId("log"), byId("scroller"), store, act);
showSide(store, { onperson: become, onchannel: go });
showHints(store, (line) => composer.begin(line));

/** Perform an action on a message; errors are shown below it. */
async function act(op, data, control) {
  control?.setAttribute("aria-busy", "true");
  try {
    const done = await socket.send(op, data);
    if (done.failed) showError(data.message_id, `${done.failed}. Try again in a moment.`);
    if (done.modal) fillIn(done.modal);
  } catch (error) {
    showError(data.message_id, error.message);
  } finally {
    control?.removeAttribute("aria-busy");
  }
}

function showError(messageId, sentence) {
  const body = document.querySelector(`[data-id="${CSS.escape(messageId)}"] .body`);
  body?.querySelector(":scope > .error")?.remove();
  body?.append(el("p", { class: "error", role: "alert" }, sentence));
}

function fillIn(modal) {
  openForm(modal, {
    names: store,
    onclose: () => composer.focus(),
    send: async (values) => {
      const done = await socket.send("submit", { token: modal.token, values });
      if (done.failed) throw new Refused(`${done.failed}. What you wrote is still here.`);
    },
  });
}

/** On a phone the sidebar is a drawer, which has done its work once something in it is chosen. */
function closeDrawer() {
  const side = byId("side");
  if (side.matches(":popover-open")) side.hidePopover();
}

async function go(channelId) {
  closeDrawer();
  store.go(channelId);
  composer.focus();
  await socket.send("go", { channel_id: channelId }).catch(() => {}); // the next action names its channel anyway
}

function become(name) {
  closeDrawer();
  const url = new URL(location.href);
  url.searchParams.set("person", name);
  history.replaceState(null, "", url);
  document.title = `${name} · Negative Space · playground`;
  socket.connect(name);
}

addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, dialog, [popover]");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  composer.begin("/");
});

socket.connect(new URL(location.href).searchParams.get("person") || "ana");
