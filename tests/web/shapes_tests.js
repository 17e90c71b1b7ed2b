import {
  KINDS, LAYOUTS, boxBetween, boxOf, growBox, isRegion, moveBox, readLayouts, resizeBox, snapEdges,
} from "../../web/js/painter/shapes.js";
import { chance, equal, ok } from "./assert.js";

const HANDLES = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];

/** Calls a test with many made-up boxes. */
function everywhere(test) {
  const random = chance(11);
  for (let round = 0; round < 2000; round += 1) {
    const box = boxBetween([random() * 1.4 - 0.2, random() * 1.4 - 0.2], [random() * 1.4 - 0.2, random() * 1.4 - 0.2]);
    if (box) test(box, random);
  }
}

function isValid(box) {
  return isRegion({ kind: "text", box });
}

function near(found, wanted) {
  ok(found.every((each, index) => Math.abs(each - wanted[index]) < 1e-3), `${found} is not ${wanted}`);
}

export default {
  "what a stranger's workflow holds is a region or none": () => {
    for (const kind of KINDS) ok(isRegion({ kind, frame: "source", name: "", box: [0, 0, 1, 1] }), kind);
    ok(isRegion({ kind: "text", frame: "crop", pixels: [-5, 0, 10, 10] }));
    const box = [0, 0, 0.5, 1];
    const bad = [
      null, undefined, 7, "text", [], {}, { kind: "text" }, { kind: "blur", box }, { kind: "text", frame: "page", box },
      { kind: "keep", frame: "crop", box }, { kind: "text", name: 7, box }, { kind: "text", box: [0, 0, 1] },
      { kind: "text", box: [0, 0, NaN, 1] }, { kind: "text", box: ["0", 0, 1, 1] }, { kind: "text", box: [0.5, 0, 0.5, 1] },
      { kind: "text", box: [0, 0, 1.2, 1] }, { kind: "text", pixels: [0, 0, 0, 5] }, { kind: "text", box: "0,0,1,1" },
    ];
    for (const each of bad) ok(!isRegion(each), JSON.stringify(each));
  },
  "a region in pixels lies where its picture is known, as far as it lies on it": () => {
    equal(boxOf({ box: [0, 0, 0.5, 1] }, undefined), [0, 0, 0.5, 1]);
    equal(boxOf({ pixels: [30, 0, 60, 100] }, undefined), null);
    equal(boxOf({ pixels: [30, 0, 60, 100] }, [300, 100]), [0.1, 0, 0.3, 1]);
    equal(boxOf({ pixels: [-30, 50, 60, 100] }, [300, 100]), [0, 0.5, 0.1, 1]);
    equal(boxOf({ pixels: [400, 0, 60, 100] }, [300, 100]), null);
  },
  "drawn from any corner to any other, inside, and not where it is hardly there": () => {
    equal(boxBetween([0.1, 0.2], [0.4, 0.6]), [0.1, 0.2, 0.4, 0.6]);
    equal(boxBetween([0.4, 0.2], [-3, 9]), [0, 0.2, 0.4, 1]);
    equal(boxBetween([0.1, 0.2], [0.105, 0.9]), null);
    equal(boxBetween([1.5, 0.2], [3, 0.9]), null);
    everywhere((box) => ok(isValid(box), `${box}`));
  },
  "a moved box keeps its size and stays inside": () => {
    equal(moveBox([0.1, 0.2, 0.4, 0.6], 0.05, -9), [0.15, 0, 0.45, 0.4]);
    everywhere((box, random) => {
      const moved = moveBox(box, random() * 4 - 2, random() * 4 - 2);
      ok(isValid(moved), `${moved}`);
      near([moved[2] - moved[0], moved[3] - moved[1]], [box[2] - box[0], box[3] - box[1]]);
    });
  },
  "a resized box keeps the sides that are not dragged, and stays inside": () => {
    equal(resizeBox([0.1, 0.2, 0.4, 0.6], [1, 0], 0.2, 0.3), [0.1, 0.2, 0.6, 0.6]);
    equal(resizeBox([0.1, 0.2, 0.4, 0.6], [-1, -1], 0.9, -0.9), [0.39, 0, 0.4, 0.6]);
    everywhere((box, random) => {
      for (const handle of HANDLES) {
        const resized = resizeBox(box, handle, random() * 3 - 1.5, random() * 3 - 1.5);
        ok(isValid(resized), `${box} by ${handle}: ${resized}`);
        for (const axis of [0, 1]) {
          if (handle[axis] >= 0) near([resized[axis]], [box[axis]]);
          if (handle[axis] <= 0) near([resized[axis + 2]], [box[axis + 2]]);
        }
      }
    });
  },
  "a box grows about its centre, and never vanishes": () => {
    equal(growBox([0.4, 0.4, 0.6, 0.6], 0.1), [0.3, 0.3, 0.7, 0.7]);
    equal(growBox([0, 0, 1, 1], 0.1), [0, 0, 1, 1]);
    everywhere((box, random) => {
      let grown = box;
      for (let step = 0; step < 60; step += 1) grown = growBox(grown, random() < 0.7 ? -0.05 : 0.02);
      ok(isValid(grown), `${box} to ${grown}`);
    });
  },
  "edges that are moved are pulled to thirds, borders and other regions, others are not": () => {
    const reach = [0.02, 0.02];
    equal(snapEdges([0.01, 0.4, 0.32, 0.6], [0, 2], [], reach).lines, [[0, 0]]);
    near(snapEdges([0.02, 0.4, 0.34, 0.6], [2], [], reach).by, [1 / 3 - 0.34, 0]);
    near(snapEdges([0.1, 0.41, 0.4, 0.57], [0, 1, 2, 3], [[0.6, 0.42, 0.8, 0.9]], reach).by, [0, 0.01]);
    equal(snapEdges([0.01, 0.4, 0.32, 0.6], [1, 3], [], reach), { by: [0, 0], lines: [] });
    equal(snapEdges([0.01, 0.4, 0.32, 0.6], [0, 2], [], [0, 0]), { by: [0, 0], lines: [] });
  },
  "rooms for text that are written are read as the node reads them": () => {
    equal(readLayouts("none;"), []);
    equal(readLayouts("Left half; top-left; 0.7,0.3,0.9,0.6"), [LAYOUTS["left half"], LAYOUTS["top-left"], [0.7, 0.3, 0.9, 0.6]]);
    equal(readLayouts("lower 25%; top left"), [[0, 0.75, 1, 1], LAYOUTS["top-left"]]);
    equal(readLayouts("middle third; 1,2,3; 0,0,2,2; left 0%"), []);
  },
};
