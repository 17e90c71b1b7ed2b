// The one extension of the canvas: presets, widgets that fold away, the editor of crops, and a panel that shows
// what a node did.

import { app } from "../../../scripts/app.js";
import { TYPE, makeCorrections, restoreCorrections } from "./corrections.js";
import { foldWidgets } from "./fold.js";
import { addPanel, listen, restorePanel } from "./panel.js";
import { addPresets } from "./presets.js";

const isOurs = (node) => node.comfyClass?.startsWith("SalientCrop_");

app.registerExtension({
  name: "SalientCrop",
  setup() {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("./panel.css", import.meta.url).href;
    document.head.append(style);
    listen();
  },
  getCustomWidgets() {
    return { [TYPE]: makeCorrections };
  },
  nodeCreated(node) {
    if (!isOurs(node)) return;
    addPresets(node);
    foldWidgets(node);
    addPanel(node); // last, because it is drawn below the others
  },
  loadedGraphNode(node) {
    if (!isOurs(node)) return;
    restorePanel(node);
    restoreCorrections(node);
  },
});
