// The content of a panel as elements: words, warnings, and pictures with their boxes, regions and heat.

import { say } from "./words.js";

const WHOLE = [0, 0, 1, 1];
const LINE = 17; // the height of a line of text, in pixels
const GAP = 6; // between small pictures
const FEW = 4; // pictures are shown larger than more of them
const MOST_ROWS = 3; // of small pictures that a node grows for, and the pixels that they may take; others are scrolled to
const MOST_HEIGHT = 360;
const LABELLED = ["keep", "avoid", "text"]; // kinds of regions that are told in words where there is no picture
const LETTERS = 6.2; // the width of a letter

// content: { words, warnings, bars, tiles, more, heat }, see nodes/panel.py.
// options: { heated, onHeat(on), fileUrl(file) }.
// state: { chosen, drawn }, kept from one content to the next, so that a growing one neither jumps nor flickers.
export function drawContent(element, content, options, state) {
  if (state.chosen >= content.tiles.length) state.chosen = null;
  state.heated = Boolean(options.heated);
  const redraw = () => {
    const scrolled = element.querySelector(".many")?.scrollTop ?? 0;
    element.classList.toggle("heated", state.heated);
    element.replaceChildren(...parts(content, state, options, redraw));
    const many = element.querySelector(".many");
    if (many) many.scrollTop = scrolled;
  };
  redraw();
}

// How high a panel has to be on a node of this width.
export function leastHeight(content, width) {
  const inner = Math.max(120, width - 30);
  const [tile] = content.tiles;
  const alone = content.tiles.length === 1;
  const texts = alone ? [content.words, tile.words, ...tile.warnings] : [content.words];
  const letters = inner / LETTERS;
  const lines = [...texts, ...content.warnings]
    .filter(Boolean)
    .flatMap((text) => text.split("\n"))
    .reduce((sum, line) => sum + Math.ceil((line.length + 2) / letters), 0);
  const text = Math.min(lines, content.tiles.length ? 6 : 12) * LINE;
  if (!content.tiles.length) return text + 8;
  const bar = 28 + Math.min(8, content.bars.length) * 22;
  if (alone) {
    const canvas = canvasOf(tile);
    return text + bar + Math.min(tile.picture ? 300 : 150, Math.max(90, inner / ratioOf(tile, canvas)));
  }
  return text + bar + heightOfRows(content.tiles, inner);
}

// Of the first rows of small pictures, as panel.css lays them out.
function heightOfRows(tiles, inner) {
  const least = tiles.length <= FEW ? 120 : 84;
  const columns = Math.max(1, Math.floor((inner + GAP) / (least + GAP)));
  const width = (inner + GAP) / columns - GAP - 6;
  const heights = tiles.slice(0, MOST_ROWS * columns).map((tile) => {
    const name = tile.name ? 15 : 0;
    return Math.min(1.4 * least, width / ratioOf(tile, canvasOf(tile))) + name + 6;
  });
  let sum = 0;
  for (let first = 0; first < heights.length; first += columns) sum += Math.max(...heights.slice(first, first + columns)) + GAP;
  return Math.min(sum, MOST_HEIGHT);
}

function parts(content, state, options, redraw) {
  const alone = content.tiles.length === 1;
  const tile = alone ? content.tiles[0] : content.tiles[state.chosen]; // undefined where none is chosen
  const found = [];
  const text = make("div", "text");
  text.setAttribute("role", "status");
  addText(text, content.words, content.warnings);
  if (tile) addText(text, tile.words, tile.warnings);
  if (text.childElementCount) found.push(text);
  if (content.bars.length) found.push(drawChart(content.bars));
  const bar = drawBar(content, state, redraw, options);
  if (bar.childElementCount) found.push(bar);
  if (tile) {
    const one = make("div", "one");
    one.append(drawTile(tile, options));
    found.push(one);
  } else if (content.tiles.length) {
    const many = make("div", content.tiles.length <= FEW ? "many few" : "many");
    many.dataset.captureWheel = "true";
    many.addEventListener("wheel", (event) => event.stopPropagation());
    many.append(
      ...content.tiles.map((each, index) => {
        const key = JSON.stringify(each);
        const button = state.drawn.get(key) ?? drawButton(each, options);
        state.drawn.set(key, button);
        button.onclick = () => {
          state.chosen = index;
          redraw();
        };
        return button;
      }),
    );
    found.push(many);
  }
  return found;
}

function drawButton(tile, options) {
  const button = makeButton("", null);
  if (tile.warnings.length) button.className = "doubtful";
  button.title = [tile.name, tile.words, ...tile.warnings].filter(Boolean).join("\n");
  button.append(drawTile(tile, options));
  if (tile.name) button.append(make("span", "name", tile.name));
  return button;
}

function drawChart(bars) {
  const chart = make("div", "chart");
  const most = Math.max(1, ...bars.flatMap(({ value, other }) => [value, other]));
  for (const { label, value, other } of bars) {
    const both = make("span", "bars");
    for (const [name, length] of [["value", value], ["other", other]]) {
      const bar = make("span", name);
      bar.style.width = `${(100 * length) / most}%`;
      both.append(bar);
    }
    chart.append(make("span", "label", label), both, make("span", "number", String(value)));
  }
  return chart;
}

function addText(text, words, warnings) {
  if (words) text.append(make("p", "words", words));
  if (warnings.length) {
    const list = make("ul", "warnings");
    list.append(...warnings.map((each) => make("li", "", each)));
    text.append(list);
  }
}

function drawBar(content, state, redraw, { onHeat }) {
  const bar = make("div", "bar");
  const several = content.tiles.length > 1;
  if (several && state.chosen !== null) {
    bar.append(
      makeButton(`‹ ${say("all")}`, () => {
        state.chosen = null;
        redraw();
      }),
    );
    const name = content.tiles[state.chosen].name;
    if (name) bar.append(make("span", "", name));
  }
  if (content.tiles.some((each) => each.heat)) {
    const button = makeButton(say("heat"), () => {
      state.heated = !state.heated;
      onHeat(state.heated);
      redraw();
    });
    button.title = say("heatHint");
    button.setAttribute("aria-pressed", String(state.heated));
    bar.append(button);
  }
  if (content.more > 0) bar.append(make("span", "count", say("andMore", { count: content.more })));
  return bar;
}

function drawTile(tile, { fileUrl }) {
  const canvas = canvasOf(tile);
  const frame = make("span", tile.heat ? "frame hot" : "frame");
  frame.style.setProperty("--ratio", ratioOf(tile, canvas));
  const add = (child, region) => frame.append(place(child, region, canvas));
  if (tile.picture) add(makePicture("picture", fileUrl(tile.picture), tile.words || tile.name), WHOLE);
  if (tile.heat) add(makePicture("heat", fileUrl(tile.heat), ""), WHOLE);
  if (tile.box) add(make("span", "box"), tile.box);
  for (const { kind, box, name } of tile.regions) {
    const labelled = !tile.picture && LABELLED.includes(kind) ? say(kind) : "";
    add(make("span", `region ${kind}`, name || labelled), box);
  }
  return frame;
}

// The smallest region around the picture and its box, which may reach outside.
function canvasOf({ box }) {
  if (!box) return WHOLE;
  return [Math.min(0, box[0]), Math.min(0, box[1]), Math.max(1, box[2]), Math.max(1, box[3])];
}

function ratioOf({ width, height }, canvas) {
  return (width * (canvas[2] - canvas[0])) / (height * (canvas[3] - canvas[1]));
}

function place(child, [x1, y1, x2, y2], [left, top, right, bottom]) {
  const percent = (value, whole) => `${(100 * value) / whole}%`;
  child.style.left = percent(x1 - left, right - left);
  child.style.width = percent(x2 - x1, right - left);
  child.style.top = percent(y1 - top, bottom - top);
  child.style.height = percent(y2 - y1, bottom - top);
  return child;
}

function makePicture(name, url, alt) {
  const image = make("img", name);
  image.src = url;
  image.alt = alt;
  image.draggable = false;
  return image;
}

function makeButton(label, onClick) {
  const button = make("button", "", label);
  button.type = "button";
  button.onclick = onClick;
  return button;
}

function make(kind, name = "", text = "") {
  const element = document.createElement(kind);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}
