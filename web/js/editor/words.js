/** What the editor says: to the eye, and to a screen reader. */

export const DECISIONS = { box: "corrected", approve: "approved", drop: "left out" };

/** One line about an item: what it is, what was decided, and what to look at. */
export function describeItem(item, index, count) {
  const parts = [`${index + 1} of ${count}: ${item.name}`];
  if (item.correction) parts.push(DECISIONS[item.correction.decision]);
  else if (item.status !== "ok") parts.push(`${item.status}: ${item.reason ?? "no reason is told"}`);
  if (item.ratio) parts.push(item.bucket ? `bucket ${item.bucket[0]} by ${item.bucket[1]}` : `ratio ${item.ratio}`);
  if (item.confidence != null && !item.correction) parts.push(`${percent(item.confidence)} sure`);
  parts.push(...(item.warnings ?? []).map((each) => each.words));
  return parts.join(", ");
}

/** Where a box lies and how large it is, in words and shares that need no picture. */
export function describeBox(box, size) {
  const across = thirds((box[0] + box[2] / 2) / size[0], "left", "right");
  const down = thirds((box[1] + box[3] / 2) / size[1], "top", "bottom");
  const where = [down, across].filter(Boolean).join(" ") || "middle";
  const share = percent((box[2] * box[3]) / (size[0] * size[1]));
  return `${box[2]} by ${box[3]} pixels at the ${where}, ${share} of the picture`;
}

function thirds(value, low, high) {
  return value < 0.4 ? low : value > 0.6 ? high : "";
}

export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

export const KEYS = [
  ["Tab, Shift Tab", "next, previous picture"],
  ["arrows", "move the crop (Shift: far, Alt: one pixel)"],
  ["+ and −", "larger, smaller"],
  ["A or Enter", "approve"],
  ["X", "leave the picture out, or take it in again"],
  ["R", "back to what the search found"],
  ["1, 2, 3", "take another candidate"],
  ["Ctrl Z, Ctrl Shift Z", "undo, redo"],
  ["H, S", "heat, subjects"],
  ["Z", "zoom in and out; the wheel too"],
  ["Escape", "leave the picture with the keyboard"],
];
