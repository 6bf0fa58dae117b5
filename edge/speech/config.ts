/** Configuration of the operator's service that turns speech into text. */
import {
  ConfigError,
  flagVariable,
  textVariable,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import { checkUrl } from '../webhooks/addresses.ts'

/** The service; `model` and `token` are null where it needs none. */
export interface SpeechService {
  url: string
  token: string | null
  model: string | null
  /** True allows private addresses and http, for a service in the operator's own network. */
  allowPrivate: boolean
}
export interface SpeechConfig {
  /** Null: speech is not turned into text here. */
  speechService: SpeechService | null
}

/** Reads the SPEECH_TO_TEXT_ variables. Throws ConfigError. */
export function readSpeechConfig(environment: Environment): SpeechConfig {
  const url = textVariable(environment, 'SPEECH_TO_TEXT_URL')
  const token = textVariable(environment, 'SPEECH_TO_TEXT_TOKEN')
  const model = textVariable(environment, 'SPEECH_TO_TEXT_MODEL')
  const allowPrivate = flagVariable(environment, 'SPEECH_TO_TEXT_ALLOW_PRIVATE')
  if (url === null) {
    const left = Object.entries({
      SPEECH_TO_TEXT_TOKEN: token !== null,
      SPEECH_TO_TEXT_MODEL: model !== null,
      SPEECH_TO_TEXT_ALLOW_PRIVATE: allowPrivate,
    }).find(([, isSet]) => isSet)
    if (left !== undefined)
      throw new ConfigError(
        `${left[0]} is set and SPEECH_TO_TEXT_URL is not; set that too, or unset it`,
      )
    return { speechService: null }
  }
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    throw new ConfigError('SPEECH_TO_TEXT_TOKEN must be visible ASCII characters without spaces')
  try {
    checkUrl(url, allowPrivate)
  } catch (error) {
    throw new ConfigError(
      `SPEECH_TO_TEXT_URL: ${(error as Error).message}; for a service in your own network set SPEECH_TO_TEXT_ALLOW_PRIVATE=1`,
    )
  }
  return { speechService: { url, token, model, allowPrivate } }
}
