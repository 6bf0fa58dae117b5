/**
 * The store of uploaded files: a port with an adapter for each kind of store. The right to a file
 * was checked before it is asked for here.
 *
 * Rules, tested by `contract.ts` against every adapter:
 *  ST1 A download leads to the bytes that were put, under the type and name asked for.
 *  ST2 A key that was never put, or was removed, leads to null or to a link that answers 404.
 *  ST3 The same bytes may be put again under their key, also at once; half a file is never seen.
 *  ST4 Removing a missing file is no error.
 *  ST5 A key is `<folder>/<uuid>.<extension>` and nothing else; no key leads out of the store.
 *  ST6 A link opens one file only, for fileLimits.uploadLinkSeconds, and nothing when it is
 *      changed.
 *  ST7 `read` gives the bytes themselves, all of them or a range of them. A file that is not there
 *      fails with `not_found` before the first byte.
 *  ST8 A store that is away or does not answer within fileLimits.storageTimeoutMs is `unavailable`.
 */
import type { ByteRange } from '../../http/ranges.ts'
import type { Environment } from '../../../protocol/kernel/environment.ts'
import { uuidPattern } from '../../../protocol/kernel/ids.ts'

/** Type and disposition of a download. The server chooses both, never the sender. */
export interface Presentation {
  contentType: string
  disposition: string
}

/** Bytes to pass on, or a link from which the client fetches them. */
export type Download =
  | { kind: 'bytes'; chunks: AsyncIterable<Uint8Array> }
  | { kind: 'link'; url: string }

export interface Storage {
  /** Name of the kind of store; see `stores.ts`. */
  readonly name: string
  /** Pieces are asked for one at a time; a store that must send them at once holds all of them. */
  put(
    key: string,
    data: Uint8Array | Iterable<Uint8Array, void>,
    contentType: string,
  ): Promise<void>
  /** Nothing is opened before the first piece is asked for. `range`: null for the whole file. */
  read(key: string, range: ByteRange | null): AsyncIterable<Uint8Array>
  download(key: string, as: Presentation): Promise<Download | null>
  remove(key: string): Promise<void>
  /** Throws ConfigError when the configuration can never work; an outage passes. */
  check(): Promise<void>
}

/** The parts that every store needs. */
export interface StorageDeps {
  nowMs(): number
  after(ms: number, run: () => void): () => void
  onLog(line: string): void
}

/** A kind of store. */
export interface StoreKind {
  /** The row of each upload in the store contains this name, so it never changes. */
  readonly name: string
  /** Null when its variables are not set. Throws ConfigError. */
  configure(environment: Environment, uploadDir: string): ((deps: StorageDeps) => Storage) | null
}

/** The store for new files, and the stores of older files, because a deployment may have moved. */
export interface Storages {
  readonly current: Storage
  /** Undefined when that store is not configured any more. */
  of(name: string): Storage | undefined
}

/** Parts with the stores. */
export interface WithStorages {
  readonly storages: Storages
}

const keyPattern = new RegExp(`^[a-z]{1,20}/${uuidPattern.slice(1, -1)}\\.[a-z0-9]{2,5}$`)

/** Checks ST5. A key that does not fit is a defect of ours, because no key comes from outside. */
export function assertKey(key: string): void {
  if (!keyPattern.test(key)) throw new Error(`not a storage key: ${JSON.stringify(key)}`)
}
