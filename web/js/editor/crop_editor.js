/**
 * The crop editor: a strip of pictures, the chosen one large, and what a person decides about each.
 *
 * It knows nothing of where its pictures come from. A host gives it a source:
 *   items: `{ name, size, status, reason, ratio, bucket, box, confidence, warnings, correction }` each; `correction` is
 *     `{ decision: "box" | "approve" | "drop", box }` or null
 *   thumbnail(index), picture(index), heat(index): addresses of images; heat may be null
 *   details(index): a promise of `{ subjects, regions, best, others }`, or those themselves
 *   decided(index, correction): told of every decision, its undoing too
 */

import { isNear, isSame } from "./geometry.js";
import { Stage } from "./stage.js";
import { adoptStyle } from "./style.js";
import { Tiles } from "./tiles.js";
import { describeBox, describeConfidence, describeDecision, describeEnd, describeItem, listKeys } from "./words.js";

const NARROW = 620; // pixels, below which the strip lies under the picture

export class CropEditor {
  /**
   * @param host an element without content; the editor lives in its shadow.
   * @param source see above.
   * @param options `say(key, values)`: words in the user's language; `order`: indices of the items to show, all where it
   *   is left out; `left()`: Escape was pressed in the picture.
   */
  constructor(host, source, options) {
    this.source = source;
    this.options = options;
    this.say = options.say;
    this.shown = []; // `{ index, item }` in the order of the strip
    this.done = [];
    this.undone = [];
    this.place = 0;
    this.root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    adoptStyle(this.root);
    this.build();
    this.observer = new ResizeObserver(() => this.arrange());
    this.observer.observe(host);
    this.setOrder(options.order ?? source.items.map((_, index) => index));
  }

  destroy() {
    this.observer.disconnect();
    this.tiles.destroy();
    this.stage.destroy();
    this.root.replaceChildren();
  }

  build() {
    const { say } = this;
    const toggle = (action, words, hint, on) =>
      `<button data-do="${action}" aria-pressed="${on}" title="${say(hint)}">${say(words)}</button>`;
    const icon = (action, sign, words) =>
      `<button class="icon" data-do="${action}" aria-label="${say(words)}" title="${say(words)}">${sign}</button>`;
    const button = (action, sign, words, key, more = "") =>
      `<button data-do="${action}" ${more}>${sign} ${say(words)} <kbd>${key}</kbd></button>`;
    this.root.innerHTML = `
      <section class="editor sc-root" aria-label="${say("cropEditor")}">
        <div class="work">
          <div class="strip"></div>
          <div class="stage-column">
            <div class="bar head"><div class="title"><b></b><span></span></div>
              <div class="group" role="group" aria-label="${say("view")}">
                ${toggle("heat", "heat", "heatHint", false)}
                ${toggle("subjects", "subjects", "subjectsHint", true)}
                ${toggle("others", "others", "othersHint", true)}
              </div>
              <div class="group" role="group" aria-label="${say("zoom")}">
                ${icon("zoomOut", "⊖", "zoomOut")}
                ${icon("zoomIn", "⊕", "zoomIn")}
              </div>
              <ul class="notes" aria-label="${say("warnings")}"></ul>
            </div>
            <div class="canvas"></div>
          </div>
        </div>
        <div class="bar foot" role="toolbar" aria-label="${say("decide")}">
          ${button("approve", "✓", "approve", "A", 'class="good" aria-pressed="false"')}
          ${button("drop", "✕", "leaveOut", "X", 'class="bad" aria-pressed="false"')}
          ${button("reset", "↺", "reset", "R")}
          <span class="gap"></span>
          ${icon("undo", "↶", "undo")}
          ${icon("redo", "↷", "redo")}
          ${icon("previous", "‹", "previousPicture")}
          ${icon("next", "›", "nextPicture")}
          <button class="icon" data-do="help" aria-label="${say("keys")}" aria-expanded="false" title="${say("keys")} (?)">?</button>
        </div>
        <div class="spoken" role="status" aria-live="polite"></div>
      </section>`;
    const find = (name) => this.root.querySelector(name);
    this.parts = {
      section: find(".editor"), work: find(".work"), strip: find(".strip"), name: find(".title b"), facts: find(".title span"),
      notes: find(".notes"), canvas: find(".canvas"), spoken: find(".spoken"),
    };
    this.root.addEventListener("click", (event) => {
      const name = event.target.closest?.("button")?.dataset.do;
      if (name) this[name]();
    });
    for (const name of ["pointerdown", "pointerup", "mousedown", "dblclick", "wheel"]) {
      this.parts.section.addEventListener(name, (event) => event.stopPropagation(), { passive: true });
    }
    this.parts.section.addEventListener("keydown", (event) => this.keydown(event, false));
    this.stage = new Stage(this.parts.canvas, {
      say,
      changed: (box) => this.decide({ decision: "box", box }),
      pressed: (event) => this.keydown(event, true),
    });
    this.makeTiles(false);
  }

  makeTiles(across) {
    this.tiles?.destroy();
    const strip = document.createElement("div");
    strip.className = "strip";
    this.parts.strip.replaceWith(strip);
    this.parts.strip = strip;
    strip.classList.add("small");
    this.tiles = new Tiles(strip, {
      say: this.say, label: this.say("pictureList"), single: !across, across, small: true, width: 104, height: across ? 84 : 96,
      items: () => this.shown,
      thumbnail: (index) => this.source.thumbnail(index),
      choose: (index, opened, place) => {
        this.open(place);
        if (opened) this.focus();
      },
    });
  }

  /** Beside or below the picture, as there is room. */
  arrange() {
    const narrow = this.parts.section.clientWidth < NARROW;
    if (narrow === this.narrow) return;
    this.narrow = narrow;
    this.parts.work.classList.toggle("narrow", narrow);
    this.makeTiles(narrow);
    this.tiles.reset(this.place);
    this.tiles.reveal(this.place);
  }

  get item() {
    return this.shown[this.place]?.item;
  }

  get index() {
    return this.shown[this.place]?.index;
  }

  /** Shows other items, or in another order, and opens the one that was open where it is still among them. */
  setOrder(order, open = this.index) {
    this.shown = order.map((index) => ({ index, item: this.source.items[index] }));
    const place = Math.max(0, order.indexOf(open));
    this.tiles.reset(place);
    this.open(place);
  }

  open(place) {
    this.place = place;
    this.tiles.activate(place);
    const { item, index } = this;
    const sources = item && { picture: this.source.picture(index), heat: this.source.heat(index) };
    this.stage.open(item ?? null, sources);
    this.refresh();
    if (!item) return;
    this.speak(describeItem(this.say, item, place, this.shown.length));
    this.options.opened?.(index);
    if (item.box) this.loadDetails(index);
  }

  async loadDetails(index) {
    try {
      const details = await this.source.details(index);
      if (this.index !== index) return;
      this.stage.detail(details);
      this.refresh();
    } catch (error) {
      if (this.index === index) this.parts.facts.textContent = String(error.message ?? error);
    }
  }

  focus() {
    this.parts.canvas.focus({ preventScroll: true });
  }

  /** The item at an index has changed from outside. */
  update(index) {
    this.tiles.update(index);
    if (this.index === index) {
      this.stage.draw();
      this.refresh();
    }
  }

  refresh() {
    const { item } = this;
    const { name, facts, notes } = this.parts;
    const decision = item?.correction?.decision;
    name.textContent = item?.name ?? "";
    name.title = item?.name ?? "";
    facts.textContent = item ? this.describeFacts(item) : "";
    notes.replaceChildren(
      ...(item?.warnings ?? []).slice(0, 3).map((each) => {
        const line = document.createElement("li");
        line.textContent = each.words;
        return line;
      }),
    );
    const editable = Boolean(item?.box);
    const button = (which) => this.root.querySelector(`[data-do="${which}"]`);
    button("approve").setAttribute("aria-pressed", String(decision === "approve"));
    button("drop").setAttribute("aria-pressed", String(decision === "drop"));
    for (const which of ["approve", "drop", "zoomIn", "zoomOut"]) button(which).disabled = !editable;
    button("reset").disabled = !decision;
    button("undo").disabled = !this.done.length;
    button("redo").disabled = !this.undone.length;
    button("previous").disabled = this.place <= 0;
    button("next").disabled = this.place >= this.shown.length - 1;
  }

  describeFacts(item) {
    if (!item.box) return describeEnd(this.say, item);
    const box = this.stage.box ?? item.box;
    const parts = [`${this.place + 1} / ${this.shown.length}`, item.bucket ? item.bucket.join("×") : item.ratio];
    parts.push(this.say("boxFacts", { width: box[2], height: box[3], left: box[0], top: box[1] }));
    if (item.correction) parts.push(describeDecision(this.say, item.correction));
    else if (item.confidence != null) parts.push(describeConfidence(this.say, item));
    return parts.filter(Boolean).join("  ·  ");
  }

  speak(words) {
    this.parts.spoken.textContent = words;
  }

  // Decisions

  decide(correction) {
    const { item, index } = this;
    if (!item?.box || (correction && !isNear(correction.box, item.size))) return;
    const before = item.correction ?? null;
    if (before?.decision === correction?.decision && isSame(before?.box, correction?.box)) return;
    this.done.push({ index, before, after: correction });
    this.undone = [];
    this.apply(index, correction);
  }

  apply(index, correction) {
    const item = this.source.items[index];
    item.correction = correction;
    this.source.decided(index, correction);
    const place = this.shown.findIndex((each) => each.index === index);
    if (place >= 0 && place !== this.place) this.open(place);
    this.tiles.update(index);
    this.stage.draw();
    this.refresh();
    const where = describeBox(this.say, this.stage.box ?? item.box, item.size);
    this.speak(`${describeDecision(this.say, correction)}: ${where}`);
  }

  /** Approves what is shown, also a box that was drawn, and goes on. */
  approve() {
    const { item } = this;
    if (!item?.box) return;
    if (item.correction?.decision === "approve") this.decide(null);
    else {
      this.decide({ decision: "approve", box: this.stage.box });
      this.next();
    }
  }

  drop() {
    const { item } = this;
    if (!item?.box) return;
    this.decide(item.correction?.decision === "drop" ? null : { decision: "drop", box: this.stage.box });
  }

  reset() {
    const best = this.stage.details?.best;
    if (this.item?.correction && best) this.item.box = best;
    this.decide(null);
  }

  undo() {
    const last = this.done.pop();
    if (!last) return;
    this.undone.push(last);
    this.apply(last.index, last.before);
  }

  redo() {
    const next = this.undone.pop();
    if (!next) return;
    this.done.push(next);
    this.apply(next.index, next.after);
  }

  next() {
    if (this.place < this.shown.length - 1) this.open(this.place + 1);
  }

  previous() {
    if (this.place > 0) this.open(this.place - 1);
  }

  candidate(number) {
    const box = this.stage.ghosts[number - 1];
    if (box) this.decide({ decision: "box", box: [...box] });
  }

  // View

  heat() {
    this.toggle("heat");
  }

  subjects() {
    this.toggle("subjects");
  }

  others() {
    this.toggle("others");
  }

  toggle(name) {
    this.root.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", String(this.stage.toggle(name)));
  }

  zoomIn() {
    this.stage.zoom(1.5);
  }

  zoomOut() {
    this.stage.zoom(1 / 1.5);
  }

  help() {
    const open = this.root.querySelector(".help");
    this.root.querySelector('[data-do="help"]').setAttribute("aria-expanded", String(!open));
    if (open) {
      open.remove();
      return;
    }
    const help = document.createElement("aside");
    help.className = "help";
    help.setAttribute("aria-label", this.say("keys"));
    const list = help.appendChild(document.createElement("dl"));
    for (const [keys, what] of listKeys(this.say)) {
      list.appendChild(document.createElement("dt")).textContent = keys;
      list.appendChild(document.createElement("dd")).textContent = what;
    }
    this.parts.canvas.parentElement.style.position = "relative";
    this.parts.canvas.parentElement.append(help);
  }

  /**
   * Keys. Where the picture has the focus, Tab goes to the next picture, and Escape leaves it.
   */
  keydown(event, inPicture) {
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    let action = null;
    if (command) action = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    else if (event.altKey) action = null;
    else action = { a: "approve", x: "drop", r: "reset", h: "heat", s: "subjects", o: "others", "?": "help", PageDown: "next", PageUp: "previous" }[key];
    if (!command && !event.altKey && inPicture) {
      if (key === "Tab") action = this.tabbed(event.shiftKey);
      else if (key === "Enter") action = "approve";
      else if (key === "z") action = "zoomToggle";
      else if (key === "Escape") action = "leave";
      else if (/^[1-3]$/.test(key)) action = key;
    }
    if (!action) {
      event.stopPropagation(); // a host's shortcuts are not meant
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (/^[1-3]$/.test(action)) this.candidate(Number(action));
    else this[action]();
  }

  /** Where Tab goes from the picture: to the next one, and from the last one out of the editor's picture. */
  tabbed(back) {
    if (back) return this.place > 0 ? "previous" : null;
    return this.place < this.shown.length - 1 ? "next" : null;
  }

  zoomToggle() {
    this.stage.toggleZoom();
  }

  leave() {
    if (this.options.left) this.options.left();
    else this.parts.strip.focus();
  }
}
