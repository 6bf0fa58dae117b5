/**
 * The keys of people and of their files. Every file has a key of its own, wrapped by the key of the
 * person who handed it in; so a deleted file is lost in every copy at once, and a person's key takes
 * all of their files with it. Where a law keeps a file of a person who was erased, the deployment's
 * key wraps its key from then on, until the file is deleted.
 *
 * A conversation has a key in the same way and in the same table, under its own id; see
 * `edge/conversations/sealed.ts`. Its person is the customer, so one deleted row takes all of its texts.
 *
 * Nothing is cached: a key that was destroyed opens nothing from that moment on, at every edge.
 * Rejected: one key of the person for all of their files. An erasure would have to encrypt every
 * file anew that a law keeps, and a single deleted file would stay readable in a backup.
 */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import { keyBytes, openText, sealText } from './envelope.ts'
import { placeOf, type KeyTable } from './places.ts'
import { rewrapKeys } from './rotation.ts'
import type { ActiveKeys } from './deployment-key.ts'
import { activeKeys, type KeysContext } from './start.ts'

/** Parts with the keys. */
export interface WithVault {
  readonly vault: Vault
}

/** The wrapped key of a file, with the wrapped key of its person where it has one. */
interface FileKeyRow {
  upload_id: string
  account_id: string | null
  wrapped: string
  wrapped_by: string | null
  person_wrapped: string | null
  person_wrapped_by: string | null
}

export class Vault {
  readonly #ctx: KeysContext
  #keys: ActiveKeys | null = null

  constructor(ctx: KeysContext) {
    this.#ctx = ctx
  }

  /** Before the port opens. Throws ConfigError for a missing or a wrong key. */
  async open(): Promise<void> {
    this.#keys = await activeKeys(this.#ctx)
  }

  /** True when new files are encrypted. */
  get encrypts(): boolean {
    return this.#keys !== null
  }

  /** The job of a rotation. */
  rewrap(run: JobRun): Promise<JobFigures> {
    return rewrapKeys(this.#ctx.database.kysely, this.#keys, run)
  }

  /**
   * The key of a person; it is made at the first need. Null for somebody who was erased. Throws
   * `unavailable`.
   */
  async personKey(accountId: string): Promise<Buffer | null> {
    const db = this.#ctx.database.kysely
    const find = () =>
      db
        .selectFrom('person_keys')
        .select(['wrapped', 'wrapped_by'])
        .where('account_id', '=', accountId)
        .executeTakeFirst()
    let row = await find()
    if (row === undefined) {
      const { current } = this.#active()
      // The share of the row keeps a rotation from ending meanwhile.
      await sql`
        with state as (
          select from encryption_state where ${current.fingerprint} in (fingerprint, previous) for share)
        insert into person_keys (account_id, wrapped, wrapped_by)
        select ${accountId}, ${current.wrap(placeOf('person_keys', accountId), randomBytes(keyBytes))},
          ${current.fingerprint}
        from state
        where not exists (select from erasures where account_id = ${accountId} and erased_at is not null)
        on conflict do nothing`.execute(db)
      row = await find()
      if (row === undefined) {
        await this.#requireKnown()
        return null
      }
    }
    return this.#unwrap('person_keys', accountId, row)
  }

  /** The keys of these people that have one; none is made. Throws `unavailable`. */
  async personKeys(accountIds: readonly string[]): Promise<Map<string, Buffer>> {
    if (accountIds.length === 0) return new Map()
    const rows = await this.#ctx.database.kysely
      .selectFrom('person_keys')
      .selectAll()
      .where('account_id', 'in', accountIds)
      .execute()
    return new Map(
      rows.map(row => [row.account_id, this.#unwrap('person_keys', row.account_id, row)]),
    )
  }

  /** The key of a file that is about to be stored; a repeat gets the same. Throws `unavailable`. */
  async newFileKey(uploadId: string, accountId: string): Promise<Buffer> {
    const db = this.#ctx.database.kysely
    const existing = await this.fileKey(uploadId)
    if (existing !== null) return existing
    const { current } = this.#active()
    const key = randomBytes(keyBytes)
    const place = placeOf('file_keys', uploadId)
    const person = await this.personKey(accountId)
    if (person !== null)
      // Rejects when the person's key was destroyed meanwhile.
      await db
        .insertInto('file_keys')
        .values({
          upload_id: uploadId,
          account_id: accountId,
          wrapped: sealText(person, accountId, place, key),
        })
        .onConflict(conflict => conflict.doNothing())
        .execute()
    else
      await sql`
        with state as (
          select from encryption_state where ${current.fingerprint} in (fingerprint, previous) for share)
        insert into file_keys (upload_id, wrapped, wrapped_by)
        select ${uploadId}, ${current.wrap(place, key)}, ${current.fingerprint} from state
        on conflict do nothing`.execute(db)
    const made = await this.fileKey(uploadId)
    if (made === null) throw this.#unknown()
    return made
  }

  /** Null for a key that was destroyed, or that never was. Throws `unavailable`. */
  async fileKey(uploadId: string): Promise<Buffer | null> {
    return (await this.fileKeys([uploadId])).get(uploadId) ?? null
  }

  /** The keys of these files or conversations that have one. Throws `unavailable`. */
  async fileKeys(ids: readonly string[]): Promise<Map<string, Buffer>> {
    const rows = await this.#ctx.database.kysely
      .selectFrom('file_keys as f')
      .leftJoin('person_keys as p', 'p.account_id', 'f.account_id')
      .select(['f.upload_id', 'f.account_id', 'f.wrapped', 'f.wrapped_by'])
      .select(['p.wrapped as person_wrapped', 'p.wrapped_by as person_wrapped_by'])
      .where(sql<boolean>`f.upload_id = any(${ids}::uuid[])`)
      .execute()
    return new Map(rows.map(row => [row.upload_id, this.#opened(row)]))
  }

  /** The file is noise from now on, in every copy. */
  async destroyFileKey(uploadId: string): Promise<void> {
    await this.#ctx.database.kysely
      .deleteFrom('file_keys')
      .where('upload_id', '=', uploadId)
      .execute()
  }

  /**
   * Destroys the key of a person. Files that are left then are those that a law keeps; their keys
   * are wrapped by the deployment's key first. Throws `unavailable`.
   */
  async destroyPersonKey(accountId: string): Promise<void> {
    if (this.#keys === null) {
      const row = await this.#ctx.database.kysely
        .selectFrom('person_keys')
        .select('account_id')
        .where('account_id', '=', accountId)
        .executeTakeFirst()
      if (row !== undefined)
        throw new CaduceusError('unavailable', 'this server was started without the encryption key')
      return
    }
    const { current } = this.#keys
    await this.#ctx.database.kysely.transaction().execute(async tx => {
      await sql`select from encryption_state for share`.execute(tx)
      // Nobody adds a file of this person until the end of the transaction.
      const row = await tx
        .selectFrom('person_keys')
        .select(['wrapped', 'wrapped_by'])
        .where('account_id', '=', accountId)
        .forUpdate()
        .executeTakeFirst()
      if (row === undefined) return
      const person = this.#unwrap('person_keys', accountId, row)
      const files = await tx
        .selectFrom('file_keys')
        .select(['upload_id', 'wrapped'])
        .where('account_id', '=', accountId)
        .execute()
      for (const { upload_id, wrapped } of files) {
        const place = placeOf('file_keys', upload_id)
        const key = opened(openText(person, accountId, place, wrapped))
        await tx
          .updateTable('file_keys')
          .set({
            account_id: null,
            wrapped: current.wrap(place, key),
            wrapped_by: current.fingerprint,
          })
          .where('upload_id', '=', upload_id)
          .execute()
      }
      await tx.deleteFrom('person_keys').where('account_id', '=', accountId).execute()
    })
  }

  #active(): ActiveKeys {
    if (this.#keys === null) throw new Error('this edge has no key to encrypt with')
    return this.#keys
  }

  #opened(row: FileKeyRow): Buffer {
    if (row.account_id === null) return this.#unwrap('file_keys', row.upload_id, row)
    const person = this.#unwrap('person_keys', row.account_id, {
      wrapped: row.person_wrapped!,
      wrapped_by: row.person_wrapped_by,
    })
    return opened(
      openText(person, row.account_id, placeOf('file_keys', row.upload_id), row.wrapped),
    )
  }

  #unwrap(
    table: KeyTable,
    id: string,
    { wrapped, wrapped_by }: { wrapped: string; wrapped_by: string | null },
  ): Buffer {
    const key = [this.#keys?.current, this.#keys?.previous].find(
      one => one?.fingerprint === wrapped_by,
    )
    // An edge that was not restarted since a rotation, or since encryption began.
    if (key === undefined || key === null)
      throw new CaduceusError('unavailable', 'this server has not got the key of the file yet')
    return opened(key.unwrap(placeOf(table, id), wrapped))
  }

  /** Throws `unavailable` when this edge was not restarted since a rotation ended. */
  async #requireKnown(): Promise<void> {
    const { current } = this.#active()
    const state = await this.#ctx.database.kysely
      .selectFrom('encryption_state')
      .select(['fingerprint', 'previous'])
      .executeTakeFirstOrThrow()
    if (![state.fingerprint, state.previous].includes(current.fingerprint)) throw this.#unknown()
  }

  #unknown(): CaduceusError {
    this.#ctx.log.error('ENCRYPTION_KEY was rotated: restart this edge with the new key')
    return new CaduceusError('unavailable', 'this server has not got the new key yet; try again')
  }
}

/** A wrapped key that does not open was altered in the database. */
function opened(key: Buffer | null): Buffer {
  if (key === null) throw new Error('a wrapped key does not open: the database was altered')
  return key
}
