/** Configuration of the services that wake devices, and the keys of this server for browsers. */
import {
  ConfigError,
  flagVariable,
  textVariable,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { ownSecret } from '../kernel/own-secret.ts'
import { readAppPushConfig, type AppPushConfig } from './app-config.ts'
import type { EndpointRules } from './endpoints.ts'
import { newVapidKeys, publicKeyOf, type VapidKeys } from './vapid.ts'

export interface PushConfig extends AppPushConfig {
  /** Null: browsers get nothing. */
  vapid: { keys: VapidKeys; subject: string | null } | null
  endpoints: EndpointRules
}

const makeThem = 'make a pair with: npx web-push generate-vapid-keys'

/** Reads the VAPID_, PUSH_, FCM_ and APNS_ variables. Throws ConfigError. */
export function readPushConfig(environment: Environment, kernel: KernelConfig): PushConfig {
  const text = (name: string): string | null => textVariable(environment, name)
  return {
    ...readAppPushConfig(environment),
    vapid: vapid(text, kernel),
    endpoints: {
      hosts: hosts(text('PUSH_HOSTS')),
      allowPrivate: flagVariable(environment, 'PUSH_ALLOW_PRIVATE'),
    },
  }
}

function vapid(text: (name: string) => string | null, kernel: KernelConfig): PushConfig['vapid'] {
  const given = text('VAPID_PRIVATE_KEY')
  const publicKey = text('VAPID_PUBLIC_KEY')
  const subject = text('VAPID_SUBJECT')
  if (subject !== null && !/^(mailto:[^@\s]+@[^@\s]+|https:\/\/\S+)$/.test(subject))
    throw new ConfigError(
      'VAPID_SUBJECT is not an address such as mailto:operator@example.org or https://example.org',
    )
  if (given === null) {
    if (publicKey !== null)
      throw new ConfigError(
        `VAPID_PUBLIC_KEY is set and VAPID_PRIVATE_KEY is not; set both or none, ${makeThem}`,
      )
    if (kernel.role === 'embedded')
      return { keys: keptKeys(kernel.dataDir), subject: subject ?? ownSubject(kernel) }
    if (subject !== null)
      throw new ConfigError(
        `VAPID_SUBJECT is set and VAPID_PRIVATE_KEY is not; set the keys too, ${makeThem}`,
      )
    return null
  }
  const derived = publicKeyOf(given)
  if (derived === null)
    throw new ConfigError(`VAPID_PRIVATE_KEY is not a private key in base64url; ${makeThem}`)
  if (publicKey !== null && publicKey !== derived)
    throw new ConfigError(
      `VAPID_PUBLIC_KEY does not belong to VAPID_PRIVATE_KEY; unset it, or ${makeThem}`,
    )
  return {
    keys: { publicKey: derived, privateKey: given },
    subject: subject ?? ownSubject(kernel),
  }
}

const ownSubject = ({ publicUrl }: KernelConfig): string | null =>
  publicUrl?.startsWith('https:') === true ? publicUrl : null

/**
 * An embedded edge makes its keys once and keeps them, because with other keys every browser would
 * have to subscribe anew.
 */
function keptKeys(dataDir: string): VapidKeys {
  const name = 'vapid-private-key'
  const privateKey = ownSecret(dataDir, name, () => newVapidKeys().privateKey)
  const publicKey = publicKeyOf(privateKey)
  if (publicKey === null)
    throw new ConfigError(
      `DATA_DIR: ${dataDir}/${name} is no private key; delete it to get new keys`,
    )
  return { publicKey, privateKey }
}

function hosts(given: string | null): string[] {
  const names = (given ?? '')
    .split(',')
    .map(name => name.trim().toLowerCase())
    .filter(name => name !== '')
  for (const name of names)
    if (!/^\.?([a-z0-9-]+\.)+[a-z0-9-]+$/.test(name))
      throw new ConfigError(
        `PUSH_HOSTS: "${name}" is not a host such as push.example.org, or .example.org for every host below it`,
      )
  return names
}
