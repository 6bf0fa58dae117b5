/**
 * The style of the report, light and dark. Colours are variables; charts and tables use no others.
 */

/** Colours of the series of a chart, in order: as many as `--c0`, `--c1`… in the style. */
export const seriesColours = 10

export const css = `
:root { color-scheme: light dark; --ink: #17202b; --soft: #5a6675; --line: #dde2e9; --paper: #fbfcfd; --card: #fff; --yes: #0f7a3d; --no: #b4410b; --wash: #fdf0e6; --link: #1259a8;
  --c0: #1668b8; --c1: #c2410c; --c2: #15803d; --c3: #7e22ce; --c4: #b91c1c; --c5: #0e7490; --c6: #a16207; --c7: #be185d; --c8: #4d7c0f; --c9: #475569 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #97a3b4; --line: #2b3543; --paper: #0e1319; --card: #151b24; --yes: #4ade80; --no: #fb923c; --wash: #2a1a0e; --link: #7cb8ff;
  --c0: #60a5fa; --c1: #fb923c; --c2: #4ade80; --c3: #c084fc; --c4: #f87171; --c5: #22d3ee; --c6: #facc15; --c7: #f472b6; --c8: #a3e635; --c9: #94a3b8 } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1180px; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { margin: 0 0 .3rem; font-size: 1.9rem } h2 { margin: 2.8rem 0 .6rem; font-size: 1.35rem } h3 { margin: 0; font-size: 1.05rem }
a { color: var(--link) } nav { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 1rem 0 0 }
.small { color: var(--soft); font-size: 13px } .lead { max-width: 75ch }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .8rem; margin: 1.2rem 0 }
.tile, .bench { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem } .tile b { display: block; font-size: 1.6rem; line-height: 1.2 }
.bench { margin: .9rem 0 } .bench > p { margin: .1rem 0 .6rem; color: var(--soft) }
.warn { background: var(--wash); border-left: 4px solid var(--no); padding: .5rem .9rem; border-radius: 4px } .warn ul { margin: .2rem 0; padding-left: 1.2rem }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% } th { text-align: left; color: var(--soft); font-weight: 600; font-size: 13px }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; font-variant-numeric: tabular-nums } tr:last-child td { border-bottom: 0 }
td:first-child { min-width: 15rem } td.n { white-space: nowrap } td.s { color: var(--soft); font-size: 13px }
.yes { color: var(--yes) } .no { color: var(--no) } .pill { font-weight: 600; white-space: nowrap }
summary { cursor: pointer; color: var(--soft); margin: .3rem 0 }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); gap: 1rem; margin: .4rem 0 }
svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: var(--soft) } svg .title { font-weight: 600; fill: var(--ink); font-size: 13px } svg .grid { stroke: var(--line); stroke-width: 1 }
`
