/**
 * The thread that writes codes as pictures, one after the other. The pictures are ours, because the
 * SVG of the library has no white ground, so a reader with a dark page sees nothing, and it writes
 * no PNG.
 */
import { parentPort } from 'node:worker_threads'
import { codeLimits } from './limits.ts'
import { modulesOf, type Modules } from './modules.ts'
import { bilevelPng } from './png.ts'
import type { WritingJob } from './writer.ts'

/** One path with a line for each run of dark modules. */
function svgOf(modules: Modules): string {
  const side = modules.length
  let path = ''
  for (const [y, row] of modules.entries())
    for (let x = row.indexOf(true); x !== -1;) {
      const light = row.indexOf(false, x)
      const end = light === -1 ? side : light
      path += `M${x} ${y}h${end - x}v1H${x}z`
      x = row.indexOf(true, end)
    }
  const pixels = side * codeLimits.modulePixels
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels}" height="${pixels}" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}H0z"/><path d="${path}"/></svg>`
}

/** Filter of a row whose bytes are the differences to the row above. */
const differenceToAbove = 2

function pngOf(modules: Modules): Buffer {
  const { modulePixels } = codeLimits
  const side = modules.length * modulePixels
  const rowBytes = 1 + Math.ceil(side / 8)
  const rows = Buffer.alloc(side * rowBytes)
  for (const [y, row] of modules.entries()) {
    const from = y * modulePixels * rowBytes
    // Ones are white. The first row of a module is written; the rows below it are equal.
    rows.fill(0xff, from + 1, from + rowBytes)
    for (const [x, dark] of row.entries())
      if (dark)
        for (let i = x * modulePixels; i < (x + 1) * modulePixels; i++)
          rows[from + 1 + (i >> 3)]! &= ~(0x80 >> (i & 7))
    for (let i = 1; i < modulePixels; i++) rows[from + i * rowBytes] = differenceToAbove
  }
  return bilevelPng(side, rows)
}

// Outside a thread, as where the constants of the edge are gathered, nothing listens.
const port = parentPort
port?.on('message', (job: WritingJob) => {
  void modulesOf(job).then(modules =>
    port.postMessage(
      new Uint8Array(job.format === 'svg' ? Buffer.from(svgOf(modules)) : pngOf(modules)),
    ),
  )
})
