/**
 * Where uploaded files are kept: a port, with an adapter for each kind of store. Who
 * may have a file was decided before it is asked for here.
 *
 * Rules, tested by `contract.ts` against every adapter:
 *  ST1 What was put is what the download leads to, byte for byte, under the type and name asked for.
 *  ST2 A key that was never put, or was removed, leads to nothing: null, or a link that answers 404.
 *  ST3 The same bytes may be put again under their key, at the same time too; a file is never seen half.
 *  ST4 Removing what is not there is no error.
 *  ST5 A key is `<folder>/<uuid>.<extension>` and nothing else: none leads out of the store.
 *  ST6 A link opens this file alone, for fileLimits.uploadLinkSeconds, and not at all once it is changed.
 *  ST7 A store that is away or does not answer within fileLimits.storageTimeoutMs is `unavailable`.
 */
import type { Environment } from '../../../protocol/kernel/environment.ts'
import { uuidPattern } from '../../../protocol/kernel/ids.ts'

/** How a download presents itself: both are the server's words, never the sender's. */
export interface Presentation {
  contentType: string
  disposition: string
}

/** Bytes to pass on, or where the client fetches them itself. */
export type Download =
  | { kind: 'bytes'; chunks: AsyncIterable<Uint8Array> }
  | { kind: 'link'; url: string }

export interface Storage {
  /** As in `stores.ts`. */
  readonly name: string
  put(key: string, data: Uint8Array, contentType: string): Promise<void>
  download(key: string, as: Presentation): Promise<Download | null>
  remove(key: string): Promise<void>
  /** Throws ConfigError if it can never work as configured; an outage passes. */
  check(): Promise<void>
}

/** What a store needs of its surroundings. */
export interface StorageDeps {
  nowMs(): number
  after(ms: number, run: () => void): () => void
  onLog(line: string): void
}

/** A kind of store. */
export interface StoreKind {
  /** Stands in the row of each upload that it keeps, so it never changes. */
  readonly name: string
  /** Null when its variables are not set. Throws ConfigError. */
  configure(environment: Environment, uploadDir: string): ((deps: StorageDeps) => Storage) | null
}

/** The store for new files, and those that hold older ones: a deployment may have moved. */
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

/** ST5. A key that does not fit is a defect of ours, since no key comes from outside. */
export function assertKey(key: string): void {
  if (!keyPattern.test(key)) throw new Error(`not a storage key: ${JSON.stringify(key)}`)
}
