import { EVERYTHING, assurance, countKinds, isUnsaved, listValues, select } from "../../review/page/filters.js";
import { equal } from "./assert.js";

const BOX = [0, 0, 10, 10];
const item = (name, more = {}) => ({ name, status: "ok", box: BOX, ratio: "1:1", bucket: null, confidence: 0.9, warnings: [], correction: null, saved: null, ...more });
const ITEMS = [
  item("sure"),
  item("unsure", { confidence: 0.1 }),
  item("cut", { warnings: [{ code: "head-cut", words: "a head is cut" }], ratio: "2:3" }),
  item("drawn", { correction: { decision: "box", box: BOX }, confidence: 0 }),
  item("approved", { correction: { decision: "approve", box: BOX }, saved: { decision: "approve", box: BOX } }),
  item("out", { status: "dropped", correction: { decision: "drop", box: BOX }, warnings: [{ code: "x", words: "y" }] }),
  { name: "broken", status: "failed", reason: "no picture" },
  { name: "cut everywhere", status: "dropped", reason: "a head" },
  item("bucket", { bucket: [832, 1216], ratio: "13:19", confidence: null }),
];
const names = (filter) => select(ITEMS, { ...EVERYTHING, sort: "listed", ...filter }).map((index) => ITEMS[index].name);

export default {
  "each kind shows its own": () => {
    equal(names({ kind: "all" }).length, ITEMS.length);
    equal(names({ kind: "doubtful" }), ["unsure", "cut"]);
    equal(names({ kind: "warned" }), ["cut"]);
    equal(names({ kind: "open" }), ["sure", "unsure", "cut", "bucket"]);
    equal(names({ kind: "corrected" }), ["drawn"]);
    equal(names({ kind: "approved" }), ["approved"]);
    equal(names({ kind: "dropped" }), ["out", "cut everywhere"]);
    equal(names({ kind: "failed" }), ["broken"]);
  },
  "ratio, bucket and name narrow it": () => {
    equal(names({ ratio: "2:3" }), ["cut"]);
    equal(names({ bucket: "832x1216" }), ["bucket"]);
    equal(names({ words: " CUT " }), ["cut", "cut everywhere"]);
    equal(names({ words: "nobody" }), []);
  },
  "doubtful first: cut heads, then by confidence, what somebody has seen last": () => {
    const order = names({ sort: "doubtful" });
    equal(order.slice(0, 3), ["cut", "unsure", "sure"]);
    equal(order.slice(-2), ["broken", "cut everywhere"]);
    equal(assurance(ITEMS[2]) < 0, true);
  },
  "counts follow": () => {
    const counts = countKinds(ITEMS);
    equal([counts.all, counts.doubtful, counts.dropped, counts.failed, counts.unsaved], [9, 2, 2, 1, 2]);
    equal(countKinds([]).all, 0);
  },
  "a decision is unsaved until the manifest says the same": () => {
    equal(isUnsaved(ITEMS[4]), false);
    equal(isUnsaved({ ...ITEMS[4], correction: { decision: "approve", box: [1, 0, 10, 10] } }), true);
    equal(isUnsaved({ ...ITEMS[4], correction: null }), true);
    equal(isUnsaved({ name: "broken" }), false);
  },
  "values are listed by how many have them": () => {
    equal(listValues(ITEMS, (each) => each.ratio)[0], ["1:1", 5]);
  },
};
