/**
 * Bodies that are compressed once and sent often: pages, their files, the API document. An answer
 * with personal data is never compressed here, because its length would then tell of its content.
 */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

export type Coding = 'br' | 'gzip'

/** Smaller bodies gain nothing. */
const bytesMin = 512
/** The slowest level that still compresses the largest file in about a tenth of a second. */
const brotliQuality = 6

/** The best coding that the client names in Accept-Encoding; null when it names none of ours. */
function codingFor(headers: Readonly<Record<string, string>>): Coding | null {
  const named = new Map(
    (headers['accept-encoding'] ?? '').split(',').map(part => {
      const [name = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase())
      const quality = parameters.find(parameter => parameter.startsWith('q='))
      return [name, quality === undefined ? 1 : Number(quality.slice(2)) || 0] as const
    }),
  )
  const takes = (coding: Coding): boolean => (named.get(coding) ?? 0) > 0
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : null
}

/** One body with its compressed forms, each made when somebody first asks for it. */
export class CompressedBody {
  readonly #plain: Uint8Array
  readonly #coded = new Map<Coding, Uint8Array>()

  constructor(plain: Uint8Array) {
    this.#plain = plain
  }

  /** The bytes for a client, and the header that names their coding. */
  for(headers: Readonly<Record<string, string>>): {
    body: Uint8Array
    headers: Record<string, string>
  } {
    const coding = this.#plain.byteLength < bytesMin ? null : codingFor(headers)
    const vary = { vary: 'Accept-Encoding' }
    if (coding === null) return { body: this.#plain, headers: vary }
    return { body: this.#in(coding), headers: { ...vary, 'content-encoding': coding } }
  }

  #in(coding: Coding): Uint8Array {
    const known = this.#coded.get(coding)
    if (known !== undefined) return known
    const made =
      coding === 'gzip'
        ? gzipSync(this.#plain)
        : brotliCompressSync(this.#plain, {
            params: {
              [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
              [constants.BROTLI_PARAM_SIZE_HINT]: this.#plain.byteLength,
            },
          })
    this.#coded.set(coding, made)
    return made
  }
}
