/**
 * Files that are no code (Lua scripts, pages) stay in the source tree, while the code runs compiled
 * from `dist/`. Rejected: copying them at build time, because a copy that was forgotten or is old
 * fails only at run time.
 */
import { existsSync } from 'node:fs'

let root: URL | undefined

/** Where a file of the source tree is; `path` is relative to the folder of package.json. */
export function assetUrl(path: string): URL {
  root ??= findRoot(new URL('.', import.meta.url))
  return new URL(path, root)
}

function findRoot(folder: URL): URL {
  if (existsSync(new URL('package.json', folder))) return folder
  const parent = new URL('..', folder)
  if (parent.href === folder.href) throw new Error('no package.json above the running code')
  return findRoot(parent)
}
