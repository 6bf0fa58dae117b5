/**
 * Finds programs on this machine: servers and a browser. They come from Debian packages or from
 * `PATH`. Tests that need a missing program are skipped, or fail when all services are required.
 */
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of the program; null when no folder has it. */
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

/** The path of Chromium: of `CHROMIUM`, or of one of its names; null when there is none. */
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

/** Debian has one folder per major version, outside PATH. The newest is first. */
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
