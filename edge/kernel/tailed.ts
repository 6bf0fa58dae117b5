/**
 * A message whose end differs for each socket: an open request is the same for a thousand terminals
 * except for the distance. Its head is encoded once. The end is written behind it just before a
 * socket sends, because uWebSockets copies the bytes before it returns.
 *
 * Rejected: a text for each terminal. Joining the text and encoding it to UTF-8 for each terminal
 * was half of the cost of a delivery beside its system call. Rejected: fragments of one WebSocket
 * message, which clients may not expect and which cost a second frame.
 */

/**
 * Room for `${kilometres}}`, with two decimals: 49.99 km needs six bytes, and the longest distance
 * on Earth, 20015.09 km, needs nine.
 */
const tailBytesMax = 16

export class TailedMessage {
  readonly #bytes: Buffer
  readonly #headBytes: number
  /** Views on the same bytes, by length of the end. */
  readonly #views: (Uint8Array | undefined)[] = []

  /** `head` ends where the distance goes. */
  constructor(head: string) {
    this.#bytes = Buffer.allocUnsafe(Buffer.byteLength(head) + tailBytesMax)
    this.#headBytes = this.#bytes.write(head)
  }

  /** Size of the longest whole message. */
  get bytes(): number {
    return this.#bytes.length
  }

  /**
   * The whole message with the distance in hundredths of a kilometre. Valid until the next call.
   */
  with(hundredths: number): Uint8Array {
    const tail = tails[hundredths] ?? tailOf(hundredths)
    const { length } = tail
    for (let i = 0; i < length; i++) this.#bytes[this.#headBytes + i] = tail.charCodeAt(i)
    return (this.#views[length] ??= this.#bytes.subarray(0, this.#headBytes + length))
  }
}

/**
 * The end for each hundredth of a kilometre up to a little more than the widest radius. Formatting
 * a fraction would cost more than all the rest here.
 */
const tails: string[] = []
const tailsMax = 6_000

function tailOf(hundredths: number): string {
  const tail = `${hundredths / 100}}`
  if (hundredths >= 0 && hundredths < tailsMax) tails[hundredths] = tail
  return tail
}
