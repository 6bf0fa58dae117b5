/**
 * Asks the operator's service for the text of a recording. The request has the form that OpenAI made
 * common: a multipart body with `file`, and an answer `{"text": …}`. The servers of whisper.cpp,
 * faster-whisper, vLLM and LocalAI speak it.
 *
 * It goes out as webhooks do: to the address that was checked, without redirects, within a time and
 * a number of bytes. Neither the recording nor the text is kept or logged, because people speak about
 * their illnesses.
 *
 * Rejected: a recogniser inside the edge. A useful model needs a gigabyte and seconds of processor
 * for each recording.
 */
import { randomBytes } from 'node:crypto'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { FairQueue } from '../accounts/fair-queue.ts'
import type { Clock } from '../kernel/kernel.ts'
import type { Media } from '../uploads/media.ts'
import { createSender, type Send } from '../webhooks/sender.ts'
import type { SpeechService } from './config.ts'
import { speechLimits } from './limits.ts'

export interface Transcription {
  text: string
  /** The text was longer than the bound. */
  cut: boolean
}

const failed = (detail: string): CaduceusError =>
  new CaduceusError('speech_failed', detail, undefined, speechLimits.retryAfterSeconds)
const full = (): CaduceusError =>
  new CaduceusError(
    'overloaded',
    'too many recordings are turned into text; send this request again',
    undefined,
    speechLimits.retryAfterSeconds,
  )

export class Transcriber {
  readonly #service: SpeechService | null
  readonly #send: Send
  readonly #queue = new FairQueue(
    {
      atOnceMax: speechLimits.atOnceMax,
      totalMax: speechLimits.recordingsMax,
      perKeyMax: speechLimits.recordingsPerAccountMax,
    },
    full,
  )
  readonly #leaving = new AbortController()

  constructor({ after }: Pick<Clock, 'after'>, service: SpeechService | null) {
    this.#service = service
    this.#send = createSender({
      allowPrivate: service?.allowPrivate ?? false,
      timeoutMs: speechLimits.serviceTimeoutMs,
      answerBytesMax: speechLimits.answerBytesMax,
      after,
    })
  }

  get isConfigured(): boolean {
    return this.#service !== null
  }

  /** Ends the requests under way. */
  close(): void {
    this.#leaving.abort('this server ends')
  }

  /**
   * The text of a recording, empty where nobody speaks. `language`: ISO 639, or null for the service
   * to find out. Throws `speech_unconfigured`, `speech_failed` and `overloaded`.
   */
  textOf(accountId: string, sound: Media, language: string | null): Promise<Transcription> {
    const service = this.#service
    if (service === null)
      return Promise.reject(
        new CaduceusError(
          'speech_unconfigured',
          'this server turns no speech into text: SPEECH_TO_TEXT_URL is not set',
        ),
      )
    return this.#queue.run(accountId, () => this.#ask(service, sound, language))
  }

  async #ask(
    { url, token, model }: SpeechService,
    { data, contentType, extension }: Media,
    language: string | null,
  ): Promise<Transcription> {
    const boundary = randomBytes(18).toString('base64url')
    const fields = {
      response_format: 'json',
      ...(model !== null && { model }),
      ...(language !== null && { language }),
    }
    const head = Object.entries(fields)
      .map(
        ([name, value]) =>
          `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      .join('')
    const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="speech.${extension}"\r\ncontent-type: ${contentType}\r\n\r\n`
    const body = Buffer.concat([
      Buffer.from(head + file),
      data,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ])
    const { outcome, response } = await this.#send(
      url,
      {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        accept: 'application/json',
        'user-agent': 'Caduceus-Speech/1',
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      body,
      this.#leaving.signal,
    )
    // The reason may name an address of the operator's network, so the caller is not told it.
    if (outcome.kind !== 'answered') throw failed('the service for speech does not answer')
    if (outcome.status !== 200) throw failed(`the service for speech answered ${outcome.status}`)
    return textIn(response ?? '')
  }
}

function textIn(response: string): Transcription {
  let answer: unknown
  try {
    answer = JSON.parse(response)
  } catch {
    throw failed('the service for speech answered too much, or something else than JSON')
  }
  const text = (answer as { text?: unknown } | null)?.text
  if (typeof text !== 'string') throw failed('the service for speech answered without a text')
  // Services break lines where somebody pauses.
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  const characters = [...line.normalize('NFC')]
  return {
    text: characters.slice(0, speechLimits.textCharactersMax).join(''),
    cut: characters.length > speechLimits.textCharactersMax,
  }
}
