// The words of buttons and dialogs in the user's language, from `locales/*/main.json`.

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";

const KEY = "salientCrop";
let words = {};

// Reads them once, before there are nodes.
export async function loadWords() {
  const every = await api.getCustomNodesI18n();
  const language = app.extensionManager?.setting?.get("Comfy.Locale") ?? "en";
  words = { ...every.en?.[KEY], ...every[language]?.[KEY] };
}

// The words of a key, with `{name}` filled in from the values.
export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
