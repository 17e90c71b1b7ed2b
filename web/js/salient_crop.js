// The one extension of the canvas: presets, widgets that fold away, the editor of crops, the painter of regions, and a
// panel that shows what a node did.

import { app } from "../../../scripts/app.js";
import { TYPE as CORRECTIONS, makeCorrections, restoreCorrections } from "./corrections.js";
import { foldWidgets } from "./fold.js";
import { readOldValues } from "./old_values.js";
import { addPanel, listen, restorePanel } from "./panel.js";
import { addPresets } from "./presets.js";
import { TYPE as REGIONS, makeRegions } from "./regions.js";
import { loadWords } from "./words.js";

const isOurs = (node) => node.comfyClass?.startsWith("SalientCrop_");

app.registerExtension({
  name: "SalientCrop",
  async init() {
    await loadWords();
  },
  setup() {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("./panel.css", import.meta.url).href;
    document.head.append(style);
    listen();
  },
  getCustomWidgets() {
    return { [CORRECTIONS]: makeCorrections, [REGIONS]: makeRegions };
  },
  nodeCreated(node) {
    if (!isOurs(node)) return;
    readOldValues(node);
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
