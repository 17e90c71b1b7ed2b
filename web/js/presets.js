// Ratios and buckets to choose from, beside the text in which any others can be written.

const RATIOS = {
  "1:1  square": "1:1",
  "2:3  portrait": "2:3",
  "3:2  landscape": "3:2",
  "3:4  portrait": "3:4",
  "4:3  landscape": "4:3",
  "4:5  post": "4:5",
  "9:16  story, reel": "9:16",
  "16:9  wide": "16:9",
  "21:9  cinema": "21:9",
  "3:1  banner": "3:1",
  "best of 1:1, 2:3, 3:2": "1:1, 2:3, 3:2",
  "best of 1:1, 3:4, 4:3, 9:16, 16:9": "1:1, 3:4, 4:3, 9:16, 16:9",
  "sizes of SDXL": "sdxl",
  "sizes of FLUX": "flux",
  "sizes of Qwen-Image": "qwen-image",
  "sizes of Wan": "wan",
  "the picture's own": "",
};

const BUCKETS = {
  "the best 2 sizes": "auto:2",
  "the best 3 sizes": "auto:3",
  "the best 5 sizes": "auto:5",
  "the best 3 of SDXL's": "auto:3:sdxl",
  "all of SDXL's": "sdxl",
  "kohya at 1024": "kohya:1024",
  "kohya at 512": "kohya:512",
  "OneTrainer's": "onetrainer",
  "NovelAI's": "novelai",
  "square, 1024": "square:1024",
  "3 from the pictures' ratios": "quantile:3",
};

// Node → the widget that is written → its presets.
const PRESETS = {
  SalientCrop_ConstrainedCrop: { ratio: RATIOS },
  SalientCrop_Constraint: { ratio: RATIOS },
  SalientCrop_BucketSort: { buckets: BUCKETS },
  SalientCrop_CropFolder: { ratio: RATIOS, buckets: { "none, ratios instead": "", ...BUCKETS } },
};

const CHOOSE = "choose…";

export function addPresets(node) {
  for (const [name, presets] of Object.entries(PRESETS[node.comfyClass] ?? {})) addList(node, name, presets);
}

// A list that writes what is chosen into the text. It comes after all others, because values are saved by their place.
function addList(node, name, presets) {
  const target = node.widgets?.find((widget) => widget.name === name);
  if (!target) return;
  const write = (label) => {
    if (!(label in presets)) return;
    target.value = presets[label];
    target.callback?.(target.value);
    list.value = CHOOSE;
    node.graph?.setDirtyCanvas(true, true);
  };
  const values = [CHOOSE, ...Object.keys(presets)];
  const list = node.addWidget("combo", `${name} presets`, CHOOSE, write, { values, serialize: false });
  list.serialize = false;
  list.tooltip = `Writes one of the usual ones into ${name}.`;
}
