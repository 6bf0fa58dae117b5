/** Configuration of the services for apps: Firebase's and Apple's. */
import { readFileSync } from 'node:fs'
import {
  ConfigError,
  isBaseUrl,
  textVariable,
  withoutSlashAtEnd,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import { apnsKey, type ApnsAccount } from './apns.ts'
import { fcmAccount, type FcmAccount } from './fcm.ts'

export interface AppPushConfig {
  /** Null: no apps by Firebase. */
  fcm: { account: FcmAccount; baseUrl: string } | null
  /** Null: no apps by Apple. */
  apns: { account: ApnsAccount; baseUrl: string } | null
}

type Text = (name: string) => string | null

/** Reads the FCM_ and APNS_ variables. Throws ConfigError. */
export function readAppPushConfig(environment: Environment): AppPushConfig {
  const text: Text = name => textVariable(environment, name)
  return { fcm: readFcm(text), apns: readApns(text) }
}

/** The value itself when it is a key, otherwise the file that it names. */
function keyOrFile(name: string, value: string, begins: string): string {
  if (value.trimStart().startsWith(begins)) return value.replaceAll('\\n', '\n')
  try {
    return readFileSync(value, 'utf8')
  } catch (error) {
    // The message of the error has the value, which may be a key in another form.
    throw new ConfigError(
      `${name} is neither the key itself nor a file that can be read: ${(error as NodeJS.ErrnoException).code}`,
    )
  }
}

function baseUrl(
  text: Text,
  name: string,
  needs: string,
  isSet: boolean,
  fallback: string,
): string {
  const url = text(name)
  if (url === null) return fallback
  if (!isSet) throw new ConfigError(`${name} is set and ${needs} is not; set that too, or unset it`)
  if (!isBaseUrl(url)) throw new ConfigError(`${name} is not a URL such as ${fallback}`)
  return withoutSlashAtEnd(url)
}

function readFcm(text: Text): AppPushConfig['fcm'] {
  const given = text('FCM_SERVICE_ACCOUNT')
  const url = baseUrl(
    text,
    'FCM_URL',
    'FCM_SERVICE_ACCOUNT',
    given !== null,
    'https://fcm.googleapis.com',
  )
  if (given === null) return null
  // The key inside has its line ends as \n, which belong to the JSON.
  const json = given.trimStart().startsWith('{')
    ? given
    : keyOrFile('FCM_SERVICE_ACCOUNT', given, '{')
  const account = fcmAccount(json)
  if (account === null)
    throw new ConfigError(
      'FCM_SERVICE_ACCOUNT is not the JSON of a service account; make one in the console of Firebase',
    )
  return { account, baseUrl: url }
}

function readApns(text: Text): AppPushConfig['apns'] {
  const names = ['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'] as const
  const [given, keyId, teamId, topic] = names.map(text)
  const missing = names.filter(name => text(name) === null)
  const url = baseUrl(text, 'APNS_URL', 'APNS_KEY', given !== null, 'https://api.push.apple.com')
  if (missing.length === names.length) return null
  if (missing.length > 0)
    throw new ConfigError(`${names.join(', ')} belong together; ${missing.join(', ')} is not set`)
  const key = apnsKey(keyOrFile('APNS_KEY', given!, '-----BEGIN'))
  if (key === null)
    throw new ConfigError(
      'APNS_KEY is not a key of Apple, which begins with -----BEGIN PRIVATE KEY',
    )
  for (const [name, value] of [
    ['APNS_KEY_ID', keyId],
    ['APNS_TEAM_ID', teamId],
  ] as const)
    if (!/^[A-Z0-9]{10}$/.test(value!)) throw new ConfigError(`${name} has ten letters and digits`)
  return { account: { key, keyId: keyId!, teamId: teamId!, topic: topic! }, baseUrl: url }
}
