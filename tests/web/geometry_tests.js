import {
  fitView, hasRatio, isNear, keyStep, lockedRatio, longestSide, moveBox, parseRatio, resizeBox, scaleBox, sizeFor, snapMoved,
  snapResized, toPicture, zoomView,
} from "../../web/js/editor/geometry.js";
import { chance, equal, ok } from "./assert.js";

const HANDLES = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];
const SIZE = [1000, 800];

/** Calls a test with many made-up pictures, ratios and boxes inside. */
function everywhere(test) {
  const random = chance(7);
  const whole = (most) => 1 + Math.floor(random() * most);
  for (let round = 0; round < 2000; round += 1) {
    const size = [20 + whole(3000), 20 + whole(3000)];
    const ratio = [whole(21), whole(21)];
    const long = whole(longestSide(ratio, size));
    const [width, height] = sizeFor(ratio, long);
    const box = moveBox([whole(size[0]), whole(size[1]), width, height], 0, 0, size);
    test({ size, ratio, box, random });
  }
}

function isInside([x, y, width, height], size) {
  return x >= 0 && y >= 0 && x + width <= size[0] && y + height <= size[1] && [x, y, width, height].every(Number.isInteger);
}

export default {
  "sides are rounded as the search rounds them": () => {
    equal(sizeFor([2, 3], 512), [341, 512]);
    equal(sizeFor([3, 2], 1023), [1023, 682]);
    equal(sizeFor([1, 1], 7), [7, 7]);
    equal(sizeFor([1, 1000], 10), [1, 10]);
  },
  "the largest box of a ratio fits, and one larger does not, or is over a pixel longer than exact": () =>
    everywhere(({ size, ratio }) => {
      const long = longestSide(ratio, size);
      const [width, height] = sizeFor(ratio, long);
      ok(long === 1 || (width <= size[0] && height <= size[1]), `${ratio} in ${size}: ${width} ${height}`);
      const [wider, higher] = sizeFor(ratio, long + 1);
      const exact = Math.min(size[0] / ratio[0], size[1] / ratio[1]) * Math.max(...ratio);
      ok(wider > size[0] || higher > size[1] || long + 1 > exact + 1, `${ratio} in ${size} may be larger than ${long}`);
    }),
  "a moved box keeps its size and stays in the picture": () => {
    equal(moveBox([10, 10, 200, 300], -50, 5, SIZE), [0, 15, 200, 300]);
    equal(moveBox([700, 400, 200, 300], 900, 900, SIZE), [800, 500, 200, 300]);
    everywhere(({ size, box, random }) => {
      const moved = moveBox(box, (random() - 0.5) * 9000, (random() - 0.5) * 9000, size);
      ok(isInside(moved, size), `${box} in ${size} to ${moved}`);
      equal(moved.slice(2), box.slice(2));
    });
  },
  "a padded box that is larger than its picture stays around it": () => {
    equal(moveBox([-100, 0, 1200, 800], 50, 0, SIZE), [-50, 0, 1200, 800]);
    equal(moveBox([-100, 0, 1200, 800], 500, 0, SIZE), [0, 0, 1200, 800]);
    equal(moveBox([-100, 0, 1200, 800], -500, 0, SIZE), [-200, 0, 1200, 800]);
  },
  "a resized box keeps its ratio, stays in the picture, and its opposite corner stays": () =>
    everywhere(({ size, ratio, box, random }) => {
      for (const handle of HANDLES) {
        const point = [random() * size[0] * 1.5 - 100, random() * size[1] * 1.5 - 100];
        const resized = resizeBox(box, handle, point, ratio, size);
        ok(isInside(resized, size), `${box} by ${handle} to ${point} in ${size}: ${resized}`);
        ok(hasRatio(resized, ratio) || Math.min(...resized.slice(2)) === 1, `${resized} is not ${ratio}`);
        for (const axis of [0, 1]) {
          if (handle[axis] > 0) ok(Math.abs(resized[axis] - box[axis]) <= 1, `${box} by ${handle}: ${resized}`);
          const end = (each) => each[axis] + each[axis + 2];
          if (handle[axis] < 0) ok(Math.abs(end(resized) - end(box)) <= 1, `${box} by ${handle}: ${resized}`);
        }
      }
    }),
  "a corner follows the pointer": () => {
    equal(resizeBox([100, 100, 200, 300], [1, 1], [400, 550], [2, 3], SIZE), [100, 100, 300, 450]);
    equal(resizeBox([100, 100, 200, 300], [-1, -1], [200, 250], [2, 3], SIZE), [200, 250, 100, 150]);
    equal(resizeBox([100, 100, 200, 300], [1, 0], [320, 0], [2, 3], SIZE), [100, 85, 220, 330]);
  },
  "a box that is dragged shut keeps some pixels": () => {
    const [, , width, height] = resizeBox([100, 100, 200, 300], [1, 1], [-900, -900], [2, 3], SIZE);
    ok(Math.max(width, height) >= 8, `${width} ${height}`);
  },
  "scaled about its centre, as far as there is room": () => {
    equal(scaleBox([400, 300, 200, 200], 1.5, [1, 1], SIZE), [350, 250, 300, 300]);
    equal(scaleBox([400, 300, 200, 200], 99, [1, 1], SIZE), [100, 0, 800, 800]);
    everywhere(({ size, ratio, box, random }) => ok(isInside(scaleBox(box, random() * 3, ratio, size), size), `${box}`));
  },
  "a box near a candidate becomes it": () => {
    const candidates = [[100, 50, 300, 450]];
    equal(snapMoved([104, 46, 300, 450], SIZE, candidates, 6), { box: [100, 50, 300, 450], lines: [] });
    equal(snapResized([104, 46, 296, 446], candidates, 6), [100, 50, 300, 450]);
    equal(snapResized([110, 46, 296, 446], candidates, 6), [110, 46, 296, 446]);
  },
  "a moved box is pulled to borders, thirds and middle, one line an axis": () => {
    equal(snapMoved([3, 200, 300, 300], SIZE, [], 5), { box: [0, 200, 300, 300], lines: [[0, 0]] });
    equal(snapMoved([352, 130, 300, 300], SIZE, [], 5), { box: [350, 130, 300, 300], lines: [[0, 500]] });
    equal(snapMoved([330, 496, 300, 300], SIZE, [], 5), { box: [330, 500, 300, 300], lines: [[1, 800]] });
    equal(snapMoved([182, 130, 300, 300], SIZE, [], 5), { box: [183, 130, 300, 300], lines: [[0, 1000 / 3]] });
    equal(snapMoved([200, 120, 100, 100], SIZE, [], 0), { box: [200, 120, 100, 100], lines: [] });
  },
  "a head comes to lie on a third of the box": () => {
    equal(snapMoved([197, 130, 300, 300], SIZE, [], 5, [[300, 640]]), { box: [200, 130, 300, 300], lines: [[0, 300]] });
  },
  "zoom keeps the point under the pointer, and never shows less than the whole picture": () => {
    const view = fitView(SIZE, [500, 500]);
    equal(view, { scale: 0.5, x: 0, y: 50 });
    const before = toPicture(view, [200, 200]);
    const after = toPicture(zoomView(view, 3, [200, 200], SIZE, [500, 500]), [200, 200]);
    ok(before.every((each, axis) => Math.abs(each - after[axis]) < 1e-9), `${before} ${after}`);
    equal(zoomView(view, 0.1, [0, 0], SIZE, [500, 500]), view);
  },
  "ratios are read as the manifest writes them, and the box's own is kept where it has another": () => {
    equal(parseRatio("2:3"), [2, 3]);
    equal(parseRatio("832x1216"), [832, 1216]);
    equal([parseRatio(""), parseRatio("a:b"), parseRatio(null), parseRatio("0:3"), parseRatio("1:1:1")], [null, null, null, null, null]);
    equal(lockedRatio([0, 0, 341, 512], [2, 3]), [2, 3]);
    equal(lockedRatio([0, 0, 400, 512], [2, 3]), [400, 512]);
  },
  "keys step by shares of the picture, or by one pixel": () => {
    equal([keyStep(SIZE), keyStep(SIZE, { shift: true }), keyStep(SIZE, { alt: true }), keyStep([9, 9])], [8, 40, 1, 1]);
  },
  "a box of another picture is told": () => {
    equal([[0, 0, 10, 10], [-500, 0, 1000, 10], [1000, 0, 10, 10], [-32001, 0, 32500, 10]].map((each) => isNear(each, SIZE)),
      [true, true, false, false]);
  },
};
