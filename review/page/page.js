/** The review page: all crops of a run in a grid, one in the editor, and what was decided on its way to the server. */

import { CropEditor } from "./editor/crop_editor.js";
import { adoptStyle } from "./editor/style.js";
import { Tiles } from "./editor/tiles.js";
import { sayFrom } from "./editor/words.js";
import { EVERYTHING, KINDS, countKinds, listValues, select } from "./filters.js";

const { language, words } = await (await fetch("words")).json();
const say = sayFrom(words);
const find = (name) => document.getElementById(name);
const filter = { ...EVERYTHING };
const source = {
  items: [],
  thumbnail: (index) => `thumbnail/${index}`,
  picture: (index) => `picture/${index}`,
  heat: (index) => `heat/${index}`,
  details: (index) => ask(`details/${index}`),
  decided: (index, correction) => {
    send({ index, correction });
    refreshSoon();
    grid.update(index);
  },
};
let shown = []; // { index, item } of those that the filter lets through
let editor = null;
let refreshing = 0;
let sending = Promise.resolve();
let queue = [];
let hiding = 0;

// The server

async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(say("serverEnded"));
  }
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error ?? answer.statusText);
  return value;
}

/** Sends decisions one after the other, as many at once as have come meanwhile. */
function send(decision) {
  queue.push(decision);
  sending = sending.then(async () => {
    if (!queue.length) return;
    const decisions = queue;
    queue = [];
    try {
      await ask("decide", { decisions });
    } catch (error) {
      tell(error.message, true);
    }
  });
}

async function save() {
  find("save").disabled = true;
  tell(say("saving"));
  await sending;
  const watching = setInterval(async () => {
    const { done, total } = await ask("progress").catch(() => ({}));
    if (total) tell(say("savingOf", { done: inDigits(done), total: inDigits(total) }));
  }, 400);
  try {
    const { saved, failed } = await ask("save", {});
    await sending;
    const lost = Object.entries(failed).map(([name, reason]) => `${name}: ${reason}`);
    await load();
    const told = [say("writtenAgain", { count: inDigits(saved) })];
    const names = `${lost.slice(0, 3).join("; ")}${lost.length > 3 ? " …" : ""}`;
    if (lost.length) told.push(say("notWritten", { names }));
    tell(told.join("; "), lost.length > 0);
  } catch (error) {
    tell(error.message, true);
  } finally {
    clearInterval(watching);
    refresh();
  }
}

async function load() {
  const state = await ask("items");
  source.items.splice(0, source.items.length, ...state.items);
  find("manifest").textContent = `\u200e${state.manifest}`;
  find("manifest").title = state.manifest;
  document.title = say("reviewCount", { count: inDigits(state.items.length) });
  fill("ratio", listValues(source.items, (item) => item.ratio));
  fill("bucket", listValues(source.items, (item) => item.bucket?.join("x")));
  find("bucket-label").hidden = !state.buckets;
  show();
}

// What is shown

/** Applies the filter anew. The open picture stays open where it is still shown. */
function show() {
  const open = editor && !find("editor-host").hidden ? editor.index : shown[grid.active]?.index;
  const order = select(source.items, filter);
  shown = order.map((index) => ({ index, item: source.items[index] }));
  grid.reset(Math.max(0, order.indexOf(open)));
  editor?.setOrder(order, open);
  refresh();
}

function refreshSoon() {
  refreshing ||= requestAnimationFrame(() => {
    refreshing = 0;
    refresh();
  });
}

function refresh() {
  const counts = countKinds(source.items);
  for (const [kind, { label }] of Object.entries(KINDS)) {
    const button = find(`kind-${kind}`);
    const count = Object.assign(document.createElement("small"), { textContent: counts[kind].toLocaleString(language) });
    button.replaceChildren(`${say(label)} `, count);
    button.setAttribute("aria-pressed", String(filter.kind === kind));
    button.disabled = !counts[kind] && filter.kind !== kind;
  }
  find("save").disabled = !counts.unsaved;
  find("save").textContent = counts.unsaved ? say("saveChanged", { count: inDigits(counts.unsaved) }) : say("saved");
  const open = shown.filter(({ item }) => item.box && !item.correction).length;
  find("approve-all").disabled = !open;
  find("approve-all").textContent = open ? say("approveShownCount", { count: inDigits(open) }) : say("approveShown");
  find("nothing").hidden = shown.length > 0;
}

/** A number as it is written; the one stays a number, which has words of its own. */
function inDigits(count) {
  return count === 1 ? 1 : count.toLocaleString(language);
}

/** Shows a message; one that is bad stays. */
function tell(words, bad = false) {
  find("message").textContent = words;
  find("message").classList.toggle("bad", bad);
  find("message").hidden = !words;
  clearTimeout(hiding);
  if (!bad) hiding = setTimeout(() => (find("message").hidden = true), 8000);
}

function fill(name, values) {
  const box = find(name);
  box.replaceChildren(new Option(say("everyValue"), ""), ...values.map(([value, count]) => new Option(`${value} (${count})`, value)));
  box.value = values.some(([value]) => value === filter[name]) ? filter[name] : "";
  filter[name] = box.value;
}

function view(name, place) {
  const editing = name === "editor";
  find("grid-host").hidden = editing;
  find("editor-host").hidden = !editing;
  find("view-grid").setAttribute("aria-pressed", String(!editing));
  find("view-editor").setAttribute("aria-pressed", String(editing));
  if (editing) {
    const order = shown.map(({ index }) => index);
    editor ??= new CropEditor(find("editor-host"), source, { say, order, left: () => view("grid") });
    editor.open(place ?? grid.active);
    editor.focus();
  } else {
    if (editor) grid.reset(editor.place);
    grid.reveal(grid.active);
    grid.element.focus({ preventScroll: true });
  }
}

/** A decision about the active tile, without opening it. */
function decide(index, decision) {
  const item = source.items[index];
  if (!item?.box) return;
  const same = item.correction?.decision === decision;
  item.correction = same || !decision ? null : { decision, box: item.correction?.box ?? item.box };
  source.decided(index, item.correction);
  editor?.update(index);
}

/** Puts the words of the user's language where the page names them by their keys. */
function translatePage() {
  document.documentElement.lang = language;
  document.title = say("reviewCrops");
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
  for (const each of document.querySelectorAll("[data-say-label]")) each.setAttribute("aria-label", say(each.dataset.sayLabel));
  for (const each of document.querySelectorAll("[data-say-placeholder]")) each.placeholder = say(each.dataset.sayPlaceholder);
  document.body.hidden = false;
}

translatePage();
const root = find("grid-host").attachShadow({ mode: "open" });
adoptStyle(root, ".tiles { padding: 6px 10px; } .tiles .tile { padding: 4px; }");
const grid = new Tiles(root.appendChild(document.createElement("div")), {
  say,
  label: say("gridKeys"),
  width: 210,
  height: 212,
  items: () => shown,
  thumbnail: source.thumbnail,
  choose: (index, opened, place) => opened && view("editor", place),
});
grid.element.classList.add("sc-root");
grid.element.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const index = shown[grid.active]?.index;
  const decision = { a: "approve", x: "drop", r: null }[event.key.toLowerCase()];
  if (decision !== undefined && index !== undefined) decide(index, decision);
});

for (const kind of Object.keys(KINDS)) {
  const button = find("kinds").appendChild(document.createElement("button"));
  button.id = `kind-${kind}`;
  button.addEventListener("click", () => {
    filter.kind = kind;
    show();
  });
}
for (const name of ["ratio", "bucket", "sort", "words"]) {
  find(name).addEventListener("input", () => {
    filter[name] = find(name).value;
    show();
  });
}
find("view-grid").addEventListener("click", () => view("grid"));
find("view-editor").addEventListener("click", () => view("editor"));
find("save").addEventListener("click", save);
find("approve-all").addEventListener("click", () => {
  for (const { index, item } of shown) if (item.box && !item.correction) decide(index, "approve");
  show();
});
load().catch((error) => tell(error.message, true));
