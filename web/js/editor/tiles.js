/**
 * A list of thousands of pictures of which only those in sight exist: a grid, or with one row or column a strip.
 * It is a listbox of which the keyboard moves the one active option.
 */

import { describeConfidence, describeEnd, describeItem } from "./words.js";

const MARKS = { box: "✎", approve: "✓", drop: "✕" };
const CLASSES = { box: "corrected", approve: "approved", drop: "left-out" };
let lists = 0;

export class Tiles {
  /**
   * @param element becomes the list.
   * @param options `say(key, values)`: words; `label`: of the list; `items()`: those to show, as `{ index, item }`; `thumbnail(index)`: the address of a picture;
   *   `choose(index, opened)`: one was chosen, by a click or key, `opened` where it shall be opened; `across`: one row
   *   from left to right; `single`: one column; `width`, `height` of a tile in pixels.
   */
  constructor(element, options) {
    this.element = element;
    this.options = options;
    this.pool = new Map(); // place → tile
    this.spare = [];
    this.active = 0;
    this.name = `sc-tiles-${(lists += 1)}`;
    element.classList.add("tiles");
    element.tabIndex = 0;
    element.setAttribute("role", "listbox");
    element.setAttribute("aria-label", options.label);
    element.setAttribute("aria-orientation", options.across ? "horizontal" : "vertical");
    this.space = element.appendChild(document.createElement("div"));
    this.space.className = "space";
    this.space.setAttribute("role", "presentation");
    this.refreshSoon = this.refreshSoon.bind(this);
    element.addEventListener("scroll", this.refreshSoon, { passive: true });
    element.addEventListener("click", (event) => this.clicked(event, false));
    element.addEventListener("dblclick", (event) => this.clicked(event, true));
    element.addEventListener("keydown", (event) => this.pressed(event));
    element.addEventListener("wheel", (event) => event.stopPropagation(), { passive: true });
    this.observer = new ResizeObserver(this.refreshSoon);
    this.observer.observe(element);
  }

  destroy() {
    this.observer.disconnect();
  }

  /** The list has other items, or the same in another order. */
  reset(active = 0) {
    for (const tile of this.pool.values()) this.release(tile);
    this.pool.clear();
    this.active = Math.max(0, Math.min(active, this.options.items().length - 1));
    this.refresh();
  }

  /** An item has changed. */
  update(index) {
    for (const [place, tile] of this.pool) if (this.options.items()[place]?.index === index) this.draw(tile, place);
  }

  activate(place, scroll = true) {
    const before = this.active;
    this.active = place;
    if (scroll) this.reveal(place);
    for (const each of [before, place]) if (this.pool.has(each)) this.draw(this.pool.get(each), each);
    this.element.setAttribute("aria-activedescendant", `${this.name}-${place}`);
  }

  reveal(place) {
    const { across } = this.options;
    const { columns, width, height } = this.layout();
    const start = across ? place * width : Math.floor(place / columns) * height;
    const length = across ? width : height;
    const shown = across ? this.element.clientWidth : this.element.clientHeight;
    const at = across ? "scrollLeft" : "scrollTop";
    if (start < this.element[at]) this.element[at] = start;
    else if (start + length > this.element[at] + shown) this.element[at] = start + length - shown;
    this.refresh();
  }

  layout() {
    const { across, single } = this.options;
    const inner = this.space.clientWidth || 1;
    const columns = across ? Infinity : single ? 1 : Math.max(1, Math.floor(inner / this.options.width));
    const width = across ? this.options.width : Math.floor(inner / columns);
    const height = across ? this.element.clientHeight || this.options.height : this.options.height;
    return { columns, width, height };
  }

  refreshSoon() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.refresh();
    });
  }

  refresh() {
    const items = this.options.items();
    const { across } = this.options;
    const { columns, width, height } = this.layout();
    const rows = across ? items.length : Math.ceil(items.length / columns);
    this.space.style.width = across ? `${rows * width}px` : "";
    this.space.style.height = across ? `${height}px` : `${rows * height}px`;
    const unit = across ? width : height;
    const from = across ? this.element.scrollLeft : this.element.scrollTop;
    const shown = across ? this.element.clientWidth : this.element.clientHeight;
    const perRow = across ? 1 : columns;
    const first = Math.max(0, Math.floor(from / unit) - 1) * perRow;
    const last = Math.min(items.length, (Math.ceil((from + shown) / unit) + 1) * perRow);
    for (const [place, tile] of this.pool) {
      if (place < first || place >= last) {
        this.release(tile);
        this.pool.delete(place);
      }
    }
    for (let place = first; place < last; place += 1) {
      let tile = this.pool.get(place);
      if (!tile) {
        tile = this.spare.pop() ?? makeTile();
        this.pool.set(place, tile);
        this.space.append(tile.element);
        tile.key = "";
      }
      const left = across ? place * width : (place % columns) * width;
      const top = across ? 0 : Math.floor(place / columns) * height;
      const key = `${left} ${top} ${width} ${height}`;
      if (tile.key !== key) {
        tile.key = key;
        Object.assign(tile.element.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${left}px, ${top}px)` });
        tile.inner = [width - 8, height - (this.options.small ? 8 : 45)];
        this.draw(tile, place);
      }
    }
  }

  release(tile) {
    tile.element.remove();
    tile.image.removeAttribute("src");
    tile.source = "";
    if (this.spare.length < 100) this.spare.push(tile);
  }

  draw(tile, place) {
    const entry = this.options.items()[place];
    if (!entry) return;
    const { index, item } = entry;
    const decision = item.correction?.decision;
    const warned = !decision && item.warnings?.length > 0;
    const failed = !item.box;
    tile.element.id = `${this.name}-${place}`;
    tile.element.dataset.place = place;
    tile.element.className = `tile ${decision ? CLASSES[decision] : failed ? "failed" : warned ? "warned" : ""}`;
    tile.element.setAttribute("aria-selected", String(place === this.active));
    tile.element.setAttribute("aria-setsize", String(this.options.items().length));
    tile.element.setAttribute("aria-posinset", String(place + 1));
    tile.element.setAttribute("aria-label", describeItem(this.options.say, item, place, this.options.items().length));
    tile.mark.textContent = decision ? MARKS[decision] : failed ? "!" : warned ? "⚠" : "";
    tile.name.textContent = item.name;
    tile.facts.textContent = facts(this.options.say, item);
    tile.facts.classList.toggle("warned", Boolean(warned));
    tile.reason.textContent = failed ? describeEnd(this.options.say, item) : "";
    tile.frame.hidden = failed || !item.size;
    if (!tile.frame.hidden) this.drawFrame(tile, item, index);
  }

  drawFrame(tile, item, index) {
    const [width, height] = item.size;
    const box = item.correction?.box ?? item.box;
    const scale = Math.min(tile.inner[0] / width, tile.inner[1] / height);
    const sides = [Math.max(1, width * scale), Math.max(1, height * scale)];
    Object.assign(tile.frame.style, {
      left: `${(tile.inner[0] - sides[0]) / 2}px`,
      top: `${(tile.inner[1] - sides[1]) / 2}px`,
      width: `${sides[0]}px`,
      height: `${sides[1]}px`,
    });
    Object.assign(tile.crop.style, {
      left: `${box[0] * scale}px`,
      top: `${box[1] * scale}px`,
      width: `${box[2] * scale}px`,
      height: `${box[3] * scale}px`,
    });
    const source = this.options.thumbnail(index);
    if (tile.source !== source) {
      tile.source = source;
      tile.image.src = source;
    }
  }

  clicked(event, opened) {
    const tile = event.target.closest?.(".tile");
    if (!tile) return;
    const place = Number(tile.dataset.place);
    this.activate(place, false);
    this.options.choose(this.options.items()[place].index, opened, place);
  }

  pressed(event) {
    const items = this.options.items();
    const { columns, height } = this.layout();
    const rows = Math.max(1, Math.floor(this.element.clientHeight / height));
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    const row = { ArrowUp: -1, ArrowDown: 1, PageUp: -rows, PageDown: rows }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step !== undefined || row !== undefined) {
      const by = step ?? row * (Number.isFinite(columns) ? columns : 1);
      const place = Math.max(0, Math.min(items.length - 1, this.active + by));
      event.preventDefault();
      event.stopPropagation();
      if (!items.length) return;
      this.activate(place);
      this.options.choose(items[place].index, false, place);
    } else if (event.key === "Enter" && items[this.active]) {
      event.preventDefault();
      event.stopPropagation();
      this.options.choose(items[this.active].index, true, this.active);
    }
  }
}

function facts(say, item) {
  const parts = [item.bucket ? item.bucket.join("×") : item.ratio];
  if (item.confidence != null && !item.correction) parts.push(describeConfidence(say, item));
  if (item.warnings?.length) parts.push(item.warnings[0].words);
  return parts.filter(Boolean).join(" · ");
}

function makeTile() {
  const element = document.createElement("div");
  element.setAttribute("role", "option");
  const card = element.appendChild(part("card"));
  const frame = card.appendChild(part("frame"));
  const image = frame.appendChild(document.createElement("img"));
  image.alt = "";
  image.decoding = "async";
  image.draggable = false;
  const crop = frame.appendChild(part("crop"));
  const reason = card.appendChild(part("reason"));
  const mark = card.appendChild(part("mark"));
  const name = element.appendChild(part("name"));
  const factsLine = element.appendChild(part("facts"));
  for (const each of [card, name, factsLine]) each.setAttribute("aria-hidden", "true");
  return { element, frame, image, crop, reason, mark, name, facts: factsLine, source: "", key: "", inner: [1, 1] };
}

function part(name) {
  const element = document.createElement("div");
  element.className = name;
  return element;
}
