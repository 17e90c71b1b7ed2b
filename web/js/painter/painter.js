/**
 * The painter of regions: room for text, and what a crop has to keep or avoid, on a picture or an empty frame.
 *
 * It knows nothing of where its pictures come from, nor of the host's language.
 */

import { adoptStyle } from "../editor/style.js";
import { Board } from "./board.js";
import { KINDS, LAYOUTS, LONGEST_NAME, MOST, boxOf } from "./shapes.js";
import { STYLE } from "./style.js";

const EMPTY = [3, 2]; // the ratio of a picture that is not known
const NEW = [0.3, 0.3, 0.7, 0.7]; // where a region appears that a key has made
const SHORTCUTS = { t: "text", k: "keep", a: "avoid" };
const KEYS = ["Tab", "arrows", "altArrows", "plusMinus", "Enter", "delete", "kinds", "F2", "shiftDrag", "undo", "Escape"];

export class RegionPainter {
  /**
   * @param host an element without content; the painter lives in its shadow.
   * @param options
   *   `regions`: see `shapes.js`;
   *   `pictures`: to paint on, as `{ name, url, size, box }` each, `box` being that of its crop or null; may be empty;
   *   `ratios`: `[width, height]` of the crops, may be empty;
   *   `others`: rooms for text that the node has without the painter, as `{ frame, box }`; they are only shown;
   *   `frame`: that new rooms for text lie in; `say(key, values)`: words; `changed(regions)`: told of every change;
   *   `left()`: Escape was pressed on the board where nothing was chosen.
   */
  constructor(host, options) {
    this.options = options;
    this.regions = options.regions.map((each) => ({ frame: "source", name: "", ...each }));
    this.done = [];
    this.undone = [];
    this.chosen = null;
    this.kind = "text";
    this.frame = this.regions[0]?.frame ?? options.frame ?? "source";
    this.picture = 0;
    this.ratio = 0;
    this.root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    adoptStyle(this.root, STYLE);
    this.build();
    this.refresh();
  }

  destroy() {
    this.board.destroy();
    this.root.replaceChildren();
  }

  focus() {
    this.parts.board.focus({ preventScroll: true });
  }

  build() {
    const { say } = this.options;
    const section = make("section", "painter sc-root");
    section.setAttribute("aria-label", say("painter"));
    const button = (action, words, value = "", name = "") => {
      const made = make("button", name, words);
      made.type = "button";
      made.dataset.do = action;
      made.dataset.value = value;
      return made;
    };
    const icon = (action, sign, words) => {
      const made = button(action, sign, "", "icon");
      made.setAttribute("aria-label", words);
      made.title = words;
      return made;
    };
    const group = (words, ...members) => {
      const made = make("div", "group");
      made.setAttribute("role", "group");
      made.setAttribute("aria-label", words);
      made.append(...members);
      return made;
    };
    const frames = ["source", "crop"].map((each) => button("showFrame", say(each), each));
    const kinds = KINDS.map((each) => button("draw", say(each), each, each));
    const layouts = select(say("addRoom"), [["", say("addRoom")], ...Object.keys(LAYOUTS).map((each) => [each, each])]);
    const ratios = select(say("ratio"), this.options.ratios.map((each, index) => [index, each.join(":")]));
    const pictures = group(say("picture"), icon("previousPicture", "‹", say("previousPicture")), make("span", "where"), icon("nextPicture", "›", say("nextPicture")));
    const top = make("div", "bar");
    top.append(group(say("frame"), ...frames), ratios, group(say("draw"), ...kinds), layouts, make("span", "gap"), pictures);
    const board = make("div", "");
    const list = make("ul", "list");
    list.setAttribute("aria-label", say("regions"));
    const side = make("div", "side");
    side.append(list, make("p", "hint"));
    const work = make("div", "painting");
    work.append(board, side);
    const foot = make("div", "bar foot");
    foot.setAttribute("role", "toolbar");
    foot.setAttribute("aria-label", say("change"));
    foot.append(
      button("add", `+ ${say("add")}`),
      button("remove", `✕ ${say("delete")}`),
      make("span", "gap"),
      icon("undo", "↶", say("undo")),
      icon("redo", "↷", say("redo")),
      icon("help", "?", say("keys")),
    );
    const spoken = make("div", "spoken");
    spoken.setAttribute("role", "status");
    spoken.setAttribute("aria-live", "polite");
    section.append(top, work, foot, spoken);
    this.root.append(section);
    const hint = side.querySelector(".hint");
    this.parts = { section, frames, kinds, layouts, ratios, pictures, board, list, hint, spoken };
    board.setAttribute("aria-roledescription", say("board"));
    this.board = new Board(board, {
      changed: (index, box) => this.change(index, { box }),
      drawn: (box) => this.addRegion(box),
      selected: (index) => this.choose(index),
      pressed: (event) => this.keydown(event, true),
      kind: () => this.newKind,
    });
    section.addEventListener("click", (event) => this.clicked(event));
    section.addEventListener("keydown", (event) => this.keydown(event, false));
    layouts.addEventListener("change", () => this.addLayout(layouts.value));
    ratios.addEventListener("change", () => {
      this.ratio = Number(ratios.value);
      this.refresh();
    });
    list.addEventListener("change", (event) => this.edited(event.target));
    list.addEventListener("focusin", (event) => this.choose(indexOf(event.target), false));
  }

  clicked(event) {
    const button = event.target.closest?.("button");
    if (button?.dataset.do) this[button.dataset.do](button.dataset.value);
  }

  // What is shown

  get size() {
    return this.options.pictures[this.picture]?.size;
  }

  /** Of the frame that is shown. */
  get shownRatio() {
    const picture = this.options.pictures[this.picture];
    if (this.frame === "source") return picture?.size ?? EMPTY;
    return this.options.ratios[this.ratio] ?? picture?.box?.slice(2) ?? picture?.size ?? EMPTY;
  }

  /** The picture in the frame that is shown: whole, or what the crop of the last run showed of it where its ratio is the same. */
  get shownPicture() {
    const picture = this.options.pictures[this.picture];
    if (!picture) return null;
    if (this.frame === "source") return { url: picture.url, part: [0, 0, 1, 1] };
    if (!picture.box) return null;
    const [x, y, width, height] = picture.box;
    const [wide, high] = this.shownRatio;
    if (Math.abs(Math.log((width * high) / (height * wide))) > 0.02) return null;
    return { url: picture.url, part: [x / picture.size[0], y / picture.size[1], (x + width) / picture.size[0], (y + height) / picture.size[1]] };
  }

  get newKind() {
    return kindsIn(this.frame).includes(this.kind) ? this.kind : "text";
  }

  /** The regions of the frame that is shown, as the board wants them. */
  get shapes() {
    const placed = this.regions.map((each, index) => ({ index, ...each, label: this.nameOf(each), box: boxOf(each, this.size) }));
    return placed.filter((each) => each.frame === this.frame && each.box);
  }

  nameOf({ name, kind }) {
    return name || this.options.say(kind);
  }

  refresh() {
    const { say, pictures } = this.options;
    const { parts } = this;
    const chosen = this.regions[this.chosen];
    const others = this.options.others.filter((each) => each.frame === this.frame);
    this.board.setFrame(this.shownRatio, this.shownPicture, others.map((each) => each.box));
    this.board.setShapes(this.shapes, this.chosen);
    press(parts.frames, this.frame);
    press(parts.kinds, this.newKind);
    for (const each of parts.kinds) each.disabled = !kindsIn(this.frame).includes(each.dataset.value);
    parts.ratios.hidden = this.frame !== "crop" || this.options.ratios.length < 2;
    parts.pictures.hidden = pictures.length < 2;
    const shown = pictures[this.picture];
    parts.pictures.querySelector(".where").textContent = `${this.picture + 1} / ${pictures.length} ${shown?.name ?? ""}`;
    const can = {
      remove: chosen, undo: this.done.length, redo: this.undone.length, add: this.regions.length < MOST,
      previousPicture: this.picture > 0, nextPicture: this.picture < pictures.length - 1,
    };
    for (const [action, able] of Object.entries(can)) this.root.querySelector(`[data-do="${action}"]`).disabled = !able;
    parts.layouts.disabled = !can.add;
    parts.hint.textContent = this.describeHint();
    this.listRegions();
    parts.board.setAttribute("aria-label", chosen ? this.describe(this.chosen) : say("boardOf", { frame: say(this.frame), count: this.shapes.length }));
  }

  describeHint() {
    const { say, pictures } = this.options;
    const unplaced = this.regions.some((each) => !boxOf(each, this.size));
    return [!this.regions.length && say("howTo"), !pictures.length && say("noPicture"), unplaced && say("inPixels")].filter(Boolean).join(" ");
  }

  /** One row a region: its kind, its name, and a button that deletes it. */
  listRegions() {
    const { say } = this.options;
    const { list } = this.parts;
    const active = this.root.activeElement;
    const held = active && list.contains(active) ? [indexOf(active), active.tagName] : null;
    list.replaceChildren(
      ...this.regions.map((each, index) => {
        const row = make("li", index === this.chosen ? "row chosen" : "row");
        row.dataset.index = index;
        const name = make("input");
        name.value = each.name;
        name.maxLength = LONGEST_NAME;
        name.placeholder = say("name");
        name.setAttribute("aria-label", say("nameOf", { region: this.describe(index) }));
        const away = make("button", "icon", "✕");
        away.type = "button";
        away.dataset.do = "removeAt";
        away.dataset.value = index;
        away.setAttribute("aria-label", say("deleteOne", { region: this.nameOf(each) }));
        const kinds = select(say("kindOf", { region: this.nameOf(each) }), kindsIn(each.frame).map((kind) => [kind, say(kind)]));
        kinds.value = each.kind;
        row.append(make("span", `chip ${each.kind}`), name, kinds, away);
        row.title = say(each.frame);
        return row;
      }),
    );
    if (held && held[0] !== null) list.children[Math.min(held[0], list.children.length - 1)]?.querySelector(held[1])?.focus();
  }

  /** A region in words, for those who do not see it. */
  describe(index) {
    const region = this.regions[index];
    const box = boxOf(region, this.size);
    const { say } = this.options;
    if (!box) return this.nameOf(region);
    const percent = (share) => Math.round(100 * share);
    return say("described", {
      number: index + 1, count: this.regions.length, frame: say(region.frame),
      region: [say(region.kind), region.name].filter(Boolean).join(" "),
      left: percent(box[0]), top: percent(box[1]), width: percent(box[2] - box[0]), height: percent(box[3] - box[1]),
    });
  }

  speak(words) {
    this.parts.spoken.textContent = words;
  }

  // Changes

  /** Takes other regions, which one undo takes back. */
  commit(regions, chosen) {
    this.done.push({ regions: this.regions, chosen: this.chosen });
    this.undone = [];
    this.take({ regions, chosen });
  }

  take({ regions, chosen }) {
    this.regions = regions;
    this.chosen = chosen !== null && chosen < regions.length ? chosen : null;
    if (this.chosen !== null) this.frame = regions[this.chosen].frame;
    this.options.changed(regions.map((each) => ({ ...each })));
    this.refresh();
    const { say } = this.options;
    this.speak(this.chosen === null ? say("regionsLeft", { count: regions.length }) : this.describe(this.chosen));
  }

  change(index, more) {
    const changed = this.regions.map((each, other) => (other === index ? { ...each, ...more } : each));
    if (more.box) delete changed[index].pixels;
    this.commit(changed, index);
  }

  addRegion(box, kind = this.newKind, name = "") {
    if (this.regions.length >= MOST) return;
    this.commit([...this.regions, { kind, frame: kind === "text" ? this.frame : "source", name, box }], this.regions.length);
  }

  add() {
    const taken = this.shapes.filter((each) => each.box.every((edge, index) => Math.abs(edge - NEW[index]) < 0.2)).length;
    const by = 0.03 * (taken % 8); // beside those that appeared before
    this.addRegion(NEW.map((edge) => edge + by));
    this.focus();
  }

  addLayout(name) {
    if (name in LAYOUTS) this.addRegion([...LAYOUTS[name]], "text", name);
    this.parts.layouts.value = "";
  }

  remove() {
    if (this.chosen !== null) this.removeAt(this.chosen);
  }

  removeAt(place) {
    const index = Number(place);
    this.commit(this.regions.filter((_, other) => other !== index), null);
  }

  /** A field of the list has another value. */
  edited(field) {
    const index = indexOf(field);
    const value = field.value.trim();
    if (field.tagName === "SELECT") this.setKind(index, value);
    else if (value !== this.regions[index]?.name) this.change(index, { name: value });
  }

  /** What is drawn next. */
  draw(kind) {
    this.kind = kind;
    this.refresh();
  }

  setKind(index, kind) {
    const region = this.regions[index];
    if (region.kind !== kind && kindsIn(region.frame).includes(kind)) this.change(index, { kind });
  }

  undo() {
    this.restore(this.done, this.undone);
  }

  redo() {
    this.restore(this.undone, this.done);
  }

  restore(from, to) {
    const state = from.pop();
    if (!state) return;
    to.push({ regions: this.regions, chosen: this.chosen });
    this.take(state);
  }

  // View

  choose(index, spoken = true) {
    if (index === this.chosen) return;
    this.chosen = index;
    const region = this.regions[index];
    if (region) this.frame = region.frame;
    this.refresh();
    if (spoken && region) this.speak(this.describe(index));
  }

  showFrame(frame) {
    this.frame = frame;
    if (this.regions[this.chosen]?.frame !== frame) this.chosen = null;
    this.refresh();
  }

  previousPicture() {
    this.showPicture(this.picture - 1);
  }

  nextPicture() {
    this.showPicture(this.picture + 1);
  }

  showPicture(place) {
    this.picture = Math.max(0, Math.min(place, this.options.pictures.length - 1));
    this.refresh();
  }

  help() {
    const open = this.root.querySelector(".help");
    if (open) {
      open.remove();
      return;
    }
    const { say } = this.options;
    const help = make("aside", "help");
    help.setAttribute("aria-label", say("keys"));
    const keys = help.appendChild(make("dl"));
    for (const each of KEYS) keys.append(make("dt", "", say(`${each}Key`)), make("dd", "", say(`${each}Does`)));
    this.parts.board.parentElement.append(help);
  }

  // Keys

  /** On the board, Tab goes from region to region, and Escape leaves first the chosen region, then the board. */
  keydown(event, onBoard) {
    event.stopPropagation(); // a host's shortcuts are not meant
    if (["INPUT", "SELECT"].includes(event.target.tagName)) {
      if (event.target.tagName === "INPUT" && ["Enter", "Escape"].includes(event.key)) {
        event.preventDefault();
        this.focus(); // takes the name
      }
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = event.ctrlKey || event.metaKey ? undoOf(key, event.shiftKey) : this.actionOf(key, event, onBoard);
    if (!action) return;
    event.preventDefault();
    action(this);
  }

  actionOf(key, event, onBoard) {
    if (event.altKey) return null;
    if (key in SHORTCUTS) return () => (this.chosen === null ? this.draw(SHORTCUTS[key]) : this.setKind(this.chosen, SHORTCUTS[key]));
    if (key === "?") return () => this.help();
    if (!onBoard) return null;
    if (key === "Delete" || key === "Backspace") return () => this.remove();
    if (key === "Enter") return event.repeat ? null : () => this.add(); // it may still be held from opening the painter
    if (key === "F2") return () => this.parts.list.children[this.chosen]?.querySelector("input").focus();
    if (key === "Escape") return () => (this.chosen === null ? this.options.left() : this.choose(null));
    return key === "Tab" ? this.stepTo(event.shiftKey ? -1 : 1) : null;
  }

  /** Goes to the next region of the frame; null where there is none, so that Tab leaves the board. */
  stepTo(by) {
    const indices = this.shapes.map((each) => each.index);
    const place = indices.indexOf(this.chosen);
    const next = place < 0 ? (by > 0 ? 0 : indices.length - 1) : place + by;
    return next in indices ? () => this.choose(indices[next]) : null;
  }
}

/** What regions of a frame may be for: what is kept or avoided lies in the picture. */
function kindsIn(frame) {
  return frame === "crop" ? ["text"] : KINDS;
}

function undoOf(key, shifted) {
  if (key === "z") return (painter) => (shifted ? painter.redo() : painter.undo());
  return key === "y" ? (painter) => painter.redo() : null;
}

function indexOf(element) {
  const row = element.closest?.("[data-index]");
  return row ? Number(row.dataset.index) : null;
}

function press(buttons, value) {
  for (const each of buttons) each.setAttribute("aria-pressed", String(each.dataset.value === value));
}

function select(words, entries) {
  const made = make("select");
  made.setAttribute("aria-label", words);
  made.append(...entries.map(([value, text]) => new Option(text, value)));
  return made;
}

function make(kind, name = "", text = "") {
  const element = document.createElement(kind);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}
