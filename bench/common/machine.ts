/** On what a number was measured: a number without its machine, versions and load says little. */
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export function machineLine(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `${processors.length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform} ${process.arch}, commit ${commit()}`
}

/** How busy the machine is besides; above half of its processors a measurement says little. */
export function loadLine(): string {
  const [one] = loadavg() as [number, number, number]
  const busy = one > cpus().length / 2
  return `load average ${one.toFixed(1)} on ${cpus().length} processors${busy ? ': OTHERS ARE WORKING HERE, the numbers are worse than the machine' : ''}`
}

/** From the repository's own files: a bench needs no git to run. */
function commit(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const head = readFileSync(join(folder, '.git', 'HEAD'), 'utf8').trim()
      if (!head.startsWith('ref: ')) return head.slice(0, 10)
      const name = head.slice('ref: '.length)
      try {
        return readFileSync(join(folder, '.git', name), 'utf8').trim().slice(0, 10)
      } catch {
        const packed = readFileSync(join(folder, '.git', 'packed-refs'), 'utf8').split('\n').find(line => line.endsWith(` ${name}`))
        return packed?.slice(0, 10) ?? 'unknown'
      }
    } catch { /* not here: the folder above */ }
  }
  return 'unknown'
}
