// Forms that the bot opens, as native dialogs.

import { checkboxes, placeholder } from "./components.js";
import { el, newId } from "./dom.js";
import { markdown } from "./markdown.js";

const ROW = 1,
  SELECT = 3,
  TEXT_INPUT = 4,
  TEXT = 10,
  LABEL = 18,
  PARAGRAPH = 2;

/** Show a form; `send(values)` submits it and throws an error to display if that fails. */
export function openForm(modal, { names, send, onclose }) {
  const fields = modal.components.flatMap((component) => fieldsOf(component, names));
  const error = el("p", { class: "error", role: "alert" });
  const title = newId("form");
  const submit = el("button", { type: "submit", class: "button primary" }, "Send");
  const cancel = el("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel");
  const form = el(
    "form",
    { novalidate: true },
    el("h2", { id: title }, modal.title),
    fields.map(({ node }) => node),
    error,
    el("div", { class: "dialog-actions" }, el("small", {}, "Ctrl+Enter sends"), cancel, submit),
  );
  const dialog = el("dialog", { class: "form", "aria-labelledby": title }, form);

  async function deliver(event) {
    event?.preventDefault();
    if (submit.disabled) return;
    const wrong = fields.find((field) => field.problem());
    error.textContent = wrong?.problem() ?? "";
    if (wrong) return wrong.focus();
    submit.disabled = true;
    try {
      await send(Object.fromEntries(fields.filter(({ id }) => id).map((field) => [field.id, field.value()])));
      dialog.close();
    } catch (problem) {
      error.textContent = problem.message;
    } finally {
      submit.disabled = false;
    }
  }

  form.addEventListener("submit", deliver);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) deliver(event);
  });
  dialog.addEventListener("close", () => {
    document.activeElement?.blur(); // the dialog restores the focus, but Chromium doesn't restore the caret
    dialog.remove();
    onclose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  fields.find(({ id }) => id)?.focus();
}

function fieldsOf(component, names) {
  if (component.type === LABEL) return [field(component.component, component.label, component.description)];
  if (component.type === ROW) return component.components.map((item) => field(item, item.label, ""));
  const node =
    component.type === TEXT ? el("div", { class: "text" }, markdown(component.content, names)) : placeholder(component);
  return [{ node, problem: () => "" }];
}

function field(data, label, description) {
  if (data.type === TEXT_INPUT) return textField(data, label, description);
  if (data.type === SELECT) {
    const list = checkboxes(data, label, description);
    return { id: data.custom_id, node: list.node, value: list.values, problem: list.problem, focus: list.focus };
  }
  return { node: el("div", { class: "field" }, el("b", {}, label), placeholder(data)), problem: () => "" };
}

function textField(data, label, description) {
  const id = newId("field");
  const required = data.required !== false;
  const isLong = data.style === PARAGRAPH;
  const input = el(isLong ? "textarea" : "input", {
    id,
    type: isLong ? null : "text",
    rows: isLong ? 3 : null,
    required,
    placeholder: data.placeholder,
    minlength: data.min_length,
    maxlength: data.max_length ?? 4000,
    "aria-describedby": description ? `${id}-about` : null,
  });
  input.value = data.value ?? "";
  const node = el(
    "div",
    { class: "field" },
    el("label", { for: id }, label, required ? "" : el("span", { class: "count" }, " optional")),
    description && el("p", { class: "description", id: `${id}-about` }, description),
    input,
  );
  const problem = () => {
    const typed = input.value.trim().length;
    if (typed === 0) return required ? `'${label}' is required.` : "";
    return typed < (data.min_length ?? 0) ? `'${label}' must be at least ${data.min_length} characters long.` : "";
  };
  return { id: data.custom_id, node, value: () => input.value, problem, focus: () => input.focus() };
}
