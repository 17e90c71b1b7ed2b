/** Which items are shown, in which order, and how many there are of each kind. Nothing here knows of a page. */

const UNSURE = 0.4; // of a confidence: the crop is ahead of its rivals by less than 0.025 of the score

/** What is shown where nothing is chosen. */
export const EVERYTHING = { kind: "all", ratio: "", bucket: "", words: "", sort: "doubtful" };

const isDecided = (item) => Boolean(item.correction);
const isFailed = (item) => !item.box;
const hasHeadCut = (item) => Boolean(item.warnings?.some((each) => each.code === "head-cut"));

/** What may be shown: the key of its words, and which items it holds. */
export const KINDS = {
  all: { label: "all", matches: () => true },
  doubtful: { label: "kindDoubtful", matches: isDoubtful },
  warned: { label: "kindWarned", matches: (item) => Boolean(item.warnings?.length) && item.correction?.decision !== "drop" },
  open: { label: "kindOpen", matches: (item) => !isDecided(item) && !isFailed(item) },
  corrected: { label: "kindCorrected", matches: (item) => item.correction?.decision === "box" },
  approved: { label: "kindApproved", matches: (item) => item.correction?.decision === "approve" },
  dropped: { label: "kindDropped", matches: (item) => item.correction?.decision === "drop" || item.status === "dropped" && isFailed(item) },
  failed: { label: "kindFailed", matches: (item) => item.status === "failed" },
};

/** Whether somebody should look at a crop: nobody has, and it cuts off a head or is hardly better than others. */
export function isDoubtful(item) {
  if (isDecided(item) || isFailed(item)) return false;
  return hasHeadCut(item) || (item.confidence ?? 1) < UNSURE;
}

/** How sure a crop is: below 0 where it cuts off a head, above 1 where nothing can or need be said. */
export function assurance(item) {
  if (isFailed(item)) return 3;
  if (isDecided(item)) return 2;
  return (item.confidence ?? 1.5) - (hasHeadCut(item) ? 3 : 0);
}

/** The indices of the items that a filter shows, in its order. */
export function select(items, filter) {
  const words = filter.words.trim().toLowerCase();
  const shown = [];
  items.forEach((item, index) => {
    if (!KINDS[filter.kind].matches(item)) return;
    if (filter.ratio && item.ratio !== filter.ratio) return;
    if (filter.bucket && item.bucket?.join("x") !== filter.bucket) return;
    if (words && !item.name.toLowerCase().includes(words)) return;
    shown.push(index);
  });
  if (filter.sort === "doubtful") {
    const sure = new Map(shown.map((index) => [index, assurance(items[index])]));
    shown.sort((one, other) => sure.get(one) - sure.get(other) || one - other);
  }
  return shown;
}

/** How many items each kind has, and how many decisions are not saved. */
export function countKinds(items) {
  const counts = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0]));
  let unsaved = 0;
  for (const item of items) {
    for (const [kind, { matches }] of Object.entries(KINDS)) counts[kind] += matches(item) ? 1 : 0;
    unsaved += isUnsaved(item) ? 1 : 0;
  }
  return { ...counts, unsaved };
}

export function isUnsaved(item) {
  const [one, other] = [item.correction ?? null, item.saved ?? null];
  if (!one || !other) return one !== other;
  return one.decision !== other.decision || one.box.some((value, index) => value !== other.box[index]);
}

/** The distinct values of a field, those of the most items first, as `[value, count]`. */
export function listValues(items, read) {
  const counts = new Map();
  for (const item of items) {
    const value = read(item);
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => other[1] - one[1]);
}
