/** The key of the deployment from the environment, or from the file of an embedded server. */
import { existsSync, readFileSync } from 'node:fs'
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { DeploymentKey, keyFromText } from './deployment-key.ts'

export interface KeysConfig {
  /** Null: none is set. */
  encryptionKey: DeploymentKey | null
  /** The key before, during a rotation. */
  previousEncryptionKey: DeploymentKey | null
  /** The file of a key that a server with the embedded database makes; null where one must be set. */
  encryptionKeyFile: string | null
}

const hint = 'make one with: openssl rand -hex 32'

/**
 * Reads ENCRYPTION_KEY and ENCRYPTION_KEY_PREVIOUS. Nothing is made here, because only the database
 * says whether something is encrypted already. Throws ConfigError.
 */
export function readKeysConfig(
  environment: Environment,
  { role, dataDir, databaseUrl }: Pick<KernelConfig, 'role' | 'dataDir' | 'databaseUrl'>,
): KeysConfig {
  const given = textVariable(environment, 'ENCRYPTION_KEY')
  const previous = textVariable(environment, 'ENCRYPTION_KEY_PREVIOUS')
  if (previous !== null && given === null)
    throw new ConfigError(
      'ENCRYPTION_KEY_PREVIOUS is set and ENCRYPTION_KEY is not; a rotation needs the new key too',
    )
  // A database elsewhere outlives the disk of this process, and with it a key that lies there.
  const makesKey = given === null && role === 'embedded' && databaseUrl === null
  const file = makesKey ? `${dataDir}/encryption-key` : null
  const keys = {
    encryptionKey: keyOf('ENCRYPTION_KEY', given),
    previousEncryptionKey: keyOf('ENCRYPTION_KEY_PREVIOUS', previous),
    encryptionKeyFile: file,
  }
  if (
    previous !== null &&
    keys.encryptionKey?.fingerprint === keys.previousEncryptionKey?.fingerprint
  )
    throw new ConfigError('ENCRYPTION_KEY_PREVIOUS is the same key as ENCRYPTION_KEY; unset it')
  return keys
}

function keyOf(name: string, text: string | null): DeploymentKey | null {
  if (text === null) return null
  const secret = keyFromText(text)
  if (secret === null)
    throw new ConfigError(`${name} is not 32 bytes in hexadecimal digits or Base64; ${hint}`)
  return new DeploymentKey(secret)
}

/**
 * The key in the file of an embedded server. Null for no file, and for the empty one of a process
 * that died while it made the key. Throws ConfigError.
 */
export function keptKey(file: string): DeploymentKey | null {
  try {
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
    return text === '' ? null : keyOf(`DATA_DIR: ${file}`, text)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`DATA_DIR: ${(error as Error).message}; this process must read it`)
  }
}
