/**
 * The regions that are painted, and the geometry of painting them: boxes `[left, top, right, bottom]` as shares of their
 * frame, 0..1. Nothing here knows of a page.
 *
 * A region is `{ kind, frame, name, box }`: `kind` one of `KINDS`, `frame` one of `FRAMES`. In place of `box` it may
 * have `pixels`, x, y, width and height on the picture.
 */

import { clamp } from "../editor/geometry.js";

export const KINDS = ["text", "keep", "avoid"];
export const FRAMES = ["source", "crop"];
export const MOST = 100; // regions of a node
export const LEAST = 0.01; // of a frame's side, below which nobody means a region
export const LONGEST_NAME = 100;

const DIGITS = 1e4; // a tenth of a pixel of a thousand
const LINES = [0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1];
const SIZES = { third: 1 / 3, half: 1 / 2, quarter: 1 / 4 };

/** Rooms for text by their names, as `layout` of the node has them. */
export const LAYOUTS = {
  ...Object.fromEntries(
    Object.entries(SIZES).flatMap(([size, share]) => [
      [`left ${size}`, [0, 0, share, 1]],
      [`right ${size}`, [1 - share, 0, 1, 1]],
      [`top ${size}`, [0, 0, 1, share]],
      [`bottom ${size}`, [0, 1 - share, 1, 1]],
    ]),
  ),
  "top-left": [0, 0, 0.5, 0.5],
  "top-right": [0.5, 0, 1, 0.5],
  "bottom-right": [0.5, 0.5, 1, 1],
  "bottom-left": [0, 0.5, 0.5, 1],
  left: [0, 0.2, 0.1, 0.8],
  top: [0.2, 0, 0.8, 0.1],
  right: [0.9, 0.2, 1, 0.8],
  bottom: [0.2, 0.9, 0.8, 1],
};

/** The boxes of rooms for text that are written as the node's inputs take them: by name or as four numbers, with semicolons
 * between. What is none of these is passed over. */
export function readLayouts(text) {
  return text.split(";").map(readLayout).filter(Boolean);
}

function readLayout(words) {
  const numbers = words.split(",").map(Number);
  if (numbers.length === 4 && isRegion({ kind: "text", box: numbers })) return numbers;
  const name = words.trim().toLowerCase();
  const found = LAYOUTS[name] ?? LAYOUTS[name.replace(" ", "-")];
  if (found) return found;
  const sized = /^(left|right|top|bottom|upper|lower) (\d{1,2}(?:\.\d{1,6})?)%$/.exec(name);
  const share = sized && Number(sized[2]) / 100;
  if (!share) return null;
  const near = { left: [0, 0, share, 1], right: [1 - share, 0, 1, 1], top: [0, 0, 1, share], bottom: [0, 1 - share, 1, 1] };
  return near[{ upper: "top", lower: "bottom" }[sized[1]] ?? sized[1]];
}

/** Whether a value of a workflow, which may come from anybody, is a region. */
export function isRegion(value) {
  const { kind, frame = "source", name = "", box, pixels } = value ?? {};
  if (!KINDS.includes(kind) || !FRAMES.includes(frame) || typeof name !== "string") return false;
  if (kind !== "text" && frame !== "source") return false;
  const edges = pixels ?? box;
  if (!Array.isArray(edges) || edges.length !== 4 || !edges.every(Number.isFinite)) return false;
  const [left, top, right, bottom] = edges;
  if (pixels) return right >= 1 && bottom >= 1;
  return left >= 0 && top >= 0 && right <= 1 && bottom <= 1 && left < right && top < bottom;
}

/** The box of a region; null where it is in pixels, and the `[width, height]` of the picture is not known, or elsewhere. */
export function boxOf({ box, pixels }, size) {
  if (box) return box;
  if (!size) return null;
  const [x, y, width, height] = pixels;
  const edges = [x / size[0], y / size[1], (x + width) / size[0], (y + height) / size[1]].map((each) => clamp(each, 0, 1));
  return edges[0] < edges[2] && edges[1] < edges[3] ? edges : null;
}

/** A box moved, as far as the frame goes. */
export function moveBox(box, dx, dy) {
  const by = [clamp(dx, -box[0], 1 - box[2]), clamp(dy, -box[1], 1 - box[3])];
  return tidy(box.map((edge, index) => edge + by[index % 2]));
}

/** A box whose handle, `[across, down]` of -1, 0 or 1, is dragged by so much. */
export function resizeBox(box, handle, dx, dy) {
  const resized = [...box];
  [dx, dy].forEach((by, axis) => {
    if (handle[axis] < 0) resized[axis] = clamp(box[axis] + by, 0, box[axis + 2] - LEAST);
    if (handle[axis] > 0) resized[axis + 2] = clamp(box[axis + 2] + by, box[axis] + LEAST, 1);
  });
  return tidy(resized);
}

/** A box grown, or shrunk, about its centre by so much on every side. */
export function growBox(box, by) {
  const grown = [...box];
  for (const axis of [0, 1]) {
    const middle = (box[axis] + box[axis + 2]) / 2;
    const half = Math.max(LEAST / 2, (box[axis + 2] - box[axis]) / 2 + by);
    grown[axis] = clamp(middle - half, 0, 1);
    grown[axis + 2] = clamp(middle + half, 0, 1);
  }
  return tidy(grown);
}

/** The box between two points that may lie outside the frame; null where it is too small to be meant. */
export function boxBetween(one, other) {
  const [a, b] = [one, other].map((point) => point.map((each) => clamp(each, 0, 1)));
  const box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
  return box[2] - box[0] < LEAST || box[3] - box[1] < LEAST ? null : tidy(box);
}

/**
 * By how much edges that are moved have to go on to lie on a line of the frame, or on an edge of another region.
 *
 * @param edges of the box that are moved, as indices 0 to 3.
 * @param others boxes.
 * @param reach `[across, down]`: how far is near.
 * @returns `[dx, dy]`, zeros where nothing is near, and the lines as `[axis, place]`.
 */
export function snapEdges(box, edges, others, reach) {
  const by = [0, 0];
  const lines = [];
  for (const axis of [0, 1]) {
    const places = [...LINES, ...others.flatMap((each) => [each[axis], each[axis + 2]])];
    let best = null;
    for (const edge of edges.filter((each) => each % 2 === axis)) {
      for (const place of places) {
        const shift = place - box[edge];
        if (Math.abs(shift) <= reach[axis] && (!best || Math.abs(shift) < Math.abs(best.shift))) best = { shift, place };
      }
    }
    if (!best) continue;
    by[axis] = best.shift;
    lines.push([axis, best.place]);
  }
  return { by, lines };
}

export function isSameBox(one, other) {
  return one.every((edge, index) => edge === other[index]);
}

export function areaOf([left, top, right, bottom]) {
  return (right - left) * (bottom - top);
}

function tidy(box) {
  return box.map((edge) => Math.round(edge * DIGITS) / DIGITS);
}
