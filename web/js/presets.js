// Ratios and buckets to choose from, beside the text in which any others can be written.

import { say } from "./words.js";

// A preset's words, and what it writes.
const shaped = (ratio, shape) => [() => `${ratio}  ${say(shape)}`, ratio];
const bestOf = (ratios) => [() => say("bestOf", { choices: ratios }), ratios];
const sizesOf = (model, value) => [() => say("sizesOf", { model }), value];

const RATIOS = [
  shaped("1:1", "square"),
  shaped("2:3", "portrait"),
  shaped("3:2", "landscape"),
  shaped("3:4", "portrait"),
  shaped("4:3", "landscape"),
  shaped("4:5", "post"),
  shaped("9:16", "story"),
  shaped("16:9", "wide"),
  shaped("21:9", "cinema"),
  shaped("3:1", "banner"),
  bestOf("1:1, 2:3, 3:2"),
  bestOf("1:1, 3:4, 4:3, 9:16, 16:9"),
  sizesOf("SDXL", "sdxl"),
  sizesOf("FLUX", "flux"),
  sizesOf("Qwen-Image", "qwen-image"),
  sizesOf("Wan", "wan"),
  [() => say("ownRatio"), ""],
];

const BUCKETS = [
  ...[2, 3, 5].map((count) => [() => say("bestSizes", { count }), `auto:${count}`]),
  [() => say("bestSizesOf", { count: 3, model: "SDXL" }), "auto:3:sdxl"],
  [() => say("allSizesOf", { model: "SDXL" }), "sdxl"],
  ...[1024, 512].map((size) => [() => say("sizesAt", { model: "kohya", size }), `kohya:${size}`]),
  [() => say("allSizesOf", { model: "OneTrainer" }), "onetrainer"],
  [() => say("allSizesOf", { model: "NovelAI" }), "novelai"],
  [() => say("squareOf", { size: 1024 }), "square:1024"],
  [() => say("fromPictures", { count: 3 }), "quantile:3"],
];

// Node → the widget that is written → its presets.
const PRESETS = {
  SalientCrop_ConstrainedCrop: { ratio: RATIOS },
  SalientCrop_Constraint: { ratio: RATIOS },
  SalientCrop_BucketSort: { buckets: BUCKETS },
  SalientCrop_CropFolder: { ratio: RATIOS, buckets: [[() => say("noBuckets"), ""], ...BUCKETS] },
};

export function addPresets(node) {
  for (const [name, presets] of Object.entries(PRESETS[node.comfyClass] ?? {})) addList(node, name, presets);
}

// A list that writes what is chosen into the text. It comes after all others, because values are saved by their place.
function addList(node, name, presets) {
  const target = node.widgets?.find((widget) => widget.name === name);
  if (!target) return;
  const written = new Map(presets.map(([words, value]) => [words(), value]));
  const choose = say("choose");
  const write = (words) => {
    if (!written.has(words)) return;
    target.value = written.get(words);
    target.callback?.(target.value);
    list.value = choose;
    node.graph?.setDirtyCanvas(true, true);
  };
  const values = [choose, ...written.keys()];
  const list = node.addWidget("combo", `${name} presets`, choose, write, { values, serialize: false });
  list.serialize = false;
  list.label = say("presets", { name: target.label ?? name });
  list.tooltip = say("presetsHint", { name: target.label ?? name });
}
