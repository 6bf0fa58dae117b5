/**
 * A message of which only the end differs by socket: an open request is the same for a thousand
 * terminals but for the distance. Its head is made into bytes once; the end is written behind it when a
 * socket's turn to send has come, because uWebSockets copies what it is given before it returns.
 *
 * Rejected: a text for each terminal, which is joined and turned into UTF-8 for each of them, half of
 * what a delivery cost beyond its system call. Rejected: fragments of one WebSocket message, which
 * clients may not expect and which cost a second frame.
 */

/** Of `${kilometres}}`: 50 km need seven bytes, and nothing on Earth nine more. */
const tailBytesMax = 16

export class TailedMessage {
  readonly #bytes: Buffer
  readonly #headBytes: number
  /** By length of the end: views on the same bytes. */
  readonly #views: (Uint8Array | undefined)[] = []

  /** `head` ends where the distance goes. */
  constructor(head: string) {
    this.#bytes = Buffer.allocUnsafe(Buffer.byteLength(head) + tailBytesMax)
    this.#headBytes = this.#bytes.write(head)
  }

  /** Of the longest whole message. */
  get bytes(): number {
    return this.#bytes.length
  }

  /** The whole message, with that many hundredths of a kilometre. Good until the next call. */
  with(hundredths: number): Uint8Array {
    const tail = tails[hundredths] ?? tailOf(hundredths)
    const { length } = tail
    for (let i = 0; i < length; i++) this.#bytes[this.#headBytes + i] = tail.charCodeAt(i)
    return (this.#views[length] ??= this.#bytes.subarray(0, this.#headBytes + length))
  }
}

/** The end for each hundredth of a kilometre up to the widest radius and a little more: writing a fraction costs more than all else here. */
const tails: string[] = []
const tailsMax = 6_000

function tailOf(hundredths: number): string {
  const tail = `${hundredths / 100}}`
  if (hundredths >= 0 && hundredths < tailsMax) tails[hundredths] = tail
  return tail
}
