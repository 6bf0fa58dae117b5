/** The key that signs the custody log, and the witnesses of its checkpoints, from the environment. */
import { createPrivateKey } from 'node:crypto'
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'
import { isKeyName, noteKeyOf } from '../../protocol/custody-log/keys.ts'
import type { NoteSigner } from '../../protocol/custody-log/notes.ts'
import { custodyLogLimits } from '../../protocol/custody-log/limits.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { ownSecret } from '../kernel/own-secret.ts'
import { witnessOf, type Witness } from './witnesses.ts'

export interface LogSigner extends NoteSigner {
  /** The public key in the text form of notes. */
  key: string
}
export interface CustodyConfig {
  /** Null on an edge that only appends: another edge must sign. */
  custodySigner: LogSigner | null
  custodyWitnesses: readonly Witness[]
}

/** The head of an Ed25519 key in PKCS 8; the 32 bytes of the key follow it. */
const keyHead = Buffer.from('302e020100300506032b657004220420', 'hex')
const hint = 'make one with: openssl rand -hex 32'

/** Reads CUSTODY_LOG_KEY, CUSTODY_LOG_NAME and CUSTODY_WITNESSES. Throws ConfigError. */
export function readCustodyConfig(
  environment: Environment,
  { role, dataDir, publicUrl }: KernelConfig,
): CustodyConfig {
  const given = textVariable(environment, 'CUSTODY_LOG_KEY')
  if (given !== null && !/^[0-9a-f]{64}$/i.test(given))
    throw new ConfigError(`CUSTODY_LOG_KEY is not 64 hexadecimal digits; ${hint}`)
  const name =
    textVariable(environment, 'CUSTODY_LOG_NAME') ??
    `${publicUrl === null ? 'caduceus' : new URL(publicUrl).host}/custody`
  if (!isKeyName(name))
    throw new ConfigError(
      'CUSTODY_LOG_NAME has a space, a plus or more than 200 characters; a name is such as example.org/custody',
    )
  const secret = given ?? (role === 'embedded' ? ownSecret(dataDir, 'custody-log-key') : null)
  const custodyWitnesses = witnessesOf(textVariable(environment, 'CUSTODY_WITNESSES'))
  if (secret === null) return { custodySigner: null, custodyWitnesses }
  const privateKey = createPrivateKey({
    key: Buffer.concat([keyHead, Buffer.from(secret, 'hex')]),
    format: 'der',
    type: 'pkcs8',
  })
  return {
    custodySigner: { name, privateKey, key: noteKeyOf('log', name, privateKey).text },
    custodyWitnesses,
  }
}

function witnessesOf(given: string | null): Witness[] {
  const witnesses = (given ?? '')
    .split(',')
    .map(one => one.trim())
    .filter(one => one !== '')
    .map(witnessOf)
  if (witnesses.length > custodyLogLimits.witnessesMax)
    throw new ConfigError(
      `CUSTODY_WITNESSES has more than ${custodyLogLimits.witnessesMax} entries`,
    )
  const keys = witnesses.flatMap(({ key }) => key?.text ?? [])
  if (new Set(keys).size !== keys.length)
    throw new ConfigError('CUSTODY_WITNESSES names a key twice')
  return witnesses
}
