// The style of the shadow root. `!important` is on the host only, which rules of the page may reach.

const light = `
  color-scheme: light !important;
  --back: #ffffff; --raised: #f4f6fb; --line: #d8dde9; --text: #1a2030; --muted: #55607a; --accent: #0b62c4; --hover: #e8eef9;
  --one: #0b62c4; --two: #b0500a; --three: #177a3c; --four: #7a3fd0; --five: #b3226b;
  --alarm: #b3261e; --alarm-back: #fde9e7; --free: #e6e9f2;
  --block-0: #3b7fd9; --block-1: #d9822b; --block-2: #3f9c5c; --block-3: #8a5cd6; --block-4: #cf4a86; --block-5: #2d98a6;
  --shadow: 0 4px 28px rgb(20 28 50 / 0.28);
`

const dark = `
  color-scheme: dark !important;
  --back: #12151d; --raised: #1b202c; --line: #313849; --text: #e8ebf4; --muted: #a3adc4; --accent: #7cc0ff; --hover: #252c3d;
  --one: #63b5ff; --two: #ffb057; --three: #6fdc8c; --four: #c79bff; --five: #ff8cc0;
  --alarm: #ff8f85; --alarm-back: #46201f; --free: #262c3a;
  --block-0: #4c93ea; --block-1: #e39a48; --block-2: #55b574; --block-3: #a17be8; --block-4: #e0689d; --block-5: #45b3c1;
  --shadow: 0 4px 28px rgb(0 0 0 / 0.6);
`

const theme = `
:host { ${light} }
@media (prefers-color-scheme: dark) { :host { ${dark} } }
:host([data-theme='light']) { ${light} }
:host([data-theme='dark']) { ${dark} }
`

const frame = `
:host {
  all: initial !important;
  position: fixed !important;
  z-index: 2147483000 !important;
  display: block !important;
  font: 13px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif !important;
  color: var(--text) !important;
  -webkit-text-size-adjust: 100%;
}
:host([hidden]) { display: none !important; }
:host([data-dock='bottom']) { left: 0 !important; right: 0 !important; bottom: 0 !important; height: var(--height) !important; }
:host([data-dock='right']) { top: 0 !important; right: 0 !important; bottom: 0 !important; width: var(--width) !important; }
:host([data-dock='float']) {
  left: var(--left) !important; top: var(--top) !important;
  width: var(--width) !important; height: var(--height) !important;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }

.sheet {
  position: relative; display: flex; flex-direction: column; width: 100%; height: 100%; overflow: hidden;
  background: var(--back); box-shadow: var(--shadow); container-type: inline-size;
}
:host([data-dock='bottom']) .sheet { border-top: 1px solid var(--line); padding-bottom: env(safe-area-inset-bottom); }
:host([data-dock='right']) .sheet { border-left: 1px solid var(--line); }
:host([data-dock='float']) .sheet { border: 1px solid var(--line); border-radius: 10px; }

.edge { position: absolute; z-index: 2; touch-action: none; }
.edge::after { content: ''; position: absolute; border-radius: 2px; background: var(--muted); opacity: 0.55; }
.edge:hover::after, .edge:focus-visible::after { background: var(--accent); opacity: 1; }
:host([data-dock='bottom']) .edge { inset: 0 0 auto; height: 10px; cursor: ns-resize; }
:host([data-dock='bottom']) .edge::after { left: 50%; top: 4px; width: 44px; height: 3px; margin-left: -22px; }
:host([data-dock='bottom']) header { padding-top: 10px; }
:host([data-dock='right']) .edge { inset: 0 auto 0 0; width: 10px; cursor: ew-resize; }
:host([data-dock='right']) .edge::after { top: 50%; left: 3px; height: 44px; width: 3px; margin-top: -22px; }
:host([data-dock='right']) .sheet > :not(.edge) { margin-left: 8px; }
:host([data-dock='float']) .edge { inset: auto 0 0 auto; width: 18px; height: 18px; cursor: nwse-resize; }
:host([data-dock='float']) .edge::after {
  right: 4px; bottom: 4px; width: 9px; height: 9px; border-radius: 0;
  background: linear-gradient(135deg, transparent 50%, var(--muted) 50%);
}
:host([data-dock='float']) header { cursor: move; touch-action: none; }

header { display: flex; align-items: center; gap: 6px 14px; padding: 6px 12px; border-bottom: 1px solid var(--line); flex: none; flex-wrap: wrap; }
header strong { font-weight: 650; letter-spacing: 0.01em; }
.buttons { display: flex; align-items: center; gap: 6px; }
.cost { margin-left: auto; color: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tabs { display: flex; gap: 2px; }
[role='tab'] { border-color: transparent; background: none; color: var(--muted); }
[role='tab'][aria-selected='true'] { background: var(--hover); color: var(--text); font-weight: 600; }

.panels { flex: 1; min-height: 0; display: flex; }
.panel { flex: 1; min-width: 0; overflow: auto; padding: 10px 12px 12px; overscroll-behavior: contain; }
`

const controls = `
button, input, select {
  font: inherit; color: inherit; border: 1px solid var(--line); border-radius: 6px; background: var(--raised);
  min-height: 30px; padding: 3px 10px; margin: 0;
}
button { cursor: pointer; white-space: nowrap; }
button:hover { background: var(--hover); }
button[aria-pressed='true'] { border-color: var(--accent); color: var(--accent); }
button[aria-busy='true'] { opacity: 0.6; cursor: progress; }
button.icon { padding: 3px 7px; display: inline-flex; align-items: center; }
button svg { width: 16px; height: 16px; fill: none; stroke: currentcolor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
input[type='number'] { width: 8.5em; font-variant-numeric: tabular-nums; }
select { max-width: 14em; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.edge:focus-visible, tr:focus-visible { outline-offset: -2px; }
.trace { display: inline-flex; align-items: center; gap: 7px; }
.trace .dot { width: 9px; height: 9px; border-radius: 50%; background: var(--muted); }
.trace.recording .dot { background: var(--alarm); }
.trace.recording { border-color: var(--alarm); }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 10px; margin-bottom: 8px; }
.tools label { display: inline-flex; align-items: center; gap: 6px; color: var(--muted); }
.tools label > :last-child { color: var(--text); }
.pair { display: inline-flex; gap: 4px; }
.note { margin: 0 0 8px; color: var(--muted); font-variant-numeric: tabular-nums; }
.tools .note { margin: 0; }
.note:empty, .chip:empty, .peak:empty { display: none; }
.alarm { color: var(--alarm); }
h3 { margin: 0 0 4px; font-size: 13px; font-weight: 650; }
.chip {
  display: inline-block; padding: 0 7px; border-radius: 9px; font-size: 12px; line-height: 18px;
  background: var(--hover); color: var(--muted);
}
.chip[data-strategy='full'] { color: var(--two); }
.chip[data-strategy='runs'] { color: var(--one); }
.chip[data-strategy='scatter'] { color: var(--three); }
`

const tables = `
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--muted); font-weight: 500; font-size: 12px; }
.number { text-align: right; }
.pickable { cursor: pointer; }
.pickable:hover, tbody tr:focus-visible { background: var(--hover); }
.empty td { color: var(--muted); white-space: normal; }
.name { font-weight: 600; }
.name + .chip { margin-left: 8px; }
.wrap { white-space: normal; }
.with-bar { position: relative; min-width: 130px; }
.with-bar .bar { position: absolute; left: 0; top: 50%; height: 20px; margin-top: -10px; background: var(--accent); opacity: 0.18; border-radius: 3px; }
.with-bar span { position: relative; }
`

const views = `
.frames-view { display: flex; flex-direction: column; height: 100%; min-height: 0; }
.tiles { display: flex; flex-wrap: wrap; gap: 4px 26px; margin: 0 0 8px; }
.tiles dt { color: var(--muted); font-size: 12px; }
.tiles dd { margin: 0; font-size: 15px; font-weight: 600; font-variant-numeric: tabular-nums; min-width: 2.5em; }
.charts { flex: 1; min-height: 150px; display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 10px; border-radius: 6px; }
.chart { margin: 0; display: flex; flex-direction: column; min-width: 0; min-height: 150px; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 6px 4px 4px 8px; }
.chart figcaption { display: flex; flex-wrap: wrap; gap: 0 10px; font-size: 12px; padding-right: 6px; }
.chart .title { font-weight: 600; margin-right: auto; }
.key { color: var(--muted); white-space: nowrap; }
.key b { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; display: inline-block; min-width: 3.9em; }
.peak { position: absolute; z-index: 1; right: 8px; top: 0; padding: 0 4px; border-radius: 3px; background: var(--raised); color: var(--muted); font-size: 11px; }
.key i { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 4px; background: var(--muted); }
[data-color='--one'] i { background: var(--one); } [data-color='--two'] i { background: var(--two); }
[data-color='--three'] i { background: var(--three); } [data-color='--four'] i { background: var(--four); }
[data-color='--five'] i { background: var(--five); }
.plot { flex: 1; min-height: 100px; position: relative; overflow: hidden; contain: strict; }

.memory-view { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 12px 24px; align-items: start; }
.heap + .heap { margin-top: 16px; }
.map { display: flex; height: 34px; border-radius: 5px; overflow: hidden; background: var(--free); }
.map span { flex: 0 1 0; min-width: 1px; background: var(--free); }
.map span + span { box-shadow: inset 1px 0 var(--back); }
.scale { display: flex; justify-content: space-between; gap: 12px; color: var(--muted); font-size: 12px; margin: 2px 0 6px; font-variant-numeric: tabular-nums; }
.swatch { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 7px; }
[data-block='0'] { background: var(--block-0) !important; } [data-block='1'] { background: var(--block-1) !important; }
[data-block='2'] { background: var(--block-2) !important; } [data-block='3'] { background: var(--block-3) !important; }
[data-block='4'] { background: var(--block-4) !important; } [data-block='5'] { background: var(--block-5) !important; }

.recording-view .frame { flex: 1; min-width: 16em; }
.recording-view input[type='range'] { flex: 1; padding: 0; }

.fields { width: auto; min-width: min(100%, 46em); }
.fields th[scope='row'] { font-weight: 600; vertical-align: top; }
.fields small { margin-left: 8px; font-weight: 400; color: var(--muted); font-size: 12px; }
.fields td { vertical-align: top; font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 12.5px; }
.numbers { display: grid; grid-template-columns: repeat(var(--width), minmax(4.5em, max-content)); gap: 1px 14px; }
.numbers span { text-align: right; border-radius: 4px; padding: 0 4px; }
.numbers .differs { background: var(--alarm-back); color: var(--alarm); font-weight: 700; }
tr.differs th::before { content: '≠ '; color: var(--alarm); }
`

// What charts need of what uPlot draws: layers on top of one another. Axes are drawn on the canvas.
const plot = `
.uplot { position: absolute; left: 0; top: 0; }
.u-wrap { position: relative; user-select: none; -webkit-user-select: none; }
.u-under, .u-over, .u-axis, .u-select { position: absolute; }
.u-under { overflow: hidden; }
.uplot canvas { display: block; position: relative; width: 100%; height: 100%; }
.u-cursor-x { position: absolute; left: 0; top: 0; height: 100%; border-right: 1px dashed var(--muted); pointer-events: none; will-change: transform; }
.u-cursor-y, .u-off { display: none; }
.u-cursor-pt { position: absolute; left: 0; top: 0; border-radius: 50%; border: 0 solid; pointer-events: none; will-change: transform; background-clip: padding-box !important; }
`

const narrow = `
@container (max-width: 900px) {
  .charts { grid-template-columns: minmax(0, 1fr); }
  .frames-view { height: auto; }
  .plot { min-height: 110px; }
  .memory-view { grid-template-columns: minmax(0, 1fr); }
  .narrow-1 { display: none; }
}
@container (max-width: 560px) {
  .narrow-2 { display: none; }
  header { padding-inline: 8px; gap: 4px 8px; }
  header strong { display: none; }
  .tabs { flex-basis: 100%; }
  .cost { margin: 0; }
  .buttons { margin-left: auto; }
  [role='tab'] { padding-inline: 7px; }
  .panel { padding-inline: 8px; }
  th, td { padding-inline: 6px; }
  .fields, .fields tbody, .fields tr, .fields th[scope='row'], .fields td { display: block; }
  .fields thead { display: none; }
  .fields tr { padding: 6px 0; border-bottom: 1px solid var(--line); }
  .fields th[scope='row'], .fields td { border: 0; padding-block: 1px; }
  .fields td { display: flex; gap: 8px; }
  .fields td::before { content: attr(data-side); color: var(--muted); flex: 0 0 3.6em; font-family: system-ui, sans-serif; }
  .numbers { gap: 1px 4px; grid-template-columns: repeat(var(--width), minmax(3em, max-content)); font-size: 12px; }
  .tiles { gap: 4px 18px; }
}
@media (forced-colors: active) {
  .key i, .swatch, .map span, .bar { forced-color-adjust: none; }
}
`

export const css: string = [theme, frame, controls, tables, views, plot, narrow].join('\n')
