// Small panels that float over the log: arrow keys move through their choices, Escape returns to the button.

const GAP = 6; // px between the panel and its anchor
const MARGIN = 8; // px between the panel and the window's edges

/**
 * Make `panel` a floating panel whose `choices` can be focused; `button` gets the focus when it closes. Returns
 * `open(at)`, which takes an anchor `{ left, right, top, bottom }` in pixels and defaults to the button.
 */
export function floating(panel, choices, button) {
  panel.setAttribute("popover", "auto"); // a click outside closes it
  panel.addEventListener("toggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
  });
  panel.addEventListener("keydown", (event) => {
    const at = choices.indexOf(document.activeElement);
    const [next, previous] = [at + 1, at - 1];
    const to = { ArrowRight: next, ArrowDown: next, ArrowLeft: previous, ArrowUp: previous, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape") button.focus();
    if (to === undefined) return;
    event.preventDefault();
    choices.at(to % choices.length).focus();
  });
  return (at = button.getBoundingClientRect()) => {
    panel.showPopover();
    place(panel, at);
    choices[0].focus();
  };
}

/** Close a panel and focus its button. */
export function close(panel, button) {
  panel.hidePopover();
  button.focus();
}

/** Put the panel below or above its anchor, aligned left or right, wherever there is room. */
function place(panel, at) {
  const { width, height } = panel.getBoundingClientRect();
  const top = at.bottom + GAP + height <= innerHeight - MARGIN ? at.bottom + GAP : at.top - GAP - height;
  const left = at.left + width <= innerWidth - MARGIN ? at.left : at.right - width;
  panel.style.setProperty("top", `${Math.max(MARGIN, top)}px`);
  panel.style.setProperty("left", `${Math.max(MARGIN, left)}px`);
}
