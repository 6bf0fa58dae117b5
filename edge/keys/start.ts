/**
 * Compares the keys of this process with the database before the port opens. A deployment without a
 * key stores plainly; one that has encrypted once never starts without its key, and no key is made
 * beside data that another key encrypted.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { ConfigError } from '../../protocol/kernel/environment.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { keptKey, type KeysConfig } from './config.ts'
import { DeploymentKey, type ActiveKeys } from './deployment-key.ts'
import { keyBytes } from './envelope.ts'
import { finishRotation } from './rotation.ts'

export type KeysContext = Pick<Kernel, 'database' | 'log'> & WithConfig<KeysConfig>

/** Null: files are stored plainly. Throws ConfigError for a missing or a wrong key. */
export async function activeKeys({
  database,
  log,
  config,
}: KeysContext): Promise<ActiveKeys | null> {
  const db = database.kysely
  const { previousEncryptionKey: previous, encryptionKeyFile } = config
  let current = encryptionKeyFile === null ? config.encryptionKey : keptKey(encryptionKeyFile)
  if ((await stateOf(db)) === undefined) {
    if (current === null && encryptionKeyFile === null) {
      log.warn('ENCRYPTION_KEY is not set: files are stored as they are, and not encrypted')
      return null
    }
    current ??= newKey(encryptionKeyFile!)
    await db
      .insertInto('encryption_state')
      .values({ fingerprint: current.fingerprint })
      // Another edge may have begun meanwhile; the check below compares with its key.
      .onConflict(conflict => conflict.doNothing())
      .execute()
  }
  const state = (await stateOf(db))!
  if (current === null)
    throw new ConfigError(
      encryptionKeyFile === null
        ? `ENCRYPTION_KEY is not set, and the database is encrypted: set the key with the fingerprint ${state.fingerprint}`
        : `DATA_DIR: ${encryptionKeyFile} is missing, and the database is encrypted: bring the file back, or set ENCRYPTION_KEY to the key with the fingerprint ${state.fingerprint}`,
    )
  if (state.fingerprint !== current.fingerprint) await beginRotation(db, current, previous, state)
  if ((await stateOf(db))!.fingerprint !== current.fingerprint)
    throw new ConfigError(
      'ENCRYPTION_KEY: another edge began a rotation to another key meanwhile; give all edges the same keys',
    )
  await finishRotation(db, current.fingerprint)
  const before = (await stateOf(db))!.previous
  if (before !== null && before !== previous?.fingerprint)
    throw new ConfigError(
      `ENCRYPTION_KEY_PREVIOUS is not the key with the fingerprint ${before}, which still wraps keys: set it until the job keys.rewrap is done`,
    )
  if (before === null && previous !== null)
    log.warn('ENCRYPTION_KEY_PREVIOUS wraps no key any more: unset it, and destroy that key')
  return { current, previous: before === null ? null : previous }
}

const stateOf = (db: Kysely<Tables>) =>
  db.selectFrom('encryption_state').select(['fingerprint', 'previous']).executeTakeFirst()

async function beginRotation(
  db: Kysely<Tables>,
  current: DeploymentKey,
  previous: DeploymentKey | null,
  state: { fingerprint: string; previous: string | null },
): Promise<void> {
  if (previous?.fingerprint !== state.fingerprint)
    throw new ConfigError(
      `ENCRYPTION_KEY has the fingerprint ${current.fingerprint}, and the database is encrypted with ${state.fingerprint}: set that key, or for a rotation set it as ENCRYPTION_KEY_PREVIOUS`,
    )
  if (state.previous !== null)
    throw new ConfigError(
      `ENCRYPTION_KEY: the rotation from ${state.previous} to ${state.fingerprint} is not finished; set those keys again until the job keys.rewrap is done`,
    )
  await db
    .updateTable('encryption_state')
    .set({ fingerprint: current.fingerprint, previous: previous.fingerprint })
    .where('fingerprint', '=', previous.fingerprint)
    .where('previous', 'is', null)
    .execute()
}

/**
 * A new key in the file, readable by this user alone. It is on the disk before anything is
 * encrypted with it. Throws ConfigError.
 */
function newKey(file: string): DeploymentKey {
  const secret = randomBytes(keyBytes)
  try {
    mkdirSync(dirname(file), { recursive: true })
    const handle = openSync(file, 'w', 0o600)
    try {
      writeSync(handle, `${secret.toString('hex')}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    const folder = openSync(dirname(file), 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch (error) {
    throw new ConfigError(
      `DATA_DIR: ${(error as Error).message}; set it to a directory that this process may make and write`,
    )
  }
  return new DeploymentKey(secret)
}
