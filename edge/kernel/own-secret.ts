/**
 * A secret that an embedded edge makes for itself and keeps in a file of DATA_DIR, so that it
 * outlives a restart and no setting is needed.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { ConfigError } from '../../protocol/kernel/environment.ts'

/** 32 random bytes, in hexadecimal digits. */
const randomDigits = (): string => randomBytes(32).toString('hex')

/** The secret in the file `name`; `make` makes it at the first start. Throws ConfigError. */
export function ownSecret(dataDir: string, name: string, make = randomDigits): string {
  const file = `${dataDir}/${name}`
  try {
    mkdirSync(dataDir, { recursive: true })
    const exists = existsSync(file)
    const kept = exists ? readFileSync(file, 'utf8').trim() : ''
    // A process that died after it made the file leaves it empty. Anybody could sign with an empty
    // key.
    if (kept !== '') return kept
    const secret = make()
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: exists ? 'w' : 'wx' })
    return secret
  } catch (error) {
    throw new ConfigError(
      `DATA_DIR: ${(error as Error).message}; set it to a directory that this process may make and write`,
    )
  }
}
