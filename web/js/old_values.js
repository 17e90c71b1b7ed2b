// Workflows that were saved when Crop Rules had the host's own editor of a box, for its input `region`. That widget
// added four number widgets to the node, for the classic canvas. They are not sent, but were saved, so that all values
// after them lay four places too far for whoever reads values by their place.

const NUMBERS = 4; // x, y, width and height once more

// Lets the node read them: the box becomes a painted region where it was in use.
export function readOldValues(node) {
  if (node.comfyClass !== "SalientCrop_Constraint") return;
  const { configure } = node;
  node.configure = function (info) {
    info.widgets_values = migrate(this, info);
    return configure.apply(this, arguments);
  };
}

function migrate(node, { widgets_values: values, inputs }) {
  const place = Array.isArray(values) ? values.findIndex(isBox) : -1;
  if (place < 0) return values;
  const after = values.slice(place + 1);
  const extra = after.slice(0, NUMBERS).every((each) => typeof each === "number") ? NUMBERS : 0;
  const migrated = [...values.slice(0, place), ...after.slice(extra)];
  const at = (name) => saved(node).findIndex((widget) => widget.name === name);
  const linked = inputs?.some((input) => input.name === "region" && input.link != null);
  if (migrated[at("layout")] !== "drawn region" || linked) return migrated;
  for (let empty = migrated.length; empty < at("regions"); empty += 1) migrated[empty] = saved(node)[empty].value;
  const { x, y, width, height } = values[place];
  const pixels = [x, y, width, height].map(Math.round);
  migrated[at("regions")] = { regions: [{ kind: "text", frame: migrated[at("layout_frame")], name: "", pixels }] };
  migrated[at("layout")] = "none";
  return migrated;
}

function saved(node) {
  return (node.widgets ?? []).filter((widget) => widget.serialize !== false);
}

function isBox(value) {
  return ["x", "y", "width", "height"].every((key) => typeof value?.[key] === "number");
}
