// What a node did, on a panel below its widgets. `nodes/panel.py` says what its content is.

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";
import { drawContent, leastHeight } from "./content.js";
import { fileUrl, lastOutput, listenTo } from "./outputs.js";

const KEY = "salient_crop";
const WIDGET = "salient_crop_panel";
const HEAT = "salient_crop_heat"; // the node's property that keeps the toggle

const panels = new WeakMap(); // of nodes

// Adds the panel below all other widgets.
export function addPanel(node) {
  const panel = makePanel(node);
  listenTo(node, KEY, (contents) => contents && panel.show(merge(contents)));
  panels.set(node, panel);
}

// What the last run showed, on a node that is made anew: another tab of workflows was looked at in between.
export function restorePanel(node) {
  const contents = lastOutput(node, KEY);
  if (contents) panels.get(node)?.show(merge(contents));
}

// While a node works.
export function listen() {
  api.addEventListener(KEY, ({ detail }) => panels.get(findNode(detail.node))?.show(detail.content));
}

function makePanel(node) {
  const element = document.createElement("div");
  element.className = "salient-crop-panel";
  element.hidden = true;
  for (const name of ["pointerdown", "pointermove", "pointerup", "dblclick"]) {
    element.addEventListener(name, (event) => event.stopPropagation());
  }
  let height = 0;
  const state = { chosen: null, drawn: new Map() };
  const widget = node.addDOMWidget(WIDGET, WIDGET, element, {
    serialize: false,
    hideOnZoom: false,
    getValue: () => "",
    setValue: () => {},
    getMinHeight: () => height,
  });
  widget.serialize = false; // it is no part of a saved workflow
  widget.label = "";
  return {
    show(content) {
      const heated = node.properties?.[HEAT] ?? content.heat;
      drawContent(element, content, {
        heated,
        onHeat: (on) => (node.properties[HEAT] = on),
        fileUrl,
      }, state);
      element.hidden = false;
      height = leastHeight(content, node.size[0]);
      element.style.minHeight = `${height}px`;
      grow(node);
    },
  };
}

// The node becomes no smaller than what it has to show; a larger one keeps its size.
function grow(node) {
  const [, least] = node.computeSize();
  if (node.size[1] < least) node.setSize([node.size[0], least]);
  node.graph?.setDirtyCanvas(true, true);
}

// A node that the host calls once for each picture of a list shows them all.
function merge(contents) {
  const [first] = contents;
  return {
    ...first,
    words: [...new Set(contents.map((each) => each.words))].filter(Boolean).join("\n"),
    warnings: contents.flatMap((each) => each.warnings),
    bars: contents.flatMap((each) => each.bars),
    tiles: contents.flatMap((each) => each.tiles),
    more: contents.reduce((sum, each) => sum + each.more, 0),
  };
}

// The node of an id such as 7, or 12:7 for node 7 in the subgraph of node 12.
function findNode(id) {
  let graph = app.rootGraph ?? app.graph;
  let node;
  for (const part of String(id).split(":")) {
    node = graph?.getNodeById?.(Number(part)) ?? graph?.getNodeById?.(part);
    graph = node?.subgraph;
  }
  return node;
}
