/**
 * The geometry of dragging: boxes `[x, y, width, height]` in whole pixels of the picture, sizes `[width, height]`.
 * Nothing here knows of a page.
 */

export const LEAST = 8; // pixels of a side, below which nobody means a crop
export const SNAP = 7; // pixels of the screen, within which a box is pulled to a line

/** Width and height whose longer side is `long`; the shorter one is rounded half up, as the search does it. */
export function sizeFor(ratio, long) {
  const [wide, high] = ratio;
  if (wide >= high) return [long, Math.max(1, divide(long * high, wide))];
  return [Math.max(1, divide(long * wide, high)), long];
}

function divide(numerator, denominator) {
  return Math.floor((2 * numerator + denominator) / (2 * denominator));
}

/** Whether a box meets a ratio to within one pixel of its width or its height. */
export function hasRatio(box, ratio) {
  return Math.abs(box[2] * ratio[1] - box[3] * ratio[0]) <= Math.max(...ratio);
}

/** The ratio to lock while a box is dragged: the one asked for, or the box's own where it has another. */
export function lockedRatio(box, ratio) {
  return ratio && hasRatio(box, ratio) ? ratio : [box[2], box[3]];
}

/** `2:3` or `832x1216` as `[2, 3]`; null where it is neither. */
export function parseRatio(text) {
  const found = /^(\d{1,9})[:x](\d{1,9})$/.exec(text ?? "");
  return found && +found[1] > 0 && +found[2] > 0 ? [+found[1], +found[2]] : null;
}

/** The longest side of a box of the ratio in a picture. */
export function longestSide(ratio, size) {
  let long = Math.ceil(Math.min(size[0] / ratio[0], size[1] / ratio[1]) * Math.max(...ratio)) + 1;
  while (long > 1 && !fits(sizeFor(ratio, long), size)) long -= 1;
  return long;
}

function fits(inner, outer) {
  return inner[0] <= outer[0] && inner[1] <= outer[1];
}

/** A box moved by whole pixels, as far as the picture goes. A box that is larger than the picture stays around it. */
export function moveBox(box, dx, dy, size) {
  return [place(box[0] + dx, box[2], size[0]), place(box[1] + dy, box[3], size[1]), box[2], box[3]];
}

function place(start, length, pixels) {
  const free = pixels - length;
  return Math.round(Math.min(Math.max(start, Math.min(0, free)), Math.max(0, free)));
}

/** A box about its centre with another long side, as large as the picture allows and moved inside. */
export function resizeAbout(box, long, ratio, size) {
  const most = longestSide(ratio, size);
  const [width, height] = sizeFor(ratio, clamp(Math.round(long), Math.min(LEAST, most), most));
  return moveBox([box[0] + (box[2] - width) / 2, box[1] + (box[3] - height) / 2, width, height], 0, 0, size);
}

export function scaleBox(box, factor, ratio, size) {
  return resizeAbout(box, Math.max(box[2], box[3]) * factor, ratio, size);
}

/**
 * A box resized by a handle to a point of the picture; its ratio stays, and so does the corner or the middle of the side
 * that lies opposite.
 *
 * @param handle `[across, down]`, each -1, 0 or 1: the corner or side that is dragged; `[1, 1]` is the bottom right.
 * @param point `[x, y]` in the picture, where the handle is dragged to.
 */
export function resizeBox(box, handle, point, ratio, size) {
  const anchor = [0, 1].map((axis) => box[axis] + (box[axis + 2] * (1 - handle[axis])) / 2);
  const wanted = [0, 1].map((axis) => (handle[axis] === 0 ? 0 : (point[axis] - anchor[axis]) * handle[axis]));
  const long = Math.max(...ratio);
  const sides = [0, 1].filter((axis) => handle[axis] !== 0).map((axis) => (wanted[axis] / ratio[axis]) * long);
  const room = [0, 1].map((axis) => {
    const before = anchor[axis];
    const after = size[axis] - anchor[axis];
    return handle[axis] === 0 ? 2 * Math.min(before, after) : handle[axis] > 0 ? after : before;
  });
  const most = longestSide(ratio, room.map((each) => Math.max(1, Math.floor(each))));
  const [width, height] = sizeFor(ratio, clamp(Math.round(Math.max(...sides)), Math.min(LEAST, most), most));
  const lengths = [width, height];
  const start = [0, 1].map((axis) => anchor[axis] - (lengths[axis] * (1 - handle[axis])) / 2);
  return moveBox([start[0], start[1], width, height], 0, 0, size);
}

/**
 * What a moved box may be pulled to along one axis, as `[place in the picture, part of the box]`: its edges to the
 * picture's borders, its middle to the picture's middle and thirds, and its own thirds and middle to what matters.
 */
function snapPairs(pixels, length, points) {
  const middle = [1 / 3, 1 / 2, 2 / 3].map((share) => [share * pixels, length / 2]);
  const inside = points.flatMap((point) => [1 / 3, 1 / 2, 2 / 3].map((share) => [point, share * length]));
  return [[0, 0], [pixels, length], ...middle, ...inside];
}

/**
 * A moved box pulled to a candidate, or to borders, thirds and middles.
 *
 * @param tolerance in pixels of the picture.
 * @param points `[x, y]` in the picture that may come to lie on a third of the box, such as heads.
 * @returns `{ box, lines }`: the box, and the lines that it was pulled to as `[axis, place]`.
 */
export function snapMoved(box, size, candidates, tolerance, points = []) {
  for (const each of candidates) {
    if (box.every((value, index) => Math.abs(value - each[index]) <= tolerance)) return { box: [...each], lines: [] };
  }
  const moved = [...box];
  const lines = [];
  for (const axis of [0, 1]) {
    let best = null;
    for (const [line, part] of snapPairs(size[axis], box[axis + 2], points.map((point) => point[axis]))) {
      const shift = line - (box[axis] + part);
      if (Math.abs(shift) <= tolerance && (!best || Math.abs(shift) < Math.abs(best.shift))) best = { shift, line };
    }
    if (best) {
      moved[axis] = Math.round(box[axis] + best.shift);
      lines.push([axis, best.line]);
    }
  }
  return { box: moveBox(moved, 0, 0, size), lines };
}

/** A resized box taken to a candidate where all its edges are near. */
export function snapResized(box, candidates, tolerance) {
  return candidates.find((each) => box.every((value, index) => Math.abs(value - each[index]) <= tolerance)) ?? box;
}

/** How a picture lies on the screen: `{ scale, x, y }`, so that a point p of it is at `p * scale + (x, y)`. */
export function fitView(size, viewport, margin = 0) {
  const room = viewport.map((each) => Math.max(1, each - 2 * margin));
  const scale = Math.min(room[0] / size[0], room[1] / size[1]);
  return { scale, x: (viewport[0] - size[0] * scale) / 2, y: (viewport[1] - size[1] * scale) / 2 };
}

/** A view enlarged about a point of the screen, between the whole picture and `most` pixels of screen for one of it. */
export function zoomView(view, factor, at, size, viewport, margin = 0, most = 8) {
  const whole = fitView(size, viewport, margin);
  const scale = clamp(view.scale * factor, whole.scale, Math.max(whole.scale, most));
  if (scale <= whole.scale) return whole;
  const by = scale / view.scale;
  return { scale, x: at[0] - (at[0] - view.x) * by, y: at[1] - (at[1] - view.y) * by };
}

export function toPicture(view, point) {
  return [(point[0] - view.x) / view.scale, (point[1] - view.y) / view.scale];
}

/** By how many pixels a key moves a box: a hundredth of the picture, a twentieth with shift, one pixel with alt. */
export function keyStep(size, { shift = false, alt = false } = {}) {
  if (alt) return 1;
  return Math.max(1, Math.round(Math.min(...size) / (shift ? 20 : 100)));
}

export function isSame(one, other) {
  return Boolean(one && other) && one.every((value, index) => value === other[index]);
}

/** Whether a box covers some of a picture, and reaches outside by no more than 32 of its longer sides. */
export function isNear(box, size) {
  const covers = box[0] < size[0] && box[1] < size[1] && box[0] + box[2] > 0 && box[1] + box[3] > 0;
  const far = 32 * Math.max(...size);
  return covers && [0, 1].every((axis) => box[axis] >= -far && box[axis] + box[axis + 2] <= size[axis] + far);
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
