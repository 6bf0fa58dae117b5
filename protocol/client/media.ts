/** Codes as pictures, codes read from pictures, and speech turned into text: `api.media`. */

/** A text, the tracking link of an order, or the check-in of one's own appointment. */
export type NewCode = ({ key: string } | { order_id: string } | { appointment_id: string }) & {
  symbology?: 'qr_code' | 'data_matrix'
  format?: 'png' | 'svg'
}
export interface ReadCode {
  text: string
  symbology: string
  symbology_identifier: string
  gs1: boolean
  /** In base64. */
  bytes: string
  corners: { x: number; y: number }[]
}

interface Options {
  body?: object
  bytes?: Blob
  query?: Record<string, string | undefined>
  timeoutMs?: number
}
type Call = <Answer>(method: string, path: string, options?: Options) => Promise<Answer>
type Fetch = (method: string, path: string, options: Options) => Promise<Blob>

/** A recording may wait for others and then takes half a minute at most. */
const speechMs = 90_000

/** The calls about codes and speech, as `media` of the client. */
export class MediaCalls {
  readonly #call: Call
  readonly #fetch: Fetch

  constructor(call: Call, fetch: Fetch) {
    this.#call = call
    this.#fetch = fetch
  }

  /** The picture of a code, as PNG unless stated. */
  writeCode(code: NewCode): Promise<Blob> {
    return this.#fetch('POST', '/api/qr/generate', { body: code })
  }
  /** The codes of a PNG or a JPEG. */
  readCodes(picture: Blob): Promise<{ codes: ReadCode[] }> {
    return this.#call('POST', '/api/qr/scan', { bytes: picture })
  }

  /** Whether the server turns speech into text, and the largest recording. */
  speech(): Promise<{ available: boolean; bytes_max: number }> {
    return this.#call('GET', '/api/speech')
  }
  /**
   * The text of a recording; empty where nobody speaks. `language`: such as `ne`; absent: it is
   * recognised. Throws `speech_unconfigured`, `speech_failed`.
   */
  textOf(recording: Blob, language?: string): Promise<{ text: string; cut: boolean }> {
    return this.#call('POST', '/api/speech', {
      bytes: recording,
      query: { language },
      timeoutMs: speechMs,
    })
  }
}
