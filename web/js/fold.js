// Widgets that do not apply are folded away; their values are kept.

const CONCEPT = ["kohya", "comfyui"];
const STEP = ["onetrainer", "ai-toolkit", "comfyui"];

// Node → widget → whether it applies, told from the values of the node's widgets and its connected inputs.
const RULES = {
  SalientCrop_ConstrainedCrop: {
    ratio: ({ width, height }) => !(width > 0 && height > 0),
    fit_side: hasCanvas,
    fill: mayHaveCanvas,
    feather: mayHaveCanvas,
    overlap: mayHaveCanvas,
    nothing: looksFor,
  },
  SalientCrop_Constraint: {
    layout_frame: hasLayout,
    layout_hard: (values, linked) => hasLayout(values, linked) || paintsText(values),
    layout_weight: (values, linked) => hasLayout(values, linked) || paintsText(values),
  },
  SalientCrop_BucketSort: {
    remainder: ({ batch_size }) => batch_size > 1,
    nothing: looksFor,
  },
  SalientCrop_SaveDataset: {
    concept: ({ layout }) => CONCEPT.includes(layout),
    repeats: ({ layout }) => CONCEPT.includes(layout),
    batch_size: ({ layout }) => layout === "kohya",
    step: ({ layout }) => STEP.includes(layout),
  },
  SalientCrop_CropFolder: {
    ratio: (values) => !bucketed(values),
    resolution: bucketed,
    batch_size: bucketed,
    remainder: (values) => bucketed(values) && values.batch_size > 1,
    smallest: bucketed,
    most_enlarged: bucketed,
    duplicates: bucketed,
    concept: (values) => bucketed(values) && CONCEPT.includes(values.layout),
    repeats: (values) => bucketed(values) && CONCEPT.includes(values.layout),
    step: (values) => bucketed(values) && STEP.includes(values.layout),
    labels: ({ focus, avoid, keep }) => named(focus) || named(avoid) || named(keep),
    margin: ({ keep }) => named(keep),
    focus_strength: ({ focus }) => named(focus),
    fit_side: hasCanvas,
    fill: mayHaveCanvas,
    multiple_of: (values) => !bucketed(values),
    subject_model: ({ subject }) => named(subject),
    subject_threshold: ({ subject }) => named(subject),
    nothing: ({ subject }) => named(subject),
  },
};

// Widgets that go with another one.
const COMPANIONS = { ratio: ["ratio presets"] };

// Watches the widgets and the inputs of a node from now on.
export function foldWidgets(node) {
  const rules = RULES[node.comfyClass];
  if (!rules) return;
  const update = () => fold(node, rules);
  for (const widget of node.widgets ?? []) watch(widget, update);
  for (const name of ["onConfigure", "onConnectionsChange"]) {
    const before = node[name];
    node[name] = function () {
      const result = before?.apply(this, arguments);
      update();
      return result;
    };
  }
  update();
}

function fold(node, rules) {
  const values = Object.fromEntries(node.widgets.map((widget) => [widget.name, widget.value]));
  const linked = new Set(node.inputs?.filter((input) => input.link != null).map((input) => input.name));
  const least = node.computeSize()[1];
  let changed = false;
  for (const [name, applies] of Object.entries(rules)) {
    const hidden = !linked.has(name) && !applies(values, linked);
    for (const each of [name, ...(COMPANIONS[name] ?? [])]) {
      const widget = node.widgets.find((candidate) => candidate.name === each);
      if (!widget || Boolean(widget.hidden) === hidden) continue;
      widget.hidden = hidden;
      widget.options.hidden = hidden;
      changed = true;
    }
  }
  if (!changed) return;
  node.widgets = [...node.widgets]; // the newer renderer looks at the list, not into it
  const [width, height] = node.size;
  node.setSize([width, Math.max(node.computeSize()[1], height + node.computeSize()[1] - least)]);
  node.graph?.setDirtyCanvas(true, true);
}

// Calls back whenever the widget gets another value.
function watch(widget, update) {
  const before = widget.callback;
  widget.callback = function () {
    const result = before?.apply(this, arguments);
    update();
    return result;
  };
}

function hasLayout({ layout, layouts }, linked) {
  return layout !== "none" || Boolean(layouts?.trim()) || linked.has("layout_mask") || linked.has("layout_boxes");
}

// What is painted says for itself which frame it lies in.
function paintsText({ regions }) {
  return Boolean(regions?.regions?.some?.((each) => each?.kind === "text"));
}

function hasCanvas({ fit }) {
  return fit !== "crop";
}

// Rules and heads that would be cut may ask for canvas too.
function mayHaveCanvas(values, linked) {
  return hasCanvas(values) || values.on_cut === "pad" || linked.has("constraint");
}

function looksFor(_, linked) {
  return linked.has("subjects") || linked.has("focus");
}

function bucketed({ buckets }) {
  return Boolean(buckets?.trim());
}

function named(path) {
  return Boolean(path?.trim());
}
