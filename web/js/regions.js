// Regions painted by hand: a button on the node that opens the painter, and what was painted, kept in the workflow.
//
// The widget's value is { regions: [{ kind, frame, name, box }] }, see nodes/sockets/painted.py.

import { app } from "../../../scripts/app.js";
import { noteChange, openDialog } from "./dialog.js";
import { parseRatio } from "./editor/geometry.js";
import { nodesBehind } from "./graph.js";
import { addOpener } from "./opener.js";
import { fileUrl, lastOutput } from "./outputs.js";
import { RegionPainter } from "./painter/painter.js";
import { KINDS, isRegion, readLayouts } from "./painter/shapes.js";
import { say } from "./words.js";

export const TYPE = "SALIENT_REGIONS";
const WIRE = "CROP_CONSTRAINT";

// The widget of an input of our type, as the host's getCustomWidgets wants it.
export function makeRegions(node, name) {
  const state = { regions: [] };
  const { made, widget, refresh } = addOpener(node, {
    name,
    type: TYPE,
    label: `▭ ${say("paintRegions")}`,
    read: () => ({ regions: [...state.regions] }),
    write: (value) => {
      state.regions = Array.isArray(value?.regions) ? [...value.regions] : [];
      update();
    },
    open: () => openPainter(node, state, change),
    clear: () => {
      change([]);
      noteChange();
    },
  });
  const update = () => {
    const words = summarise(state.regions);
    refresh({ short: words, long: words });
  };
  const change = (regions) => {
    state.regions = regions;
    widget.callback?.(widget.value);
    update();
  };
  update();
  return made;
}

function summarise(regions) {
  const counted = KINDS.map((kind) => [kind, regions.filter((each) => each?.kind === kind).length]);
  const words = counted.filter(([, count]) => count).map(([kind, count]) => `${say(kind)} ${count}`);
  return words.join(" · ") || (regions.length ? "?" : "");
}

// The painter over the whole window, until it is closed.
function openPainter(node, state, change) {
  const before = JSON.stringify(state.regions);
  const { host, facts, addButton, close } = openDialog({
    title: node.title,
    label: `${say("paintRegions")} ${node.title}`,
    closed: () => {
      painter.destroy();
      if (JSON.stringify(state.regions) !== before) noteChange();
      node.graph?.setDirtyCanvas(true, true);
    },
  });
  addButton(say("done"), close);
  const run = addButton(say("doneAndRun"), () => {
    close();
    app.queuePrompt(0, 1);
  });
  run.className = "primary";
  const refresh = () => (facts.textContent = summarise(state.regions));
  const painter = new RegionPainter(host, {
    regions: state.regions.filter(isRegion),
    pictures: picturesFor(node),
    ratios: ratiosOf(node),
    others: othersOf(node),
    frame: valueOf(node, "layout_frame"),
    say,
    changed: (regions) => {
      change(regions);
      refresh();
    },
    left: () => run.focus(),
  });
  refresh();
  painter.focus();
}

// The pictures of the last run that the node's rules were about: its own, else those of the nodes that got them.
function picturesFor(node) {
  for (const each of [[node], nodesBehind(node, WIRE)]) {
    const pictures = each.flatMap((one) => fromEditor(one) ?? fromPanel(one));
    const distinct = new Map(pictures.map((picture) => [picture.url, picture]));
    if (distinct.size) return [...distinct.values()];
  }
  return [];
}

function fromEditor(node) {
  const items = lastOutput(node, "salient_crop_editor");
  return items?.map(({ name, size, picture, box }) => ({ name, size, url: fileUrl(picture), box: box ?? null }));
}

function fromPanel(node) {
  const tiles = (lastOutput(node, "salient_crop") ?? []).flatMap((each) => each.tiles);
  return tiles
    .filter((tile) => tile.picture)
    .map(({ name, width, height, picture, box }) => ({
      name,
      size: [width, height],
      url: fileUrl(picture),
      box: box && [box[0] * width, box[1] * height, (box[2] - box[0]) * width, (box[3] - box[1]) * height],
    }));
}

// Those that the node asks for, where they are written as two numbers.
function ratiosOf(node) {
  const words = String(valueOf(node, "ratio") ?? "").split(",");
  return words.map((each) => parseRatio(each.trim())).filter(Boolean);
}

// The rooms for text of the node's other widgets.
function othersOf(node) {
  const words = ["layout", "layouts"].map((name) => valueOf(node, name) ?? "").join(";");
  return readLayouts(words).map((box) => ({ frame: valueOf(node, "layout_frame"), box }));
}

function valueOf(node, name) {
  if (node.inputs?.some((input) => input.name === name && input.link != null)) return undefined;
  return node.widgets.find((widget) => widget.name === name)?.value;
}
