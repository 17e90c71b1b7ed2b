// Crops corrected by hand: a button on the node that opens the editor, and what was decided, kept in the workflow.
//
// The widget's value is { pictures: { DIGEST: { decision, box } } }, see nodes/sockets/corrections.py. After a run the
// node sends the editor's items, see nodes/editor.py.

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";
import { CropEditor } from "./editor/crop_editor.js";

export const TYPE = "SALIENT_CORRECTIONS";
const KEY = "salient_crop_editor";
const HEIGHT = 34;
const UNSURE = 0.4;

// The widget of an input of our type, as the host's getCustomWidgets wants it.
export function makeCorrections(node, name) {
  const state = { pictures: {}, items: [] };
  const element = document.createElement("div");
  element.className = "salient-crop-corrections";
  const open = element.appendChild(button("✎ Correct crops…"));
  const words = element.appendChild(document.createElement("span"));
  const clear = element.appendChild(button("Clear"));
  for (const kind of ["pointerdown", "pointermove", "pointerup", "dblclick"]) {
    element.addEventListener(kind, (event) => event.stopPropagation());
  }
  const refresh = () => {
    open.disabled = !state.items.length;
    open.title = open.disabled ? "run once to see the crops" : "";
    words.textContent = summariseShort(state.pictures);
    words.title = summarise(state.pictures);
    clear.hidden = !Object.keys(state.pictures).length;
  };
  const widget = node.addDOMWidget(name, TYPE.toLowerCase(), element, {
    hideOnZoom: false,
    getMinHeight: () => HEIGHT,
    getMaxHeight: () => HEIGHT,
    getValue: () => ({ pictures: { ...state.pictures } }),
    setValue: (value) => {
      const pictures = value?.pictures;
      state.pictures = pictures && typeof pictures === "object" && !Array.isArray(pictures) ? { ...pictures } : {};
      refresh();
    },
  });
  widget.label = "";
  const decide = (digest, correction) => {
    if (correction) state.pictures[digest] = correction;
    else delete state.pictures[digest];
    widget.callback?.(widget.value);
    refresh();
  };
  const show = (items) => {
    state.items = Array.isArray(items) ? items.map(asItem) : [];
    refresh();
  };
  open.addEventListener("click", () => openEditor(node, state, decide));
  clear.addEventListener("click", () => {
    state.pictures = {};
    widget.callback?.(widget.value);
    refresh();
    noteChange();
  });
  const onExecuted = node.onExecuted;
  node.onExecuted = function (output) {
    onExecuted?.apply(this, arguments);
    show(output?.[KEY]);
  };
  widget.restore = () => {
    const items = app.nodeOutputs?.[String(node.id)]?.[KEY];
    if (items) show(items);
  };
  refresh();
  return { widget, minWidth: 220, minHeight: HEIGHT };
}

// What the last run sent, on a node that is made anew: another tab of workflows was looked at in between.
export function restoreCorrections(node) {
  for (const widget of node.widgets ?? []) widget.restore?.();
}

function count(pictures) {
  const counts = { box: 0, approve: 0, drop: 0 };
  for (const each of Object.values(pictures)) if (each?.decision in counts) counts[each.decision] += 1;
  return counts;
}

function summarise(pictures) {
  const { box, approve, drop } = count(pictures);
  return [box && `${box} corrected`, approve && `${approve} approved`, drop && `${drop} left out`].filter(Boolean).join(" · ");
}

function summariseShort(pictures) {
  const { box, approve, drop } = count(pictures);
  return [box && `✎ ${box}`, approve && `✓ ${approve}`, drop && `✕ ${drop}`].filter(Boolean).join("  ");
}

function button(text) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  return made;
}

function fileUrl(file) {
  const { filename, subfolder, type } = file;
  return api.apiURL(`/view?${new URLSearchParams({ filename, subfolder, type })}`);
}

function asItem(sent) {
  return { ...sent, picture: fileUrl(sent.picture), heat: sent.heat ? fileUrl(sent.heat) : null, correction: null };
}

function assurance(item) {
  if (!item.box || item.correction) return 2;
  return (item.confidence ?? 1) - (item.warnings.some((each) => each.code === "head-cut") ? 3 : 0);
}

// The editor over the whole window, until it is closed.
function openEditor(node, state, decide) {
  const { items } = state;
  for (const item of items) item.correction = state.pictures[item.digest] ?? null;
  const before = JSON.stringify(state.pictures);
  const dialog = document.createElement("dialog");
  dialog.className = "salient-crop-dialog";
  dialog.setAttribute("aria-label", `Correct crops of ${node.title}`);
  const bar = dialog.appendChild(document.createElement("header"));
  bar.appendChild(document.createElement("b")).textContent = node.title;
  const counts = bar.appendChild(document.createElement("span"));
  const sort = bar.appendChild(button("Doubtful first"));
  const done = bar.appendChild(button("Done"));
  const run = bar.appendChild(button("Done, and run"));
  run.className = "primary";
  const host = dialog.appendChild(document.createElement("div"));
  host.className = "editor-host";
  const refresh = () => {
    const doubtful = items.filter((item) => assurance(item) < UNSURE).length;
    counts.textContent = [`${items.length} pictures`, doubtful && `${doubtful} doubtful`, summarise(state.pictures)]
      .filter(Boolean)
      .join(" · ");
  };
  let editor = null;
  const source = {
    items,
    thumbnail: (index) => items[index].picture,
    picture: (index) => items[index].picture,
    heat: (index) => items[index].heat,
    details: (index) => items[index],
    decided: (index, correction) => {
      decide(items[index].digest, correction);
      items.forEach((item, other) => {
        if (other === index || item.digest !== items[index].digest) return;
        item.correction = correction; // the same picture once more
        editor.update(other);
      });
      refresh();
    },
  };
  const order = (doubtful) => {
    const places = items.map((_, index) => index);
    return doubtful ? places.sort((one, other) => assurance(items[one]) - assurance(items[other]) || one - other) : places;
  };
  sort.setAttribute("aria-pressed", "false");
  sort.addEventListener("click", () => {
    const on = sort.getAttribute("aria-pressed") !== "true";
    sort.setAttribute("aria-pressed", String(on));
    editor.setOrder(order(on));
  });
  done.addEventListener("click", () => dialog.close());
  run.addEventListener("click", () => {
    dialog.close();
    app.queuePrompt(0, 1);
  });
  for (const kind of ["keydown", "keyup", "pointerdown", "pointerup", "wheel", "contextmenu", "copy", "paste"]) {
    dialog.addEventListener(kind, (event) => event.stopPropagation()); // nothing of it is meant for the canvas
  }
  dialog.addEventListener("close", () => {
    editor.destroy();
    dialog.remove();
    if (JSON.stringify(state.pictures) !== before) noteChange();
    node.graph?.setDirtyCanvas(true, true);
  });
  document.body.append(dialog);
  dialog.style.colorScheme = document.body.classList.contains("dark-theme") ? "dark" : "light";
  dialog.showModal();
  editor = new CropEditor(host, source, { order: order(false), left: () => run.focus(), name: "Crop editor" });
  refresh();
  editor.focus();
}

// Tells the host that the workflow is another one, for its undo and for the draft that it keeps.
function noteChange() {
  app.extensionManager?.workflow?.activeWorkflow?.changeTracker?.checkState?.();
}
