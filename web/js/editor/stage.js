/** The chosen picture, large: with its heat, subjects, regions and candidates, and the box that a person drags. */

import {
  SNAP, clamp, fitView, isSame, keyStep, lockedRatio, moveBox, parseRatio, resizeBox, scaleBox, snapMoved, snapResized,
  toPicture, zoomView,
} from "./geometry.js";
import { describeBox, describeEnd } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 18; // pixels of the screen around the whole picture
const HANDLES = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];
const CURSORS = ["nwse-resize", "ns-resize", "nesw-resize", "ew-resize"];
const REACH = 11; // pixels of the screen around a handle that take hold of it; fingers are not thinner
const CLASSES = { box: "corrected", approve: "approved", drop: "left-out" };

export class Stage {
  /**
   * @param element becomes the stage.
   * @param options `say(key, values)`: words; `changed(box)`: the box was dragged and let go; `pressed(event)`: a key that the stage does not know.
   */
  constructor(element, options) {
    this.element = element;
    this.options = options;
    this.pointers = new Map();
    this.show = { heat: false, subjects: true, others: true };
    element.classList.add("stage");
    element.tabIndex = 0;
    element.setAttribute("role", "application");
    element.setAttribute("aria-roledescription", options.say("cropRole"));
    this.picture = element.appendChild(image("picture"));
    this.heat = element.appendChild(image("heat"));
    this.svg = element.appendChild(document.createElementNS(SVG, "svg"));
    this.svg.setAttribute("aria-hidden", "true");
    this.empty = element.appendChild(document.createElement("div"));
    this.empty.className = "empty";
    this.picture.addEventListener("load", () => this.picture.style.setProperty("visibility", "visible"));
    this.picture.addEventListener("error", () => this.tell(options.say("cannotShow")));
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      element.addEventListener(name, (event) => this[name](event));
    }
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("dblclick", (event) => this.toggleZoom(event));
    element.addEventListener("contextmenu", (event) => event.stopPropagation());
    element.addEventListener("dragstart", (event) => event.preventDefault()); // of text of the page that is selected
    element.addEventListener("keydown", (event) => this.keydown(event));
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(element);
  }

  destroy() {
    this.observer.disconnect();
  }

  /** Shows an item: null for none. */
  open(item, sources) {
    const same = this.item && item && this.sources?.picture === sources.picture;
    this.item = item;
    this.sources = sources;
    this.details = null;
    this.drag = null;
    this.lines = [];
    const { say } = this.options;
    this.tell(item ? (item.box ? "" : describeEnd(say, item)) : say("nothingToShow"));
    this.element.classList.toggle("bare", !item?.box);
    for (const each of [this.picture, this.heat]) each.hidden = !item?.box;
    if (item?.box && !same) {
      this.picture.style.visibility = "hidden";
      this.picture.src = sources.picture;
      this.heat.removeAttribute("src");
    }
    this.view = null;
    this.draw();
  }

  /** Subjects, regions and candidates of the open item, once they are known. */
  detail(details) {
    this.details = details;
    if (this.show.heat) this.loadHeat();
    this.draw();
  }

  toggle(name) {
    this.show[name] = !this.show[name];
    if (name === "heat") this.loadHeat();
    this.draw();
    return this.show[name];
  }

  loadHeat() {
    if (this.show.heat && this.sources?.heat && this.heat.getAttribute("src") !== this.sources.heat) {
      this.heat.src = this.sources.heat;
    }
  }

  get box() {
    return this.drag?.box ?? this.item?.correction?.box ?? this.item?.box;
  }

  get ratio() {
    return lockedRatio(this.box, this.item.bucket ?? parseRatio(this.item.ratio));
  }

  get candidates() {
    const found = [this.item.box, this.details?.best, ...(this.details?.others ?? [])];
    return found.filter((each) => each);
  }

  /** The middles of heads, which may come to lie on the crop's thirds. */
  get points() {
    const [width, height] = this.item.size;
    const heads = (this.details?.subjects ?? []).map((each) => each.head).filter(Boolean);
    return heads.slice(0, 8).map(([x1, y1, x2, y2]) => [((x1 + x2) / 2) * width, ((y1 + y2) / 2) * height]);
  }

  /** The candidates that differ from the box, by their number from 1. */
  get ghosts() {
    return (this.details?.others ?? []).slice(0, 3);
  }

  /** Writes something in place of the picture. */
  tell(words) {
    this.empty.textContent = words;
    this.empty.hidden = !words;
  }

  resized() {
    if (!this.item?.size) return;
    if (!this.zoomed) this.view = null;
    this.drawSoon();
  }

  /** Shows the whole picture, as large as there is room. */
  fit() {
    this.zoomed = false;
    this.view = fitView(this.item.size, this.viewport, MARGIN);
  }

  get viewport() {
    return [this.element.clientWidth || 1, this.element.clientHeight || 1];
  }

  zoom(factor, at = this.viewport.map((each) => each / 2)) {
    if (!this.item?.size || !this.view) return;
    this.view = zoomView(this.view, factor, at, this.item.size, this.viewport, MARGIN);
    this.zoomed = this.view.scale > fitView(this.item.size, this.viewport, MARGIN).scale * 1.001;
    this.drawSoon();
  }

  toggleZoom(event) {
    if (!this.view) return;
    if (this.zoomed) this.zoom(0);
    else this.zoom(2.5, event ? this.point(event) : undefined);
  }

  /** A point of the screen in pixels of the stage; a canvas around it may be enlarged. */
  point(event) {
    const bounds = this.element.getBoundingClientRect();
    const scale = bounds.width / (this.element.offsetWidth || 1) || 1;
    return [(event.clientX - bounds.left) / scale, (event.clientY - bounds.top) / scale];
  }

  // Drawing

  drawSoon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.draw();
    });
  }

  draw() {
    const { item } = this;
    this.svg.replaceChildren();
    this.element.classList.remove(...Object.values(CLASSES));
    if (!item?.box || !item.size) return;
    const decision = this.drag ? "box" : item.correction?.decision;
    if (decision) this.element.classList.add(CLASSES[decision]);
    if (!this.view) this.fit();
    const [width, height] = item.size.map((each) => each * this.view.scale);
    for (const each of [this.picture, this.heat]) {
      Object.assign(each.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${this.view.x}px, ${this.view.y}px)` });
    }
    this.heat.hidden = !this.show.heat;
    this.element.classList.toggle("heated", this.show.heat);
    const box = this.box;
    const { say } = this.options;
    this.element.setAttribute("aria-label", say("cropOf", { name: item.name, box: describeBox(say, box, item.size) }));
    const parts = [this.path("dim", `${frame(this.onScreen([0, 0, ...item.size]))} ${frame(this.onScreen(box))}`)];
    if (this.show.subjects && this.details) parts.push(...this.drawSubjects(box));
    parts.push(this.rect("edge", box), this.rect("box", box), ...this.drawThirds(box));
    if (this.show.others && !this.drag) parts.push(...this.drawGhosts(box));
    parts.push(...this.lines.map((each) => this.drawSnap(each)), ...this.drawHandles(box));
    this.svg.append(...parts);
  }

  drawSubjects(box) {
    const [width, height] = this.item.size;
    const inPicture = ([x1, y1, x2, y2]) => [x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height];
    const inCrop = ([x1, y1, x2, y2]) => [
      box[0] + x1 * box[2], box[1] + y1 * box[3], (x2 - x1) * box[2], (y2 - y1) * box[3],
    ];
    const parts = (this.details.regions ?? []).map((each) =>
      this.rect(each.kind, (each.frame === "crop" ? inCrop : inPicture)(each.region)),
    );
    for (const each of this.details.subjects ?? []) {
      if (each.kind !== "face") parts.push(this.rect("subject", inPicture(each.region)));
      if (each.head) parts.push(this.rect("head", inPicture(each.head)));
    }
    return parts;
  }

  drawThirds(box) {
    const [x, y, width, height] = this.onScreen(box);
    return [1 / 3, 2 / 3].flatMap((share) => [
      this.line("thirds", x + share * width, y, x + share * width, y + height),
      this.line("thirds", x, y + share * height, x + width, y + share * height),
    ]);
  }

  drawGhosts(box) {
    return this.ghosts.flatMap((each, index) => {
      if (isSame(each, box)) return [];
      const [x, y, , height] = this.onScreen(each);
      const tag = element("circle", { class: "ghost-tag", cx: x + 16, cy: y + height - 16, r: 10 });
      tag.dataset.ghost = index;
      const name = element("text", { class: "ghost-name", x: x + 16, y: y + height - 12 });
      name.textContent = index + 1;
      return [this.rect("ghost", each), tag, name];
    });
  }

  drawSnap([axis, at]) {
    const [x, y, width, height] = this.onScreen([0, 0, ...this.item.size]);
    const place = (axis ? this.view.y : this.view.x) + at * this.view.scale;
    return axis ? this.line("snap", x, place, x + width, place) : this.line("snap", place, y, place, y + height);
  }

  drawHandles(box) {
    const [x, y, width, height] = this.onScreen(box);
    return HANDLES.flatMap((handle, index) => {
      const at = [x + (width * (handle[0] + 1)) / 2, y + (height * (handle[1] + 1)) / 2];
      const corner = handle[0] && handle[1];
      if (!corner && (handle[0] ? height : width) < 60) return [];
      const grip = element("rect", { class: "grip", x: at[0] - REACH, y: at[1] - REACH, width: 2 * REACH, height: 2 * REACH });
      grip.dataset.handle = index;
      grip.style.cursor = CURSORS[index % 4];
      const half = corner ? 5 : 4;
      return [element("rect", { class: "handle", x: at[0] - half, y: at[1] - half, width: 2 * half, height: 2 * half, rx: 2 }), grip];
    });
  }

  onScreen([x, y, width, height]) {
    const { scale } = this.view;
    return [x * scale + this.view.x, y * scale + this.view.y, width * scale, height * scale];
  }

  rect(name, box) {
    const [x, y, width, height] = this.onScreen(box);
    return element("rect", { class: name, x, y, width: Math.max(1, width), height: Math.max(1, height) });
  }

  line(name, x1, y1, x2, y2) {
    return element("line", { class: name, x1, y1, x2, y2 });
  }

  path(name, d) {
    return element("path", { class: name, d });
  }

  // Pointers: mouse, touch and pen

  pointerdown(event) {
    if (!this.item?.box || (event.button !== 0 && event.button !== 1)) return;
    event.stopPropagation();
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    const at = this.point(event);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size > 1) {
      this.cancelDrag();
      this.pinch = this.spread();
      return;
    }
    const { handle, ghost } = event.target.dataset ?? {};
    const onBox = event.target.classList?.contains("box");
    this.drag = {
      id: event.pointerId,
      at,
      from: this.box,
      ratio: this.ratio,
      ghost: ghost === undefined ? null : Number(ghost),
      handle: handle === undefined ? null : HANDLES[handle],
      pan: event.button === 1 || (!onBox && handle === undefined && ghost === undefined),
      view: this.view,
      box: null,
    };
  }

  pointermove(event) {
    if (!this.pointers.has(event.pointerId)) return;
    event.stopPropagation();
    const at = this.point(event);
    this.pointers.set(event.pointerId, at);
    if (this.pinch) {
      const now = this.spread();
      this.zoom(now.length / this.pinch.length, now.middle);
      this.view = { ...this.view, x: this.view.x + now.middle[0] - this.pinch.middle[0], y: this.view.y + now.middle[1] - this.pinch.middle[1] };
      this.pinch = now;
      return;
    }
    if (this.drag?.id !== event.pointerId) return;
    const by = [at[0] - this.drag.at[0], at[1] - this.drag.at[1]];
    if (!this.drag.moved && Math.hypot(...by) < 3) return;
    this.drag.moved = true;
    if (this.drag.pan) this.pan(by);
    else this.dragTo(at, by, event);
    this.drawSoon();
  }

  pan(by) {
    if (!this.zoomed) return;
    this.view = { ...this.view, x: this.drag.view.x + by[0], y: this.drag.view.y + by[1] };
  }

  dragTo(at, by, event) {
    const { from, handle, ratio } = this.drag;
    const { size } = this.item;
    const tolerance = event.altKey ? 0 : SNAP / this.view.scale;
    this.lines = [];
    if (handle) {
      const edge = [0, 1].map((axis) => from[axis] + (from[axis + 2] * (handle[axis] + 1)) / 2 + by[axis] / this.view.scale);
      const resized = resizeBox(from, handle, edge, ratio, size);
      this.drag.box = tolerance ? [...snapResized(resized, this.candidates, tolerance)] : resized;
      return;
    }
    const moved = moveBox(from, by[0] / this.view.scale, by[1] / this.view.scale, size);
    const snapped = tolerance ? snapMoved(moved, size, this.candidates, tolerance, this.points) : { box: moved, lines: [] };
    this.drag.box = snapped.box;
    this.lines = snapped.lines;
  }

  pointerup(event) {
    if (!this.pointers.has(event.pointerId)) return;
    event.stopPropagation();
    this.pointers.delete(event.pointerId);
    if (this.pinch) {
      if (this.pointers.size < 2) this.pinch = null;
      return;
    }
    const { drag } = this;
    this.drag = null;
    this.lines = [];
    if (drag?.box && !isSame(drag.box, drag.from)) this.options.changed(drag.box);
    else if (drag && !drag.moved && drag.ghost !== null) this.options.changed(this.ghosts[drag.ghost]);
    this.draw();
  }

  pointercancel(event) {
    this.pointers.delete(event.pointerId);
    this.pinch = null;
    this.cancelDrag();
  }

  cancelDrag() {
    this.drag = null;
    this.lines = [];
    this.drawSoon();
  }

  spread() {
    const [one, other] = [...this.pointers.values()];
    return {
      length: Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1])),
      middle: [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2],
    };
  }

  wheel(event) {
    event.preventDefault();
    event.stopPropagation();
    this.zoom(Math.exp(-clamp(event.deltaY, -200, 200) / 300), this.point(event));
  }

  // Keys

  keydown(event) {
    if (this.drag?.moved && event.key === "Escape") {
      this.cancelDrag();
      event.stopPropagation();
      return;
    }
    const box = this.item?.box ? this.keyBox(event) : null;
    if (box) {
      event.preventDefault();
      event.stopPropagation();
      if (!isSame(box, this.box)) this.options.changed(box);
    } else {
      this.options.pressed(event);
    }
  }

  /** Where a key takes the box; null where it is none for that. */
  keyBox(event) {
    if (event.ctrlKey || event.metaKey) return null;
    const { size } = this.item;
    const step = keyStep(size, { shift: event.shiftKey, alt: event.altKey });
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) return moveBox(this.box, way[0] * step, way[1] * step, size);
    const growth = { "+": 1, "=": 1, "-": -1, _: -1 }[event.key];
    if (!growth) return null;
    const long = Math.max(this.box[2], this.box[3]);
    return scaleBox(this.box, (long + growth * 2 * step) / long, this.ratio, size);
  }
}

function image(name) {
  const made = document.createElement("img");
  made.className = name;
  made.alt = "";
  made.draggable = false;
  return made;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function frame([x, y, width, height]) {
  return `M${x} ${y}h${width}v${height}h${-width}z`;
}
