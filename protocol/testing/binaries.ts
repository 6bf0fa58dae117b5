/**
 * Programs that this machine has: servers, and a browser. They come from Debian packages or from
 * wherever `PATH` leads; tests that need a missing one are skipped, or fail where everything is required.
 */
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Its path; null when it is in no folder. */
export function findBinary(binary: string): string | null {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/local/bin',
    '/usr/sbin',
    '/usr/bin',
    ...debianPostgresFolders(),
  ]
  for (const folder of folders) {
    const path = join(folder, binary)
    if (isExecutable(path)) return path
  }
  return null
}

/** Chromium, by one of its names, or what `CHROMIUM` says; null without one. */
export function findBrowser(): string | null {
  const wanted = process.env['CHROMIUM']
  if (wanted !== undefined) return isExecutable(wanted) ? wanted : null
  return ['chromium', 'chromium-browser', 'google-chrome'].reduce<string | null>(
    (path, name) => path ?? findBinary(name),
    null,
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Debian keeps one folder per major version, outside PATH; the newest first. */
function debianPostgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    return readdirSync(root)
      .sort((a, b) => Number(b) - Number(a))
      .map(version => join(root, version, 'bin'))
  } catch {
    return []
  }
}
