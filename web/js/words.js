// The words of buttons, dialogs and panels in the user's language, from `locales/*/main.json`.

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";
import { sayFrom } from "./editor/words.js";

const KEY = "salientCrop";
let said = sayFrom({});

// Reads them once, before there are nodes.
export async function loadWords() {
  const every = await api.getCustomNodesI18n();
  const language = app.extensionManager?.setting?.get("Comfy.Locale") ?? "en";
  said = sayFrom({ ...every.en?.[KEY], ...every[language]?.[KEY] });
}

// The words of a key, see `sayFrom`.
export function say(key, values) {
  return said(key, values);
}
