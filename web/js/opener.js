// The row of a node with a button that opens an editor, what was decided in it, and a button that clears it.

import { makeButton } from "./dialog.js";
import { say } from "./words.js";

const HEIGHT = 34;

// Adds the row as a widget, as the host's getCustomWidgets wants it, whose value is part of the workflow.
// options: { name, type, label on the button, read() and write(value) of the widget's value, open(), clear() }
// Returns { widget, refresh({ words, title, hint }) }: a hint says why the button cannot be pressed yet.
export function addOpener(node, { name, type, label, read, write, open, clear }) {
  const element = document.createElement("div");
  element.className = `salient-crop-opener ${type.toLowerCase().replace("salient_", "salient-crop-")}`;
  const opens = element.appendChild(makeButton(label));
  const words = element.appendChild(document.createElement("span"));
  const clears = element.appendChild(makeButton(say("clear")));
  for (const kind of ["pointerdown", "pointermove", "pointerup", "dblclick"]) {
    element.addEventListener(kind, (event) => event.stopPropagation());
  }
  opens.addEventListener("click", open);
  clears.addEventListener("click", clear);
  const widget = node.addDOMWidget(name, type.toLowerCase(), element, {
    hideOnZoom: false,
    getMinHeight: () => HEIGHT,
    getMaxHeight: () => HEIGHT,
    getValue: read,
    setValue: write,
  });
  widget.label = "";
  const refresh = ({ short, long, hint = "" }) => {
    opens.disabled = Boolean(hint);
    opens.title = hint;
    words.textContent = short;
    words.title = long;
    clears.hidden = !short;
  };
  return { made: { widget, minWidth: 220, minHeight: HEIGHT }, widget, refresh };
}
