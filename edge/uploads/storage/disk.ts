/**
 * Files in a folder. A file is written under another name and then renamed, because a rename is
 * atomic and a write is not: a reader of the final name sees the whole file.
 */
import { constants, createReadStream } from 'node:fs'
import { access, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { ConfigError, type Environment } from '../../../protocol/kernel/environment.ts'
import type { ByteRange } from '../../http/ranges.ts'
import { assertKey, type Storage, type StorageDeps, type StoreKind } from './storage.ts'

/**
 * Age at which an unfinished file belongs to a process that died; no write takes nearly as long.
 */
const unfinishedAfterMs = 3_600_000
/** Bytes that are read at once: some chunks of an encrypted file. */
const readBytes = 256 * 1024

/** Files in `uploadDir`. Always configured: it has a default. */
export const diskStore = {
  name: 'disk',
  configure: (_environment: Environment, uploadDir: string) => (deps: StorageDeps) =>
    diskStorage(uploadDir, deps),
} satisfies StoreKind

/** The store in this folder. It makes the folder when it needs it. */
export function diskStorage(folder: string, clock: { nowMs(): number }): Storage {
  const root = resolve(folder)
  const unfinished = join(root, 'unfinished')
  const fileOf = (key: string): string => {
    assertKey(key)
    return join(root, key)
  }

  // The file is opened when the first piece is asked for, so a client that leaves before leaves no
  // open file.
  async function* read(key: string, range: ByteRange | null): AsyncGenerator<Uint8Array> {
    const file = fileOf(key)
    try {
      yield* createReadStream(file, {
        highWaterMark: readBytes,
        ...(range !== null && { start: range.from, end: range.to }),
      }) as AsyncIterable<Uint8Array>
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw new CaduceusError('not_found', 'the file is no longer stored')
    }
  }

  return {
    name: 'disk',
    read,

    async put(key, data) {
      const file = fileOf(key)
      const part = join(unfinished, randomUUID())
      await mkdir(unfinished, { recursive: true, mode: 0o700 })
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      try {
        const handle = await open(part, 'wx', 0o600)
        try {
          for (const piece of data instanceof Uint8Array ? [data] : data)
            await handle.writeFile(piece)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(part, file)
      } catch (error) {
        await rm(part, { force: true })
        throw error
      }
    },

    async download(key) {
      const file = fileOf(key)
      try {
        await access(file)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
      return { kind: 'bytes', chunks: read(key, null) }
    },

    async remove(key) {
      await rm(fileOf(key), { force: true })
    },

    async check() {
      try {
        await mkdir(unfinished, { recursive: true, mode: 0o700 })
        await access(unfinished, constants.W_OK)
      } catch (error) {
        // A full disk may have room again later.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC')
          throw new ConfigError(
            `UPLOAD_DIR: ${(error as Error).message}; set it to a directory that this process may make and write`,
          )
      }
      for (const name of await readdir(unfinished).catch(() => [])) {
        const part = join(unfinished, name)
        const { mtimeMs } = await stat(part).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
        if (mtimeMs < clock.nowMs() - unfinishedAfterMs) await rm(part, { force: true })
      }
    },
  }
}
