// Small panels that float over the log: arrow keys go through what they offer, Escape goes back to where one was.

const GAP = 6; // px to the place that it belongs to
const MARGIN = 8; // px to the edges of the window

/**
 * Make `panel` float, with `choices` in it that the focus goes through; `button` has the focus afterwards. Returns
 * `open(at)`, for a place in the window: `{ left, right, top, bottom }` in pixels, the button's own when left out.
 */
export function floating(panel, choices, button) {
  panel.setAttribute("popover", "auto"); // a click elsewhere closes it
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

/** Close it, and go on from its button. */
export function close(panel, button) {
  panel.hidePopover();
  button.focus();
}

/** Below the place or above it, and from its left or its right edge, wherever the window has room. */
function place(panel, at) {
  const { width, height } = panel.getBoundingClientRect();
  const top = at.bottom + GAP + height <= innerHeight - MARGIN ? at.bottom + GAP : at.top - GAP - height;
  const left = at.left + width <= innerWidth - MARGIN ? at.left : at.right - width;
  panel.style.setProperty("top", `${Math.max(MARGIN, top)}px`);
  panel.style.setProperty("left", `${Math.max(MARGIN, left)}px`);
}
