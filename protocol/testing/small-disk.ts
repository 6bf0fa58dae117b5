/**
 * A small disk (tmpfs) that a test can fill, to see what a database or a folder of uploads does
 * without room. Rejected: quotas and loop devices, which need more rights and more tools. Rejected:
 * a library that pretends to be a disk, because databases do not use it.
 */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly path: string
  /** Takes all free space of the disk, to the last page. */
  fill(): void
  /** Gives the space back. */
  free(): void
  /** Removes the disk with its files. May be called twice. */
  remove(): void
}

const needs = 'a small disk: mounting a tmpfs needs root and CAP_SYS_ADMIN'

/**
 * Null when this machine can mount a small disk; otherwise one line with the reason, for tap's
 * `skip`.
 */
export function smallDiskMissing(): string | null {
  try {
    makeSmallDisk(1).remove()
    return null
  } catch {
    return needs
  }
}

/** Throws when this process may not mount a tmpfs. */
export function makeSmallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'caduceus-disk-'))
  const filler = join(path, 'filler')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', path], {
      stdio: 'ignore',
    })
  } catch (cause) {
    rmSync(path, { recursive: true })
    throw new Error(needs, { cause })
  }
  let mounted = true
  const remove = (): void => {
    if (!mounted) return
    mounted = false
    process.off('exit', remove)
    // Lazily: a server that was killed a moment ago may still hold a file.
    execFileSync('umount', ['-l', path], { stdio: 'ignore' })
    rmSync(path, { recursive: true, force: true })
  }
  process.once('exit', remove)
  return {
    path,
    remove,
    fill() {
      const file = openSync(filler, 'a')
      try {
        for (let bytes = 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
          const block = Buffer.alloc(bytes, 1)
          try {
            while (writeSync(file, block) === bytes) {
              /* on */
            }
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
          }
        }
      } finally {
        closeSync(file)
      }
    },
    free() {
      rmSync(filler, { force: true })
    },
  }
}
