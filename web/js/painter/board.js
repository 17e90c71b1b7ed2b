/** A frame with its regions, large: they are drawn, moved and resized by pointers and keys. */

import { fitView } from "../editor/geometry.js";
import { areaOf, boxBetween, growBox, isSameBox, moveBox, resizeBox, snapEdges } from "./shapes.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 18; // pixels of the screen around the frame
const HANDLES = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];
const CURSORS = ["nwse-resize", "ns-resize", "nesw-resize", "ew-resize"];
const REACH = 11; // pixels around a handle that take hold of it; fingers are not thinner
const NEAR = 7; // pixels within which an edge is pulled to a line
const STEP = 0.01; // of the frame, by which keys move
const FAR = 0.05; // with shift

export class Board {
  /**
   * @param element becomes the board.
   * @param options `changed(index, box)`: a region was moved or resized and let go; `drawn(box)`: a new one;
   *   `selected(index)`: one was chosen, null for none; `pressed(event)`: a key that the board does not know.
   */
  constructor(element, options) {
    this.element = element;
    this.options = options;
    this.shapes = []; // `{ index, kind, label, box }`
    this.chosen = null;
    this.ratio = [3, 2];
    this.others = [];
    this.drag = null;
    this.lines = [];
    element.classList.add("board");
    element.tabIndex = 0;
    element.setAttribute("role", "application");
    this.frame = element.appendChild(document.createElement("div"));
    this.frame.className = "paper";
    this.picture = this.frame.appendChild(document.createElement("img"));
    this.picture.alt = "";
    this.picture.draggable = false;
    this.svg = element.appendChild(document.createElementNS(SVG, "svg"));
    this.svg.setAttribute("aria-hidden", "true");
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      element.addEventListener(name, (event) => this[name](event));
    }
    element.addEventListener("dragstart", (event) => event.preventDefault()); // of text of the page that is selected
    element.addEventListener("keydown", (event) => this.keydown(event));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(element);
  }

  destroy() {
    this.observer.disconnect();
  }

  /**
   * @param ratio `[width, height]` of the frame.
   * @param picture null for an empty frame, else `{ url, part }`: `part` is what of the picture fills the frame, as
   *   `[left, top, right, bottom]` of it.
   * @param others boxes that are shown, but cannot be changed here.
   */
  setFrame(ratio, picture, others) {
    this.ratio = ratio;
    this.others = others;
    this.part = picture?.part;
    this.picture.hidden = !picture;
    if (picture && this.picture.getAttribute("src") !== picture.url) this.picture.src = picture.url;
    this.draw();
  }

  /** The regions, and the index of the chosen one or null. */
  setShapes(shapes, chosen) {
    this.shapes = shapes;
    this.chosen = chosen;
    this.drag = null;
    this.lines = [];
    this.draw();
  }

  get chosenShape() {
    return this.shapes.find((each) => each.index === this.chosen);
  }

  // Drawing

  draw() {
    const viewport = [this.element.clientWidth || 1, this.element.clientHeight || 1];
    const { scale, x, y } = fitView(this.ratio, viewport, MARGIN);
    this.view = { x, y, width: this.ratio[0] * scale, height: this.ratio[1] * scale };
    Object.assign(this.frame.style, {
      left: `${x}px`, top: `${y}px`, width: `${this.view.width}px`, height: `${this.view.height}px`,
    });
    if (this.part) {
      const [left, top, right, bottom] = this.part;
      Object.assign(this.picture.style, {
        width: `${100 / (right - left)}%`,
        height: `${100 / (bottom - top)}%`,
        left: `${(-100 * left) / (right - left)}%`,
        top: `${(-100 * top) / (bottom - top)}%`,
      });
    }
    const drawn = this.shapes.map((each) => (this.drag?.index === each.index ? { ...each, box: this.drag.box } : each));
    if (this.drag?.index === null && this.drag.box) drawn.push({ index: null, kind: this.options.kind(), label: "", box: this.drag.box });
    // Small ones above those that they lie in, so that a pointer reaches them.
    drawn.sort((one, other) => areaOf(other.box) - areaOf(one.box));
    const chosen = drawn.find((each) => each.index === this.chosen && each.index !== null);
    this.svg.replaceChildren(
      ...this.drawThirds(),
      ...this.others.map((each) => this.drawOther(each)),
      ...drawn.flatMap((each) => this.drawShape(each, each === chosen)),
      ...this.lines.map((each) => this.drawLine("snap", each)),
      ...(chosen ? this.drawHandles(chosen.box) : []),
    );
  }

  drawThirds() {
    return [0, 1].flatMap((axis) => [1 / 3, 2 / 3].map((place) => this.drawLine("thirds", [axis, place])));
  }

  drawShape({ index, kind, label, box }, chosen) {
    const [x, y, width, height] = this.onScreen(box);
    const shape = make("rect", { class: `shape ${kind}${chosen ? " chosen" : ""}`, x, y, width, height });
    if (index !== null) shape.dataset.index = index;
    const name = make("text", { class: "label", x: x + 7, y: y + 18 });
    name.textContent = fitText(label, width - 14);
    return [shape, name];
  }

  drawOther(box) {
    const [x, y, width, height] = this.onScreen(box);
    return make("rect", { class: "other", x, y, width, height });
  }

  drawHandles(box) {
    const [x, y, width, height] = this.onScreen(box);
    return HANDLES.flatMap((handle, index) => {
      const at = [x + (width * (handle[0] + 1)) / 2, y + (height * (handle[1] + 1)) / 2];
      const corner = handle[0] && handle[1];
      if (!corner && (handle[0] ? height : width) < 60) return [];
      const half = corner ? 5 : 4;
      const grip = make("rect", { class: "grip", x: at[0] - REACH, y: at[1] - REACH, width: 2 * REACH, height: 2 * REACH });
      grip.dataset.handle = index;
      grip.style.cursor = CURSORS[index % 4];
      return [make("rect", { class: "handle", x: at[0] - half, y: at[1] - half, width: 2 * half, height: 2 * half, rx: 2 }), grip];
    });
  }

  drawLine(name, [axis, place]) {
    const { x, y, width, height } = this.view;
    const at = axis ? y + place * height : x + place * width;
    const ends = axis ? { x1: x, y1: at, x2: x + width, y2: at } : { x1: at, y1: y, x2: at, y2: y + height };
    return make("line", { class: name, ...ends });
  }

  onScreen([left, top, right, bottom]) {
    const { x, y, width, height } = this.view;
    return [x + left * width, y + top * height, (right - left) * width, (bottom - top) * height];
  }

  /** A point of the screen as shares of the frame. */
  point(event) {
    const bounds = this.element.getBoundingClientRect();
    const scale = bounds.width / (this.element.offsetWidth || 1) || 1;
    const at = [(event.clientX - bounds.left) / scale, (event.clientY - bounds.top) / scale];
    return [(at[0] - this.view.x) / this.view.width, (at[1] - this.view.y) / this.view.height];
  }

  // Pointers: mouse, touch and pen

  pointerdown(event) {
    if (event.button !== 0 || this.drag) return;
    event.stopPropagation();
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    const { handle, index } = event.target.dataset ?? {};
    const isNew = event.shiftKey || (handle === undefined && index === undefined);
    const which = isNew ? null : handle === undefined ? Number(index) : this.chosen;
    const at = this.point(event);
    this.drag = {
      id: event.pointerId,
      at,
      index: which,
      handle: isNew || handle === undefined ? null : HANDLES[handle],
      from: isNew ? null : this.shapes.find((each) => each.index === which).box,
      box: isNew ? null : this.shapes.find((each) => each.index === which).box,
    };
    if (!isNew && which !== this.chosen) {
      const { drag } = this;
      this.options.selected(which); // draws anew
      this.drag = drag;
    }
  }

  pointermove(event) {
    const { drag } = this;
    if (drag?.id !== event.pointerId) return;
    event.stopPropagation();
    const at = this.point(event);
    const by = [at[0] - drag.at[0], at[1] - drag.at[1]];
    if (!drag.moved && Math.hypot(by[0] * this.view.width, by[1] * this.view.height) < 3) return;
    drag.moved = true;
    this.dragTo(at, by, event.altKey);
    this.draw();
  }

  dragTo(at, by, free) {
    const { drag } = this;
    const apply = (more) => {
      if (!drag.from) return boxBetween(drag.at, [at[0] + more[0], at[1] + more[1]]);
      if (drag.handle) return resizeBox(drag.from, drag.handle, by[0] + more[0], by[1] + more[1]);
      return moveBox(drag.from, by[0] + more[0], by[1] + more[1]);
    };
    drag.box = apply([0, 0]);
    this.lines = [];
    if (free || !drag.box) return;
    const others = [...this.others, ...this.shapes.filter((each) => each.index !== drag.index).map((each) => each.box)];
    const { by: more, lines } = snapEdges(drag.box, this.movedEdges(at), others, [NEAR / this.view.width, NEAR / this.view.height]);
    drag.box = apply(more) ?? drag.box;
    this.lines = lines;
  }

  /** The edges that follow the pointer, as indices of the box. */
  movedEdges(at) {
    const { from, handle } = this.drag;
    if (!from) return [0, 1].map((axis) => (at[axis] < this.drag.at[axis] ? axis : axis + 2));
    if (!handle) return [0, 1, 2, 3];
    return [0, 1].filter((axis) => handle[axis]).map((axis) => (handle[axis] < 0 ? axis : axis + 2));
  }

  pointerup(event) {
    const { drag } = this;
    if (drag?.id !== event.pointerId) return;
    event.stopPropagation();
    this.cancel();
    if (!drag.from && drag.box) this.options.drawn(drag.box);
    else if (!drag.from && !drag.moved) this.options.selected(null);
    else if (drag.from && !isSameBox(drag.box, drag.from)) this.options.changed(drag.index, drag.box);
  }

  pointercancel() {
    this.cancel();
  }

  cancel() {
    this.drag = null;
    this.lines = [];
    this.draw();
  }

  // Keys

  keydown(event) {
    if (this.drag && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.cancel();
      return;
    }
    const box = this.keyBox(event);
    if (!box) {
      this.options.pressed(event);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (!isSameBox(box, this.chosenShape.box)) this.options.changed(this.chosen, box);
  }

  /** Where a key takes the chosen region; null where it is none for that. */
  keyBox(event) {
    const shape = this.chosenShape;
    if (!shape || event.ctrlKey || event.metaKey) return null;
    const step = event.shiftKey ? FAR : STEP;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way && event.altKey) return resizeBox(shape.box, [1, 1], way[0] * step, way[1] * step);
    if (way) return moveBox(shape.box, way[0] * step, way[1] * step);
    const growth = { "+": 1, "=": 1, "-": -1, _: -1 }[event.key];
    return growth ? growBox(shape.box, growth * STEP) : null;
  }
}

function fitText(text, width) {
  const most = Math.floor(width / 7.5);
  return text.length <= most ? text : most < 3 ? "" : `${text.slice(0, most - 1)}…`;
}

function make(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
