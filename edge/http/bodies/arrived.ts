/**
 * The bytes of a body that have arrived, in one piece. A small body is an ordinary array. A larger
 * one grows in place in a resizable ArrayBuffer: it takes memory page by page as it is written, is
 * never copied to become larger, and gives all memory back at once, without waiting for the garbage
 * collector.
 *
 * Rejected: an array that doubles (during the copy it takes three times the body), an array of the
 * announced length (a sender's promise would take memory), and a list of chunks (when they are
 * joined at the end, the body exists twice).
 */

/** Up to this size copying costs less than reserving addresses, which takes about 50 µs. */
const ordinaryBytesMax = 64 * 1024
const stepBytes = 64 * 1024

type Resizable = ArrayBuffer & { resize(bytes: number): void }
const Resizable = ArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => Resizable

export class Arrived {
  readonly #bytesMax: number
  #small: Uint8Array = none
  #large: Resizable | null = null
  #length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get length(): number {
    return this.#length
  }

  /** The whole body; valid until `free`. */
  get bytes(): Uint8Array {
    return this.#large === null
      ? this.#small.subarray(0, this.#length)
      : new Uint8Array(this.#large, 0, this.#length)
  }

  /** Copies the chunk, because uWebSockets reuses its memory after the handler. */
  append(chunk: ArrayBuffer): void {
    const length = this.#length + chunk.byteLength
    if (length > this.#bytesMax)
      throw new RangeError(`a body of ${length} bytes where ${this.#bytesMax} are allowed`)
    if (this.#large === null && length > ordinaryBytesMax) {
      const large = new Resizable(0, { maxByteLength: this.#bytesMax })
      large.resize(this.#stepped(length))
      new Uint8Array(large).set(this.#small.subarray(0, this.#length))
      this.#large = large
      this.#small = none
    } else if (this.#large !== null) {
      if (length > this.#large.byteLength) this.#large.resize(this.#stepped(length))
    } else if (length > this.#small.length) {
      const larger = new Uint8Array(
        Math.min(
          ordinaryBytesMax,
          this.#bytesMax,
          this.#length === 0 ? length : Math.max(length, this.#small.length * 2),
        ),
      )
      larger.set(this.#small.subarray(0, this.#length))
      this.#small = larger
    }
    new Uint8Array(this.#large ?? this.#small.buffer).set(new Uint8Array(chunk), this.#length)
    this.#length = length
  }

  /** Returns a copy of the bytes so far and starts again with none. */
  take(): Uint8Array {
    const taken = this.bytes.slice()
    this.free()
    return taken
  }

  /** Gives the memory back. Views of the bytes become empty or must not be used. */
  free(): void {
    this.#large?.resize(0)
    this.#large = null
    this.#small = none
    this.#length = 0
  }

  #stepped(length: number): number {
    return Math.min(this.#bytesMax, Math.ceil(length / stepBytes) * stepBytes)
  }
}

const none = new Uint8Array(0)

/**
 * True for a view whose memory may be given back under it. Some functions of the platform refuse
 * such views.
 */
export const isResizable = (bytes: Uint8Array): boolean =>
  (bytes.buffer as { resizable?: boolean }).resizable === true
