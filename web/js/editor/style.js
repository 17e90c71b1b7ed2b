/** The looks of the editor, light and dark. A host may set the colours, as ComfyUI's themes do. */

export const STYLE = `
:host, .sc-root {
  --sc-back: var(--sc-host-back, light-dark(#f3f2ef, #18191c));
  --sc-card: var(--sc-host-card, light-dark(#ffffff, #24262b));
  --sc-ink: var(--sc-host-ink, light-dark(#1b1b1d, #eceae6));
  --sc-faint: var(--sc-host-faint, light-dark(#5c5b60, #a9a8ad));
  --sc-line: var(--sc-host-line, light-dark(#d5d3ce, #3b3e45));
  --sc-accent: light-dark(#0b63ce, #6db3ff);
  --sc-good: light-dark(#19733d, #5fd08a);
  --sc-bad: light-dark(#b3261e, #ff8f86);
  --sc-amber: light-dark(#8a4f00, #ffbf5e);
  --sc-stage: #101114;
  color: var(--sc-ink);
  font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.editor { display: grid; grid-template-rows: minmax(0, 1fr) auto; height: 100%; min-height: 0; background: var(--sc-back); }
.work { display: grid; grid-template-columns: 132px minmax(0, 1fr); min-height: 0; }
.work.narrow { grid-template-columns: none; grid-template-rows: minmax(0, 1fr) 84px; }
.work.narrow .strip { order: 2; border: 0; border-top: 1px solid var(--sc-line); }
.strip { min-height: 0; border-right: 1px solid var(--sc-line); background: var(--sc-back); }
.stage-column { display: grid; grid-template-rows: auto minmax(0, 1fr); min-width: 0; min-height: 0; }

.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; padding: 6px 10px; border-bottom: 1px solid var(--sc-line);
  background: var(--sc-card); }
.foot { border: 0; border-top: 1px solid var(--sc-line); }
.title { display: flex; flex: 1 1 180px; flex-direction: column; min-width: 0; }
.title b { overflow: hidden; font-weight: 600; text-overflow: ellipsis; white-space: nowrap; }
.title span { overflow: hidden; color: var(--sc-faint); font-size: 12px; text-overflow: ellipsis; white-space: nowrap; }
.notes { flex-basis: 100%; margin: 0; padding: 0; color: var(--sc-amber); font-size: 12px; list-style: none; }
.notes li::before { content: "⚠ "; }
.gap { flex: 1; }
button { display: inline-flex; align-items: center; gap: 5px; min-height: 28px; padding: 3px 10px; border: 1px solid var(--sc-line);
  border-radius: 6px; background: var(--sc-card); color: var(--sc-ink); font: inherit; white-space: nowrap; cursor: pointer; }
button:hover:not(:disabled) { border-color: var(--sc-faint); }
button:disabled { opacity: 0.45; cursor: default; }
button[aria-pressed="true"] { border-color: var(--sc-accent); background: color-mix(in srgb, var(--sc-accent) 16%, var(--sc-card)); }
button.good[aria-pressed="true"] { border-color: var(--sc-good); background: color-mix(in srgb, var(--sc-good) 18%, var(--sc-card)); }
button.bad[aria-pressed="true"] { border-color: var(--sc-bad); background: color-mix(in srgb, var(--sc-bad) 16%, var(--sc-card)); }
button kbd { padding: 0 4px; border-radius: 3px; background: color-mix(in srgb, var(--sc-ink) 10%, transparent); color: var(--sc-faint);
  font: 11px/1.4 ui-monospace, monospace; }
button.icon { justify-content: center; width: 28px; padding: 0; }
.group { display: inline-flex; gap: 4px; }
:focus-visible { outline: 2px solid var(--sc-accent); outline-offset: 1px; }

.stage { position: relative; min-height: 0; overflow: hidden; background: var(--sc-stage); touch-action: none; user-select: none; }
.stage:focus-visible { outline-offset: -2px; }
.stage img { position: absolute; top: 0; left: 0; transform-origin: 0 0; pointer-events: none; }
.stage.heated .dim { fill-opacity: 0.35; }
.stage svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.stage.left-out img.picture { filter: grayscale(1) brightness(0.5); }
.stage .dim { fill: #000; fill-opacity: 0.58; fill-rule: evenodd; pointer-events: none; }
.stage .box { fill: transparent; stroke: #fff; stroke-width: 2; cursor: move; }
.stage.corrected .box { stroke: #6db3ff; }
.stage.approved .box { stroke: #5fd08a; }
.stage.left-out .box { stroke: #ff8f86; stroke-dasharray: 7 5; }
.stage .edge { stroke: #000; stroke-opacity: 0.55; stroke-width: 4; fill: none; pointer-events: none; }
.stage .thirds { stroke: #fff; stroke-opacity: 0.35; stroke-width: 1; pointer-events: none; }
.stage .snap { stroke: #ffd54a; stroke-width: 1; stroke-dasharray: 4 3; pointer-events: none; }
.stage .handle { fill: #fff; stroke: #000; stroke-opacity: 0.6; stroke-width: 1; pointer-events: none; }
.stage .grip { fill: transparent; }
.stage .ghost { fill: transparent; stroke: #ffd54a; stroke-opacity: 0.85; stroke-width: 1.5; stroke-dasharray: 6 5; pointer-events: none; }
.stage .ghost-name { fill: #1b1b1d; font: 600 11px system-ui, sans-serif; pointer-events: none; text-anchor: middle; }
.stage .ghost-tag { fill: #ffd54a; stroke: #000; stroke-opacity: 0.4; cursor: pointer; }
.stage .ghost-tag:hover { fill: #fff; }
.stage .subject { fill: none; stroke: #57e0ff; stroke-opacity: 0.9; stroke-width: 1.25; pointer-events: none; }
.stage .head { fill: none; stroke: #ff8ad8; stroke-width: 1.5; pointer-events: none; }
.stage .keep { fill: #5fd08a; fill-opacity: 0.16; stroke: #5fd08a; pointer-events: none; }
.stage .avoid { fill: #ff8f86; fill-opacity: 0.16; stroke: #ff8f86; pointer-events: none; }
.stage .text { fill: #ffe27a; fill-opacity: 0.18; stroke: #ffe27a; stroke-dasharray: 3 3; pointer-events: none; }
.stage .empty { position: absolute; inset: 0; display: grid; place-content: center; padding: 20px; color: #d8d6d2; text-align: center; }
.help { position: absolute; right: 12px; bottom: 12px; z-index: 2; max-width: 340px; padding: 12px 16px; border: 1px solid var(--sc-line);
  border-radius: 8px; background: var(--sc-card); box-shadow: 0 6px 24px rgb(0 0 0 / 35%); }
.help dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 12px; margin: 0; }
.help dt { color: var(--sc-faint); font: 11px/1.6 ui-monospace, monospace; white-space: nowrap; }
.help dd { margin: 0; }

.tiles { position: relative; height: 100%; overflow: auto; overscroll-behavior: contain; outline-offset: -2px; }
.tiles .space { position: relative; }
.tile { position: absolute; top: 0; left: 0; display: flex; flex-direction: column; overflow: hidden; padding: 4px; border-radius: 8px;
  cursor: pointer; contain: strict; }
.tile .card { position: relative; flex: 1; min-height: 0; overflow: hidden; border-radius: 6px;
  background: color-mix(in srgb, var(--sc-ink) 9%, var(--sc-back)); }
.tile[aria-selected="true"] { background: color-mix(in srgb, var(--sc-accent) 30%, transparent); box-shadow: inset 0 0 0 2px var(--sc-accent); }
.tile .frame { position: absolute; overflow: hidden; }
.tile img { display: block; width: 100%; height: 100%; object-fit: fill; }
.tile .crop { position: absolute; border: 1.5px solid #fff; box-shadow: 0 0 0 2000px rgb(0 0 0 / 55%); }
.tile.corrected .crop { border-color: #6db3ff; }
.tile.approved .crop { border-color: #5fd08a; }
.tile.left-out .crop { border-style: dashed; border-color: #ff8f86; }
.tile.left-out img { filter: grayscale(1) brightness(0.6); }
.tile .name { flex: none; overflow: hidden; padding: 3px 2px 0; color: var(--sc-ink); font-size: 12px; text-overflow: ellipsis;
  white-space: nowrap; }
.tile .facts { flex: none; overflow: hidden; padding: 0 2px; color: var(--sc-faint); font-size: 11px; text-overflow: ellipsis; white-space: nowrap; }
.tile[aria-selected="true"] .facts { color: var(--sc-ink); }
.tile .facts.warned { color: var(--sc-amber); }
.tile .mark { position: absolute; top: 4px; right: 4px; display: none; padding: 0 6px; border-radius: 9px; background: #18191ce0; color: #fff;
  font-size: 11px; line-height: 18px; }
.tile.corrected .mark, .tile.approved .mark, .tile.left-out .mark, .tile.failed .mark, .tile.warned .mark { display: block; }
.tile.warned .mark { color: #ffbf5e; }
.tile.approved .mark { color: #5fd08a; }
.tile.corrected .mark { color: #8cc5ff; }
.tile.left-out .mark, .tile.failed .mark { color: #ff9f97; }
.tile .reason { position: absolute; inset: 0; display: grid; place-content: center; padding: 8px; color: var(--sc-faint); font-size: 11px;
  text-align: center; overflow-wrap: anywhere; }
.small .tile { padding: 3px; }
.small .name, .small .facts { display: none; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) { .tile, button { transition: background-color 80ms; } }
`;

/** Gives a shadow root the editor's looks, without a word of style in the page, which its policy would refuse. */
export function adoptStyle(root, more = "") {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE + more);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
