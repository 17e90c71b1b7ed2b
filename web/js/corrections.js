// Crops corrected by hand: a button on the node that opens the editor, and what was decided, kept in the workflow.
//
// The widget's value is { pictures: { DIGEST: { decision, box } } }, see nodes/sockets/corrections.py. After a run the
// node sends the editor's items, see nodes/editor.py. Those of a folder may have a correction that the folder `kept` from
// an earlier run; null takes it back. A node with a `mode` is approved there: its preview is then written.

import { app } from "../../../scripts/app.js";
import { noteChange, openDialog, painted } from "./dialog.js";
import { CropEditor } from "./editor/crop_editor.js";
import { addOpener } from "./opener.js";
import { fileUrl, lastOutput, listenTo } from "./outputs.js";
import { say } from "./words.js";

export const TYPE = "SALIENT_CORRECTIONS";
const KEY = "salient_crop_editor";
const UNSURE = 0.4;

// The widget of an input of our type, as the host's getCustomWidgets wants it.
export function makeCorrections(node, name) {
  const state = { pictures: {}, items: [] };
  const { made, widget, refresh } = addOpener(node, {
    name,
    type: TYPE,
    label: `✎ ${say("correctCrops")}`,
    read: () => ({ pictures: { ...state.pictures } }),
    write: (value) => {
      const pictures = value?.pictures;
      state.pictures = pictures && typeof pictures === "object" && !Array.isArray(pictures) ? { ...pictures } : {};
      update();
    },
    open: () => openEditor(node, state, decide),
    clear: () => {
      state.pictures = {};
      widget.callback?.(widget.value);
      update();
      noteChange();
    },
  });
  const update = () => {
    const { pictures, items } = state;
    refresh({ short: summariseShort(pictures), long: summarise(pictures), hint: items.length ? "" : say("runOnce") });
  };
  const decide = ({ digest, kept }, correction) => {
    if (correction || kept) state.pictures[digest] = correction;
    else delete state.pictures[digest];
    widget.callback?.(widget.value);
    update();
  };
  const show = (items) => {
    state.items = Array.isArray(items) ? items.map(asItem) : [];
    update();
  };
  listenTo(node, KEY, show);
  widget.restore = () => {
    const items = lastOutput(node, KEY);
    if (items) show(items);
  };
  update();
  return made;
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
  const parts = [box && say("corrected", { count: box }), approve && say("approved", { count: approve })];
  return [...parts, drop && say("leftOut", { count: drop })].filter(Boolean).join(" · ");
}

function summariseShort(pictures) {
  const { box, approve, drop } = count(pictures);
  const parts = [box && `✎ ${box}`, approve && `✓ ${approve}`, drop && `✕ ${drop}`].filter(Boolean);
  // Of a value that is none of ours, so that it can be cleared.
  return parts.join("  ") || (Object.keys(pictures).length ? "?" : "");
}

function asItem(sent) {
  return { ...sent, picture: fileUrl(sent.picture), heat: sent.heat ? fileUrl(sent.heat) : null, correction: null };
}

function assurance(item) {
  if (!item.box || item.correction) return 2;
  return (item.confidence ?? 1) - (item.warnings.some((each) => each.code === "head-cut") ? 3 : 0);
}

// The editor over the whole window, until it is closed.
async function openEditor(node, state, decide) {
  const { items } = state;
  for (const item of items) {
    item.correction = (item.digest in state.pictures ? state.pictures[item.digest] : item.kept) ?? null;
  }
  const before = JSON.stringify(state.pictures);
  let editor = null;
  let open = true;
  const { host, facts, addButton, close } = openDialog({
    title: node.title,
    label: `${say("correctCrops")} ${node.title}`,
    closed: () => {
      open = false;
      editor?.destroy();
      if (JSON.stringify(state.pictures) !== before) noteChange();
      node.graph?.setDirtyCanvas(true, true);
    },
  });
  const sort = addButton(say("doubtfulFirst"), () => {
    const on = sort.getAttribute("aria-pressed") !== "true";
    sort.setAttribute("aria-pressed", String(on));
    editor?.setOrder(order(on)); // else it will be when it is there
  });
  sort.setAttribute("aria-pressed", "false");
  const done = addButton(say("done"), close);
  const mode = node.widgets?.find((widget) => widget.name === "mode" && widget.value === "preview");
  const run = addButton(say(mode ? "approveAndWrite" : "doneAndRun"), () => {
    if (mode) {
      mode.value = "write";
      mode.callback?.(mode.value);
    }
    close();
    app.queuePrompt(0, 1);
  });
  run.className = "primary";
  const refresh = () => {
    const doubtful = items.filter((item) => assurance(item) < UNSURE).length;
    const parts = [say("pictures", { count: items.length }), doubtful && say("doubtful", { count: doubtful })];
    facts.textContent = [...parts, summarise(state.pictures)].filter(Boolean).join(" · ");
  };
  const source = {
    items,
    thumbnail: (index) => items[index].picture,
    picture: (index) => items[index].picture,
    heat: (index) => items[index].heat,
    details: (index) => items[index],
    decided: (index, correction) => {
      decide(items[index], correction);
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
  refresh();
  done.focus();
  await painted(); // so that the dialog is there at once, and no task is long
  if (!open) return;
  editor = new CropEditor(host, source, { say, order: [], left: () => run.focus() });
  await painted();
  if (!open) return;
  editor.setOrder(order(sort.getAttribute("aria-pressed") === "true"));
  editor.focus();
}
