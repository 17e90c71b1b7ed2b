// A dialog over the window that an editor fills. Its keys and pointers are its own: nothing behind it hears them.
//
// It is no modal <dialog>: that makes everything behind it inert, for which the browser restyles the whole canvas.

import { app } from "../../../scripts/app.js";

const OWN = ["keydown", "keyup", "pointerdown", "pointerup", "wheel", "contextmenu", "copy", "cut", "paste"];

// Opens one; returns its parts and `close()`.
// options: { title, label for a screen reader, closed() }
export function openDialog({ title, label, closed }) {
  const before = document.activeElement;
  const cover = document.createElement("div");
  cover.className = "salient-crop-cover";
  cover.popover = "manual";
  const dialog = document.createElement("div");
  dialog.className = "salient-crop-dialog";
  dialog.setAttribute("role", "dialog");
  dialog.setAttribute("aria-modal", "true");
  dialog.setAttribute("aria-label", label);
  const header = dialog.appendChild(document.createElement("header"));
  header.appendChild(document.createElement("b")).textContent = title;
  const facts = header.appendChild(document.createElement("span"));
  const host = dialog.appendChild(document.createElement("div"));
  host.className = "editor-host";
  const last = () => [...(host.shadowRoot?.querySelectorAll("button:not(:disabled)") ?? [])].at(-1);
  cover.append(makeEdge(last), dialog, makeEdge(() => header.querySelector("button")));
  for (const kind of OWN) cover.addEventListener(kind, (event) => event.stopPropagation());
  const close = () => {
    release();
    cover.remove();
    closed();
    before?.focus?.({ preventScroll: true });
  };
  const release = holdKeys(dialog, close);
  document.body.append(cover);
  cover.style.colorScheme = document.body.classList.contains("dark-theme") ? "dark" : "light";
  cover.showPopover();
  const addButton = (text, onClick) => {
    const button = header.appendChild(makeButton(text));
    button.addEventListener("click", onClick);
    return button;
  };
  return { host, facts, addButton, close };
}

export function makeButton(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  return button;
}

// Resolves when what has been done so far is on the screen.
export function painted() {
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

// Tells the host that the workflow is another one, for its undo and for the draft that it keeps.
export function noteChange() {
  const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
  if (tracker?.captureCanvasState) tracker.captureCanvasState();
  else tracker?.checkState?.();
}

// The place before the first or behind the last thing of a dialog that Tab goes to, which sends it to the other end.
function makeEdge(other) {
  const edge = document.createElement("span");
  edge.tabIndex = 0;
  edge.addEventListener("focus", () => other()?.focus());
  return edge;
}

// Keeps keys from the canvas, and closes on Escape where nobody else means it, until the returned function is called.
function holdKeys(dialog, close) {
  // The host's undo hears keys before everybody else, but asks here whether an editor lies over the canvas.
  const host = app.constructor;
  const before = host.maskeditor_is_opended;
  host.maskeditor_is_opended = () => true;
  const guard = (event) => {
    const isInside = event.composedPath().includes(dialog);
    if (event.type === "keydown" && event.key === "Escape" && !event.isComposing) {
      setTimeout(() => event.defaultPrevented || close()); // when all have had it
    }
    if (isInside) return;
    // Where a click has taken the focus out of the dialog, keys would go to the page.
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
