/** What the editor says: to the eye, and to a screen reader. `say(key, values)` knows the words of the user's language. */

const DECIDED = { box: "asCorrected", approve: "asApproved", drop: "asLeftOut" };
const ENDED = { failed: "asFailed", dropped: "asLeftOut" };
const PLACES = [["topLeft", "top", "topRight"], ["left", "middle", "right"], ["bottomLeft", "bottom", "bottomRight"]];

/**
 * `say` for words by their keys: `{name}` in them is filled in from the values; where `count` is one, the words of the
 * key with `One` behind it are said, if there are any.
 */
export function sayFrom(words) {
  return (key, values = {}) => {
    const one = `${key}One`;
    const text = words[values.count === 1 && one in words ? one : key] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  };
}

/** One line about an item: what it is, what was decided, and what to look at. */
export function describeItem(say, item, index, count) {
  const parts = [say("itemOf", { number: index + 1, count, name: item.name })];
  if (item.correction) parts.push(describeDecision(say, item.correction));
  else if (item.status !== "ok") parts.push(describeEnd(say, item));
  if (item.bucket) parts.push(say("inBucket", { width: item.bucket[0], height: item.bucket[1] }));
  else if (item.ratio) parts.push(say("ofRatio", { ratio: item.ratio }));
  if (item.confidence != null && !item.correction) parts.push(describeConfidence(say, item));
  parts.push(...(item.warnings ?? []).map((each) => each.words));
  return parts.join(", ");
}

export function describeDecision(say, correction) {
  return say(DECIDED[correction?.decision] ?? "asFound");
}

export function describeConfidence(say, { confidence }) {
  return say("sure", { share: percent(confidence) });
}

/** Why an item has no crop. */
export function describeEnd(say, { status, reason }) {
  return `${ENDED[status] ? say(ENDED[status]) : status}: ${reason || say("noReason")}`;
}

/** Where a box lies and how large it is, in words and shares that need no picture. */
export function describeBox(say, box, size) {
  const third = (axis) => {
    const middle = (box[axis] + box[axis + 2] / 2) / size[axis];
    return middle < 0.4 ? 0 : middle > 0.6 ? 2 : 1;
  };
  const place = say(PLACES[third(1)][third(0)]);
  return say("boxAt", { width: box[2], height: box[3], place, share: percent((box[2] * box[3]) / (size[0] * size[1])) });
}

function percent(share) {
  return Math.round(100 * share);
}

/** The keys of the editor, and what they do. */
export function listKeys(say) {
  return [
    [say("TabKey"), say("pictureDoes")],
    [say("arrowsKey"), say("moveDoes")],
    [say("plusMinusKey"), say("plusMinusDoes")],
    [`A, ${say("EnterKey")}`, say("approveDoes")],
    ["X", say("leaveOutDoes")],
    ["R", say("resetDoes")],
    ["1, 2, 3", say("candidateDoes")],
    [say("undoKey"), say("undoDoes")],
    ["H, S", say("showDoes")],
    ["Z", say("zoomDoes")],
    [say("EscapeKey"), say("leaveDoes")],
  ];
}
