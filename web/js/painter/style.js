/** The looks of the painter, beside those of the editor. */

export const STYLE = `
.painter { display: grid; grid-template-rows: auto minmax(0, 1fr) auto; height: 100%; min-height: 0; background: var(--sc-back); }
.painting { position: relative; display: grid; grid-template-columns: minmax(0, 1fr) 290px; min-height: 0; }
@container (max-width: 620px) {
  .painting { grid-template-columns: none; grid-template-rows: minmax(0, 1fr) minmax(0, 130px); }
  .side { border: 0; border-top: 1px solid var(--sc-line); }
}
:host { display: block; container-type: inline-size; }
select, input { min-height: 28px; padding: 3px 6px; border: 1px solid var(--sc-line); border-radius: 6px; background: var(--sc-card);
  color: var(--sc-ink); font: inherit; }
.group .where { align-self: center; max-width: 220px; overflow: hidden; color: var(--sc-faint); text-overflow: ellipsis; white-space: nowrap; }
button.text[aria-pressed="true"] { border-color: #d8a800; background: color-mix(in srgb, #ffe14d 30%, var(--sc-card)); }
button.keep[aria-pressed="true"] { border-color: #2aa862; background: color-mix(in srgb, #3ddc84 25%, var(--sc-card)); }
button.avoid[aria-pressed="true"] { border-color: #e04848; background: color-mix(in srgb, #ff5c5c 25%, var(--sc-card)); }

.board { position: relative; min-height: 0; overflow: hidden; background: var(--sc-stage); cursor: crosshair; touch-action: none;
  user-select: none; }
.board:focus-visible { outline-offset: -2px; }
.paper { position: absolute; overflow: hidden; background: repeating-linear-gradient(45deg, #34363c 0 8px, #2c2e33 8px 16px);
  pointer-events: none; }
.paper img { position: absolute; max-width: none; }
.board svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.board .thirds { stroke: #fff; stroke-opacity: 0.22; stroke-width: 1; pointer-events: none; }
.board .snap { stroke: #ffd54a; stroke-width: 1; stroke-dasharray: 4 3; pointer-events: none; }
.board .other { fill: #ffe14d; fill-opacity: 0.1; stroke: #ffe14d; stroke-opacity: 0.6; stroke-dasharray: 2 5; pointer-events: none; }
.board .shape { stroke-width: 2; fill-opacity: 0.22; cursor: move; }
.board .shape.text { fill: #ffe14d; stroke: #ffe14d; stroke-dasharray: 7 5; }
.board .shape.keep { fill: #3ddc84; stroke: #3ddc84; }
.board .shape.avoid { fill: #ff5c5c; stroke: #ff5c5c; }
.board .shape.chosen { fill-opacity: 0.36; stroke-width: 3; }
.board .label { fill: #fff; stroke: #000; stroke-opacity: 0.75; stroke-width: 3; paint-order: stroke; font: 600 13px system-ui, sans-serif;
  pointer-events: none; }
.board .handle { fill: #fff; stroke: #000; stroke-opacity: 0.6; stroke-width: 1; pointer-events: none; }
.board .grip { fill: transparent; }

.side { display: flex; flex-direction: column; min-height: 0; overflow-y: auto; border-left: 1px solid var(--sc-line); background: var(--sc-back); }
.list { margin: 0; padding: 6px; list-style: none; }
.row { display: flex; gap: 6px; align-items: center; padding: 4px 6px; border-radius: 6px; }
.row.chosen { background: color-mix(in srgb, var(--sc-accent) 22%, transparent); }
.row input { flex: 1; min-width: 0; }
.chip { flex: none; width: 12px; height: 12px; border: 1px solid rgb(0 0 0 / 40%); border-radius: 3px; }
.chip.text { background: #ffe14d; }
.chip.keep { background: #3ddc84; }
.chip.avoid { background: #ff5c5c; }
.hint { margin: 0; padding: 6px 12px; color: var(--sc-faint); font-size: 12px; }
.hint:empty { display: none; }
`;
