/**
 * Finds files of the source tree that are not code, such as Lua scripts and pages, while the code
 * runs compiled from `dist/`. Rejected: copying these files at build time. A forgotten or old copy
 * fails only at run time.
 */
import { existsSync } from 'node:fs'

let root: URL | undefined

/** The URL of a file of the source tree. `path` is relative to the folder of package.json. */
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
