// A dialog over the window that an editor fills. Its keys and pointers are its own: nothing behind it hears them.

import { app } from "../../../scripts/app.js";

const OWN = ["keydown", "keyup", "pointerdown", "pointerup", "wheel", "contextmenu", "copy", "cut", "paste"];

// Opens one; returns its parts and `close()`.
// options: { title, label for a screen reader, closed() }
export function openDialog({ title, label, closed }) {
  const dialog = document.createElement("dialog");
  dialog.className = "salient-crop-dialog";
  dialog.setAttribute("aria-label", label);
  const header = dialog.appendChild(document.createElement("header"));
  header.appendChild(document.createElement("b")).textContent = title;
  const facts = header.appendChild(document.createElement("span"));
  const host = dialog.appendChild(document.createElement("div"));
  host.className = "editor-host";
  for (const kind of OWN) dialog.addEventListener(kind, (event) => event.stopPropagation());
  const release = holdKeys(dialog);
  dialog.addEventListener("close", () => {
    release();
    dialog.remove();
    closed();
  });
  document.body.append(dialog);
  dialog.style.colorScheme = document.body.classList.contains("dark-theme") ? "dark" : "light";
  dialog.showModal();
  const addButton = (text, onClick) => {
    const button = header.appendChild(makeButton(text));
    button.addEventListener("click", onClick);
    return button;
  };
  return { dialog, host, facts, addButton, close: () => dialog.close() };
}

export function makeButton(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  return button;
}

// Tells the host that the workflow is another one, for its undo and for the draft that it keeps.
export function noteChange() {
  const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
  if (tracker?.captureCanvasState) tracker.captureCanvasState();
  else tracker?.checkState?.();
}

// Keeps keys from the canvas until the returned function is called.
function holdKeys(dialog) {
  // The host's undo hears keys before everybody else, but asks here whether an editor lies over the canvas.
  const host = app.constructor;
  const before = host.maskeditor_is_opended;
  host.maskeditor_is_opended = () => true;
  // Where a click has taken the focus out of the dialog, keys would go to the page.
  const guard = (event) => {
    if (event.composedPath().includes(dialog)) return;
    event.stopImmediatePropagation();
    if (event.type === "keydown") dialog.querySelector("button").focus();
  };
  const kinds = ["keydown", "keyup"];
  for (const kind of kinds) window.addEventListener(kind, guard, true);
  return () => {
    host.maskeditor_is_opended = before;
    for (const kind of kinds) window.removeEventListener(kind, guard, true);
  };
}
