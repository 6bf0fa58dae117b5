/** Finds circles of files that import each other, and pairs of folders that import each other. */
import { dirname } from 'node:path/posix'
import type { Source } from './sources.ts'

/** Groups of files in which each file reaches every other by imports (Tarjan's algorithm). */
export function circles(sources: readonly Source[]): string[][] {
  const imports = new Map(sources.map(source => [source.path, source.imports]))
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const open = new Set<string>()
  const found: string[][] = []
  const visit = (path: string): void => {
    const number = order.size
    order.set(path, number)
    lowest.set(path, number)
    stack.push(path)
    open.add(path)
    for (const next of imports.get(path)!) {
      if (!imports.has(next)) continue
      if (!order.has(next)) visit(next)
      if (open.has(next)) lowest.set(path, Math.min(lowest.get(path)!, lowest.get(next)!))
    }
    if (lowest.get(path) !== number) return
    const group = stack.splice(stack.indexOf(path))
    for (const member of group) open.delete(member)
    if (group.length > 1) found.push(group.sort())
  }
  for (const { path } of sources) if (!order.has(path)) visit(path)
  return found
}

/** `a <> b` for each two folders that import each other. */
export function twoWayFolders(sources: readonly Source[]): string[] {
  const known = new Set(sources.map(source => source.path))
  const arrows = new Set<string>()
  for (const { path, imports } of sources)
    for (const imported of imports)
      if (known.has(imported) && dirname(imported) !== dirname(path))
        arrows.add(`${dirname(path)} > ${dirname(imported)}`)
  return [...arrows]
    .map(arrow => arrow.split(' > ') as [string, string])
    .filter(([from, to]) => from < to && arrows.has(`${to} > ${from}`))
    .map(([from, to]) => `${from} <> ${to}`)
}
